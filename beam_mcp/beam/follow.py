"""Following tasks: an event is a nudge, the GET is the truth; between them back-off, jitter and a limit."""

import random
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

import anyio
from anyio.abc import TaskGroup

from beam_mcp.beam.errors import BeamError, BeamUnavailable, RateLimited
from beam_mcp.beam.http import Beam
from beam_mcp.beam.task import Task, TaskHead, get_task
from beam_mcp.beam.task_list import LARGEST_PAGE, Filter, list_tasks
from beam_mcp.beam.updates import updates

FIRST_PAUSE, LONGEST_PAUSE, GROWTH = 2.0, 10.0, 1.6  # seconds between two looks
WHILE_NUDGED = 30.0  # seconds between looks while every task has a stream that tells its changes
SLOWEST = 60.0  # seconds between looks, however often Beam asks for less
LEAST_PAUSE, MOST_LEAST = 1.0, 5.0  # seconds between looks however often a stream nudges
MOST_STREAMS = 10
LAST_LOOK = 2.0  # seconds kept for one more look before the time is up
AT_ONCE = 4  # tasks of up to 3 MB read at the same time

Report = Callable[[Sequence[TaskHead]], Awaitable[None]]


@dataclass
class Pace:
    """How long to pause between looks: longer each time, twice as long after Beam asked for less, rarely if nudged."""

    pause: float = FIRST_PAUSE
    least: float = LEAST_PAUSE

    def next(self, *, nudged: bool, jitter: float) -> float:
        """Seconds until the next look; `jitter` between 0 and 1 spreads many waiters."""
        if nudged:
            return WHILE_NUDGED
        seconds, self.pause = self.pause, min(self.pause * GROWTH, max(LONGEST_PAUSE, self.pause))
        return seconds * (0.8 + 0.4 * jitter)

    def saw(self, *, change: bool) -> None:
        """A look that brought no change makes the next nudge wait longer."""
        self.least = LEAST_PAUSE if change else min(self.least * GROWTH, MOST_LEAST)

    def slow_down(self, asked: float | None) -> None:
        """Beam says there were too many requests: half the pace from now on, or the seconds it `asked` for."""
        self.pause = min(max(self.pause, LONGEST_PAUSE / 2) * 2, SLOWEST)
        self.least = max(MOST_LEAST, asked or 0.0)


@dataclass
class Nudges:
    """Streams of updates: how many have told something and are still open, and whether one has just said something."""

    wanted: int
    telling: int = 0
    _said: anyio.Event = field(default_factory=anyio.Event)

    @property
    def cover_all(self) -> bool:
        """Whether every followed task has a stream that works; an open one that never spoke may not."""
        return self.telling >= self.wanted

    async def wait(self, *, least: float, most: float) -> None:
        """Until the next nudge or for at most so many seconds, but in any case for the `least`."""
        await anyio.sleep(least)
        with anyio.move_on_after(max(0.0, most - least)):
            await self._said.wait()
        self._said = anyio.Event()

    async def listen(self, beam: Beam, task_id: str) -> None:
        """Pass on a task's updates as nudges (GET /agent-tasks/{id}/updates) for as long as Beam keeps it open."""
        items = 0
        try:
            async for _ in updates(beam, task_id):
                items += 1
                if items > 1:  # the first only says that the stream is open
                    self.telling += items == 2
                    self._said.set()
        except BeamError:
            return  # Beam need not offer updates; looking at intervals goes on
        finally:
            self.telling -= items > 1
            self._said.set()


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

    Cancels nothing at Beam and never takes longer than `seconds`. `report` is called after each look without news.

    Raises:
        BeamError: a task cannot be read; being slowed down or cut off for a moment is waited out.
    """
    # Each look is one request: the looks themselves are the repetition, at their own pace.
    following = _Following(
        replace(beam, attempts=1), task_ids, is_news, report, may_change, anyio.current_time() + seconds
    )
    with anyio.move_on_after(seconds):
        await following.run()
    if following.seen is None:
        raise BeamUnavailable(
            f"Beam did not show the tasks within {seconds:.0f} s.", "Nothing was cancelled; try again."
        )
    return following.seen


@dataclass
class _Following:
    """The looks at several tasks: all by one list as far as that shows them, the others by themselves."""

    beam: Beam
    task_ids: Sequence[str]
    is_news: Callable[[TaskHead], bool]
    report: Report
    may_change: Callable[[TaskHead], bool]
    deadline: float
    seen: list[TaskHead] | None = None
    turn: int = 0

    async def run(self) -> None:
        nudges, pace = Nudges(len(self.task_ids)), Pace()
        self.seen = await self._first_seen(pace)
        async with together() as listeners:
            for task_id in self.task_ids[:MOST_STREAMS]:
                listeners.start_soon(nudges.listen, self.beam, task_id)
            read = True
            while not any(map(self.is_news, self.seen)) and any(map(self.may_change, self.seen)):
                await self.report(self.seen)
                # A nudge is used up by its look; if that failed, the next look must not wait for another nudge.
                await self._pause(nudges, pace, nudged=nudges.cover_all and read)
                read = await self._look_again(pace)
            listeners.cancel_scope.cancel()

    async def _pause(self, nudges: Nudges, pace: Pace, *, nudged: bool) -> None:
        left = self.deadline - anyio.current_time()
        pause = pace.next(nudged=nudged, jitter=random.random())  # noqa: S311 - spreads load, hides nothing
        await nudges.wait(least=pace.least, most=min(pause, left if left <= LAST_LOOK else left - LAST_LOOK))

    async def _look_again(self, pace: Pace) -> bool:
        """Whether the tasks could be read."""
        before = self.seen or []
        try:
            self.seen = await self._look(before)
        except RateLimited as busy:
            pace.slow_down(busy.retry_after)
            return False
        except BeamUnavailable:
            return False
        pace.saw(change=[_mark(task) for task in before] != [_mark(task) for task in self.seen])
        return True

    async def _first_seen(self, pace: Pace) -> list[TaskHead]:
        """The first look, waiting for it where Beam says that there are too many requests."""
        while True:
            try:
                return await self._first_look()
            except RateLimited as busy:
                pace.slow_down(busy.retry_after)
                await anyio.sleep(pace.least)

    async def _first_look(self) -> list[TaskHead]:
        listed = await self._listed() if len(self.task_ids) > 1 else {}
        missing = await read_all(self.beam, [task_id for task_id in self.task_ids if task_id not in listed])
        found = listed | {task.id or "": task for task in missing}
        return [found[task_id] for task_id in self.task_ids]

    async def _look(self, before: list[TaskHead]) -> list[TaskHead]:
        """By the list; of the tasks it does not show, one a look is read by itself, each in its turn."""
        if len(self.task_ids) == 1:
            return [await get_task(self.beam, self.task_ids[0])]
        found = await self._listed()
        missing = [task_id for task_id in self.task_ids if task_id not in found]
        if missing:
            self.turn += 1
            one = missing[self.turn % len(missing)]
            found[one] = await get_task(self.beam, one)
        return [found.get(task_id, task) for task_id, task in zip(self.task_ids, before, strict=True)]

    async def _listed(self) -> dict[str, TaskHead]:
        size = min(LARGEST_PAGE, 2 * len(self.task_ids))
        newest = await list_tasks(self.beam, Filter(ordering="updatedAt:desc", page_size=size))
        return {task.id: task for task in newest.tasks if task.id and task.id in self.task_ids}


def _mark(task: TaskHead) -> object:
    return task.status, task.updated_at


async def read_all(beam: Beam, task_ids: Sequence[str]) -> list[Task]:
    """The whole tasks, a few at a time, in the order asked for."""
    found: dict[str, Task] = {}
    turn = anyio.CapacityLimiter(AT_ONCE)

    async def read(task_id: str) -> None:
        async with turn:
            found[task_id] = await get_task(beam, task_id)

    async with together() as readers:
        for task_id in dict.fromkeys(task_ids):
            readers.start_soon(read, task_id)
    return [found[task_id] for task_id in task_ids]


@asynccontextmanager
async def together() -> AsyncGenerator[TaskGroup]:
    """A task group whose first error comes out by itself, as if there had been one task only."""
    try:
        async with anyio.create_task_group() as group:
            yield group
    except ExceptionGroup as several:
        raise several.exceptions[0] from None
