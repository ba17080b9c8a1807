"""The three doors with a person behind the client: a process on stdio, and one application over HTTP and SSE."""

import sys
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import anyio
import uvicorn
from mcp import Client, StdioServerParameters
from mcp.client.sse import sse_client
from mcp_types import TextContent
from starlette.applications import Starlette

from beam_mcp.cli.connection import Connection
from beam_mcp.sandbox.serve import serving
from beam_mcp.sandbox.world import World
from beam_mcp.server.build import build
from beam_mcp.server.links import Links, OwnAddress
from beam_mcp.server.pages import Pages
from beam_mcp.server.web import web_app
from tests.cli.processes import PATIENCE, on, surroundings
from tests.tools.chat import Clock, DrawsCards, Human, office_for

READING_SECONDS = 0.9  # a person on stdio reads in real time, though fast


@dataclass
class Reader(Human):
    """Somebody who takes the time to read, also where the clock cannot be pushed; without an answer if `never`."""

    never: bool = False
    reading: anyio.Event = field(default_factory=anyio.Event)

    async def meanwhile(self) -> None:
        """Read, and look up."""
        self.reading.set()
        if self.never:
            await anyio.sleep_forever()
        if self.clock is None:
            with anyio.move_on_after(READING_SECONDS):
                await anyio.Event().wait()


@asynccontextmanager
async def listening(app: Starlette) -> AsyncGenerator[str]:
    """The application on a port of its own."""
    config = uvicorn.Config(
        app, port=0, http=Connection, log_config=None, access_log=False, timeout_graceful_shutdown=1
    )
    server = _Watched(config)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(server.serve)
        with anyio.fail_after(PATIENCE):
            await server.is_up.wait()
        port = server.servers[0].sockets[0].getsockname()[1]
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            server.should_exit = True
            server.force_exit = True


class _Watched(uvicorn.Server):
    """Uvicorn that tells when it is up and leaves signals alone."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.is_up = anyio.Event()

    def capture_signals(self) -> Any:
        """Leave them."""
        return anyio.CancelScope()

    async def startup(self, sockets: Any = None) -> None:
        """Tell."""
        await super().startup(sockets)
        self.is_up.set()


@dataclass
class AtDoor:
    """A client that is connected, and the world behind."""

    client: Client
    world: World
    human: Reader | None
    clock: Clock | None = None

    def push(self, seconds: float) -> None:
        """Let time pass on the server's clock, where it runs in this process."""
        assert self.clock
        self.clock.push(seconds)

    async def call(self, tool: str, **arguments: Any) -> str:
        """The words of an answer."""
        with anyio.fail_after(PATIENCE):
            result = await self.client.call_tool(tool, arguments)
        return "\n".join(part.text for part in result.content if isinstance(part, TextContent))


@asynccontextmanager
async def at_door(
    door: str,
    mode: str,
    folder: Path,
    *,
    human: Reader | None = None,
    cards: bool = False,
    settings: Mapping[str, str] | None = None,
) -> AsyncGenerator[AtDoor]:
    """A client at `door` speaking the era of `mode`, with its own world behind; `settings` as in the environment."""
    world, given = World(populated=False), dict(settings or {})
    extensions = [DrawsCards()] if cards else None
    if door == "stdio":
        async with serving(world) as beam:
            environment = surroundings(**on(beam, BEAM_MCP_AUDIT="", **given))
            process = StdioServerParameters(
                command=sys.executable, args=["-m", "beam_mcp.cli"], env=environment, cwd=folder
            )
            async with Client(process, mode=mode, elicitation_callback=human, extensions=extensions) as client:
                yield AtDoor(client, world, human)
        return
    links = Links()
    async with office_for(world, decides_in_chat=given.get("BEAM_MCP_CONSENT") == "chat") as office:
        server = build(replace(office, pages=OwnAddress(links)))
        assert isinstance(office.clock, Clock)
        if human:
            human.clock = office.clock
        async with listening(web_app(server, transport="http", pages=Pages(links))) as site:
            wire: Any = f"{site}/mcp" if door == "http" else sse_client(f"{site}/sse")
            async with Client(wire, mode=mode, elicitation_callback=human, extensions=extensions) as client:
                yield AtDoor(client, world, human, office.clock)
