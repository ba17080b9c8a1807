"""A Beam of bytes: it answers with exactly what it is given, which no web server of good manners would send."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import anyio
from anyio.abc import SocketAttribute, SocketStream

OK = b"HTTP/1.1 200 OK\r\n"


@dataclass
class RawBeam:
    """Where it listens, what it answers, and the first lines of what it was asked."""

    url: str = ""
    answer: bytes = b""
    asked: list[str] = field(default_factory=list[str])

    def say(self, body: bytes, *headers: bytes, status: bytes = b"200 OK") -> None:
        """Answer so from now on."""
        head = [b"HTTP/1.1 " + status, b"Connection: close", *headers, b"Content-Length: %d" % len(body)]
        self.answer = b"\r\n".join([*head, b"", body])

    async def __call__(self, stream: SocketStream) -> None:
        """Answer whoever connects."""
        async with stream:
            try:
                request = await stream.receive()
                self.asked.append(request.split(b"\r\n", 1)[0].decode())
                await stream.send(self.answer)
            except (anyio.EndOfStream, anyio.BrokenResourceError):
                return  # it had heard enough


@asynccontextmanager
async def raw_beam() -> AsyncGenerator[RawBeam]:
    """One that listens until the context ends."""
    beam = RawBeam()
    listener = await anyio.create_tcp_listener(local_host="127.0.0.1")
    port = listener.extra(SocketAttribute.local_port)  # noqa: S610 - no database
    beam.url = f"http://127.0.0.1:{port}"
    async with listener, anyio.create_task_group() as tasks:
        tasks.start_soon(listener.serve, beam)
        yield beam
        tasks.cancel_scope.cancel()
