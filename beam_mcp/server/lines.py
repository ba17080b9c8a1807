"""The messages that come in on stdio, none longer than HTTP takes: a line without an end must not fill memory."""

import asyncio
import json
import logging
import os
import re
import select
import sys
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from io import TextIOWrapper, UnsupportedOperation
from typing import TextIO, cast

import anyio
from mcp.server.transport_security import DEFAULT_MAX_REQUEST_BODY_SIZE
from mcp.shared.message import SessionMessage
from mcp_types import INVALID_REQUEST, ErrorData, JSONRPCError

LONGEST = DEFAULT_MAX_REQUEST_BODY_SIZE  # characters of a message
AHEAD = 4  # messages read before they are asked for
ENDS = 1000  # characters at either end of a message in which its id is looked for

_ID = r'"id"\s*:\s*(?P<id>"[^"\\]{0,200}"|-?\d{1,15})'
_AT_THE_BEGIN = re.compile(r'\s*\{\s*(?:"jsonrpc"\s*:\s*"2\.0"\s*,\s*)?' + _ID)
_AT_THE_END = re.compile(_ID + r'\s*(?:,\s*"jsonrpc"\s*:\s*"2\.0"\s*)?\}\s*\Z')

log = logging.getLogger(__name__)


@dataclass
class Refusing:
    """Tells whoever waits for an answer to a message that it was too long; `send` is how."""

    send: Callable[[SessionMessage], Awaitable[None]] | None = None

    async def __call__(self, begin: str, end: str) -> None:
        """Refuse a message, of which these are the two ends."""
        what = f"The message is longer than {LONGEST // 1024 // 1024} MB; nothing was done. Send less at once."
        known = _AT_THE_BEGIN.match(begin) or _AT_THE_END.search(end)
        if known is None or self.send is None:
            log.warning("%s", what)
            return
        error = ErrorData(code=INVALID_REQUEST, message=what)
        await self.send(SessionMessage(JSONRPCError(jsonrpc="2.0", id=json.loads(known["id"]), error=error)))


class Lines(anyio.AsyncFile[str]):
    """The lines of a stream; one that is too long is skipped, and refused by its two ends.

    One thread reads them, a few ahead: a hop to a thread and back for each costs more than most calls do.
    """

    def __init__(self, stream: TextIO, refuse: Refusing) -> None:
        super().__init__(stream)
        self._refuse = refuse
        self._loop = asyncio.get_running_loop()
        self._pieces = asyncio.Queue[str]()
        self._room = threading.Semaphore(AHEAD)

    async def __aiter__(self) -> AsyncIterator[str]:
        threading.Thread(target=self._read, name="stdin", daemon=True).start()
        while line := await self._piece():
            if len(line) < LONGEST or line.endswith("\n"):
                yield line
                continue
            begin, end = line[:ENDS], line[-ENDS:]
            while not line.endswith("\n") and (line := await self._piece()):
                end = (end + line)[-ENDS:]
            await self._refuse(begin, end)

    async def _piece(self) -> str:
        """A line, or as much of it as may be; nothing at the end."""
        piece = await self._pieces.get()
        self._room.release()
        return piece

    def _read(self) -> None:
        piece = "more"
        with suppress(RuntimeError):  # nobody listens any more: the loop is closed
            while piece:
                piece = self.wrapped.readline(LONGEST)
                self._room.acquire()
                self._loop.call_soon_threadsafe(self._pieces.put_nowait, piece)


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


def own_stdin() -> TextIO:
    """What comes in, for us alone: whoever else reads stdin, a child process perhaps, finds nothing there.

    Raises:
        OSError: there is no stdin.
    """
    private, nothing = os.dup(0), os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    # Left open at the end: a thread may still wait for a line then.
    return cast("TextIO", TextIOWrapper(os.fdopen(private, "rb", closefd=False), encoding="utf-8", errors="replace"))
