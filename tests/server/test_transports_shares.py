"""One user's slow Beam is nobody else's: each key has a share of the connections, and no more."""

import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import httpx2
import pytest

from beam_mcp.beam.transport import MOST_CONNECTIONS, MOST_OF_ONE
from beam_mcp.sandbox.access import WORKSPACE_ID
from beam_mcp.sandbox.serve import serving
from beam_mcp.sandbox.world import World
from tests.cli.processes import PATIENCE, started
from tests.cli.wires import MODERN, OverHttp, Speaker

pytestmark = pytest.mark.anyio

HANGING = 5  # people whose Beam hangs, each with more calls than there are connections in all
SOON = 15.0  # seconds; a call waits for Beam up to 45


def speaker(http: httpx2.AsyncClient, key: str) -> Speaker:
    """Somebody with a key of their own."""
    return Speaker(OverHttp(http, {"x-api-key": key, "current-workspace-id": WORKSPACE_ID}), MODERN)


@asynccontextmanager
async def site(world: World, folder: Path) -> AsyncGenerator[httpx2.AsyncClient]:
    """A server over HTTP on this world, and a client without limits of its own."""
    flags = ("--transport", "http", "--port", "0")
    async with (
        serving(world) as url,
        started(*flags, cwd=folder, settings={"BEAM_API_URL": url}) as server,
        httpx2.AsyncClient(
            base_url=await server.address(), timeout=60, trust_env=False, limits=httpx2.Limits(max_connections=None)
        ) as http,
    ):
        yield http


async def until_asked(world: World, times: int) -> None:
    """Wait until Beam was asked so often."""
    with anyio.fail_after(PATIENCE):
        await world.until(lambda: len(world.requests) >= times)


async def test_people_whose_beam_hangs_leave_the_others_their_connections(tmp_path: Path) -> None:
    world = World()
    slow = [f"slow-{number}" for number in range(HANGING)]
    world.access.others = {*slow, "quick"}
    for key in slow:
        world.faults.add("latency", key=key, seconds=60, times=None)
    async with site(world, tmp_path) as http, anyio.create_task_group() as tasks:
        for key in slow:
            for _ in range(MOST_CONNECTIONS // HANGING + 20):
                tasks.start_soon(speaker(http, key).call, "list_agents")
        await until_asked(world, HANGING * MOST_OF_ONE)
        for _ in range(5):
            began = time.monotonic()
            assert "Invoice Matcher" in await speaker(http, "quick").call("list_agents")
            assert time.monotonic() - began < SOON
        asked = [seen.headers["x-api-key"] for seen in world.requests]
        assert {key: asked.count(key) for key in slow} == dict.fromkeys(slow, MOST_OF_ONE)
        tasks.cancel_scope.cancel()
