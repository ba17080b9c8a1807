"""The Beam of the load: a sandbox for many people, with a mood, in a process of its own.

As a module with a mood it serves on a free port, which it prints; `started_twice` reads its books.
"""

import asyncio
import subprocess
import sys
from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import httpx2

from beam_mcp.sandbox.serve import serving
from beam_mcp.sandbox.world import World
from tests.cli.processes import ROOT, surroundings

PEOPLE = 20
SLOW_KEY = "key-of-somebody-whose-beam-hangs"
MOODS = ("well", "faulty", "slow for one")
# Each of them strikes every so many requests; the numbers share no divisor, so that all meet all kinds of requests.
FAULTS: tuple[dict[str, Any], ...] = (
    {"kind": "latency", "seconds": 0.5, "every": 11},
    {"kind": "status", "code": 429, "headers": {"retry-after": "1"}, "every": 41},
    {"kind": "status", "code": 429, "every": 53},
    {"kind": "html_502", "every": 37},
    {"kind": "html_502", "acts": True, "every": 67},
    {"kind": "cut_before", "every": 61},
    {"kind": "cut_after", "every": 47},
    {"kind": "cut_mid_body", "every": 71},
)


def key_of(person: int) -> str:
    """The key of one of the people."""
    return f"key-{person % PEOPLE}"


def world_in(mood: str) -> World:
    """A world in this mood; a slow one hangs for half a minute, and for one key only."""
    world = World(populated=False)  # a page of big answers is measured elsewhere
    for _ in range(20):
        world.add_task("Invoice Matcher", status="COMPLETED", age=3600)
    world.access.others = {SLOW_KEY, *map(key_of, range(PEOPLE))}
    for fault in FAULTS if mood == "faulty" else ():
        world.faults.add(times=None, **fault)
    if mood == "slow for one":
        world.faults.add("latency", key=SLOW_KEY, seconds=30, times=None)
    return world


async def _serve(mood: str) -> None:
    async with serving(world_in(mood)) as url:
        print(url, flush=True)  # noqa: T201 - for the process that started this one
        await asyncio.Event().wait()


@contextmanager
def beam(mood: str) -> Generator[str]:
    """The address of a Beam in this mood."""
    command = [sys.executable, "-m", "tests.benchmarks.load_beam", mood]
    with subprocess.Popen(command, cwd=ROOT, env=surroundings(), stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 - our own
        try:
            assert process.stdout
            yield process.stdout.readline().strip()
        finally:
            process.kill()


def starts(url: str) -> Counter[str]:
    """How often Beam started each piece of work, by its words."""
    acts: list[dict[str, Any]] = httpx2.get(f"{url}/_sandbox/acts", timeout=60).json()
    return Counter(str(act["payload"].get("taskQuery")) for act in acts if act["kind"] == "create")


if __name__ == "__main__":
    asyncio.run(_serve(sys.argv[1]))
