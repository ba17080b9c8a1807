"""Which starts are plain: whatever is taken for one, the settings accept, and mean by it what was understood."""

import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from beam_mcp.beam.http import Http
from beam_mcp.cli.early.plain import PLAIN, Plain, plain_start
from beam_mcp.cli.main import parser
from beam_mcp.settings import LISTENING, Settings, load, variable
from beam_mcp.settings_values import flag

FIELDS = {variable(field): field for field in Settings.model_fields}
# Settings that always take the ordinary road, where they are set.
ORDINARY = LISTENING - {"transport"} | {"audit"}
KEY = "sk-1"
WORDS = (
    "true TRUE Yes no off 0 1 t maybe text both loud stdio http agents inbox,tasks agents,,files , agents;inbox auto "
    "token person chat 45 1 0 99 240 1e2 https://beam.example https://beam.example:8443/ http://127.0.0.1:65499 "
    "http://localhost:99999 http://beam.example https://a..b https://user:pw@beam.example https://xn--a.example "
    "default no-body -x key.txt two.txt nowhere ~ ${user_config.key} sk-1 ä /tmp a:b http://localhost:0 https://1"
)
values = st.sampled_from(WORDS.split()) | st.sampled_from(
    ["", " ", " true ", "two words", "agents, inbox", "a\u200bb", "--output", "agents  ,files", "1\n"]
)
variables = st.dictionaries(
    st.sampled_from([*FIELDS, "beam_mcp_output", "BEAM_MCP_NEW", "Beam_Auth"]), values, max_size=4
)
flags = st.lists(
    st.sampled_from([flag(field) for field in FIELDS.values() if field != "api_key"]).flatmap(
        lambda name: (
            st.just([name]) | values.map(lambda value: [name, value]) | values.map(lambda value: [f"{name}={value}"])
        )
    ),
    max_size=3,
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where a key is kept, and something else."""
    made = tmp_path_factory.mktemp("folder")
    (made / "key.txt").write_text(f" {KEY}\n", encoding="utf-8")
    (made / "two.txt").write_text("two words", encoding="utf-8")
    return made


def started(folder: Path, arguments: list[str], environment: dict[str, str]) -> tuple[Plain | None, Any]:
    """What a start is taken for, and what the settings make of it."""
    with pytest.MonkeyPatch.context() as surroundings:
        for name in os.environ:
            if name.upper().startswith("BEAM_"):
                surroundings.delenv(name)
        for name, value in environment.items():
            surroundings.setenv(name, value)
        surroundings.chdir(folder)
        plain = plain_start(arguments)
        if plain is None:
            return None, None
        given = {name: value for name, value in vars(parser().parse_args(arguments)).items() if name != "command"}
        assert given == plain.flags
        in_force = load(plain.flags)
        in_force.key()
        return plain, in_force


@settings(max_examples=300)
@given(command=st.sampled_from([[], ["serve"]]), given_flags=flags, environment=variables)
def test_a_plain_start_is_one_that_the_settings_accept_and_understand_alike(
    folder: Path, command: list[str], given_flags: list[list[str]], environment: dict[str, str]
) -> None:
    plain, in_force = started(folder, command + [word for words in given_flags for word in words], environment)
    if plain:
        assert (in_force.transport, in_force.late) == ("stdio", False)
        wanted = None if in_force.toolsets is None else frozenset(in_force.toolsets)
        assert (plain.toolsets, plain.read_only, plain.output) == (wanted, in_force.read_only, in_force.output)
        Http(in_force.api_url)


def test_every_setting_is_plain_or_known_to_take_the_ordinary_road() -> None:
    assert set(PLAIN) | {variable(field) for field in ORDINARY} == set(FIELDS)
    assert not set(PLAIN) & {variable(field) for field in ORDINARY}


@pytest.mark.parametrize(
    ("arguments", "environment"),
    [
        ([], {}),
        (["serve"], {"BEAM_API_KEY": KEY, "BEAM_WORKSPACE_ID": "8d7a", "BEAM_API_URL": "http://127.0.0.1:40001"}),
        (["--sandbox", "--read-only", "--toolsets", "inbox,account"], {"BEAM_MCP_OUTPUT": "both"}),
        (
            ["--output=structured"],
            {"BEAM_API_KEY_FILE": "key.txt", "BEAM_MCP_FILES": "work:more", "BEAM_MCP_TIMEOUT": "30"},
        ),
        ([], {"BEAM_API_KEY": "${user_config.api_key}", "BEAM_MCP_TOOLSETS": "", "BEAM_MCP_LATE": "false"}),
    ],
)
def test_what_clients_usually_start_is_plain(folder: Path, arguments: list[str], environment: dict[str, str]) -> None:
    assert started(folder, arguments, environment)[0]


@pytest.mark.parametrize(
    "arguments",
    [["demo"], ["--help"], ["--version"], ["--late"], ["--port", "1"], ["--sandbox", "serve"], ["--", "serve"]],
)
def test_whatever_else_is_asked_for_takes_the_ordinary_road(folder: Path, arguments: list[str]) -> None:
    assert started(folder, arguments, {})[0] is None


@pytest.mark.parametrize(
    ("content", "is_plain"),
    [(b"OTHER=1", True), (b"BEAM_MCP_OUTPUT=both", False), (b"export beam_auth=key", False), (b"\xff", False)],
)
def test_a_dotenv_matters_where_it_could_say_anything_of_ours(
    tmp_path: Path, content: bytes, *, is_plain: bool
) -> None:
    (tmp_path / ".env").write_bytes(content)
    assert (started(tmp_path, [], {})[0] is not None) is is_plain
