"""Recording what the SDK says, for `prepared.py`: `python -m beam_mcp.cli.early.record` rewrites the file beside it."""

import json
import threading
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from io import UnsupportedOperation
from pathlib import Path
from typing import Any, TextIO, cast, get_args

import anyio
from mcp_types.version import HANDSHAKE_PROTOCOL_VERSIONS, MODERN_PROTOCOL_VERSIONS

from beam_mcp import __version__
from beam_mcp.beam.auth import Identity
from beam_mcp.beam.http import Http
from beam_mcp.cli.early.messages import CAPABILITIES, UI, UI_SETTINGS, VERSION
from beam_mcp.cli.early.prepared import PLACE
from beam_mcp.server.build import BeamServer, build
from beam_mcp.server.instructions import sentences
from beam_mcp.server.lines import Incoming
from beam_mcp.tools.office import Office
from beam_mcp.tools.toolset import Output
from beam_mcp.tools.toolsets import TOOLSETS

Json = dict[str, Any]

VERSIONS = (*HANDSHAKE_PROTOCOL_VERSIONS, *MODERN_PROTOCOL_VERSIONS)
KINDS = ("all", "reading")
WITH_APPS: Json = {"extensions": {UI: UI_SETTINGS}}


class Conversation:
    """A client that says its lines one after the other, each once the one before is answered."""

    def __init__(self, requests: Sequence[Json]) -> None:
        self._lines = iter([json.dumps({"jsonrpc": "2.0", "id": n} | asked) for n, asked in enumerate(requests)])
        self._is_answered = threading.Semaphore(1)
        self.results: list[Json] = []

    @property
    def asked(self) -> Iterator[bytes]:
        """Its lines, each when the one before is answered, and the end after the last answer."""
        for line in self._lines:
            self._is_answered.acquire()
            yield line.encode() + b"\n"
        self._is_answered.acquire()

    def write(self, text: str) -> None:
        """An answer."""
        self.results.append(json.loads(text)["result"])
        self._is_answered.release()

    def fileno(self) -> int:
        """It has no descriptor."""
        raise UnsupportedOperation

    def flush(self) -> None:
        """Nothing is held back."""


def asked_of(server: BeamServer, version: str, *, apps: bool) -> list[Json]:
    """What a server answers to the greeting of this protocol version, and to `tools/list` after it."""
    capabilities = WITH_APPS if apps else {}
    if version in MODERN_PROTOCOL_VERSIONS:
        params: Json = {"_meta": {VERSION: version, CAPABILITIES: capabilities}}
        requests = [{"method": "server/discover", "params": params}, {"method": "tools/list", "params": params}]
    else:
        who = {"name": "", "version": ""}
        params = {"protocolVersion": version, "capabilities": capabilities, "clientInfo": who}
        requests = [{"method": "initialize", "params": params}, {"method": "tools/list"}]
    conversation = Conversation(requests)
    anyio.run(server.run_stdio_async, (Incoming(conversation.asked), cast("TextIO", conversation)))
    return conversation.results


def recorded() -> Json:
    """Everything that is said early, in every protocol version, with each way of answering.

    Toolset by toolset: what they bring is put together again as they are switched on.
    """
    office = Office(Http("http://127.0.0.1"), Identity(None, None, "auto"))
    whole, definitions = build(office), list[Json]()
    greetings = {spoken: asked_of(whole, spoken, apps=True) for spoken in VERSIONS}
    return {
        "made_of": _made_of(),
        "instructions": [[[text, sorted(named)] for text, named in paragraph] for paragraph in sentences()],
        "order": [tool["name"] for tool in greetings[VERSIONS[-1]][1]["tools"]],
        "greetings": {
            spoken: {"method": _opened_by(spoken), "result": result | {"capabilities": {}, "instructions": ""}}
            for spoken, (result, _) in greetings.items()
        },
        "lists": {spoken: result | {"tools": []} for spoken, (_, result) in greetings.items()},
        "toolsets": {
            toolset.name: {
                kind: _brought(office, toolset.name, definitions, read_only=kind == "reading") for kind in KINDS
            }
            for toolset in TOOLSETS
        },
        "definitions": definitions,
    }


def _made_of() -> Json:
    """The versions that the answers depend on: the SDK's decide the protocol, pydantic's the schemas."""
    pydantic = ".".join(version("pydantic").split(".")[:2])
    exact = {package: version(package) for package in ("mcp", "mcp_types")}
    return {"beam_mcp": __version__, **exact, "pydantic": pydantic}


def _brought(office: Office, toolset: str, definitions: list[Json], *, read_only: bool) -> Json:
    """What a toolset brings: the tools it loads, what the server can do with it, and its definitions by number."""
    servers = {
        output: build(office, toolsets=[toolset], read_only=read_only, output=output) for output in get_args(Output)
    }
    text = servers["text"]
    return {
        "loaded": sorted(text.loaded),
        "capabilities": {spoken: asked_of(text, spoken, apps=False)[0]["capabilities"] for spoken in VERSIONS},
        "tools": {
            output: {
                spoken: {
                    shown: [_number(tool, definitions) for tool in asked_of(server, spoken, apps=apps)[1]["tools"]]
                    for shown, apps in (("without_apps", False), ("with_apps", True))
                }
                for spoken in VERSIONS
            }
            for output, server in servers.items()
        },
    }


def _number(definition: Json, definitions: list[Json]) -> int:
    if definition not in definitions:
        definitions.append(definition)
    return definitions.index(definition)


def _opened_by(spoken: str) -> str:
    return "server/discover" if spoken in MODERN_PROTOCOL_VERSIONS else "initialize"


def text_of(recording: Json) -> str:
    """A recording as it is kept: short lines, so that a change can be read."""
    return "{\n" + ",\n".join(f"{json.dumps(name)}: {_lines(part)}" for name, part in recording.items()) + "\n}\n"


def _lines(part: Any) -> str:
    if isinstance(part, list) and part and isinstance(part[0], dict):
        return "[\n" + ",\n".join(_line(entry) for entry in cast("list[Json]", part)) + "\n]"
    return _line(part)


def _line(part: Any) -> str:
    return json.dumps(part, ensure_ascii=False, separators=(",", ":"))


if __name__ == "__main__":
    Path(PLACE).write_text(text_of(recorded()), encoding="utf-8")
