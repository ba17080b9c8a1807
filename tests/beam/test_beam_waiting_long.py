"""Waiting for minutes costs Beam little, whatever it offers, and a change is noticed soon all the same."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import anyio
import httpx2
import pytest

from beam_mcp.beam.follow import until_news
from beam_mcp.beam.http import Beam
from beam_mcp.beam.lookout import LINGER
from beam_mcp.beam.task import TaskHead
from beam_mcp.sandbox.serve import serving
from beam_mcp.sandbox.task import TaskState
from beam_mcp.sandbox.world import World

from .hurried import SPEED, Hurried
from .line import calls, client, connected
from .tapped import tapped

pytestmark = pytest.mark.anyio

FOREVER = 1e5  # seconds; a call of this loop is not to be cut short
TASKS, OTHERS = 10, 100
FIRST = 60.0  # seconds, of which a busy machine needs some to begin
NO_STREAMS: dict[str, Any] = {"kind": "status", "path": "/updates$", "code": 404, "times": None}
EMPTY: dict[str, Any] = {"data": [], "totalCount": 0}


@pytest.fixture(params=[("asyncio", {"loop_factory": Hurried})], ids=["hurried"])
def anyio_backend(request: pytest.FixtureRequest) -> Any:
    return request.param


@dataclass
class Watched:
    """Ten tasks at work in a world, and Beam as the person sees it who waits for them."""

    world: World
    beam: Beam
    tasks: list[TaskState] = field(default_factory=list[TaskState])

    @property
    def looks(self) -> int:
        """Requests that are no stream."""
        return len(self.world.requests) - len(calls(self.world, "GET", "/updates"))

    async def wait(self, seconds: float, *tasks: TaskState) -> list[TaskHead]:
        """Wait for news."""
        ids = [task.id for task in tasks or self.tasks]
        return await until_news(self.beam, ids, is_news=_stands, seconds=seconds, report=_unheard)

    async def looks_until_noticed(self, task: TaskState, *, after: float) -> int:
        """How many looks it takes until it is noticed that this task is over, `after` so many seconds."""
        before = 0

        async def later() -> None:
            nonlocal before
            await anyio.sleep(after)
            before = self.looks
            task.end("COMPLETED", self.world.clock.now())

        seen: list[TaskHead] = []
        async with anyio.create_task_group() as group:
            group.start_soon(later)
            seen += await self.wait(600)
        assert [one.id for one in seen if _stands(one)] == [task.id]
        return self.looks - before


def _stands(task: TaskHead) -> bool:
    return task.phase != "working"


async def _unheard(_: Sequence[TaskHead]) -> None:
    """Nobody listens."""


def quiet_world(*faults: dict[str, Any], tasks: int = TASKS) -> tuple[World, list[TaskState]]:
    """Tasks at work at which nothing happens, and what is wrong with this Beam."""
    world = World(populated=False, speed=SPEED)
    for fault in faults:
        world.faults.add(**fault)
    return world, [world.add_task("Market Research", status="QUEUED", age=60) for _ in range(tasks)]


@asynccontextmanager
async def watched(*faults: dict[str, Any], others: float = 0.0, tasks: int = TASKS) -> AsyncGenerator[Watched]:
    """Such a world, where so many `others` change in a second."""
    world, awaited = quiet_world(*faults, tasks=tasks)
    rest = [world.add_task("Invoice Matcher", status="QUEUED", age=30) for _ in range(OTHERS if others else 0)]
    async with connected(world, limit=FOREVER) as beam, anyio.create_task_group() as group:
        beam.http.client.timeout = httpx2.Timeout(FOREVER)
        group.start_soon(_stir, world, rest, others)
        yield Watched(world, beam, awaited)
        group.cancel_scope.cancel()


async def _stir(world: World, tasks: list[TaskState], per_second: float) -> None:
    while tasks:
        for task in tasks:
            task.touch(world.clock.now())
            await anyio.sleep(1 / per_second)


async def at_once(*cases: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Each has a world of its own and takes some seconds."""
    async with anyio.create_task_group() as group:
        for case in cases:
            group.start_soon(case)


async def test_three_minutes_cost_a_request_in_five_seconds_whatever_the_list_shows() -> None:
    async def asks_little(*faults: dict[str, Any], others: float = 0.0, first: int = 0) -> None:
        async with watched(*faults, others=others) as here:
            await here.wait(180)
            assert 180 / 12 <= len(here.world.requests) <= 180 / 5 + first

    nothing_listed: dict[str, Any] = {"kind": "status", "path": "^/agent-tasks$", "code": 200, "body": EMPTY}
    await at_once(
        partial(asks_little, NO_STREAMS),
        partial(asks_little, {**NO_STREAMS, "kind": "latency", "seconds": FOREVER}),
        partial(asks_little, NO_STREAMS, others=5.0, first=TASKS),
        partial(asks_little, NO_STREAMS, others=40.0, first=TASKS),
        partial(asks_little, NO_STREAMS, {**nothing_listed, "times": None}, first=TASKS),
    )


async def test_a_change_is_noticed_within_seconds_also_where_the_list_shows_others() -> None:
    async def soon(after: float, others: float) -> None:
        async with watched(NO_STREAMS, others=others) as here:
            assert await here.looks_until_noticed(here.tasks[3], after=after) <= 2  # one may be under way
            alone = calls(here.world, "GET", here.tasks[3].id)
            assert len(alone) <= 1  # at first, where the list did not show it

    await at_once(*(partial(soon, after, others) for after, others in ((31.0, 0.0), (62.5, 5.0), (93.1, 5.0))))


async def test_nothing_is_asked_while_streams_show_signs_of_life_and_a_nudge_is_followed_at_once() -> None:
    async with watched(tasks=3) as here:
        await here.wait(FIRST)
        opened, begun = len(here.world.requests), here.looks
        assert len(calls(here.world, "GET", "/updates")) == 3
        assert begun <= 7  # at first, and once more when a stream begins to tell
        await here.wait(120)
        assert len(here.world.requests) == opened
        assert await here.looks_until_noticed(here.tasks[1], after=20) == 1
        assert here.looks == begun + 1


async def test_streams_that_fall_silent_are_looked_behind_once_a_minute() -> None:
    world, tasks = quiet_world(tasks=2)
    async with serving(world) as url, tapped(url) as wire, client(wire.url, limit=FOREVER) as beam:
        beam.http.client.timeout = httpx2.Timeout(FOREVER)
        here = Watched(world, beam, tasks)
        await here.wait(FIRST)
        before, wire.muted = here.looks, True
        assert await here.looks_until_noticed(tasks[0], after=130) == 1
        assert 2 <= here.looks - before <= 4


async def test_calls_one_after_the_other_and_at_the_same_time_share_looks_and_streams() -> None:
    async def one_after_the_other(*faults: dict[str, Any], most: int) -> None:
        async with watched(*faults, tasks=3) as here:
            begun = anyio.current_time()
            await here.wait(FIRST)
            for _ in range(8):
                await here.wait(12)
            spent = anyio.current_time() - begun
            assert len(here.world.requests) <= most + (spent / 5 if faults else 0)

    async def at_the_same_time() -> None:
        async with watched(NO_STREAMS) as here, anyio.create_task_group() as group:
            for tasks in (here.tasks, here.tasks[:4], here.tasks[2:7], here.tasks[9:]):
                group.start_soon(here.wait, 120.0, *tasks)
            await anyio.sleep(119)
            assert len(here.world.requests) <= 120 / 5 + 6

    await at_once(
        partial(one_after_the_other, NO_STREAMS, most=4), partial(one_after_the_other, most=3 + 7), at_the_same_time
    )


async def test_a_call_that_is_given_up_leaves_the_others_their_looks() -> None:
    looks: list[int] = []
    async with watched(NO_STREAMS) as here, anyio.create_task_group() as group:
        given_up = anyio.CancelScope()

        async def leader() -> None:
            with given_up:
                await here.wait(300)

        group.start_soon(leader)
        await anyio.sleep(10)

        async def other() -> None:
            looks.append(await here.looks_until_noticed(here.tasks[0], after=20))

        group.start_soon(other)
        await anyio.sleep(5)
        given_up.cancel()
    assert looks[0] <= 2


async def test_the_pace_halves_with_every_refusal_and_what_beam_asks_for_is_waited() -> None:
    async def halves_and_comes_back() -> None:
        async with watched(NO_STREAMS) as here:
            await here.wait(FIRST)
            before = len(here.world.requests)
            here.world.faults.add("status", "^/agent-tasks$", code=429, times=2)
            await here.wait(60)
            assert len(here.world.requests) - before <= 5
            await here.wait(120)  # 24 s a look at first, then faster and faster
            since = len(here.world.requests)
            await here.wait(50)
            assert 5 <= len(here.world.requests) - since <= 11

    async def refuse_later(world: World) -> None:
        await anyio.sleep(FIRST)
        world.faults.add("status", "^/agent-tasks$", code=429, headers={"retry-after": "90"})

    async def waits_in_all_calls_of_this_person() -> None:
        async with watched(NO_STREAMS) as here:
            async with anyio.create_task_group() as group:
                group.start_soon(refuse_later, here.world)
                await here.wait(FIRST + 30)
            refused = len(here.world.requests)
            await here.wait(50)
            assert len(here.world.requests) == refused
            await here.wait(50)
            assert len(here.world.requests) > refused

    await at_once(halves_and_comes_back, waits_in_all_calls_of_this_person)


async def test_streams_stay_open_a_minute_for_the_next_wait_and_then_nothing_is_kept() -> None:
    async with watched(tasks=2) as here:
        await here.wait(20)
        assert here.beam.http.streams == 2
        await anyio.sleep(LINGER / 2)
        assert here.beam.http.streams == 2
        await anyio.sleep(2 * LINGER)
        assert here.beam.http.streams == 0
        assert here.beam.http.kept == {}


async def test_a_stream_that_opens_when_all_have_left_opens_no_others() -> None:
    async with watched({"kind": "latency", "path": "/updates$", "seconds": 40.0, "times": None}, tasks=3) as here:
        await here.wait(20)  # most of a second, for the machine may be busy
        await anyio.sleep(35)
        assert here.beam.http.streams == 1
        await anyio.sleep(LINGER + 30)
        assert here.beam.http.kept == {}


async def test_a_stream_that_was_closed_is_relied_on_no_more() -> None:
    async with watched(tasks=1) as here:
        async with anyio.create_task_group() as group:
            group.start_soon(here.wait, 300)
            await anyio.sleep(30)
            group.cancel_scope.cancel()
        here.world.faults.add("latency", "/updates$", seconds=1e6, times=None)
        before = here.looks
        await here.wait(55)
        assert here.looks - before > 3


async def test_many_waits_leave_one_timer_behind() -> None:
    loop = asyncio.get_running_loop()
    assert isinstance(loop, Hurried)
    async with watched(NO_STREAMS, tasks=1) as here:
        for seconds in (FIRST, 20, 20, 20):
            await here.wait(seconds)
        assert len([timer for timer in loop.timers if "Lookout" in repr(timer) and not timer.cancelled()]) == 1
