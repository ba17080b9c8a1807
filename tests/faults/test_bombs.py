"""An answer without an end, or huge when unpacked, costs bounded memory and time, measured in a process of its own."""

import subprocess
import sys
from typing import Any

import anyio
import pytest

from beam_mcp.sandbox.serve import serving
from beam_mcp.sandbox.world import World
from tests.cli.processes import surroundings

pytestmark = pytest.mark.anyio

READ = """
import resource, sys, time
import anyio
from beam_mcp.beam.agent import list_agents
from beam_mcp.beam.auth import Identity
from beam_mcp.beam.errors import BeamError
from beam_mcp.beam.http import Http

async def read():
    beam = Http(sys.argv[1], timeout=60).acting_as(Identity(key="k", workspace="w", mode="key"))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    try:
        await list_agents(beam)
    except BeamError as error:
        print(type(error).__name__, error.what)
    print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)

anyio.run(read)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only there is the peak of memory told in kB")
@pytest.mark.parametrize(
    ("fault", "words", "megabytes"),
    [
        ({"kind": "gzip_bomb", "megabytes": 50}, "BeamBroken Beam's answer holds no list of agents.", 250),
        ({"kind": "gzip_bomb", "megabytes": 400}, "BeamBroken Beam's answer is larger than 256 MB.", 350),
        ({"kind": "endless_body"}, "BeamBroken Beam's answer is larger than 256 MB.", 350),
    ],
    ids=["50 MB in 50 kB", "400 MB in 400 kB", "endless"],
)
async def test_it_is_left_in_time_and_never_held_whole(fault: dict[str, Any], words: str, megabytes: int) -> None:
    world = World(populated=False)
    world.access.key = "k"
    world.faults.add(times=None, **fault)
    async with serving(world) as url:
        with anyio.fail_after(60):
            done = await anyio.run_process(
                [sys.executable, "-c", READ, url], env=surroundings(), stderr=subprocess.STDOUT, check=False
            )
    said, grown = done.stdout.decode().splitlines()
    assert said == words
    assert int(grown) < megabytes
