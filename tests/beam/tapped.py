"""A wire between a client and a server: it tells how many connections are open, and can fail to carry streams on."""

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from urllib.parse import urlsplit

import anyio
import anyio.abc
from anyio.abc import ByteStream, SocketStream, TaskGroup

PATIENCE = 30.0  # seconds


@dataclass
class Wire:
    """Every connection that a client holds open; with `muted` streams of updates stay open and carry nothing."""

    url: str
    open: set[int] = field(default_factory=set[int])
    muted: bool = False
    _streams: set[int] = field(default_factory=set[int])
    _closed: anyio.Event = field(default_factory=anyio.Event)

    def carries(self, connection: int, piece: bytes) -> bool:
        """Whether this goes on to the other end; a request tells what its connection is for."""
        if b"/updates HTTP/1.1" in piece:
            self._streams.add(connection)
        return not (self.muted and connection in self._streams)

    def closes(self, connection: int) -> None:
        """One less is open."""
        self.open.discard(connection)
        self._closed.set()
        self._closed = anyio.Event()

    async def until(self, *, at_most: int) -> None:
        """Wait until so few are open."""
        with anyio.fail_after(PATIENCE):
            while len(self.open) > at_most:
                await self._closed.wait()


@asynccontextmanager
async def tapped(url: str) -> AsyncGenerator[Wire]:
    """The same server at another address."""
    there = urlsplit(url)
    listener = await anyio.create_tcp_listener(local_host="127.0.0.1")
    port = listener.extra(anyio.abc.SocketAttribute.local_port)  # noqa: S610 - anyio's, not a database's
    wire = Wire(f"http://127.0.0.1:{port}")

    async def carry(client: SocketStream) -> None:
        wire.open.add(id(client))
        try:
            server = await anyio.connect_tcp(there.hostname or "", there.port or 0)
            async with client, server, anyio.create_task_group() as group:
                carries = partial(wire.carries, id(client))
                group.start_soon(_pump, client, server, group, carries)
                group.start_soon(_pump, server, client, group, carries)
        finally:
            wire.closes(id(client))

    async with listener, anyio.create_task_group() as group:
        group.start_soon(listener.serve, carry)
        yield wire
        group.cancel_scope.cancel()


async def _pump(source: ByteStream, target: ByteStream, group: TaskGroup, carries: Callable[[bytes], bool]) -> None:
    try:
        async for piece in source:
            if carries(piece):
                await target.send(piece)
    except (anyio.BrokenResourceError, anyio.ClosedResourceError):
        pass
    group.cancel_scope.cancel()
