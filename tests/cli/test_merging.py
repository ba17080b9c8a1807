"""One key of a JSON config is edited, whoever wrote the rest, and however."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from beam_mcp.cli.merging import entries, with_entry, without_entry
from beam_mcp.cli.merging_json import CannotMerge, read

PATH = ("mcpServers", "beam")
ENTRY = {"command": "/opt/beam-mcp", "args": ["--sandbox"]}

KEYS = st.text(alphabet='ab/\\"{},:é\u2028 ', min_size=1, max_size=4) | st.sampled_from(["command", "//", "other"])
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | KEYS
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3), max_leaves=8
)
GAPS = ["", "", " ", "\t", "\n", "\n  ", "\n\n    ", ' // a { note, "x\n', "/* a } note */", "/* of\n two lines */\n"]


class Hand:
    """Writes JSON as people do: with whatever gaps, comments and trailing commas."""

    def __init__(self, draw: st.DrawFn) -> None:
        self.draw = draw

    def gap(self) -> str:
        return self.draw(st.sampled_from(GAPS))

    def written(self, value: Any) -> str:
        if isinstance(value, dict):
            parts = [f"{json.dumps(k)}{self.gap()}:{self.gap()}{self.written(v)}" for k, v in value.items()]  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
            return self.between("{", parts, "}")
        if isinstance(value, list):
            return self.between("[", [self.written(item) for item in value], "]")  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
        return json.dumps(value, ensure_ascii=self.draw(st.booleans()))

    def between(self, opening: str, parts: list[str], closing: str) -> str:
        comma = self.draw(st.sampled_from(["", ","])) if parts else ""
        joined = ",".join(f"{self.gap()}{part}{self.gap()}" for part in parts)
        return f"{opening}{joined}{comma}{self.gap()}{closing}"


@st.composite
def configs(draw: st.DrawFn, *, servers: st.SearchStrategy[Any]) -> tuple[str, dict[str, Any]]:
    """The text of a config and what it says."""
    said: dict[str, Any] = {key: draw(VALUES) for key in draw(st.lists(KEYS, max_size=2, unique=True))}
    place = draw(st.integers(0, len(said)))
    items = list(said.items())
    said = dict([*items[:place], ("mcpServers", draw(servers)), *items[place:]])
    hand = Hand(draw)
    text = hand.gap() + hand.written(said) + hand.gap()
    return text.replace("\n", draw(st.sampled_from(["\n", "\r\n"]))), said


OLD: st.SearchStrategy[dict[str, Any]] = st.dictionaries(KEYS, VALUES, max_size=3).map(
    lambda extra: {"command": "beam-mcp"} | extra
)
OTHERS: st.SearchStrategy[dict[str, Any]] = st.dictionaries(
    KEYS.filter(lambda key: key != "beam"), VALUES, min_size=1, max_size=3
)


def with_ours(others: dict[str, Any], ours: dict[str, Any]) -> dict[str, Any]:
    return others | {"beam": ours}


@settings(max_examples=100)
@given(configs(servers=OTHERS))
def test_an_entry_that_is_added_and_taken_out_again_leaves_no_byte_changed(config: tuple[str, dict[str, Any]]) -> None:
    text, said = config
    added = with_entry(text, "json", PATH, ENTRY)
    servers = said["mcpServers"] | {"beam": ENTRY}
    assert plain(added) == said | {"mcpServers": servers}
    assert with_entry(added, "json", PATH, ENTRY) == added
    assert without_entry(added, "json", PATH) == text


@settings(max_examples=100)
@given(configs(servers=st.builds(with_ours, OTHERS, OLD)))
def test_an_entry_that_is_changed_keeps_what_its_owner_added_and_all_around_it(
    config: tuple[str, dict[str, Any]],
) -> None:
    text, said = config
    servers = said["mcpServers"]
    changed = with_entry(text, "json", PATH, ENTRY)
    assert plain(changed) == said | {"mcpServers": servers | {"beam": servers["beam"] | ENTRY}}
    start, end = span(text)
    assert changed.startswith(text[:start])
    assert changed.endswith(text[end:])
    gone = without_entry(text, "json", PATH)
    assert plain(gone) == said | {"mcpServers": {name: v for name, v in servers.items() if name != "beam"}}


@settings(max_examples=100)
@given(configs(servers=st.just({})))
def test_an_entry_can_be_the_first(config: tuple[str, dict[str, Any]]) -> None:
    text, said = config
    added = with_entry(text, "json", PATH, ENTRY)
    assert plain(added) == said | {"mcpServers": {"beam": ENTRY}}
    assert plain(without_entry(added, "json", PATH)) == said


@settings(max_examples=100)
@given(st.text(alphabet='{}[]",:/*\\ \n\rabu01-.eE+tfn\x00\x1f') | st.text())
def test_whatever_a_config_holds_it_is_read_or_refused(text: str) -> None:
    try:
        added = with_entry(text, "json", PATH, ENTRY)
    except CannotMerge:
        assert not is_a_good_config(text)
    else:
        assert plain(added)["mcpServers"]["beam"] == ENTRY


def is_a_good_config(text: str) -> bool:
    try:
        said: Any = json.loads(text, parse_constant=refuse)
    except ValueError:
        return False
    return isinstance(said, dict) and isinstance(said.get("mcpServers", {}), dict)  # pyright: ignore[reportUnknownMemberType]


@settings(max_examples=100)
@given(VALUES, st.booleans())
def test_plain_json_is_read_as_json_reads_it(value: Any, ascii_only: bool) -> None:  # noqa: FBT001 - drawn, not passed
    text = json.dumps(value, ensure_ascii=ascii_only)
    found = read(text)
    assert found
    assert found.plain == json.loads(text)


def refuse(word: str) -> None:
    raise ValueError(word)


def plain(text: str) -> Any:
    found = read(text)
    return found.plain if found else {}


def span(text: str) -> tuple[int, int]:
    """Where the entry stands."""
    servers = read(text)
    servers = servers and servers.member("mcpServers")
    beam = servers and servers.value.member("beam")
    assert beam
    return beam.value.start, beam.value.end


EDITS = [
    ("", '{\n  "mcpServers": {\n    "beam": {}\n  }\n}\n'),
    ("// mine", '// mine\n{\n  "mcpServers": {\n    "beam": {}\n  }\n}\n'),
    ("{}\n", '{\n  "mcpServers": {\n    "beam": {}\n  }\n}\n'),
    ('{"a": 1}', '{"a": 1, "mcpServers": {"beam": {}}}'),
    ('{"a": 1,}', '{"a": 1, "mcpServers": {"beam": {}},}'),
    ('{\n\t"a": 1 // one\n}\n', '{\n\t"a": 1, // one\n\t"mcpServers": {\n\t\t"beam": {}\n\t}\n}\n'),
    (
        '{\r\n    "mcpServers": { // all\r\n    },\r\n}',
        '{\r\n    "mcpServers": { // all\r\n        "beam": {}\r\n    },\r\n}',
    ),
    (
        '{\n  "mcpServers": {\n    "o": {}, // mine\n  },\n}\n',
        '{\n  "mcpServers": {\n    "o": {}, // mine\n    "beam": {},\n  },\n}\n',
    ),
    ('{"mcpServers": 1, "mcpServers": {"o": 1}}', '{"mcpServers": 1, "mcpServers": {"o": 1, "beam": {}}}'),
]


@pytest.mark.parametrize(("before", "after"), EDITS)
def test_what_is_added_is_written_as_its_neighbours_are(before: str, after: str) -> None:
    assert with_entry(before, "json", PATH, {}) == after


def test_an_entry_named_twice_is_gone_when_it_is_taken_out() -> None:
    text = '{"mcpServers": {"beam": {"command": "a"}, "o": 1, "beam": {"command": "b"}}}'
    assert without_entry(text, "json", PATH) == '{"mcpServers": { "o": 1}}'.replace("{ ", "{")


@pytest.mark.parametrize("remote", ['"type": "http", "url": "x"', '"serverUrl": "x"', '"type": "sse"'])
def test_an_entry_that_led_over_http_is_replaced_whole(remote: str) -> None:
    text = f'{{"mcpServers": {{"beam": {{{remote}, "headers": {{"x-api-key": "k"}}}}}}}}'
    assert entries(with_entry(text, "json", PATH, ENTRY), "json", ("mcpServers",)) == {"beam": ENTRY}


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('{"a": 1', "a comma or } is missing in line 1"),
        ('{\n"a": \n}', "a value is missing or misspelt in line 3"),
        ('{\n"a" 1}', "a colon is missing in line 2"),
        ('{"a": "\n"}', "a text is not closed, or holds a forbidden character, in line 1"),
        ("{a: 1}", "a key in quotes is missing in line 1"),
        ("{} {}", "something follows its end in line 1"),
        ("[1 2]", "a comma or ] is missing in line 1"),
        ("[]", "it is no JSON object"),
        ('{"mcpServers": []}', "mcpServers is no object"),
        ("[" * 100_000, "it is nested too deeply"),
    ],
)
def test_what_is_broken_is_said_with_its_line(text: str, why: str) -> None:
    with pytest.raises(CannotMerge) as told:
        with_entry(text, "json", PATH, ENTRY)
    assert str(told.value) == why
