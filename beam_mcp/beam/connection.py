"""One connection over HTTP/1.1 (RFC 9112): a request goes out, its answer comes in pieces, as far as anybody reads.

httpx2's own takes eight times as long over a small answer (tests/benchmarks/results.md). What reads an answer here is
llhttp, as in Node.js. Many people share these connections: what is not quite as it should be ends one, so that no
answer is ever taken for that to another request.
"""

import asyncio
import re
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import aclosing
from typing import Protocol, cast

import httptools
import httpx2

LARGEST_HEAD = 64 * 1024  # bytes of status and headers, or of what stands between two parts of a body
AHEAD = 256 * 1024  # bytes of a body that wait for whoever reads it, before the other side has to
_BROKEN = (httptools.HttpParserError, httptools.HttpParserUpgrade)
_NO_VALUE = re.compile(rb"[\0\r\n]")
_NO_WORD = re.compile(rb"[\0-\x20\x7f]")
_NO_NAME = re.compile(rb"[\0-\x20\x7f:]")
_WITHOUT_BODY = {"CONNECT", "HEAD"}  # their answers end otherwise than they say, and nobody asks so here


class _Parser(Protocol):
    """What httptools has for answers, as far as it is used here."""

    def feed_data(self, data: bytes) -> None: ...

    def get_status_code(self) -> int: ...

    def should_keep_alive(self) -> bool: ...


class Exchange:
    """A request and its answer; `status` and `headers` are known once it was sent."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self.transport = transport
        self.status = 0
        self.headers: list[tuple[bytes, bytes]] = []
        self.is_full = False  # more was written than leaves at once
        self._loop = asyncio.get_running_loop()
        self._parser = cast("_Parser", httptools.HttpResponseParser(self))
        self._pieces = deque[bytes]()
        self._ahead = self._overhead = 0
        self._changed: asyncio.Future[bool] | None = None
        self._failure: tuple[type[httpx2.TransportError], str] | None = None
        self._is_told = self._has_head = self._has_length = self._is_complete = self._is_kept = self._is_paused = False

    async def send(self, request: httpx2.Request, times: Mapping[str, float | None]) -> None:
        """Send the request, and read as far as the headers of its answer; `times` are httpx2's, in seconds of silence.

        Raises:
            httpx2.TransportError: what went wrong, as httpx2 names it.
        """
        head, length = _head(request)
        self.transport.write(head)
        self._is_told = length == 0 or await self._send_body(request, length, times.get("write"))
        while not self._has_head:
            await self._until_changed(times.get("read"), httpx2.ReadTimeout)

    async def body(self, seconds: float | None) -> AsyncIterator[bytes]:
        """The body of the answer as it was sent, in pieces.

        Raises:
            httpx2.TransportError: it was cut, or is none; or it was silent for so many seconds.
        """
        while self._pieces or not self._is_complete:
            if not self._pieces:
                await self._until_changed(seconds, httpx2.ReadTimeout)
                continue
            piece = self._pieces.popleft()
            self._ahead -= len(piece)
            # Once complete it stays paused: what came behind it would be handed on in the middle of the next exchange.
            if self._is_paused and self._ahead < AHEAD and not self._is_complete:
                self._is_paused = False
                self.transport.resume_reading()
            yield piece

    def end(self) -> None:
        """Nobody wants more: unless both sides are done with it and nothing came after, the connection is over."""
        if not (self._is_told and self._is_kept) or self._is_paused or self.is_full:
            self.fail(httpx2.ReadError, "it was closed on this side")
        del self._parser  # which holds on to this

    def feed(self, data: bytes) -> None:
        """Take some of the answer."""
        self._overhead += len(data)
        try:
            self._parser.feed_data(data)
        except _BROKEN as error:
            return self.fail(httpx2.RemoteProtocolError, f"the answer is no HTTP: {error}")
        if self._overhead > LARGEST_HEAD:
            return self.fail(httpx2.RemoteProtocolError, "the headers of the answer do not end")
        if self._ahead > AHEAD and not (self._is_paused or self._is_complete):
            self._is_paused = True
            self.transport.pause_reading()
        return self.change()

    def lost(self, error: Exception | None) -> None:
        """The connection is over; an answer of unknown length ends so (RFC 9112 §6.3)."""
        if self._has_head and not self._has_length and not error and not self._failure:
            self._is_complete = True
        elif not self._is_complete:
            cut = "the connection was closed before the answer was complete"
            self.fail(*((httpx2.ReadError, str(error)) if error else (httpx2.RemoteProtocolError, cut)))
        self.change()

    def fail(self, kind: type[httpx2.TransportError], words: str) -> None:
        """End it, and the connection with it."""
        self._failure = self._failure or (kind, words)
        self.transport.abort()
        self.change()

    def change(self) -> None:
        """Wake whoever waits for something to come, leave or end."""
        if self._changed and not self._changed.done():
            self._changed.set_result(False)

    async def _send_body(self, request: httpx2.Request, length: int | None, seconds: float | None) -> bool:
        """Whether all of it was sent: who has answered, or is gone, is told no more."""
        sent = 0
        stream = cast("httpx2.AsyncByteStream", request.stream)
        async with aclosing(cast("AsyncGenerator[bytes]", aiter(stream))) as pieces:
            async for piece in pieces:
                if self._has_head or self._failure:
                    return False
                sent += len(piece)
                if length is None:
                    self.transport.write(b"%x\r\n%b\r\n" % (len(piece), piece) if piece else b"")
                elif sent <= length:
                    self.transport.write(piece)
                while self.is_full and not self._has_head:
                    await self._until_changed(seconds, httpx2.WriteTimeout)
        if length is not None and sent != length:
            raise httpx2.LocalProtocolError(f"{sent} bytes were sent where {length} were announced")
        if length is None and not self._failure:
            self.transport.write(b"0\r\n\r\n")
        return True

    async def _until_changed(self, seconds: float | None, late: type[httpx2.TimeoutException]) -> None:
        if self._failure:
            kind, words = self._failure
            raise kind(words)
        self._changed = changed = self._loop.create_future()
        timer = None if seconds is None else self._loop.call_later(seconds, _expire, changed)
        try:
            is_late = await changed
        finally:
            self._changed = None
            if timer:
                timer.cancel()
        if is_late:
            raise late("it was silent")

    # What the parser calls; a second answer belongs to no question, and nothing of it is taken for the first.

    def on_message_begin(self) -> None:
        """An answer."""
        if self._is_complete:
            self._is_kept = False

    def on_header(self, name: bytes, value: bytes) -> None:
        """One header, or trailer; those are of no use here."""
        if not self._has_head:
            self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        """The status is known; that of an interim answer (RFC 9110 §15.2) is not the one that counts."""
        if self._has_head:
            return
        self.status = self._parser.get_status_code()
        if self.status < 200:
            self.headers.clear()
            return
        self._has_head = True
        self._has_length = any(name.lower() in {b"content-length", b"transfer-encoding"} for name, _ in self.headers)

    def on_body(self, piece: bytes) -> None:
        """Some of the body."""
        if self._has_head and not self._is_complete:
            self._overhead = 0
            self._ahead += len(piece)
            self._pieces.append(piece)

    def on_message_complete(self) -> None:
        """That was all, if it was not an interim answer."""
        if self._has_head and not self._is_complete:
            self._is_complete = True
            self._is_kept = self._parser.should_keep_alive()


class Connection(asyncio.Protocol):
    """Open to one host, for one exchange at a time; `lost` is called once, when it is over."""

    transport: asyncio.Transport

    def __init__(self, lost: Callable[["Connection"], None]) -> None:
        self._lost = lost
        self._exchange: Exchange | None = None

    @property
    def is_open(self) -> bool:
        """Whether it can be used."""
        return not self.transport.is_closing()

    def begin(self) -> Exchange:
        """The next exchange."""
        self._exchange = Exchange(self.transport)
        return self._exchange

    def end(self) -> None:
        """Let go of the exchange, and be open for the next one if it ended well."""
        exchange, self._exchange = self._exchange, None
        if exchange:
            exchange.end()

    def close(self) -> None:
        """End it at once, whatever is under way."""
        self.end()
        self.transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """It is open."""
        self.transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Some of an answer; whatever comes without a question ends the connection."""
        if self._exchange:
            self._exchange.feed(data)
        else:
            self.transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """It is over."""
        if self._exchange:
            self._exchange.lost(exc)
        self._lost(self)

    def pause_writing(self) -> None:
        """Enough was written for now."""
        if self._exchange:
            self._exchange.is_full = True

    def resume_writing(self) -> None:
        """It has left."""
        if self._exchange:
            self._exchange.is_full = False
            self._exchange.change()


def _expire(changed: asyncio.Future[bool]) -> None:
    if not changed.done():
        changed.set_result(True)


def _head(request: httpx2.Request) -> tuple[bytes, int | None]:
    """Request line and headers, and how many bytes follow; None where that is told on the way.

    Raises:
        httpx2.LocalProtocolError: it is none that can be sent, or something of it would begin a line of its own.
    """
    method, target, length = request.method.encode(), request.url.raw_path, 0
    if request.method in _WITHOUT_BODY or _NO_WORD.search(method) or _NO_WORD.search(target):
        raise httpx2.LocalProtocolError("the request has a method or address that is not spoken here")
    lines = [b"%b %b HTTP/1.1" % (method, target)]
    for name, value in request.headers.raw:
        if _NO_NAME.search(name) or _NO_VALUE.search(value):
            raise httpx2.LocalProtocolError("a header has a sign that none may have")
        lines.append(b"%b: %b" % (name, value))
        match name.lower():
            case b"content-length":
                if not value.isdigit():
                    raise httpx2.LocalProtocolError("the length of the body is no number")
                length = int(value)
            case b"transfer-encoding":
                length = None
            case _:
                pass
    return b"\r\n".join([*lines, b"", b""]), length
