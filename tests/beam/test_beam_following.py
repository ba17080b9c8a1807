"""Following tasks: nudged or looking by itself, in time, sparingly."""

import time
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any

import anyio
import anyio.lowlevel
import pytest

from beam_mcp.beam.errors import BeamUnavailable, NotFound
from beam_mcp.beam.follow import until_news
from beam_mcp.beam.http import Beam
from beam_mcp.beam.task import TaskHead
from beam_mcp.sandbox.stories.plot import Beat, Plan, Story
from beam_mcp.sandbox.task import TaskState
from beam_mcp.sandbox.world import World

from .line import calls, connected

pytestmark = pytest.mark.anyio


def stands(task: TaskHead) -> bool:
    """What is news here: the task does not run any more."""
    return task.phase != "working"


async def unheard(_: Sequence[TaskHead]) -> None:
    """Nobody listens."""


async def follow(beam: Beam, *tasks: TaskState, seconds: float) -> list[str | None]:
    """The statuses when there is news or the time is up."""
    seen = await until_news(beam, [task.id for task in tasks], is_news=stands, seconds=seconds, report=unheard)
    return [task.status for task in seen]


async def after(world: World, requests: int) -> None:
    """Wait until so many requests came in."""
    with anyio.fail_after(15):
        await world.until(lambda: len(world.requests) >= requests)


def running(world: World, agent: str = "Invoice Matcher") -> TaskState:
    """A task at which nothing happens by itself."""
    return world.add_task(agent, status="QUEUED")


def finish(world: World, task: TaskState) -> float:
    """Let the task be over now."""
    task.end("COMPLETED", world.clock.now())
    task.status = "COMPLETED"
    return time.monotonic()


async def test_news_that_is_there_already_is_returned_after_one_look(world: World, beam: Beam) -> None:
    task = world.add_task("Invoice Matcher", status="COMPLETED")
    assert await follow(beam, task, seconds=5) == ["COMPLETED"]
    assert len(world.requests) == 1


NO_STREAM: tuple[dict[str, Any], ...] = (
    {"kind": "status", "code": 404},
    {"kind": "status", "code": 401},
    {"kind": "html_502"},
    {"kind": "error_in_200"},
    {"kind": "not_json"},
    {"kind": "empty_body"},
    {"kind": "cut_before"},
    {"kind": "cut_mid_body"},
    {"kind": "endless_body"},
    {"kind": "gzip_bomb"},
    {"kind": "latency", "seconds": 60},
    {"kind": "redirect", "to": "/agent"},
)


SLOW: tuple[dict[str, Any], ...] = (
    {"kind": "latency", "seconds": 30},
    {"kind": "slow_body", "seconds": 1},
    {"kind": "status", "code": 503},
    {"kind": "status", "code": 429},
    {"kind": "cut_mid_body"},
)


async def all_together(*cases: Callable[[World, Beam], Awaitable[None]]) -> None:
    """Try all cases at the same time, each in a world of its own, since each takes some seconds."""

    async def one(case: Callable[[World, Beam], Awaitable[None]]) -> None:
        world = World(populated=False)
        async with connected(world) as beam:
            await case(world, beam)

    async with anyio.create_task_group() as group:
        for case in cases:
            group.start_soon(one, case)


def chatterbox(world: World) -> TaskState:
    """A task that changes twenty times a second without ever getting anywhere."""
    beats = tuple(Beat(0.05, "QUEUED") for _ in range(200))
    story = Story(plans=(Plan("talk", "Talk"),), opening=beats, query="Talk", objective="Talk", summary=None)
    return world.add_task(world.add_agent("Chatterbox", story=story).id)


async def returned(world: World, beam: Beam, *tasks: TaskState, after_requests: int, statuses: list[str]) -> float:
    """Finish the first task when so many requests came in, and tell how long the news took."""
    came = happened = 0.0

    async def waiting() -> None:
        nonlocal came
        assert await follow(beam, *tasks, seconds=30) == statuses
        came = time.monotonic()

    async with anyio.create_task_group() as group:
        group.start_soon(waiting)
        await after(world, after_requests)
        happened = finish(world, tasks[0])
    return came - happened


async def by_a_nudge(world: World, beam: Beam) -> float:
    """How long news of one task took."""
    return await returned(world, beam, running(world), after_requests=2, statuses=["COMPLETED"])


async def of_one_of_many(world: World, beam: Beam) -> float:
    """How long news took that is read from a list."""
    tasks = [running(world) for _ in range(5)]
    took = await returned(world, beam, *tasks, after_requests=6, statuses=["COMPLETED", *["QUEUED"] * 4])
    assert not [task for task in tasks if calls(world, "GET", task.id)]
    assert 2 <= len(calls(world, "GET", "/agent-tasks")) <= 3
    return took


@pytest.mark.parametrize("news", [by_a_nudge, of_one_of_many])
async def test_a_nudge_brings_news_before_anybody_would_look_again(
    news: Callable[[World, Beam], Awaitable[float]],
) -> None:
    # A nudge is followed a second after the last look, the usual look comes after two. Once is proof: a machine may
    # stand still, but a look is never early.
    for _ in range(5):
        world = World(populated=False)
        async with connected(world) as beam:
            if await news(world, beam) < 1.5:
                return
    pytest.fail("it never came before the next look")


async def news_of_tasks_that_the_list_does_not_show(world: World, beam: Beam) -> None:
    tasks = [running(world), running(world)]
    world.faults.add("status", "/updates$", code=404, times=None)
    world.faults.add("status", "^/agent-tasks$", code=200, body={"data": [], "totalCount": 0}, times=None)
    assert await returned(world, beam, *tasks, after_requests=5, statuses=["COMPLETED", "QUEUED"]) < 20


async def news_although_it_could_not_be_read_when_the_nudge_came(world: World, beam: Beam) -> None:
    task = running(world)
    async with anyio.create_task_group() as group:
        group.start_soon(follow_until_paused, beam, task)
        with anyio.fail_after(15):
            while len(world.requests) < 3:  # the third is the look that a nudge asked for
                task.touch(world.clock.now())
                await anyio.lowlevel.checkpoint()
        world.faults.add("status", f"/{task.id}$", code=503, times=1)
        task.status = "PAUSED"
        task.touch(world.clock.now())


async def follow_until_paused(beam: Beam, task: TaskState) -> None:
    with anyio.fail_after(15):
        assert await follow(beam, task, seconds=40) == ["PAUSED"]


async def news_even_that_a_task_is_gone(world: World, beam: Beam) -> None:
    task, other = running(world), running(world)

    async def waiting() -> None:
        with pytest.raises(NotFound):
            await follow(beam, task, seconds=20)

    async with anyio.create_task_group() as group:
        group.start_soon(waiting)
        await after(world, 2)
        del world.tasks[task.id]
        task.touch(world.clock.now())
    with pytest.raises(NotFound):
        await follow(beam, other, task, seconds=20)


async def test_news_is_returned_soon() -> None:
    await all_together(
        news_of_tasks_that_the_list_does_not_show,
        news_although_it_could_not_be_read_when_the_nudge_came,
        news_even_that_a_task_is_gone,
    )


async def kept(world: World, beam: Beam, seconds: float, fault: dict[str, Any]) -> None:
    """The time is kept whatever Beam does."""
    task = running(world)
    world.faults.add(path=f"/{task.id}$", after=1, times=None, **fault)
    began = time.monotonic()
    assert await follow(beam, task, seconds=seconds) == ["QUEUED"], fault
    assert seconds - 0.01 <= time.monotonic() - began < seconds + 3, fault


async def test_beam_is_asked_sparingly_and_for_no_longer_than_allowed() -> None:
    async def while_a_stream_is_silent(world: World, beam: Beam) -> None:
        task = running(world)
        assert await follow(beam, task, seconds=5) == ["QUEUED"]
        assert len(calls(world, "GET", "/updates")) == 1
        assert len(calls(world, "GET", task.id)) <= 4

    async def however_often_it_nudges(world: World, beam: Beam) -> None:
        task = chatterbox(world)
        assert await follow(beam, task, seconds=4) == ["QUEUED"]
        assert len(calls(world, "GET", task.id)) <= 5

    async def after_too_many_requests(world: World, beam: Beam) -> None:
        task = running(world)
        world.faults.add("status", "/updates$", code=404, times=None)
        world.faults.add("status", f"/{task.id}$", code=429, after=1, times=None, headers={"retry-after": "12"})
        assert await follow(beam, task, seconds=5) == ["QUEUED"]
        assert len(calls(world, "GET", task.id)) <= 2

    async def after_too_many_requests_although_it_nudges(world: World, beam: Beam) -> None:
        task = chatterbox(world)
        world.faults.add("status", f"/{task.id}$", code=429, after=1, times=None, headers={"retry-after": "12"})
        assert await follow(beam, task, seconds=7) == ["QUEUED"]
        assert len(calls(world, "GET", task.id)) <= 2

    async def less_and_less_without_a_stream(world: World, beam: Beam, fault: dict[str, Any]) -> None:
        task = world.add_task("Invoice Matcher", age=-600)  # it asks in ten minutes
        world.faults.add(path="/updates$", times=None, **fault)

        async def later() -> None:
            await after(world, 1)
            world.clock.push(700)

        async with anyio.create_task_group() as group:
            group.start_soon(later)
            assert await follow(beam, task, seconds=20) == ["USER_INPUT_REQUIRED"], fault
        assert 1 <= len(calls(world, "GET", task.id)) <= 4, fault

    await all_together(
        *(partial(less_and_less_without_a_stream, fault=fault) for fault in NO_STREAM),
        *(partial(kept, seconds=3.0, fault=fault) for fault in SLOW),
        partial(kept, seconds=2.0, fault=SLOW[0]),
        while_a_stream_is_silent,
        however_often_it_nudges,
        after_too_many_requests,
        after_too_many_requests_although_it_nudges,
    )


async def test_beam_so_slow_that_nothing_was_seen_is_an_error(world: World, beam: Beam) -> None:
    task = running(world)
    world.faults.add("latency", seconds=30, times=None)
    began = time.monotonic()
    with pytest.raises(BeamUnavailable, match="did not show the tasks"):
        await follow(beam, task, seconds=0.5)
    assert time.monotonic() - began < 8


async def test_what_reporting_raises_is_not_wrapped(world: World, beam: Beam) -> None:
    async def refuse(_: Sequence[TaskHead]) -> None:
        raise LookupError

    with pytest.raises(LookupError):
        await until_news(beam, [running(world).id], is_news=stands, seconds=5, report=refuse)


async def test_every_look_without_news_is_reported(world: World, beam: Beam) -> None:
    reported: list[str | None] = []

    async def report(tasks: Sequence[TaskHead]) -> None:
        reported.extend(task.status for task in tasks)

    task = world.add_task("Market Research", age=-0.5)
    world.faults.add("status", "/updates$", code=404, times=None)
    seen = await until_news(beam, [task.id], is_news=lambda t: t.status != "QUEUED", seconds=9, report=report)
    assert [t.status for t in seen] == ["IN_PROGRESS"]
    assert set(reported) == {"QUEUED"}
