"""A fair share of the connections: whoever's requests hang keeps nobody else from Beam."""

from collections import OrderedDict
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, nullcontext, suppress

import anyio

from beam_mcp.beam.errors import BeamUnavailable, Unauthorized
from beam_mcp.beam.transport import MOST_OF_ONE, MOST_OF_STRANGERS, TRY_AGAIN

MOST_KNOWN = 10_000
_STRANGERS = "strangers"  # no mark is called so
_FULL = {
    MOST_OF_ONE: f"{MOST_OF_ONE} calls with this key are waiting for Beam already.",
    MOST_OF_STRANGERS: "Too many calls with keys that Beam has not accepted yet are waiting for Beam already.",
}


class Shares:
    """How many requests each has under way, by the mark of their credentials; only those that have any are remembered.

    Anybody can make up keys: those that Beam has not accepted yet share a part of the connections. `patience` is how
    many seconds a request waits for its turn.
    """

    def __init__(self, patience: float) -> None:
        self.patience = patience
        self._turns: dict[str, anyio.Semaphore] = {}
        self._known: OrderedDict[str, None] = OrderedDict()

    @property
    def busy(self) -> int:
        """How many have any."""
        return len(self._turns)

    def knows(self, mark: str) -> bool:
        """Whether Beam has accepted these credentials, and has not refused them since."""
        return mark in self._known

    @asynccontextmanager
    async def turn(self, mark: str) -> AsyncGenerator[None]:
        """One of the requests that these credentials may have under way at once; what becomes of it is noted.

        Raises:
            BeamUnavailable: none came free; nothing was sent.
        """
        among_strangers = nullcontext() if self.knows(mark) else self._one(_STRANGERS, MOST_OF_STRANGERS)
        async with self._one(mark, MOST_OF_ONE), among_strangers:
            try:
                yield
            except Unauthorized:
                self._known.pop(mark, None)
                raise
            self._accept(mark)

    def _accept(self, mark: str) -> None:
        self._known[mark] = None
        self._known.move_to_end(mark)
        if len(self._known) > MOST_KNOWN:
            self._known.popitem(last=False)

    @asynccontextmanager
    async def _one(self, name: str, most: int) -> AsyncGenerator[None]:
        turns = self._turns.setdefault(name, anyio.Semaphore(most))
        try:
            await self._wait(turns, most)
            try:
                yield
            finally:
                turns.release()
        finally:
            if turns.value == most and not turns.statistics().tasks_waiting:
                self._turns.pop(name, None)

    async def _wait(self, turns: anyio.Semaphore, most: int) -> None:
        with suppress(anyio.WouldBlock):
            return turns.acquire_nowait()
        try:
            with anyio.fail_after(self.patience):
                await turns.acquire()
        except TimeoutError:
            raise BeamUnavailable(_FULL[most], TRY_AGAIN, sent=False) from None
