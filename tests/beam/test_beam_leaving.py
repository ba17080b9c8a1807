"""Whoever stops waiting leaves no trace, and whoever waits leaves room."""

import gc
import sys
from contextvars import ContextVar
from dataclasses import replace
from weakref import WeakSet

import anyio
import anyio.lowlevel
import pytest

from beam_mcp.beam.auth import Identity
from beam_mcp.beam.follow import read_all
from beam_mcp.beam.http import Beam
from beam_mcp.sandbox.access import SANDBOX_KEY, WORKSPACE_ID
from beam_mcp.sandbox.serve import serving
from beam_mcp.sandbox.task import TaskState
from beam_mcp.sandbox.world import World

from .line import calls, client, connected
from .tapped import tapped
from .test_beam_following import after, follow, running

pytestmark = pytest.mark.anyio


async def test_leaving_ends_every_connection_and_stops_nothing_at_beam(world: World) -> None:
    tasks, held = [running(world) for _ in range(3)], 0
    async with serving(world) as url, tapped(url) as wire, client(wire.url) as beam:
        async with anyio.create_task_group() as group:
            group.start_soon(lambda: follow(beam, *tasks, seconds=30))
            await after(world, 4)
            held = len(wire.open)
            group.cancel_scope.cancel()
        await wire.until(at_most=held - 3)
        await beam.http.aclose()
        await wire.until(at_most=0)
    assert world.acts == []
    assert {task.status for task in tasks} == {"QUEUED"}


async def test_a_stream_that_was_left_before_it_told_anything_is_opened_again(world: World, beam: Beam) -> None:
    task = running(world)
    with anyio.fail_after(20):
        for times in (1, 2):
            async with anyio.create_task_group() as group:
                group.start_soon(lambda: follow(beam, task, seconds=30))
                await world.until(lambda times=times: len(calls(world, "GET", "/updates")) == times)
                group.cancel_scope.cancel()
            while beam.http.streams:
                await anyio.lowlevel.checkpoint()


def somebody_else(world: World, beam: Beam) -> Beam:
    """The same Beam, as another person sees it."""
    issued = world.access.exchange(SANDBOX_KEY)
    assert issued
    return replace(beam, identity=Identity(None, WORKSPACE_ID, bearer=issued["idToken"]))


async def test_many_who_wait_leave_room_for_those_who_ask(world: World, beam: Beam) -> None:
    with anyio.fail_after(30):
        async with anyio.create_task_group() as group:
            for _ in range(8):
                tasks, person = [running(world) for _ in range(10)], somebody_else(world, beam)
                group.start_soon(lambda tasks=tasks, person=person: follow(person, *tasks, seconds=60))
            await world.until(
                lambda: len(calls(world, "GET", "/updates")) == 32
            )  # how many looks there were is no measure
            await read_all(beam, [task.id for task in list(world.tasks.values())[:20]])
            assert len(calls(world, "GET", "/updates")) == 32
            group.cancel_scope.cancel()
        await follow(beam, running(world), seconds=0.5)
        assert len(calls(world, "GET", "/updates")) == 33


@pytest.mark.skipif(sys.platform == "win32", reason="asyncio's own loop keeps a cancelled timer until its time comes")
async def test_neither_a_stream_nor_the_timer_that_closes_it_holds_on_to_the_call_that_began_it() -> None:
    class Request:
        """What a call is made by."""

    answering: ContextVar[Request] = ContextVar("answering")
    requests: WeakSet[Request] = WeakSet()

    async def call(beam: Beam, task: TaskState) -> None:
        request = Request()
        requests.add(request)
        answering.set(request)
        await follow(beam, task, seconds=2)

    async def forgets(*, streams: int) -> None:
        world = World(populated=False)
        if not streams:
            world.faults.add("status", "/updates$", code=404, times=None)
        async with connected(world) as beam:
            task = running(world)
            # A connection holds on to whoever opened it and used it last: of neither of these is that the call.
            await read_all(beam, [task.id, running(world).id])
            async with anyio.create_task_group() as group:
                group.start_soon(call, beam, task)
            await read_all(beam, [task.id])
            gc.collect()
            assert beam.http.streams == streams
            assert beam.http.kept
            assert not requests

    await forgets(streams=1)
    await forgets(streams=0)
