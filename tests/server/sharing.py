"""A server over real HTTP that many share and that lends nobody a key, and the people who come to it."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

import httpx2
from starlette.routing import BaseRoute

from beam_mcp.beam.auth import Mode
from beam_mcp.sandbox.access import WORKSPACE_ID
from beam_mcp.sandbox.world import World
from beam_mcp.server.build import build
from beam_mcp.server.links import Links, OwnAddress
from beam_mcp.server.pages import Pages
from beam_mcp.server.protection import Protection
from beam_mcp.server.web import web_app
from beam_mcp.tools.office import Office
from tests.cli.processes import PATIENCE
from tests.cli.wires import LEGACY, MODERN, WHO, Json
from tests.server.doors import listening
from tests.tools.chat import Clock, office_for

ANNA, BERT, STRANGER = "key-of-anna", "key-of-bert", "key-of-nobody"
EMPTY = "0a0a0a0a-0000-4000-8000-0a0a0a0a0a0a"  # a workspace in which nothing is
ACCEPT = {"accept": "application/json, text/event-stream"}
HELLO: Json = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {"protocolVersion": LEGACY[-1], "capabilities": {}, "clientInfo": WHO},
}
LISTING: Json = {"jsonrpc": "2.0", "id": 9, "method": "tools/list"}
DISCOVER: Json = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "server/discover",
    "params": {
        "_meta": {
            "io.modelcontextprotocol/protocolVersion": MODERN,
            "io.modelcontextprotocol/clientInfo": WHO,
            "io.modelcontextprotocol/clientCapabilities": {},
        }
    },
}
MODERN_HEADERS = {"mcp-protocol-version": MODERN, "mcp-method": "server/discover"}
CALL: Json = DISCOVER | {
    "method": "tools/call",
    "params": DISCOVER["params"] | {"name": "list_agents", "arguments": {}},
}
CALL_HEADERS = MODERN_HEADERS | {"mcp-method": "tools/call", "mcp-name": "list_agents"}


@dataclass(frozen=True)
class Shared:
    """The server's address as a client has it, the Beam behind it, and its office with a clock to push."""

    http: httpx2.AsyncClient
    world: World
    office: Office

    def push(self, seconds: float) -> None:
        """Let time pass on the server's clock."""
        assert isinstance(self.office.clock, Clock)
        self.office.clock.push(seconds)

    async def greet(self, **headers: str) -> httpx2.Response:
        """The answer to `initialize` with these headers (`_` for `-`)."""
        return await self.http.post("/mcp", json=HELLO, headers=ACCEPT | dashed(headers))

    async def discover(self, **headers: str) -> httpx2.Response:
        """The answer to `server/discover`, which needs no session."""
        return await self.http.post("/mcp", json=DISCOVER, headers=ACCEPT | MODERN_HEADERS | dashed(headers))

    async def call(self, **headers: str) -> str:
        """What a tool says that asks Beam something, whatever that is."""
        answer = await self.http.post("/mcp", json=CALL, headers=ACCEPT | CALL_HEADERS | dashed(headers))
        assert answer.is_success, answer.text
        return answer.text


def dashed(headers: dict[str, str]) -> dict[str, str]:
    """Header names as they are written."""
    return {name.replace("_", "-"): value for name, value in headers.items()}


def said_by(answer: httpx2.Response) -> str:
    """The words of a refusal, which is a JSON-RPC error without an id."""
    refusal: Json = answer.json()
    assert (refusal["jsonrpc"], refusal["id"]) == ("2.0", None)
    return refusal["error"]["message"]


@asynccontextmanager
async def shared(
    world: World | None = None,
    *,
    lends: bool = False,
    protection: Protection | None = None,
    beside: Sequence[BaseRoute] = (),
    offering: dict[str, Any] | None = None,
    decides_in_chat: bool = False,
    mode: Mode = "auto",
    **options: Any,
) -> AsyncGenerator[Shared]:
    """The server; `offering` is what its operator leaves of the tools, `options` are those of the application."""
    beam = world or World(populated=False, speed=0)
    beam.access.others = {ANNA, BERT}
    async with office_for(beam, decides_in_chat=decides_in_chat) as office:
        own = replace(office.identity, workspace=WORKSPACE_ID, mode=mode, key=office.identity.key if lends else None)
        links = Links()
        server = build(replace(office, identity=own, pages=OwnAddress(links)), **(offering or {}))
        app = web_app(server, transport="http", pages=Pages(links), protection=protection, beside=beside, **options)
        async with (
            listening(app) as site,
            httpx2.AsyncClient(
                base_url=site, timeout=PATIENCE, trust_env=False, limits=httpx2.Limits(max_connections=None)
            ) as http,
        ):
            yield Shared(http, beam, office)
