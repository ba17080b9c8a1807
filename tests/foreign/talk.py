"""Our server as a process of its own, spoken to by hand: every byte that it writes is looked at as it is."""

import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import httpx2

from tests.cli.processes import PATIENCE, on, started
from tests.cli.wires import MODERN, Json, OverHttp, OverStdio, Wire
from tests.foreign.checks import unseen
from tests.secrets.talking import Client

Way = Literal["stdio", "http"]


@dataclass
class Heard:
    """What came over a wire, before anything was read into it: none of it may act where bytes are shown."""

    wrong: list[str] = field(default_factory=list[str])

    def take(self, raw: str) -> None:
        """Look at it."""
        if odd := unseen(raw.rstrip("\r\n").replace("\r\n", "\n")):
            self.wrong.append(f"on the wire {sorted(odd)}: {raw[:80]!r}")

    async def response(self, response: httpx2.Response) -> None:
        """Look at the headers and the body of one."""
        await response.aread()
        self.take("\n".join(f"{name}: {value}" for name, value in response.headers.items()))
        self.take(response.text)


@dataclass
class Lines(OverStdio):
    """Lines that are looked at first."""

    heard: Heard

    async def receive(self) -> Json:
        """The next one."""
        line = await self.process.line()
        self.heard.take(line.decode())
        return json.loads(line)


@dataclass
class Listener(Client):
    """A conversation that remembers the forms, the words of progress and whatever else came by itself."""

    forms: list[Json] = field(default_factory=list[Json])
    progress: list[str] = field(default_factory=list[str])
    others: list[Json] = field(default_factory=list[Json])

    async def _on_the_way(self, message: Json) -> None:
        match message:
            case {"method": "elicitation/create", "params": params}:
                self.forms.append(params)
            case {"method": "notifications/progress", "params": {"message": words}}:
                self.progress.append(words)
            case {"method": _}:
                self.others.append(message)
            case _:
                return  # the answer to a call that was given up
        if "id" in message:
            await self.wire.send({"jsonrpc": "2.0", "id": message["id"], "result": {"action": "decline"}})

    async def begin(self, tool: str, arguments: Json) -> int:
        """Call a tool and wait for nothing; the number of the call."""
        self.asked += 1
        params = {"name": tool, "arguments": arguments, "_meta": {"progressToken": self.asked}}
        await self.wire.send({"jsonrpc": "2.0", "id": self.asked, "method": "tools/call", "params": params})
        return self.asked

    async def until_progress(self, number: int) -> None:
        """Listen until so many words of progress came."""
        while len(self.progress) < number:
            await self._on_the_way(await self.wire.receive())

    async def give_up(self, call: int) -> None:
        """Cancel a call."""
        params = {"requestId": call}
        await self.wire.send({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": params})


@asynccontextmanager
async def spoken(way: Way, beam: str, folder: Path, heard: Heard) -> AsyncGenerator[Listener]:
    """A conversation with a server that answers in both channels, with a client that shows no forms."""
    async with _wire(way, beam, folder, heard) as wire:
        client = Listener(wire, MODERN)
        await client.greet()
        yield client


@asynccontextmanager
async def asked(beam: str, folder: Path, heard: Heard) -> AsyncGenerator[Listener]:
    """One with a client that shows forms, and progress while a call is under way."""
    async with _wire("stdio", beam, folder, heard) as wire:
        client = Listener(wire, "2025-06-18", "forms")
        await client.greet()
        yield client


@asynccontextmanager
async def _wire(way: Way, beam: str, folder: Path, heard: Heard) -> AsyncGenerator[Wire]:
    settings = on(beam, BEAM_MCP_OUTPUT="both", BEAM_MCP_AUDIT="")
    if way == "stdio":
        async with started(cwd=folder, settings=settings) as server:
            yield Lines(server, heard)
            return
    hooks: Any = {"response": [heard.response]}
    async with (
        started("serve", "--transport", "http", "--port", "0", cwd=folder, settings=settings) as server,
        httpx2.AsyncClient(
            base_url=await server.address(), trust_env=False, event_hooks=hooks, timeout=PATIENCE
        ) as http,
    ):
        yield OverHttp(http)
