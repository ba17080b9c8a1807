"""What protects a server over HTTP: who reaches it, its own token, an issuer of tokens, which pages may connect."""

from pathlib import Path

import pytest

from beam_mcp.cli.main import main
from beam_mcp.settings import SettingsError

from .conftest import Enter

SECRET = "sk-very-secret-9f8e7d"


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "::", "beam.example"])  # noqa: S104 - what is refused
def test_a_public_host_needs_the_names_under_which_it_is_reached(enter: Enter, host: str) -> None:
    with pytest.raises(SettingsError) as error:
        enter("--transport", "http", "--host", host)
    line = str(error.value)
    assert line.startswith("BEAM_MCP_ALLOWED_HOSTS (--allowed-hosts): ")
    assert host in line
    settings = enter("--transport", "http", "--host", host, "--allowed-hosts", "beam.example")
    assert settings.is_public


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1"])
def test_loopback_is_not_public_unless_others_reach_it_by_another_name(enter: Enter, host: str) -> None:
    here = ("--transport", "sse", "--host", host)
    assert not enter(*here, "--public-url", f"http://[{host}]" if ":" in host else f"http://{host}/a").is_public
    assert enter(*here, "--public-url", "https://beam.example").is_public
    assert enter(*here, "--allowed-hosts", "localhost,beam.example").is_public


OWN_TOKEN = "a-secret-of-16-ch"


def test_the_token_of_the_server_itself_comes_from_the_environment_or_a_file(enter: Enter, tmp_path: Path) -> None:
    (tmp_path / "token.txt").write_text(f"{OWN_TOKEN}\n")
    assert enter().own_token() is None
    assert enter(BEAM_MCP_TOKEN=OWN_TOKEN).own_token() == OWN_TOKEN
    assert enter("--token-file", "token.txt", BEAM_MCP_TOKEN="another-secret-of-theirs").own_token() == OWN_TOKEN
    assert (
        enter(dotenv="BEAM_MCP_TOKEN=of-dotenv\n", BEAM_MCP_TOKEN="", BEAM_MCP_TOKEN_FILE="token.txt").own_token()
        == OWN_TOKEN
    )
    assert OWN_TOKEN not in repr(enter(BEAM_MCP_TOKEN=OWN_TOKEN))


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({"BEAM_MCP_TOKEN": "fifteen-letters"}, "BEAM_MCP_TOKEN: it is too short"),
        ({"BEAM_MCP_TOKEN_FILE": "short.txt"}, "BEAM_MCP_TOKEN_FILE (--token-file): it is too short"),
        ({"BEAM_MCP_TOKEN_FILE": "empty.txt"}, "BEAM_MCP_TOKEN_FILE (--token-file): empty.txt is empty"),
        ({"BEAM_MCP_TOKEN": f"two {SECRET}"}, "BEAM_MCP_TOKEN: it has characters"),
        ({"BEAM_MCP_OAUTH_ISSUER": "https://a.example"}, "BEAM_MCP_OAUTH_ISSUER (--oauth-issuer): its tokens are for"),
        (
            {
                "BEAM_MCP_OAUTH_ISSUER": "https://a.example",
                "BEAM_MCP_PUBLIC_URL": "https://b.example",
                "BEAM_MCP_TOKEN": SECRET,
            },
            "BEAM_MCP_OAUTH_ISSUER (--oauth-issuer): clients send one Bearer only",
        ),
        ({"BEAM_MCP_OAUTH_ISSUER": "http://a.example"}, "it must begin with https://, since its keys are trusted"),
        ({"BEAM_MCP_ALLOWED_ORIGINS": "*"}, "an origin is https:// or http://"),
        ({"BEAM_MCP_ALLOWED_ORIGINS": "https://a.example/path"}, "an origin is https:// or http://"),
        ({"BEAM_MCP_ALLOWED_ORIGINS": "null"}, "an origin is https:// or http://"),
        ({"BEAM_MCP_RATE": "-1"}, "BEAM_MCP_RATE (--rate): "),
    ],
)
def test_what_would_not_protect_is_refused_in_one_line(
    enter: Enter, tmp_path: Path, variables: dict[str, str], words: str
) -> None:
    (tmp_path / "short.txt").write_text("short")
    (tmp_path / "empty.txt").write_text("\n")
    with pytest.raises(SettingsError) as error:
        enter(**variables).own_token()
    assert words in str(error.value)
    assert "fifteen" not in str(error.value)
    assert SECRET not in str(error.value)
    assert "\n" not in str(error.value)


def test_the_token_has_no_flag_and_is_not_repeated(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["serve", "--token", SECRET])
    complaint = capsys.readouterr().err
    assert "the token has no flag, since others could see it: set BEAM_MCP_TOKEN, or use --token-file" in complaint
    assert SECRET not in complaint
