"""An event loop whose time flows faster, while its sockets are real: minutes of waiting pass in seconds."""

import asyncio
import selectors

SPEED = 25.0


class _Impatient(selectors.DefaultSelector):
    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """The same, waiting a part of the time."""
        return super().select(None if timeout is None else timeout / SPEED)


class Hurried(asyncio.SelectorEventLoop):
    """A loop for which a second is soon over."""

    def __init__(self) -> None:
        super().__init__(_Impatient())

    def time(self) -> float:
        """Seconds, which pass fast."""
        return super().time() * SPEED
