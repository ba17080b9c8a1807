"""stdin and stdout from the first byte on: answered early by a thread, while the main one imports the SDK."""

import json
import os
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, TextIO, cast

from beam_mcp.cli.early.messages import LONGEST
from beam_mcp.cli.early.opening import Opening

if TYPE_CHECKING:
    from beam_mcp.server.lines import Incoming

PIECE = 64 * 1024
MOST_LEFT = 256  # messages; beyond that the pipe itself holds the client back


def has_standard_streams() -> bool:
    """Whether stdin, stdout and stderr are all open, so that a copy of one cannot land in the place of another."""
    try:
        return all(os.fstat(descriptor) for descriptor in (0, 1, 2))
    except OSError:
        return False


class Wire:
    """The connection of this process; nothing else can read from it or write to it.

    The standard descriptors lead elsewhere from now on, as the SDK has them while it serves: what is printed by
    mistake goes to stderr. A thread reads and answers until the SDK takes over; if the client hangs up while nothing
    is owed to it, that ends the process there and then.
    """

    def __init__(self, opening: Opening) -> None:
        self._opening = opening
        self._in = _diverted(0, os.open(os.devnull, os.O_RDONLY))
        self._out = _diverted(1, os.dup(2))
        self._unread = b""
        self._lock = threading.Lock()
        self._is_handed_over = False
        self._last = b""  # what the thread had read, but may not answer
        self._is_done = threading.Event()
        threading.Thread(target=self._answer, daemon=True).start()

    def hand_over(self) -> tuple["Incoming", TextIO]:
        """What the SDK is to read, all that is left first, and what it is to write to; nothing is early from now on."""
        with self._lock:
            self._is_handed_over = True
            left = b"".join([*self._opening.left, self._unread])
            told = self._opening.told
        from beam_mcp.server.lines import Incoming  # noqa: PLC0415 - the SDK is loaded by now, and was not at the start

        return Incoming.on(self._in, self._out, 2, first=self._first(left)), cast("TextIO", Outgoing(self._out, told))

    def _first(self, left: bytes) -> Iterator[bytes]:
        yield left
        self._is_done.wait()
        yield self._last

    def _answer(self) -> None:
        try:
            self._answer_early()
        finally:
            self._is_done.set()

    def _answer_early(self) -> None:
        while self._opening.is_early and len(self._opening.left) < MOST_LEFT:
            piece = self._receive()
            with self._lock:
                if self._is_handed_over:
                    self._last = piece
                    break
                if not piece and not self._opening.owes and not self._unread:
                    os._exit(0)
                if not piece:
                    break
                self._hear(piece)

    def _hear(self, piece: bytes) -> None:
        *lines, self._unread = (self._unread + piece).split(b"\n")
        for line in lines:
            answer = self._opening.hear(line + b"\n")
            if answer is not None:
                send(self._out, answer)
        if len(self._unread) > LONGEST:
            self._opening.is_early = False

    def _receive(self) -> bytes:
        try:
            return os.read(self._in, PIECE)
        except OSError:
            return b""


def send(descriptor: int, message: bytes) -> None:
    """Write all of it, or end: nobody reads any more."""
    rest = memoryview(message)
    try:
        while rest:
            rest = rest[os.write(descriptor, rest) :]
    except OSError:
        os._exit(0)


def _diverted(descriptor: int, elsewhere: int) -> int:
    private = os.dup(descriptor)
    os.dup2(elsewhere, descriptor)
    os.close(elsewhere)
    return private


class Outgoing:
    """Where the SDK writes its messages, one by one; the one that was told early is dropped."""

    def __init__(self, descriptor: int, told: int | str | None) -> None:
        self._descriptor = descriptor
        self._told = told

    def fileno(self) -> int:
        """Where it goes."""
        return self._descriptor

    def write(self, line: str) -> int:
        """Send a message."""
        if self._told is not None and self._is_told(json.loads(line)):
            self._told = None
        else:
            send(self._descriptor, line.encode())
        return len(line)

    def flush(self) -> None:
        """Nothing is held back."""

    def _is_told(self, message: dict[str, Any]) -> bool:
        return "method" not in message and message.get("id") == self._told
