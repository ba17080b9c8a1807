"""Nobody takes all connections, and a request that found no turn was not sent."""

import anyio
import pytest

from beam_mcp.beam.errors import BeamUnavailable, NotFound, Unauthorized
from beam_mcp.beam.http import Beam
from beam_mcp.beam.transport import MOST_OF_ONE
from beam_mcp.beam.user import User
from beam_mcp.sandbox.world import World

from .line import connected

pytestmark = pytest.mark.anyio


async def read(beam: Beam) -> None:
    await beam.body("/v2/user/me")


async def test_a_write_that_found_no_turn_was_not_sent_and_is_not_said_to_have_happened(world: World) -> None:
    world.faults.add("latency", method="GET", seconds=30, times=None)
    async with connected(world, limit=8.0) as beam, anyio.create_task_group() as tasks:
        for _ in range(MOST_OF_ONE):
            tasks.start_soon(read, beam)
        await world.until(lambda: len(world.requests) >= MOST_OF_ONE)
        with pytest.raises(BeamUnavailable, match=r"^16 calls with this key are waiting for Beam already"):
            await beam.write(User, "POST", "/agent-tasks")
        assert {seen.method for seen in world.requests} == {"GET"}
        tasks.cancel_scope.cancel()


async def test_turns_are_given_back_whatever_became_of_the_request(world: World, beam: Beam) -> None:
    world.faults.add("status", code=400, times=MOST_OF_ONE)
    world.faults.add("cut_before", times=MOST_OF_ONE)
    for _ in range(2 * MOST_OF_ONE):
        with pytest.raises(Exception, match=r"."):
            await Beam(beam.http, beam.identity, attempts=1).body("/v2/user/me")
    with anyio.move_on_after(0.05):
        world.faults.add("latency", seconds=30, times=None)
        await read(beam)
    world.faults.clear()
    async with anyio.create_task_group() as tasks:
        for _ in range(3 * MOST_OF_ONE):
            tasks.start_soon(read, beam)
    assert not beam.http.shares.busy


async def test_a_key_is_known_once_beam_has_accepted_it_and_until_it_refuses_it(world: World, beam: Beam) -> None:
    shares, mark = beam.http.shares, beam.identity.mark
    world.faults.add("status", code=404)
    with pytest.raises(NotFound):
        await read(beam)
    assert not shares.knows(mark)
    await read(beam)
    assert shares.knows(mark)
    world.access.key = "another"
    with pytest.raises(Unauthorized):
        await read(beam)
    assert not shares.knows(mark)
