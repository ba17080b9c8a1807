"""The open connections where no proxy stands between: httpx2 hands its requests over to them."""

import asyncio
import select
import socket
import ssl
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from contextvars import Context
from functools import partial
from typing import cast

import anyio
import anyio.lowlevel
import httpx2
from aiohappyeyeballs import start_connection  # pyright: ignore[reportUnknownVariableType] - an address is any tuple

from beam_mcp.beam.connection import Connection, Exchange

OTHER_FAMILY = 0.25  # seconds until the other of IPv4 and IPv6 is tried as well (RFC 8305 §8)
_PORTS = {"http": 80, "https": 443}
_Origin = tuple[str, str, int]


class Direct(httpx2.AsyncBaseTransport):
    """As many exchanges at once as `most`; of their connections `idle` are kept open, for `idle_seconds`."""

    def __init__(self, context: Callable[[], ssl.SSLContext], *, most: int, idle: int, idle_seconds: float) -> None:
        self._context = context
        self._room = anyio.Semaphore(most, fast_acquire=True)
        self._most_idle, self._idle_seconds = idle, idle_seconds
        self._idle: dict[Connection, tuple[_Origin, asyncio.TimerHandle]] = {}
        self._open: set[Connection] = set()

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """The answer as soon as its headers are there.

        Raises:
            httpx2.TransportError: what went wrong on the way.
        """
        times: dict[str, float | None] = request.extensions.get("timeout", {})
        await self._enter(times.get("pool"))
        connection: Connection | None = None
        try:
            origin = _origin(request.url)
            connection = await self._resting(origin) or await self._connected(origin, times.get("connect"))
            exchange = connection.begin()
            await exchange.send(request, times)
        except BaseException:
            if connection:
                connection.close()
            self._room.release()
            raise
        body = _Body(exchange, times.get("read"), partial(self._leave, origin, connection))
        known = {"network_stream": connection.transport}
        return httpx2.Response(exchange.status, headers=exchange.headers, stream=body, extensions=known)

    async def aclose(self) -> None:
        """Close all connections, those too that are not open yet."""
        self._most_idle = 0
        for connection in list(self._open):
            connection.close()
        await anyio.lowlevel.checkpoint()  # they hear of it

    async def _enter(self, seconds: float | None) -> None:
        with suppress(anyio.WouldBlock):
            return self._room.acquire_nowait()
        try:
            with anyio.fail_after(seconds):
                await self._room.acquire()
        except TimeoutError:
            raise httpx2.PoolTimeout("all connections are in use") from None

    def _leave(self, origin: _Origin, connection: Connection) -> None:
        self._room.release()
        connection.end()
        if not connection.is_open or len(self._idle) >= self._most_idle:
            connection.close()
            return
        timer = asyncio.get_running_loop().call_later(self._idle_seconds, connection.close, context=Context())
        self._idle[connection] = origin, timer

    async def _resting(self, origin: _Origin) -> Connection | None:
        """The one that was used last, if the other side has not closed it meanwhile."""
        while of_it := [connection for connection, (known, _) in self._idle.items() if known == origin]:
            connection = of_it[-1]
            self._wake(connection)
            if sys.platform == "win32":  # what has come is on its way to the loop there, and not seen below
                await anyio.lowlevel.checkpoint()
            if connection.is_open and not _is_readable(connection.transport):
                return connection
            connection.close()
        return None

    def _wake(self, connection: Connection) -> None:
        if known := self._idle.pop(connection, None):
            known[1].cancel()

    def _forget(self, connection: Connection) -> None:
        self._wake(connection)
        self._open.discard(connection)

    async def _connected(self, origin: _Origin, seconds: float | None) -> Connection:
        # It outlives the call that opens it, of which it is to hold nothing: no identity, no request.
        return await asyncio.create_task(self._connect(origin, seconds), context=Context())

    async def _connect(self, origin: _Origin, seconds: float | None) -> Connection:
        scheme, host, port = origin
        loop = asyncio.get_running_loop()
        reached: socket.socket | None = None
        try:
            with anyio.fail_after(seconds):
                context, name = (self._safe(), host) if scheme == "https" else (None, None)
                found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
                reached = await start_connection(found, happy_eyeballs_delay=OTHER_FAMILY)
                made = partial(Connection, self._forget)
                _, connection = await loop.create_connection(made, sock=reached, ssl=context, server_hostname=name)
        except TimeoutError as error:
            cause = ssl.SSLError("no answer to the handshake") if reached else error
            raise httpx2.ConnectTimeout("no answer to the connection") from cause
        except (OSError, RuntimeError, UnicodeError) as error:  # a host that none can be, by IDNA
            raise httpx2.ConnectError(_words(error)) from error
        self._open.add(connection)
        return connection

    def _safe(self) -> ssl.SSLContext:
        context = self._context()
        context.set_alpn_protocols(["http/1.1"])
        return context


class _Body(httpx2.AsyncByteStream):
    """The body of an answer; its connection serves the next one once this is closed."""

    def __init__(self, exchange: Exchange, seconds: float | None, leave: Callable[[], None]) -> None:
        self._exchange = exchange
        self._seconds = seconds
        self._leave: Callable[[], None] | None = leave

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for piece in self._exchange.body(self._seconds):
            yield piece

    async def aclose(self) -> None:
        leave, self._leave = self._leave, None
        if leave:
            leave()


def _origin(url: httpx2.URL) -> _Origin:
    if url.scheme not in _PORTS or not url.host:
        raise httpx2.UnsupportedProtocol("only http:// and https:// are spoken here")
    return url.scheme, url.raw_host.decode("ascii"), url.port or _PORTS[url.scheme]


def _words(error: Exception) -> str:
    """What asyncio says names its own functions where a connection is refused."""
    return "it refuses connections" if isinstance(error, ConnectionRefusedError) else str(error) or "it hung up"


def _is_readable(transport: asyncio.Transport) -> bool:
    """Whether something lies there that the loop has not seen: an idle connection has nothing to say but its end."""
    plain = cast("socket.socket | None", transport.get_extra_info("socket"))
    with suppress(OSError, ValueError):
        if plain is None:
            return False
        if sys.platform == "win32":
            return bool(select.select([plain], [], [], 0)[0])
        looking = select.poll()
        looking.register(plain.fileno(), select.POLLIN)
        return bool(looking.poll(0))
    return True
