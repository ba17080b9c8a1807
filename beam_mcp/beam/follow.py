"""Following tasks until there is news of one of them, within a limit of time; the looks are shared."""

import asyncio
from collections.abc import Awaitable, Callable, Generator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import Any

import anyio

from beam_mcp.beam.errors import BeamUnavailable
from beam_mcp.beam.http import Beam
from beam_mcp.beam.lookout import lookout_of
from beam_mcp.beam.task import Task, TaskHead, get_task
from beam_mcp.beam.together import each

Report = Callable[[Sequence[TaskHead]], Awaitable[None]]


@dataclass
class Waits:
    """Those who have seen their tasks and wait for news: `are_over` once they were all told to go on with that."""

    are_over: bool = False
    _open: dict[anyio.CancelScope, asyncio.Task[Any] | None] = field(
        default_factory=dict[anyio.CancelScope, asyncio.Task[Any] | None]
    )

    @contextmanager
    def one(self) -> Generator[None]:
        """Wait in here; whatever is awaited is given up when it is over."""
        with anyio.CancelScope() as scope:
            self._open[scope] = asyncio.current_task()
            if self.are_over:
                scope.cancel()
            try:
                yield
            finally:
                del self._open[scope]

    def end(self) -> set[asyncio.Task[Any]]:
        """Nobody waits any more; return who did."""
        self.are_over = True
        for scope in self._open:
            scope.cancel()
        return {task for task in self._open.values() if task}


async def until_news(
    beam: Beam,
    task_ids: Sequence[str],
    *,
    is_news: Callable[[TaskHead], bool],
    seconds: float,
    report: Report,
    may_change: Callable[[TaskHead], bool] = lambda _: True,
    waits: Waits | None = None,
) -> list[TaskHead]:
    """Look at the tasks until `is_news` holds for one, none `may_change` any more, or the time is up; return them.

    Where it is one of `waits`, it ends with those. Cancels nothing at Beam and never takes longer than `seconds`.
    `report` is called after each look without news, and now and then where no look is needed.

    Raises:
        BeamError: a task cannot be read; being slowed down or cut off for a moment is waited out.
    """
    lookout = lookout_of(beam)
    with lookout.awaiting(task_ids):
        seen: list[TaskHead] | None = None
        with anyio.move_on_after(seconds):
            await lookout.first_look(task_ids)
            seen = lookout.now(task_ids)
            with waits.one() if waits else nullcontext():
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
