"""The sandbox's own time: it flows like real time, faster if asked, and can be pushed."""

import time
from datetime import UTC, datetime, timedelta


class Clock:
    """Real time flowing at `speed`, plus everything it was pushed."""

    def __init__(self, speed: float = 1.0) -> None:
        self.speed = speed
        self._start = datetime.now(UTC)
        self._ticks = time.monotonic()
        self._pushed = 0.0

    def now(self) -> datetime:
        """The present moment of the world."""
        elapsed = (time.monotonic() - self._ticks) * self.speed
        return self._start + timedelta(seconds=elapsed + self._pushed)

    def push(self, seconds: float) -> None:
        """Let so many seconds have passed."""
        self._pushed += seconds
