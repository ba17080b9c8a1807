"""Following tasks: an event is a nudge, the GET is the truth; between them back-off, jitter and a limit."""

import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from urllib.parse import quote

import anyio

from beam_mcp.beam.errors import BeamError, BeamUnavailable, RateLimited
from beam_mcp.beam.http import Beam
from beam_mcp.beam.task import Task, TaskHead, get_task
from beam_mcp.beam.task_list import LARGEST_PAGE, Filter, list_tasks

FIRST_PAUSE, LONGEST_PAUSE, GROWTH = 1.0, 10.0, 1.6  # seconds between two looks
WHILE_NUDGED = 60.0  # seconds between looks while every task has an open stream of updates
MOST_STREAMS = 10
LAST_LOOK = 2.0  # seconds kept for one more look before the time is up
AT_ONCE = 4  # tasks of up to 3 MB read at the same time
EACH_AFTER = 4  # looks at the list after which tasks it did not show are read one by one

Report = Callable[[Sequence[TaskHead]], Awaitable[None]]


@dataclass
class Pace:
    """How long to pause between looks: longer each time, twice as long after Beam asked for less, rarely if nudged."""

    pause: float = FIRST_PAUSE

    def next(self, *, nudged: bool, jitter: float) -> float:
        """Seconds until the next look; `jitter` between 0 and 1 spreads many waiters."""
        if nudged:
            return WHILE_NUDGED
        seconds, self.pause = self.pause, min(self.pause * GROWTH, max(LONGEST_PAUSE, self.pause))
        return seconds * (0.8 + 0.4 * jitter)

    def slow_down(self) -> None:
        """Beam says there were too many requests: half the pace from now on."""
        self.pause = max(self.pause, LONGEST_PAUSE / 2) * 2


@dataclass
class Nudges:
    """Streams of updates: how many are open, and whether one has just said something."""

    wanted: int
    open: int = 0
    _said: anyio.Event = field(default_factory=anyio.Event)

    @property
    def cover_all(self) -> bool:
        """Whether every followed task has an open stream."""
        return self.open >= self.wanted

    async def wait(self, seconds: float) -> None:
        """Until the next nudge, or for so long."""
        with anyio.move_on_after(seconds):
            await self._said.wait()
        self._said = anyio.Event()

    async def listen(self, beam: Beam, task_id: str) -> None:
        """Pass on a task's updates as nudges (GET /agent-tasks/{id}/updates) for as long as Beam keeps it open."""
        counted = False
        try:
            async for _ in beam.events(f"/agent-tasks/{quote(task_id, safe='')}/updates"):
                self.open += not counted
                counted = True
                self._said.set()
        except BeamError:
            return  # Beam need not offer updates; looking at intervals goes on
        finally:
            self.open -= counted
            self._said.set()


async def until_news(
    beam: Beam,
    task_ids: Sequence[str],
    *,
    is_news: Callable[[TaskHead], bool],
    seconds: float,
    report: Report,
) -> list[TaskHead]:
    """Look at the tasks until `is_news` holds for one of them or the time is up; return them as seen last.

    Cancels nothing at Beam. `report` is called after each look without news.

    Raises:
        BeamError: a task cannot be read; being slowed down or cut off for a moment is waited out.
    """
    look = _Look(beam, task_ids)
    nudges, pace = Nudges(len(task_ids)), Pace()
    deadline = anyio.current_time() + seconds
    seen = await look.at_each()
    async with anyio.create_task_group() as listeners:
        for task_id in task_ids[:MOST_STREAMS]:
            listeners.start_soon(nudges.listen, beam, task_id)
        while not any(map(is_news, seen)) and (left := deadline - anyio.current_time()) > 0:
            await report(seen)
            pause = pace.next(nudged=nudges.cover_all, jitter=random.random())  # noqa: S311 - spreads load, hides nothing
            await nudges.wait(min(pause, left if left <= LAST_LOOK else left - LAST_LOOK))
            try:
                seen = await look.again(seen)
            except RateLimited:
                pace.slow_down()
            except BeamUnavailable:
                continue
        listeners.cancel_scope.cancel()
    return seen


@dataclass
class _Look:
    """One look at several tasks: each by itself at first, then all by one list as far as that shows them."""

    beam: Beam
    task_ids: Sequence[str]
    count: int = 0

    async def at_each(self) -> list[TaskHead]:
        return [*await read_all(self.beam, self.task_ids)]

    async def again(self, before: list[TaskHead]) -> list[TaskHead]:
        self.count += 1
        if len(self.task_ids) == 1:
            return await self.at_each()
        listed = await self._listed()
        forgotten = self.count % EACH_AFTER == 0
        return [
            listed.get(task.id or "") or (await get_task(self.beam, task.id or "") if forgotten else task)
            for task in before
        ]

    async def _listed(self) -> dict[str, TaskHead]:
        size = min(LARGEST_PAGE, 2 * len(self.task_ids))
        newest = await list_tasks(self.beam, Filter(ordering="updatedAt:desc", page_size=size))
        return {task.id: task for task in newest.tasks if task.id}


async def read_all(beam: Beam, task_ids: Sequence[str]) -> list[Task]:
    """The whole tasks, a few at a time, in the order asked for."""
    found: dict[str, Task] = {}
    turn = anyio.CapacityLimiter(AT_ONCE)

    async def read(task_id: str) -> None:
        async with turn:
            found[task_id] = await get_task(beam, task_id)

    try:
        async with anyio.create_task_group() as readers:
            for task_id in dict.fromkeys(task_ids):
                readers.start_soon(read, task_id)
    except ExceptionGroup as several:
        raise several.exceptions[0] from None
    return [found[task_id] for task_id in task_ids]
