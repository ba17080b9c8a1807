"""One connection over HTTP/1.1 (RFC 9112): a request goes out, its answer comes in pieces, as far as anybody reads.

httpx2's own takes eight times as long over a small answer (tests/benchmarks/results.md). What reads an answer here is
llhttp, as Node.js does; whatever is not quite as it should be ends the connection, so that no answer is ever taken for
the one to another request.
"""

import asyncio
import re
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any, Protocol, cast

import anyio.lowlevel
import httptools
import httpx2

LARGEST_HEAD = 64 * 1024  # bytes of status and headers, or of what stands between two parts of a body
AHEAD = 256 * 1024  # bytes of a body that wait for whoever reads it, before the other side has to
_BROKEN = (httptools.HttpParserError, httptools.HttpParserUpgrade)
_ENDS_A_LINE = re.compile(rb"[\0\r\n]")
_NO_TARGET = re.compile(rb"[\0-\x20\x7f]")

Header = tuple[bytes, bytes]


class _Parser(Protocol):
    """What httptools has for answers, as far as it is used here."""

    def feed_data(self, data: bytes) -> None: ...

    def get_status_code(self) -> int: ...

    def should_keep_alive(self) -> bool: ...


class Connection(asyncio.Protocol):
    """Open to one host; one exchange at a time. `lost` is called once, when it is over."""

    transport: asyncio.Transport

    def __init__(self, lost: Callable[["Connection"], None]) -> None:
        self._lost = lost
        self._loop = asyncio.get_running_loop()
        self._parser = cast("_Parser | None", httptools.HttpResponseParser(self))
        self._changed: asyncio.Future[None] | None = None
        self._failure: Exception | None = None
        self._is_full = False  # of what was written and has not left yet
        self._is_paused = False
        self._begin(is_asked=False)

    def _begin(self, *, is_asked: bool) -> None:
        self.status = 0
        self.headers: list[Header] = []
        self._pieces = deque[bytes]()
        self._ahead = self._overhead = 0
        self._is_asked, self._is_told = is_asked, False
        self._has_head = self._has_length = self._is_complete = self._is_kept = False

    async def ask(self, request: httpx2.Request, times: Mapping[str, float | None]) -> None:
        """Send it, and read as far as the headers of its answer; `times` are the seconds of each silence, by httpx2.

        Raises:
            httpx2.TransportError: what went wrong, as httpx2 names it.
        """
        head, length = _head(request)
        self._begin(is_asked=True)
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
            if self._is_paused and self._ahead < AHEAD:
                self._is_paused = False
                self.transport.resume_reading()
            yield piece

    @property
    def can_be_used_again(self) -> bool:
        """Whether the exchange ended as it should, on both sides, and nothing came after it."""
        has_ended = self._is_told and self._is_complete and not self._is_paused
        return has_ended and self._is_kept and not self._failure and not self.transport.is_closing()

    def close(self) -> None:
        """End it at once, whatever is under way."""
        self.transport.abort()

    async def _send_body(self, request: httpx2.Request, length: int | None, seconds: float | None) -> bool:
        """Whether all of it was sent: who has answered, or is gone, is told no more."""
        sent = 0
        async for piece in cast("httpx2.AsyncByteStream", request.stream):
            sent += len(piece)
            if length is None:
                self.transport.write(b"%x\r\n%b\r\n" % (len(piece), piece) if piece else b"")
            elif sent <= length:
                self.transport.write(piece)
            await anyio.lowlevel.checkpoint()  # or the loop never gets to send anything
            while self._is_full and not self._has_head:
                await self._until_changed(seconds, httpx2.WriteTimeout)
            if self._has_head or self._failure:
                return False
        if length is None:
            self.transport.write(b"0\r\n\r\n")
        elif sent != length:
            raise httpx2.LocalProtocolError(f"{sent} bytes were sent where {length} were announced")
        return True

    async def _until_changed(self, seconds: float | None, late: type[httpx2.TimeoutException]) -> None:
        """Until something came, went or ended."""
        if self._failure:
            raise self._failure
        self._changed = changed = self._loop.create_future()
        timer = None if seconds is None else self._loop.call_later(seconds, _fail, changed, late("it was silent"))
        try:
            await changed
        finally:
            self._changed = None
            if timer:
                timer.cancel()

    def _change(self) -> None:
        if self._changed and not self._changed.done():
            self._changed.set_result(None)

    def _fail(self, error: Exception) -> None:
        self._failure = self._failure or error
        self.transport.abort()
        self._change()

    # What asyncio calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """It is open."""
        self.transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Some of an answer; whatever comes without a question ends the connection."""
        if not self._is_asked or self._parser is None:
            return self._fail(httpx2.RemoteProtocolError("something came that nobody had asked for"))
        self._overhead += len(data)
        try:
            self._parser.feed_data(data)
        except _BROKEN as error:
            return self._fail(httpx2.RemoteProtocolError(f"the answer is no HTTP: {error}"))
        if self._overhead > LARGEST_HEAD:
            return self._fail(httpx2.RemoteProtocolError("the headers of the answer do not end"))
        if self._ahead > AHEAD and not self._is_paused:
            self._is_paused = True
            self.transport.pause_reading()
        self._change()
        return None

    def connection_lost(self, exc: Exception | None) -> None:
        """It is over; an answer of unknown length ends so (RFC 9112 §6.3)."""
        if self._has_head and not self._has_length and not exc and not self._failure:
            self._is_complete = True
        elif not self._failure:
            cut = httpx2.RemoteProtocolError("the connection was closed before the answer was complete")
            self._failure = httpx2.ReadError(str(exc)) if exc else cut
        self._parser = None
        self._change()
        self._lost(self)

    def pause_writing(self) -> None:
        """Enough was written for now."""
        self._is_full = True

    def resume_writing(self) -> None:
        """It has left."""
        self._is_full = False
        self._change()

    # What the parser calls

    def on_message_begin(self) -> None:
        """An answer; a second one belongs to no question, and what follows is no better."""
        if self._is_complete:
            self._is_kept = self._is_asked = False

    def on_header(self, name: bytes, value: bytes) -> None:
        """One header, or trailer; those are of no use here."""
        if not self._has_head:
            self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        """The status is known; that of an interim answer (RFC 9110 §15.2) is not the one that counts."""
        if self._is_complete:
            return
        self.status = self._status()
        if self.status < 200:
            self.headers.clear()
            return
        self._has_head = True
        self._has_length = any(name.lower() in {b"content-length", b"transfer-encoding"} for name, _ in self.headers)

    def on_body(self, piece: bytes) -> None:
        """Some of the body."""
        if not self._is_complete:
            self._overhead = 0
            self._ahead += len(piece)
            self._pieces.append(piece)

    def on_message_complete(self) -> None:
        """That was all, if it was not an interim answer."""
        if self._has_head and not self._is_complete:
            self._is_complete = True
            self._is_kept = self._parser is not None and self._parser.should_keep_alive()

    def _status(self) -> int:
        return self._parser.get_status_code() if self._parser else 0


def _fail(changed: asyncio.Future[Any], error: Exception) -> None:
    if not changed.done():
        changed.set_exception(error)


def _head(request: httpx2.Request) -> tuple[bytes, int | None]:
    """Request line and headers, and how many bytes follow; None where that is told on the way.

    Raises:
        httpx2.LocalProtocolError: something of it would begin a line of its own.
    """
    target, length = request.url.raw_path, 0
    if _NO_TARGET.search(target):
        raise httpx2.LocalProtocolError("the address has a sign that none may have")
    lines = [b"%b %b HTTP/1.1" % (request.method.encode("ascii"), target)]
    for name, value in request.headers.raw:
        line = b"%b: %b" % (name, value)
        if _ENDS_A_LINE.search(line):
            raise httpx2.LocalProtocolError("a header has a sign that none may have")
        lines.append(line)
        match name.lower():
            case b"content-length":
                length = int(value)
            case b"transfer-encoding":
                length = None
            case _:
                pass
    return b"\r\n".join([*lines, b"", b""]), length
