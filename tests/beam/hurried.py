"""An event loop whose time flows faster, while its sockets are real: minutes of waiting pass in seconds."""

import asyncio
import selectors
from typing import Any
from weakref import WeakSet

SPEED = 25.0
_MOST_AT_ONCE = 0.1  # seconds; a machine that stops for longer does not count as time


class _Impatient(selectors.DefaultSelector):
    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """The same, waiting a part of the time, and never so long that it would not count."""
        return super().select(None if timeout is None else min(timeout / SPEED, _MOST_AT_ONCE / 2))


class Hurried(asyncio.SelectorEventLoop):
    """A loop for which a second is soon over; `timers` are all that somebody still holds."""

    def __init__(self) -> None:
        self._looked = self._passed = 0.0
        super().__init__(_Impatient())
        self.timers: WeakSet[asyncio.TimerHandle] = WeakSet()

    def call_at(self, *args: Any, **more: Any) -> asyncio.TimerHandle:
        """The same, counted."""
        timer = super().call_at(*args, **more)
        self.timers.add(timer)
        return timer

    def time(self) -> float:
        """Seconds, which pass fast."""
        now = super().time()
        self._passed += min(now - self._looked, _MOST_AT_ONCE) * SPEED
        self._looked = now
        return self._passed

    def push(self, seconds: float) -> None:
        """Let so many pass at once."""
        self._passed += seconds
