"""Following tasks until there is news of one of them, within a limit of time; the looks are shared."""

from collections.abc import Awaitable, Callable, Sequence

import anyio

from beam_mcp.beam.errors import BeamUnavailable
from beam_mcp.beam.http import Beam
from beam_mcp.beam.lookout import lookout_of
from beam_mcp.beam.task import Task, TaskHead, get_task
from beam_mcp.beam.together import each

Report = Callable[[Sequence[TaskHead]], Awaitable[None]]


async def until_news(
    beam: Beam,
    task_ids: Sequence[str],
    *,
    is_news: Callable[[TaskHead], bool],
    seconds: float,
    report: Report,
    may_change: Callable[[TaskHead], bool] = lambda _: True,
) -> list[TaskHead]:
    """Look at the tasks until `is_news` holds for one, none `may_change` any more, or the time is up; return them.

    Cancels nothing at Beam and never takes longer than `seconds`. `report` is called after each look without news, and
    now and then where no look is needed.

    Raises:
        BeamError: a task cannot be read; being slowed down or cut off for a moment is waited out.
    """
    lookout = lookout_of(beam)
    with lookout.awaiting(task_ids):
        seen: list[TaskHead] | None = None
        with anyio.move_on_after(seconds):
            await lookout.first_look(task_ids)
            seen = lookout.now(task_ids)
            while not any(map(is_news, seen)) and any(map(may_change, seen)):
                await report(seen)
                await lookout.next_look()
                seen = lookout.now(task_ids)
        if seen is None:
            raise BeamUnavailable(
                f"Beam did not show the tasks within {seconds:.0f} s.", "Nothing was cancelled; try again."
            )
        return seen


async def read_all(beam: Beam, task_ids: Sequence[str]) -> list[Task]:
    """The whole tasks, a few at a time, in the order asked for."""

    async def read(task_id: str) -> Task:
        return await get_task(beam, task_id)

    return await each(task_ids, read)
