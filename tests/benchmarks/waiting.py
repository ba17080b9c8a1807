"""Ten tasks awaited for ten minutes: how many requests Beam gets, as the sandbox counts them.

Run as a module it measures with everything in real time; with `serve` and a setting it is the sandbox of that setting.
"""

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import Any

import httpx2

from beam_mcp.sandbox.serve import serving
from beam_mcp.sandbox.world import World
from tests.benchmarks.rows import Row, row, table
from tests.benchmarks.servers import ours
from tests.benchmarks.stdio import talk
from tests.cli.processes import ROOT, surroundings

TASKS, SECONDS, CALL = 10, 600.0, 45.0
EVERY = 5.0  # seconds a request may take of Beam's patience
SETTINGS = ("the list shows them", "a busy workspace", "streams tell nothing", "the list is of no use", "streams hold")
BUSY = ("a busy workspace", "the list is of no use")
OTHERS, PER_SECOND = 200, 5.0


def task_ids() -> list[str]:
    """The tasks that are awaited."""
    return [f"00000000-0000-4000-8000-{number:012d}" for number in range(TASKS)]


def world_of(setting: str) -> World:
    """Ten tasks at work in the surroundings of this setting."""
    world = World(populated=False)
    for task_id in task_ids():
        world.add_task("Market Research", status="QUEUED", age=600, task_id=task_id)
    for _ in range(OTHERS if setting in BUSY else 0):
        world.add_task("Invoice Matcher", status="QUEUED", age=60)
    if setting != "streams hold":
        silent: dict[str, Any] = {"kind": "latency", "seconds": 1e6} if "nothing" in setting else {"kind": "status"}
        world.faults.add(path="/updates$", code=404, times=None, **silent)
    if "no use" in setting:
        world.faults.add("status", "^/agent-tasks$", code=200, body={"data": [], "totalCount": 0}, times=None)
    return world


async def stir(world: World) -> None:
    """Others are at work all the time."""
    others = [task for task in world.tasks.values() if task.id not in task_ids()]
    while others:
        for task in others:
            task.touch(world.clock.now())
            await asyncio.sleep(1 / PER_SECOND)


async def serve(setting: str) -> None:
    """Serve the world of this setting on a free port, which is printed, until stopped."""
    world = world_of(setting)
    async with serving(world) as url:
        print(url, flush=True)  # noqa: T201 - for the process that started this one
        await asyncio.gather(stir(world), asyncio.Event().wait())


@contextmanager
def sandbox(setting: str) -> Generator[str]:
    """The address of a sandbox in a process of its own."""
    command = [sys.executable, "-m", "tests.benchmarks.waiting", "serve", setting]
    with subprocess.Popen(command, cwd=ROOT, env=surroundings(), stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 - our own
        try:
            assert process.stdout
            yield process.stdout.readline().strip()
        finally:
            process.terminate()


def requests_of(setting: str, *, seconds: float = SECONDS, call: float = CALL) -> dict[str, int]:
    """Wait by one call after the other; the requests of Beam by what they asked for."""
    with sandbox(setting) as url:
        with talk(*ours(url)) as us:
            until = time.monotonic() + seconds
            while (left := until - time.monotonic()) > 1:
                assert us.call("wait_for_tasks", tasks=task_ids(), timeout_seconds=round(min(call, left))).text
        paths = [seen["path"] for seen in httpx2.get(f"{url}/_sandbox/requests").json()]
    kinds = {"stream": "/updates", "list": "/agent-tasks", "usual time": "/latest-executions"}
    found = {kind: sum(path.endswith(end) for path in paths) for kind, end in kinds.items()}
    return found | {"task": len(paths) - sum(found.values()), "all": len(paths)}


def measure(rounds: int = 1, *, seconds: float = SECONDS, call: float = CALL) -> list[Row]:
    """All requests in every setting, streams opened among them, beside one in five seconds; `rounds` changes nothing.

    Where streams hold there are no looks at all: those of the beginning and the streams themselves are all there is.
    """
    assert rounds
    with ThreadPoolExecutor(len(SETTINGS)) as at_once:
        counted = list(at_once.map(partial(requests_of, seconds=seconds, call=call), SETTINGS))
    sys.stderr.write("".join(f"{name}: {json.dumps(found)}\n" for name, found in zip(SETTINGS, counted, strict=True)))
    allowed = seconds / EVERY
    name = f"{TASKS} tasks awaited for {seconds / 60:.0f} min, {{}}".format
    return [
        row(name(setting), found["all"], allowed, "requests", most=1.0)
        for setting, found in zip(SETTINGS, counted, strict=True)
    ]


if __name__ == "__main__":
    if sys.argv[1:2] == ["serve"]:
        asyncio.run(serve(sys.argv[2]))
    else:
        print(table([dict(found) for found in measure(seconds=float((sys.argv[1:] or [SECONDS])[0]))]))  # noqa: T201
