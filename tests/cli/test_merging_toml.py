"""One table of a TOML config is edited, whoever wrote the rest, and however."""

import tomllib
from typing import Any

import pytest
import tomlkit
from hypothesis import given, settings
from hypothesis import strategies as st

from beam_mcp.cli.merging import with_entry, without_entry
from beam_mcp.cli.merging_json import CannotMerge

PATH = ("mcp_servers", "beam")
ENTRY = {"command": "/opt/beam-mcp", "args": ["--sandbox"]}

BLOCKS = [
    "# all of this is mine\n",
    "\n",
    "[mcp_servers.other]\ncommand = 'true'   # single quotes\nargs = [\n  '[mcp_servers.beam]',\n]\n",
    "[projects.\"/home/a b\"]\ntrust_level = '''\n[mcp_servers.beam]\n'''\n",
    "[mcp_servers.third]  # closed\ncommand=\"x\"\n[mcp_servers.third.env]\nA = '1'\n\n# about what follows\n",
    "[[hooks]]\nname = 'a'\n[[hooks]]\nname = 'b'\n",
    '[tui]\ntheme = "dark"\n\n',
]


@st.composite
def configs(draw: st.DrawFn) -> str:
    text = draw(st.sampled_from(["", 'model   = "o3"   # odd\n', "a = 1\nb.c = 2\n"]))
    text += "".join(draw(st.lists(st.sampled_from(BLOCKS), unique=True)))
    return text.replace("\n", draw(st.sampled_from(["\n", "\r\n"])))


@settings(max_examples=100)
@given(configs())
def test_a_table_that_is_added_and_taken_out_again_leaves_no_byte_changed(text: str) -> None:
    added = with_entry(text, "toml", PATH, ENTRY)
    assert added.startswith(text)
    assert added.count("\r\n") == (added.count("\n") if "\r\n" in text else 0)
    assert tomllib.loads(added) == merged(tomllib.loads(text), ENTRY)
    assert with_entry(added, "toml", PATH, ENTRY) == added
    assert without_entry(added, "toml", PATH) == text


@settings(max_examples=100)
@given(configs(), configs().filter(lambda text: text.startswith(("[", "#", "\n", "\r"))), st.data())
def test_a_table_that_is_changed_keeps_what_its_owner_added_and_all_around_it(
    before: str, after: str, data: st.DataObject
) -> None:
    old = data.draw(st.sampled_from(OLD))
    text = before + old + after
    try:
        said = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return  # the same table twice
    changed = with_entry(text, "toml", PATH, ENTRY)
    assert tomllib.loads(changed) == merged(said, ENTRY)
    assert changed.startswith(before)
    assert after in changed
    gone = without_entry(text, "toml", PATH)
    assert tomllib.loads(gone).get("mcp_servers", {}).keys() == said["mcp_servers"].keys() - {"beam"}
    assert gone.endswith(after)
    assert gone.startswith(before.rstrip("\r\n"))


OLD = [
    "[mcp_servers.beam]\ncommand = 'old' # mine\nenv = { A = '1' }\n",
    "[ mcp_servers . 'beam' ]\nargs = [\n  'a', # one\n]\ncommand = \"/opt/beam-mcp\"\n\n",
    '["mcp_servers".beam]\nenabled = true\n[mcp_servers.beam.tools]\nask = true\n',
    "[mcp_servers.beam.env]\nA = '1'\n",
]


def merged(said: dict[str, Any], entry: dict[str, Any]) -> dict[str, Any]:
    servers: dict[str, Any] = said.get("mcp_servers", {})
    return said | {"mcp_servers": servers | {"beam": servers.get("beam", {}) | entry}}


@pytest.mark.parametrize(
    "text",
    ["mcp_servers = {}\n", "mcp_servers = { other = { command = 'a' } } # mine\n", "mcp_servers.o.command = 'a'\n"],
)
def test_tables_that_are_written_in_a_line_are_edited_as_well(text: str) -> None:
    added = with_entry(text, "toml", PATH, ENTRY)
    assert tomllib.loads(added) == merged(tomllib.loads(text), ENTRY)
    assert without_entry(added, "toml", PATH) == text


def test_the_comment_above_the_next_table_stays_when_ours_goes() -> None:
    text = "[a]\nx = 1\n\n[mcp_servers.beam]\ncommand = 'b'\n\n# about z\n[z]\n"
    assert without_entry(text, "toml", PATH) == "[a]\nx = 1\n\n# about z\n[z]\n"
    assert "# about z" not in tomlkit.dumps(emptied(text)), "tomlkit can do it by now: merging_toml may be simpler"


def emptied(text: str) -> tomlkit.TOMLDocument:
    document = tomlkit.parse(text)
    del document["mcp_servers"]
    return document


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("a = \n", "it is no TOML: Invalid value (at line 1, column 5)"),
        ("mcp_servers = 1\n", "mcp_servers is no table"),
        ("[mcp_servers]\nbeam = 'x'\n", "mcp_servers.beam is no table"),
    ],
)
def test_what_is_broken_is_said(text: str, why: str) -> None:
    with pytest.raises(CannotMerge) as told:
        with_entry(text, "toml", PATH, ENTRY)
    assert str(told.value) == why


@settings(max_examples=100)
@given(st.text(alphabet="[]mcp_servers.beam='\"#\n\r =1{}") | st.text())
def test_whatever_a_config_holds_it_is_read_or_refused(text: str) -> None:
    try:
        added = with_entry(text, "toml", PATH, ENTRY)
    except CannotMerge:
        return
    assert tomllib.loads(added) == merged(tomllib.loads(text), ENTRY)
