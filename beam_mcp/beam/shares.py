"""A fair share of the connections: whoever's requests hang keeps nobody else from Beam."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress

import anyio

from beam_mcp.beam.errors import BeamUnavailable
from beam_mcp.beam.transport import MOST_OF_ONE, TRY_AGAIN


class Shares:
    """How many requests each key has under way; only keys that have any are remembered.

    `patience` is how many seconds a request waits for its turn.
    """

    def __init__(self, patience: float) -> None:
        self.patience = patience
        self._turns: dict[str, anyio.Semaphore] = {}

    @property
    def busy(self) -> int:
        """How many keys have any."""
        return len(self._turns)

    @asynccontextmanager
    async def turn(self, key: str) -> AsyncGenerator[None]:
        """One of the requests that this key may have under way at once.

        Raises:
            BeamUnavailable: none came free; nothing was sent.
        """
        turns = self._turns.setdefault(key, anyio.Semaphore(MOST_OF_ONE))
        try:
            await self._wait(turns)
            try:
                yield
            finally:
                turns.release()
        finally:
            if turns.value == MOST_OF_ONE and not turns.statistics().tasks_waiting:
                self._turns.pop(key, None)

    async def _wait(self, turns: anyio.Semaphore) -> None:
        with suppress(anyio.WouldBlock):
            return turns.acquire_nowait()
        try:
            with anyio.fail_after(self.patience):
                await turns.acquire()
        except TimeoutError:
            what = f"{MOST_OF_ONE} calls with this key are waiting for Beam already."
            raise BeamUnavailable(what, TRY_AGAIN, sent=False) from None
