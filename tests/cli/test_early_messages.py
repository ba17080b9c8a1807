"""Whatever a client opens with: what is said early and then by the SDK is what the SDK alone would have said."""

import json
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO, cast

import anyio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from beam_mcp.beam.auth import Identity
from beam_mcp.beam.http import Http
from beam_mcp.cli.early.messages import CAPABILITIES, CLIENT, UI, UI_SETTINGS, VERSION
from beam_mcp.cli.early.opening import Opening
from beam_mcp.cli.early.plain import Plain
from beam_mcp.cli.early.prepared import PLACE, Prepared
from beam_mcp.cli.early.wire import Outgoing
from beam_mcp.server.build import BeamServer, build
from beam_mcp.server.lines import Incoming
from beam_mcp.tools.office import Office

Json = dict[str, Any]
Made = st.SearchStrategy[Any]

WHO: Json = {"name": "somebody", "version": "1"}
NOTHING: Json = {}
FORM: Json = {"form": {}}
NO_REQUESTS: list[Json] = [
    {"jsonrpc": "2.0", "method": "notifications/initialized"},
    {"jsonrpc": "2.0", "id": 7, "result": {}},
]
LAST = {"jsonrpc": "2.0", "id": "the last", "method": "ping"}
# Names that mean something somewhere in a greeting.
WORDS = (
    "roots sampling elicitation experimental extensions tasks form url context tools list cancel requests create "
    "createMessage listChanged list_changed mimeTypes applyDefaults name version title description websiteUrl "
    "website_url icons src sizes progressToken traceparent cursor _meta protocolVersion protocol_version clientInfo "
    f"capabilities {VERSION} {CAPABILITIES} {CLIENT} io.modelcontextprotocol/logLevel {UI}"
).split()


def numbered(asked: Json, number: Any) -> Json:
    return asked | {"jsonrpc": "2.0", "id": number}


scalars: Made = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=3)
anything: Made = st.recursive(
    scalars | st.just(NOTHING) | st.just(dict(UI_SETTINGS)),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(WORDS), inner, max_size=3),
    max_leaves=6,
)
objects: Made = st.dictionaries(st.sampled_from(WORDS), anything, max_size=3)
plain_objects: Made = st.dictionaries(st.sampled_from(WORDS), st.just(NOTHING) | st.just(FORM), max_size=4)
capabilities: Made = plain_objects | objects | st.just({"extensions": {UI: UI_SETTINGS}})
clients: Made = st.just(WHO) | objects.map(lambda more: WHO | more) | anything
versions: Made = st.sampled_from(["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25", "2026-07-28", "1999-01-01"])
hellos: Made = st.fixed_dictionaries(
    {"protocolVersion": versions | anything, "capabilities": capabilities, "clientInfo": clients},
    optional={"_meta": anything, "more": anything},
)
envelopes: Made = st.fixed_dictionaries(
    {VERSION: st.just("2026-07-28") | versions, CAPABILITIES: capabilities},
    optional={CLIENT: clients, "progressToken": anything, "traceparent": anything, "more": anything},
).map(lambda meta: {"_meta": meta})
ids: Made = st.integers(-3, 3) | st.text(max_size=3) | st.integers() | scalars
requests: Made = st.one_of(
    st.fixed_dictionaries({"method": st.just("initialize"), "params": hellos}),
    st.fixed_dictionaries({"method": st.sampled_from(["server/discover", "tools/list"]), "params": envelopes}),
    st.fixed_dictionaries({"method": st.just("tools/list")}, optional={"params": anything}),
    st.fixed_dictionaries(
        {"method": st.sampled_from(["prompts/list", "ping", "nonsense"])}, optional={"params": objects}
    ),
)
messages: Made = st.builds(numbered, requests, ids) | st.sampled_from(NO_REQUESTS)


def spelled(message: Any, *, escaped: bool, end: bytes) -> bytes:
    return json.dumps(message, ensure_ascii=escaped).encode("utf-8", "replace") + end


lines: Made = st.one_of(
    st.builds(spelled, messages, escaped=st.booleans(), end=st.sampled_from([b"\n", b"\r\n", b" \n"])),
    st.builds(spelled, messages | anything | st.lists(messages), escaped=st.booleans(), end=st.just(b"\n")),
    st.sampled_from([b"\n", b"\r\n", b"{\n", b"\xff\n", b'{"jsonrpc":"2.0",\r"id":1,"method":"ping"}\n']),
)


class Client:
    """A client of the SDK's stdio transport that says these lines, then waits until its last ping is answered."""

    def __init__(self, said: bytes, told: Any) -> None:
        self._said = b"\n".join([said.removesuffix(b"\n"), json.dumps(LAST).encode(), b""])
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - closed when it is read
        self._outgoing = Outgoing(self._file.fileno(), told)
        self._is_over = threading.Event()

    @property
    def said(self) -> Iterator[bytes]:
        """All of it, and the end when all was answered."""
        yield self._said
        assert self._is_over.wait(10)

    def write(self, line: str) -> None:
        """An answer, written as in a process of ours."""
        self._outgoing.write(line)
        if json.loads(line).get("id") == LAST["id"]:
            self._is_over.set()

    def fileno(self) -> int:
        """Where answers go."""
        return self._outgoing.fileno()

    def heard(self) -> list[Json]:
        """All answers."""
        with self._file as file:
            file.seek(0)
            return [json.loads(line) for line in file]


def by_the_sdk(server: BeamServer, said: bytes, told: Any = None) -> list[Json]:
    client = Client(said, told)
    anyio.run(server.run_stdio_async, (Incoming(client.said), cast("TextIO", client)))
    return client.heard()


def in_any_order(answers: list[Json]) -> list[str]:
    return sorted(json.dumps(answer, sort_keys=True) for answer in answers)


@pytest.fixture(scope="module")
def server() -> BeamServer:
    return build(Office(Http("http://127.0.0.1"), Identity(None, None, "auto")))


def opening() -> Opening:
    return Opening(Prepared(json.loads(Path(PLACE).read_text("utf-8")), Plain({}, {})))


def request(method: str, number: Any = 2, **params: Any) -> bytes:
    return spelled({"jsonrpc": "2.0", "id": number, "method": method, "params": params}, escaped=False, end=b"\n")


def hello(**more: Any) -> Json:
    least: Json = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": WHO}
    return least | more


def meta(**more: Any) -> Json:
    least: Json = {VERSION: "2026-07-28", CAPABILITIES: {}}
    return least | more


TOOLS = request("tools/list", 3)
CURIOUS: list[list[bytes]] = [
    [
        request("initialize", **hello()),
        request("initialize", 5, **hello(capabilities={"extensions": {UI: UI_SETTINGS}})),
        TOOLS,
    ],
    [request("initialize", **hello(clientInfo=WHO | {"icons": [5]})), TOOLS],
    [request("initialize", **hello(capabilities={"elicitation": {"form": []}})), TOOLS],
    [request("initialize", **hello(capabilities={"extensions": {UI: {"mimeTypes": ["text/plain"]}}})), TOOLS],
    [request("initialize", **hello(capabilities={"extensions": {UI: UI_SETTINGS}})), TOOLS],
    [request("initialize", **hello(_meta={"progressToken": {}})), TOOLS],
    [request("initialize", number=True, **hello()), TOOLS],
    [request("initialize", number=None, **hello()), TOOLS],
    [request("initialize", **hello()), request("tools/list", 4, _meta=meta()), TOOLS],
    [request("initialize", **hello()), request("tools/list", 4, cursor=1), TOOLS],
    [request("initialize", **hello()), request("tools/list", 4, _meta={"progressToken": 1.5}), TOOLS],
    [request("initialize", **hello()), request("initialize", 2, **hello()), request("ping", 2), TOOLS],
    [request("server/discover", _meta=meta()), request("initialize", 4, **hello()), TOOLS],
    [request("server/discover", _meta=meta(**{"io.modelcontextprotocol/logLevel": "loud"})), TOOLS],
    [request("server/discover", _meta=meta(**{CLIENT: {"name": "nobody"}})), TOOLS],
    [request("server/discover", _meta=meta(), more=1), request("tools/list", 4, _meta=meta())],
    [request("tools/list", _meta=meta()), request("server/discover", 4, _meta=meta()), TOOLS],
    [request("prompts/list", _meta=meta()), request("initialize", 4, **hello()), TOOLS],
    [TOOLS, request("initialize", **hello()), request("tools/list", 4)],
    [request("initialize", **hello())[:-2] + b', "id": 9}\n', TOOLS],
    [request("initialize", **hello()).replace(b"somebody", b"\\ud800"), TOOLS],
    [request("initialize", **hello(capabilities={"experimental": {"deep": json.loads("[" * 90 + "]" * 90)}})), TOOLS],
]


@pytest.mark.parametrize("said", CURIOUS)
def test_curious_openings_are_met_as_the_sdk_meets_them(server: BeamServer, said: list[bytes]) -> None:
    assert_said_alike(server, said)


def assert_said_alike(server: BeamServer, said: list[bytes]) -> None:
    early = opening()
    answers = [json.loads(answer) for line in said if (answer := early.hear(line))]
    both = answers + by_the_sdk(server, b"".join(early.left), early.told)
    assert in_any_order(both) == in_any_order(by_the_sdk(server, b"".join(said)))


@settings(max_examples=100)
@given(said=st.lists(lines, min_size=1, max_size=4))
def test_both_together_say_what_the_sdk_alone_would_have_said(server: BeamServer, said: list[bytes]) -> None:
    assert_said_alike(server, said)


@settings(max_examples=150)
@given(greeting=hellos, greeted=envelopes)
def test_a_greeting_that_is_answered_early_is_one_that_the_sdk_accepts(
    server: BeamServer, greeting: Json, greeted: Json
) -> None:
    for method, params in (("initialize", greeting), ("server/discover", greeted)):
        line = spelled({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}, escaped=True, end=b"\n")
        if answer := opening().hear(line):
            assert json.loads(answer) in by_the_sdk(server, line)


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("initialize", {"protocolVersion": "2025-06-18", "capabilities": {"elicitation": {}}, "clientInfo": WHO}),
        (
            "initialize",
            {
                "protocolVersion": "2025-11-25",
                "capabilities": {
                    "roots": {"listChanged": True},
                    "sampling": {},
                    "elicitation": {"form": {}, "url": {}},
                    "extensions": {UI: UI_SETTINGS},
                    "tasks": {"list": {}, "requests": {"elicitation": {"create": {}}}},
                },
                "clientInfo": WHO | {"title": "Somebody", "websiteUrl": "https://example.com", "description": "…"},
            },
        ),
        ("server/discover", {"_meta": {VERSION: "2026-07-28", CAPABILITIES: {}, CLIENT: WHO}}),
        ("tools/list", {"_meta": {VERSION: "2026-07-28", CAPABILITIES: {"roots": {}}, "progressToken": "t"}}),
    ],
)
def test_what_real_clients_open_with_is_answered_early(method: str, params: Json) -> None:
    line = spelled({"jsonrpc": "2.0", "id": 0, "method": method, "params": params}, escaped=False, end=b"\r\n")
    assert opening().hear(line)


def test_after_an_odd_message_everything_is_left() -> None:
    early = opening()
    said = [b"{\n", request("initialize", **hello())]
    assert [early.hear(line) for line in said] == [None, None]
    assert early.left == said
    assert early.owes
