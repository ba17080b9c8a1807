"""Where options come from, which source wins, and what is said about a wrong one."""

import os
from pathlib import Path
from typing import Any

import pytest

from beam_mcp.cli.main import main
from beam_mcp.settings import Settings, SettingsError, variable
from beam_mcp.settings_values import flag

from .conftest import Enter

SECRET = "sk-very-secret-9f8e7d"

# For every field: what is written on the command line, in the environment and in .env, each time another value.
THREE: dict[str, tuple[str, str, str]] = {
    "api_key_file": ("flag.txt", "environment.txt", "dotenv.txt"),
    "workspace_id": ("of-flag", "of-environment", "of-dotenv"),
    "api_url": ("https://flag.example", "https://environment.example", "https://dotenv.example"),
    "auth": ("key", "token", "auto"),
    "profile": ("of-flag", "of-environment", "of-dotenv"),
    "transport": ("http", "sse", "stdio"),
    "port": ("1001", "1002", "1003"),
    "toolsets": ("agents", "tasks", "agents,tasks"),
    "output": ("structured", "both", "text"),
    "timeout": ("11", "12", "13"),
    "token_file": ("flag.txt", "environment.txt", "dotenv.txt"),
    "oauth_scopes": ("of-flag", "of-environment", "of-dotenv"),
}
ONLY_NEAR: dict[str, tuple[str, str, str]] = {  # .env may not set these
    "host": ("127.0.0.1", "localhost", "::1"),
    "allowed_hosts": ("flag.example", "environment.example", "dotenv.example"),
    "public_url": ("https://flag.example", "http://environment.example/beam", "https://dotenv.example"),
    "allowed_origins": ("https://flag.example", "http://localhost:6274", "https://dotenv.example"),
    "oauth_issuer": ("https://flag.example/", "https://environment.example/tenant", "https://dotenv.example"),
    "rate": ("1", "0", "3"),
    "files": ("of-flag", "of-environment", "of-dotenv"),
    "consent": ("chat", "person", "chat"),
    "audit": ("of-flag", "of-environment", "of-dotenv"),
}
SWITCHES = ("sandbox", "read_only", "late")
SECRETS = ("api_key", "token")
BESIDE = {"oauth_issuer": {"BEAM_MCP_PUBLIC_URL": "https://beam.example"}}  # what makes no sense alone


def refused(enter: Enter, *flags: str, dotenv: str | bytes | None = None, **variables: str) -> str:
    """The one line that says what is wrong."""
    with pytest.raises(SettingsError) as error:
        enter(*flags, dotenv=dotenv, **variables).key()
    line = str(error.value)
    assert "\n" not in line
    assert SECRET not in line
    return line


def read(enter: Enter, field: str, *flags: str, dotenv: str | None = None, **variables: str) -> Any:
    return getattr(enter(*flags, dotenv=dotenv, **variables), field)


def expected(field: str, text: str) -> Any:
    return getattr(Settings.model_validate({variable(field): text}), field)


def test_every_field_is_tried_here() -> None:
    assert {*THREE, *ONLY_NEAR, *SWITCHES, *SECRETS} == set(Settings.model_fields)


@pytest.mark.parametrize("field", THREE)
def test_a_flag_wins_over_the_environment_and_that_over_dotenv(enter: Enter, field: str) -> None:
    by_flag, by_environment, by_dotenv = THREE[field]
    name = variable(field)
    # A `.env` may name a Beam instance only together with its key.
    line = f"{name}={by_dotenv}\n" + ("BEAM_API_KEY=k\n" if field == "api_url" else "")
    assert read(enter, field, dotenv=line) == expected(field, by_dotenv)
    assert read(enter, field, **{name: by_environment}) == expected(field, by_environment)
    assert read(enter, field, flag(field), by_flag) == expected(field, by_flag)


@pytest.mark.parametrize("field", ONLY_NEAR)
def test_what_widens_the_server_comes_from_a_flag_or_the_environment_but_not_from_dotenv(
    enter: Enter, field: str
) -> None:
    by_flag, by_environment, by_dotenv = ONLY_NEAR[field]
    name, beside = variable(field), BESIDE.get(field, {})
    assert read(enter, field, **{name: by_environment}, **beside) == expected(field, by_environment)
    assert read(enter, field, flag(field), by_flag, **beside) == expected(field, by_flag)
    line = refused(enter, dotenv=f"{name}={by_dotenv}\n", **{name: ""})
    assert line.startswith(f"{name} ({flag(field)}): .env may not set it")


@pytest.mark.parametrize("field", SWITCHES)
def test_a_switch_is_off_unless_a_source_turns_it_on(enter: Enter, field: str) -> None:
    name = variable(field)
    assert read(enter, field) is False
    assert read(enter, field, dotenv=f"{name}=yes\n") is True
    assert read(enter, field, **{name: "0"}) is False
    assert read(enter, field, flag(field)) is True


def test_the_key_comes_from_the_environment_or_dotenv(enter: Enter) -> None:
    assert enter(dotenv="BEAM_API_KEY=of-dotenv\n").key() == "of-dotenv"
    assert enter(BEAM_API_KEY="of-environment").key() == "of-environment"


def test_without_anything_there_is_no_key_and_every_default_holds(enter: Enter) -> None:
    settings = enter()
    assert settings.key() is None
    for field, info in Settings.model_fields.items():
        assert getattr(settings, field) == info.default


@pytest.mark.parametrize("unset", ["", "   ", "${user_config.x}", "${user_config.workspace_id} "])
@pytest.mark.parametrize("field", [*THREE, *ONLY_NEAR, *SWITCHES, *SECRETS])
def test_what_a_client_passes_on_for_an_empty_option_counts_as_unset(enter: Enter, field: str, unset: str) -> None:
    if (field, unset) == ("audit", ""):
        return  # the one option whose empty value says something
    assert read(enter, field, **{variable(field): unset}) == Settings.model_fields[field].default


def test_an_unset_variable_or_flag_leaves_the_word_to_the_next_source(enter: Enter) -> None:
    dotenv = "BEAM_WORKSPACE_ID=of-dotenv\n"
    assert enter(dotenv=dotenv, BEAM_WORKSPACE_ID="${user_config.workspace_id}").workspace_id == "of-dotenv"
    assert enter("--workspace-id", "${x}", dotenv=dotenv, BEAM_WORKSPACE_ID="").workspace_id == "of-dotenv"
    assert enter("--workspace-id", "", BEAM_WORKSPACE_ID="of-environment").workspace_id == "of-environment"


def test_spaces_around_a_value_do_not_count(enter: Enter) -> None:
    settings = enter(BEAM_API_KEY=f" {SECRET}\n", BEAM_WORKSPACE_ID=" w ", BEAM_MCP_PORT=" 9 ")
    assert (settings.key(), settings.workspace_id, settings.port) == (SECRET, "w", 9)


def test_lists_are_separated_by_commas_or_spaces(enter: Enter) -> None:
    settings = enter(BEAM_MCP_TOOLSETS="agents, tasks", BEAM_MCP_ALLOWED_HOSTS="a.example b.example")
    assert settings.toolsets == ("agents", "tasks")
    assert settings.allowed_hosts == ("a.example", "b.example")


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("workspace_id", "two words"),
        ("api_url", "api.beamstudio.ai"),
        ("api_url", "http://api.beamstudio.ai"),
        ("api_url", "http://127.0.0.1.example.com"),
        ("api_url", "ftp://127.0.0.1"),
        ("api_url", "https://"),
        ("auth", "magic"),
        ("sandbox", "perhaps"),
        ("read_only", "perhaps"),
        ("transport", "pigeon"),
        ("port", "65536"),
        ("port", "-1"),
        ("port", "eighty"),
        ("toolsets", "agents,gadgets"),
        ("output", "song"),
        ("consent", "nobody"),
        ("timeout", "0"),
        ("timeout", "241"),
        ("timeout", "nan"),
        ("timeout", "soon"),
    ],
)
def test_a_wrong_value_is_told_in_one_line_that_names_variable_flag_and_value(
    enter: Enter, field: str, wrong: str
) -> None:
    line = refused(enter, **{variable(field): wrong})
    assert line.startswith(f"{variable(field)} ({flag(field)}): ")
    assert wrong.rpartition(",")[2] in line
    assert line.endswith(".")


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({"BEAM_API_KEY": f"{SECRET} {SECRET}"}, "BEAM_API_KEY: it has characters"),
        ({"BEAM_API_KEY": f"{SECRET}\u00e9"}, "BEAM_API_KEY: it has characters"),
        ({"BEAM_API_KEY": f"{SECRET}\n{SECRET}"}, "BEAM_API_KEY: it has characters"),
        ({"BEAM_API_URL": f"https://me:{SECRET}@beam.example"}, "must not carry a user name"),
        ({"BEAM_API_URL": f"http://{SECRET}@127.0.0.1"}, "must not carry a user name"),
        (
            {"BEAM_API_URL": f"https://beam.example/{SECRET}/v1"},
            "it seems to hold a key, which belongs in BEAM_API_KEY",
        ),
        ({"BEAM_API_URL": f"https://{SECRET}:8443"}, "it seems to hold a key, which belongs in BEAM_API_KEY"),
        ({"BEAM_API_URL": f"https://{SECRET}."}, "it seems to hold a key, which belongs in BEAM_API_KEY"),
        ({"BEAM_API_URL": f"https://eyJhbGciOi.{SECRET}.x"}, "it seems to hold a key, which belongs in BEAM_API_KEY"),
        ({"BEAM_API_URL": f"https://beam.example:{SECRET}"}, "it is no web address such as"),
        ({"BEAM_API_URL": f"ftp://beam.example/{SECRET}"}, "it is no web address such as"),
    ],
)
def test_no_error_shows_a_secret(enter: Enter, variables: dict[str, str], words: str) -> None:
    assert words in refused(enter, **variables)


def test_settings_do_not_show_the_key(enter: Enter) -> None:
    assert SECRET not in repr(enter(BEAM_API_KEY=SECRET))


def test_a_file_may_hold_the_key(enter: Enter, tmp_path: Path) -> None:
    kept = tmp_path / "key.txt"
    kept.write_bytes(b"\xef\xbb\xbf" + f"  {SECRET}\r\n".encode())
    assert enter(BEAM_API_KEY_FILE=str(kept)).key() == SECRET
    assert enter(BEAM_API_KEY_FILE="", dotenv=f"BEAM_API_KEY_FILE={kept.as_posix()}\n").key() == SECRET
    kept.write_text("\n")
    assert enter(BEAM_API_KEY_FILE=str(kept)).key() is None


def test_of_a_key_and_a_file_for_it_the_nearer_source_holds(enter: Enter, tmp_path: Path) -> None:
    (tmp_path / "key.txt").write_text("of-file")
    assert enter("--api-key-file", "key.txt", BEAM_API_KEY="of-environment").key() == "of-file"
    assert enter(dotenv="BEAM_API_KEY_FILE=key.txt\n", BEAM_API_KEY="of-environment").key() == "of-environment"
    assert enter(dotenv="BEAM_API_KEY=of-dotenv\n", BEAM_API_KEY="", BEAM_API_KEY_FILE="key.txt").key() == "of-file"


def test_a_key_file_that_is_no_key_file_is_named_but_not_shown(enter: Enter, tmp_path: Path) -> None:
    named = "BEAM_API_KEY_FILE (--api-key-file): "
    missing = refused(enter, BEAM_API_KEY_FILE="nowhere.txt")
    assert missing.startswith(f"{named}nowhere.txt cannot be read (")
    assert refused(enter, BEAM_API_KEY_FILE=str(tmp_path)).startswith(named)
    wrong = tmp_path / "wrong.txt"
    wrong.write_bytes(b"\xff\xfe" + SECRET.encode("utf-16-le"))
    assert "it is not UTF-8 text" in refused(enter, BEAM_API_KEY_FILE=str(wrong))
    wrong.write_text(f"{SECRET}\nsecond line")
    assert "holds more than a key" in refused(enter, BEAM_API_KEY_FILE=str(wrong))


DOTENV_URL = "BEAM_API_URL=https://evil.example\n"


@pytest.mark.parametrize(
    ("dotenv", "flags", "variables"),
    [
        (DOTENV_URL, (), {}),
        (DOTENV_URL, (), {"BEAM_API_KEY": SECRET}),
        (DOTENV_URL, (), {"BEAM_API_KEY_FILE": "key.txt"}),
        (DOTENV_URL, ("--api-key-file", "key.txt"), {}),
        (DOTENV_URL + "BEAM_API_KEY=decoy\n", (), {"BEAM_API_KEY": SECRET}),
        (DOTENV_URL + "BEAM_API_KEY=decoy\n", (), {"BEAM_API_KEY_FILE": "key.txt"}),
        (DOTENV_URL + "BEAM_API_KEY=decoy\n", ("--api-key-file", "key.txt"), {}),
        (DOTENV_URL + "BEAM_API_KEY_FILE=decoy.txt\n", (), {"BEAM_API_KEY": SECRET}),
        (DOTENV_URL + "BEAM_API_KEY_FILE=key.txt\n", (), {}),
        (DOTENV_URL + "BEAM_API_KEY=\n", (), {"BEAM_API_KEY": SECRET}),
        (DOTENV_URL + "BEAM_API_KEY=${BEAM_API_KEY}\n", (), {"BEAM_API_KEY": SECRET}),
        (DOTENV_URL + "BEAM_API_KEY=${OTHER_SECRET}\n", (), {"OTHER_SECRET": SECRET}),
    ],
)
def test_a_foreign_dotenv_cannot_send_a_key_of_ours_to_another_host(
    enter: Enter, tmp_path: Path, dotenv: str, flags: tuple[str, ...], variables: dict[str, str]
) -> None:
    (tmp_path / "key.txt").write_text(SECRET)
    line = refused(enter, *flags, dotenv=dotenv, **variables)
    assert line == "BEAM_API_URL: .env sets it, but not BEAM_API_KEY; set both in the same place."


def test_a_dotenv_does_not_read_other_variables(enter: Enter) -> None:
    settings = enter(dotenv=DOTENV_URL + "BEAM_API_KEY=x${OTHER_SECRET}\n", OTHER_SECRET=SECRET)
    assert settings.key() == "x${OTHER_SECRET}"


def test_a_dotenv_with_both_host_and_key_is_whole(enter: Enter) -> None:
    settings = enter(dotenv="\ufeff# mine\nBEAM_API_URL='https://own.example'\nexport BEAM_API_KEY=\"k\"\nOTHER=1\n")
    assert (settings.api_url, settings.key()) == ("https://own.example", "k")


def test_a_dotenv_that_is_no_text_is_told_in_one_line(enter: Enter) -> None:
    line = refused(enter, dotenv=f"BEAM_API_KEY={SECRET}\n".encode("utf-16"))
    assert line == ".env: .env cannot be read (it is not UTF-8 text)."


def test_a_wrong_setting_ends_the_command_with_code_2_and_one_line_on_stderr(
    enter: Enter, capsys: pytest.CaptureFixture[str]
) -> None:
    enter()
    assert main(["--port", "eighty"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("beam-mcp: BEAM_MCP_PORT (--port): ")
    assert err.count("\n") == 1


def test_an_empty_file_for_receipts_keeps_none_wherever_it_is_said(enter: Enter) -> None:
    nowhere = Path(os.devnull)
    assert enter().audit is None
    assert enter(BEAM_MCP_AUDIT="").audit == nowhere
    assert enter("--audit", "", BEAM_MCP_AUDIT="kept.jsonl").audit == nowhere
    assert enter(BEAM_MCP_AUDIT="${user_config.audit}").audit is None
