"""A server in a process of its own, talked to from a test that is not asynchronous, as hypothesis wants it."""

import json
from collections.abc import AsyncGenerator, Generator, Iterable
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import anyio
import anyio.abc
from anyio.from_thread import BlockingPortal, start_blocking_portal

from beam_mcp.sandbox.serve import serving
from beam_mcp.sandbox.world import World
from tests.cli.processes import Started, on, started
from tests.cli.wires import WHO

CANARY = "canary-key-that-nobody-may-see"
PATIENCE = 30.0
HELLO = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": WHO}
INITIALIZE = {"jsonrpc": "2.0", "id": "hello", "method": "initialize", "params": HELLO}
_ids = count(1)


@asynccontextmanager
async def process(folder: Path, *arguments: str) -> AsyncGenerator[Started]:
    """Our server over a Beam whose key is the canary; in the end it has neither crashed nor told the key."""
    world = World()
    world.access.key = CANARY
    async with serving(world) as beam:
        settings = on(beam, BEAM_API_KEY=CANARY, BEAM_MCP_AUDIT="")
        async with started(*arguments, cwd=folder, settings=settings) as server:
            yield server
        assert b"Traceback" not in server.errors, server.errors.decode()
        assert CANARY.encode() not in server.errors


@dataclass
class Talk:
    """A conversation on stdio."""

    portal: BlockingPortal
    server: Started

    def send(self, *lines: bytes) -> None:
        """Lines, whatever they are."""
        self.portal.call(self.server.send, b"\n".join(lines))

    async def raw(self, piece: bytes) -> None:
        """A piece of a line."""
        assert self.server.process.stdin
        await self.server.process.stdin.send(piece)

    def until(self, wanted: str) -> list[dict[str, Any]]:
        """All messages that come until the one with this id; each is one, and none tells the key."""
        found: list[dict[str, Any]] = []
        while not found or found[-1].get("id") != wanted:
            line = self.portal.call(self.server.line)
            assert CANARY.encode() not in line
            found.append(json.loads(line))
            assert found[-1]["jsonrpc"] == "2.0"
        return found

    def answers(self) -> list[dict[str, Any]]:
        """What came since, and a proof that the server is alive."""
        wanted = f"ping {next(_ids)}"
        self.send(json.dumps({"jsonrpc": "2.0", "id": wanted, "method": "ping"}).encode())
        found = self.until(wanted)
        assert found[-1]["result"] == {}
        return found[:-1]

    def greet(self) -> None:
        """The handshake."""
        self.send(json.dumps(INITIALIZE).encode())
        assert "result" in self.until("hello")[-1]
        self.send(b'{"jsonrpc":"2.0","method":"notifications/initialized"}')


@contextmanager
def talking(folder: Path) -> Generator[Talk]:
    """A conversation whose server ends well when told."""
    with start_blocking_portal() as portal, portal.wrap_async_context_manager(process(folder)) as server:
        yield Talk(portal, server)
        portal.call(server.hang_up)
        assert portal.call(server.ended) == 0


@dataclass
class Site:
    """A server over HTTP."""

    portal: BlockingPortal
    host: str
    port: int

    def exchange(self, pieces: Iterable[bytes], *, hang_up: bool = False, patience: float = PATIENCE) -> bytes:
        """What comes back for these bytes, until the server closes or has said a whole answer."""
        return self.portal.call(partial(self._exchange, list(pieces), hang_up=hang_up, patience=patience))

    async def _exchange(self, pieces: list[bytes], *, hang_up: bool, patience: float) -> bytes:
        read = bytearray()
        with anyio.move_on_after(patience):
            async with await anyio.connect_tcp(self.host, self.port) as stream:
                try:
                    for piece in pieces:
                        await stream.send(piece)
                    if hang_up:
                        await stream.send_eof()
                except (anyio.BrokenResourceError, OSError):
                    pass  # it need not hear everything out before it refuses
                await _receive(stream, read)
        return bytes(read)


async def _receive(stream: anyio.abc.ByteReceiveStream, read: bytearray) -> None:
    try:
        while not _is_whole(read):
            read += await stream.receive()
    except (anyio.EndOfStream, anyio.BrokenResourceError):
        pass


def _is_whole(read: bytearray) -> bool:
    """Whether an answer of known length is all there, or one in chunks has ended."""
    head, found, body = bytes(read).partition(b"\r\n\r\n")
    lengths = [line.partition(b":")[2] for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    return bool(found) and (len(body) >= int(lengths[0]) if lengths else body.endswith(b"0\r\n\r\n"))


@contextmanager
def site(folder: Path) -> Generator[Site]:
    """A server over HTTP, on a port of its own."""
    running: AbstractContextManager[Started]
    with start_blocking_portal() as portal:
        running = portal.wrap_async_context_manager(process(folder, "serve", "--transport", "http", "--port", "0"))
        with running as server:
            address = portal.call(server.address)
            yield Site(portal, "127.0.0.1", int(address.rpartition(":")[2]))
            assert portal.call(_still_running, server)


async def _still_running(server: Started) -> bool:
    return server.process.returncode is None
