"""The messages that come in on stdio, none longer than HTTP takes: a line without an end must not fill memory."""

import asyncio
import json
import logging
import os
import re
import select
import stat
import sys
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from io import StringIO, UnsupportedOperation
from typing import NamedTuple, Self, TextIO

import anyio
from mcp.server.transport_security import DEFAULT_MAX_REQUEST_BODY_SIZE
from mcp.shared.message import SessionMessage
from mcp_types import INVALID_REQUEST, ErrorData, JSONRPCError

LONGEST = DEFAULT_MAX_REQUEST_BODY_SIZE  # bytes of a message
AHEAD = 4  # messages, from which on no more is read until they are asked for
PIECE = 64 * 1024  # bytes read at once
ENDS = 1000  # bytes at either end of a message in which its id is looked for

_ID = r'"id"\s*:\s*(?P<id>"[^"\\]{0,200}"|-?\d{1,15})'
_AT_THE_BEGIN = re.compile(r'\s*\{\s*(?:"jsonrpc"\s*:\s*"2\.0"\s*,\s*)?' + _ID)
_AT_THE_END = re.compile(_ID + r'\s*(?:,\s*"jsonrpc"\s*:\s*"2\.0"\s*)?\}\s*\Z')

log = logging.getLogger(__name__)


class Ends(NamedTuple):
    """How a message that is too long begins and ends."""

    begin: str
    end: str


Line = str | Ends


@dataclass
class Refusing:
    """Tells whoever waits for an answer to a message that it was too long; `send` is how."""

    send: Callable[[SessionMessage], Awaitable[None]] | None = None

    async def __call__(self, ends: Ends) -> None:
        """Refuse a message, of which these are the two ends."""
        what = f"The message is longer than {LONGEST // 1024 // 1024} MB; nothing was done. Send less at once."
        known = _AT_THE_BEGIN.match(ends.begin) or _AT_THE_END.search(ends.end)
        if known is None or self.send is None:
            log.warning("%s", what)
            return
        error = ErrorData(code=INVALID_REQUEST, message=what)
        await self.send(SessionMessage(JSONRPCError(jsonrpc="2.0", id=json.loads(known["id"]), error=error)))


@dataclass(frozen=True)
class Incoming:
    """What comes in: `first`, which may block, and then whatever a descriptor has; -1 has nothing.

    It is `alone` if no other descriptor of ours leads to the same.
    """

    first: Iterator[bytes]
    descriptor: int = -1
    alone: bool = False

    @classmethod
    def on(cls, descriptor: int, *others: int, first: Iterator[bytes]) -> Self:
        """What comes in on a descriptor, beside `others` that are in use; one that is not open leads nowhere."""
        here, leads = os.fstat(descriptor), False
        for other in others:
            with suppress(OSError):
                leads = leads or os.path.samestat(here, os.fstat(other))
        return cls(first, descriptor, alone=not leads)

    @property
    def is_pipe(self) -> bool:
        """Whether the loop can wait for it; that makes it non-blocking, which whoever writes there must not meet."""
        if sys.platform == "win32" or not self.alone:
            return False
        kind = os.fstat(self.descriptor).st_mode
        return stat.S_ISFIFO(kind) or stat.S_ISSOCK(kind)

    def receive(self) -> bytes:
        """What is there, or nothing at the end; a connection that was cut is one."""
        try:
            return os.read(self.descriptor, PIECE)
        except BlockingIOError:
            raise
        except OSError:
            return b""


@dataclass
class Cutter:
    """Cuts lines out of what comes; of one that is too long it keeps the two ends."""

    _rest: bytearray = field(default_factory=bytearray)
    _searched: int = 0
    _begin: bytes | None = None  # of one that is too long

    def lines(self, data: bytes) -> Iterator[Line]:
        """Those that are complete now; nothing more comes after empty data."""
        self._rest += data
        while (end := self._rest.find(b"\n", self._searched) + 1) or (not data and self._rest):
            line = bytes(self._rest[: end or None])
            del self._rest[: end or None]
            self._searched = 0
            yield self._cut(line)
        self._searched = len(self._rest)
        if len(self._rest) > LONGEST:
            self._begin = self._begin or bytes(self._rest[:ENDS])
            del self._rest[:-ENDS]
            self._searched = ENDS

    def _cut(self, line: bytes) -> Line:
        begin, self._begin = self._begin, None
        if begin is None and len(line) <= LONGEST:
            return line.decode(errors="replace")
        ends = begin or line[:ENDS], line[-ENDS:]
        return Ends(*(end.decode(errors="replace") for end in ends))


class Lines(anyio.AsyncFile[str]):
    """The lines of what comes in; one that is too long is skipped, and refused by its two ends.

    The loop reads a pipe by itself, for a hop to a thread and back costs more than most calls do; a thread reads what
    the loop cannot wait for: terminals, files, and everything on Windows. Neither reads far ahead.
    """

    def __init__(self, incoming: Incoming, refuse: Refusing) -> None:
        super().__init__(StringIO())  # the SDK only iterates
        self._incoming, self._refuse = incoming, refuse
        self._loop = asyncio.get_running_loop()
        self._cutter = Cutter()
        self._lines = asyncio.Queue[Line | None]()
        self._room = threading.Event()
        self._watched: int | None = None  # the descriptor, if the loop reads it
        self._room.set()

    async def __aiter__(self) -> AsyncIterator[str]:
        threading.Thread(target=self._read, name="stdin", daemon=True).start()
        try:
            while (line := await self._next()) is not None:
                if isinstance(line, Ends):
                    await self._refuse(line)
                else:
                    yield line
        finally:
            self._pause()

    async def _next(self) -> Line | None:
        if not self._room.is_set() and self._lines.qsize() < AHEAD:
            self._go_on()
        return await self._lines.get()

    def _heard(self, data: bytes) -> None:
        for line in self._cutter.lines(data):
            self._lines.put_nowait(line)
        if not data:
            self._pause()
            self._lines.put_nowait(None)
        elif self._lines.qsize() >= AHEAD:
            self._pause()

    def _pause(self) -> None:
        self._room.clear()
        if self._watched is not None:
            self._loop.remove_reader(self._watched)

    def _go_on(self) -> None:
        self._room.set()
        if self._watched is not None:
            self._loop.add_reader(self._watched, self._read_here)

    def _read_here(self) -> None:
        with suppress(BlockingIOError):
            self._heard(self._incoming.receive())

    def _take_over(self) -> None:
        self._watched = self._incoming.descriptor
        if self._room.is_set():
            self._go_on()

    def _read(self) -> None:
        """In a thread, as far as the loop cannot."""
        with suppress(RuntimeError):  # nobody listens any more: the loop is closed
            for data in filter(None, self._incoming.first):
                self._loop.call_soon_threadsafe(self._heard, data)
            if self._incoming.is_pipe:
                self._loop.call_soon_threadsafe(self._take_over)
                return
            data = b"more"
            while data:
                try:
                    data = self._incoming.receive()
                except BlockingIOError:  # whoever it is shared with wants it so
                    select.select([self._incoming.descriptor], [], [])
                    continue
                self._room.wait()
                self._loop.call_soon_threadsafe(self._heard, data)


class Answers(anyio.AsyncFile[str]):
    """What goes out: written at once where that cannot block, else by a thread, so that a slow reader stalls nobody."""

    def __init__(self, stream: TextIO) -> None:
        super().__init__(stream)
        self._ready: select.poll | None = None
        if sys.platform != "win32":
            with suppress(UnsupportedOperation):  # it is no file of the system's
                descriptor = stream.fileno()
                self._ready = select.poll()
                self._ready.register(descriptor, select.POLLOUT)

    async def write(self, b: str) -> int:
        """Send a message."""
        return self.wrapped.write(b) if self._has_room(b) else await super().write(b)

    async def flush(self) -> None:
        """Nothing is held back."""

    def _has_room(self, text: str) -> bool:
        """Whether it fits into what a pipe takes without blocking once it is ready (POSIX, PIPE_BUF)."""
        return self._ready is not None and len(text.encode()) <= select.PIPE_BUF and bool(self._ready.poll(0))


def own_stdin() -> Incoming:
    """What comes in, for us alone: whoever else reads stdin, a child process perhaps, finds nothing there.

    It is left open at the end: a thread may still wait for a line then.

    Raises:
        OSError: there is no stdin.
    """
    private, nothing = os.dup(0), os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    return Incoming.on(private, 1, 2, first=iter(()))
