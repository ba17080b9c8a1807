"""An event loop whose time flows faster, while its sockets are real: minutes of waiting pass in seconds."""

import asyncio
import selectors
from typing import Any
from weakref import WeakSet

SPEED = 25.0


class _Impatient(selectors.DefaultSelector):
    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """The same, waiting a part of the time."""
        return super().select(None if timeout is None else timeout / SPEED)


class Hurried(asyncio.SelectorEventLoop):
    """A loop for which a second is soon over; `timers` are all that somebody still holds."""

    def __init__(self) -> None:
        super().__init__(_Impatient())
        self._pushed = 0.0
        self.timers: WeakSet[asyncio.TimerHandle] = WeakSet()

    def call_at(self, *args: Any, **more: Any) -> asyncio.TimerHandle:
        """The same, counted."""
        timer = super().call_at(*args, **more)
        self.timers.add(timer)
        return timer

    def time(self) -> float:
        """Seconds, which pass fast."""
        return super().time() * SPEED + self._pushed

    def push(self, seconds: float) -> None:
        """Let so many pass at once."""
        self._pushed += seconds
