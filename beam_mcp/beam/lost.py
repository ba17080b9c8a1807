"""After a write whose answer was lost: look at Beam before anything is said, and never send it again."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

import anyio

from beam_mcp.beam.errors import BeamError, MayHaveHappened

T = TypeVar("T")

LOOKS = (0.0, 1.0, 2.0)  # seconds before each look; Beam may need a moment to show what it did
PATIENCE = 15.0  # seconds for all looks together, since the person waited for the lost answer already


async def look_for(
    effect: Callable[[], Awaitable[T | None]],
    *,
    lost: BeamError,
    unseen: str,
    advice: str,
    patience: float = PATIENCE,
) -> T:
    """Return the effect of the write as soon as it can be seen, within so many seconds.

    Raises:
        MayHaveHappened: `unseen` and `advice`, when it does not show or Beam cannot be read.
    """
    looked = False
    with anyio.move_on_after(patience):
        for pause in LOOKS:
            await anyio.sleep(pause)
            try:
                found = await effect()
            except BeamError:
                continue
            looked = True
            if found is not None:
                return found
    said = unseen if looked else "Beam could not be read since."
    raise MayHaveHappened(f"{lost.what} {said}", advice) from lost
