"""The end of a server: what was begun is finished first, within bounds."""

import asyncio
from typing import TYPE_CHECKING

import anyio

if TYPE_CHECKING:
    from beam_mcp.tools.office import Office

GRACE_SECONDS = 8.0  # for calls and writes under way; Docker kills after ten
TELLING_SECONDS = 0.4  # for what is told of them
SHUTDOWN_SECONDS = 0.2  # for whatever else is on its way


async def finish(office: "Office", *, calls: bool) -> None:
    """Wait until no write is under way and, with `calls`, none is unanswered; at most for the time of grace.

    A write that is broken off may have happened, and nobody would be told. Whoever waits for a task answers at once.
    """
    waited = office.waits.end()
    with anyio.move_on_after(GRACE_SECONDS):
        while begun := office.under_way | (office.calls if calls else {task for task in waited if not task.done()}):
            await asyncio.wait(begun)
            await anyio.sleep(TELLING_SECONDS)
