"""A server that says word for word what a test wants it to, and the connections of the client alone."""

import socket
import ssl
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from functools import partial

import anyio
import anyio.abc
import anyio.lowlevel
import httpx2
from anyio.abc import ByteStream
from anyio.streams.tls import TLSListener

from beam_mcp.beam.direct import Direct

CONTEXT = httpx2.create_ssl_context(trust_env=False)
MB = 1_000_000  # bytes
SILENT = 0.3  # seconds
PATIENCE = httpx2.Timeout(10.0)
HELLO = b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello"
_GONE = (anyio.EndOfStream, anyio.BrokenResourceError, anyio.ClosedResourceError)


@dataclass
class Call:
    """One connection, as the server has it."""

    number: int
    stream: ByteStream
    unread: bytes = b""

    async def head(self) -> bytes:
        """The head of the next request; nothing when there is none."""
        while b"\r\n\r\n" not in self.unread:
            try:
                self.unread += await self.stream.receive()
            except _GONE:
                return b""
        head, _, self.unread = self.unread.partition(b"\r\n\r\n")
        return head

    async def say(self, *pieces: bytes) -> None:
        """Send these, each by itself."""
        for piece in pieces:
            await self.stream.send(piece)


Handler = Callable[[Call], Awaitable[None]]


@dataclass
class Speaking:
    """Where it is, and how many connections it has had and has."""

    port: int
    is_secret: bool = False
    had: int = 0
    open: set[int] = field(default_factory=set[int])
    changed: anyio.Event = field(default_factory=anyio.Event)

    @property
    def url(self) -> str:
        """Its address."""
        return f"http{'s' * self.is_secret}://127.0.0.1:{self.port}"

    async def until(self, *, at_most: int) -> None:
        """Wait until so few are open."""
        while len(self.open) > at_most:
            await self.changed.wait()

    def _note(self) -> None:
        self.changed.set()
        self.changed = anyio.Event()

    async def serve(self, handler: Handler, stream: ByteStream) -> None:
        """One connection, until the handler or the client has enough of it."""
        self.had += 1
        number = self.had
        self.open.add(number)
        self._note()
        with suppress(*_GONE):
            async with stream:
                await handler(Call(number, stream))
        self.open.discard(number)
        self._note()


@asynccontextmanager
async def speaking(handler: Handler, tls: ssl.SSLContext | None = None) -> AsyncGenerator[Speaking]:
    """A server that lets `handler` have each connection; nothing here takes longer than half a minute."""
    plain = await anyio.create_tcp_listener(local_host="127.0.0.1")
    listener = TLSListener(plain, tls, standard_compatible=False) if tls else plain
    there = Speaking(plain.extra(anyio.abc.SocketAttribute.local_port))  # noqa: S610 - anyio's, not a database's
    there.is_secret = tls is not None
    with anyio.fail_after(30):
        async with listener, anyio.create_task_group() as tasks:
            tasks.start_soon(listener.serve, partial(there.serve, handler))
            yield there
            tasks.cancel_scope.cancel()


def always(*pieces: bytes) -> Handler:
    """Answer every request so, and leave the connection open."""

    async def handle(call: Call) -> None:
        while await call.head():
            await call.say(*pieces)

    return handle


@asynccontextmanager
async def direct(
    url: str,
    *,
    patience: httpx2.Timeout = PATIENCE,
    most: int = 8,
    idle: int = 4,
    idle_seconds: float = 100.0,
    context: ssl.SSLContext = CONTEXT,
) -> AsyncGenerator[httpx2.AsyncClient]:
    """A client over connections of ours, with such bounds; it has so much `patience` with silence."""
    way = Direct(lambda: context, most=most, idle=idle, idle_seconds=idle_seconds)
    async with httpx2.AsyncClient(base_url=url, transport=way, timeout=patience) as client:
        yield client


def answer(text: bytes, *, more: bytes = b"") -> bytes:
    """An answer of known length, with these headers besides."""
    return b"HTTP/1.1 200 OK\r\n%bcontent-length: %d\r\n\r\n%b" % (more, len(text), text)


async def echo(call: Call) -> None:
    """Answer with the path that was asked for."""
    while head := await call.head():
        await call.say(answer(head.split()[1]))


async def settled() -> None:
    """The loop has had time for whatever is there already."""
    for _ in range(300):
        await anyio.lowlevel.checkpoint()


def hello_once(server: socket.socket, accepted: list[socket.socket]) -> None:
    """Answer one request in a thread, and read no more of that connection."""
    there, _ = server.accept()
    there.recv(4096)
    there.sendall(HELLO)
    accepted.append(there)
