"""What nobody awaits any more is closed and forgotten in time."""

import asyncio
import gc
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from weakref import WeakSet

import anyio
import pytest

from beam_mcp.beam.follow import until_news
from beam_mcp.beam.lookout import LINGER, SWEEP
from beam_mcp.beam.task import TaskHead
from beam_mcp.beam.updates import REFUSED_FOR
from tests.cli.processes import ROOT, surroundings

from .hurried import Hurried
from .line import calls
from .test_beam_following import stands, unheard
from .test_beam_waiting_long import FOREVER, watched

pytestmark = pytest.mark.anyio

OTHERS = 5
PATIENCE = 900.0  # seconds of a loop that hurries
SNIFFIO = '''
"""As much of sniffio 1.3 as anyio asks of it."""

import asyncio
import threading
from contextvars import ContextVar

current_async_library_cvar = ContextVar("current_async_library_cvar", default=None)


class AsyncLibraryNotFoundError(RuntimeError):
    pass


class _ThreadLocal(threading.local):
    name = None


thread_local = _ThreadLocal()


def current_async_library():
    known = thread_local.name or current_async_library_cvar.get()
    if known:
        return known
    try:
        if asyncio.current_task():
            return "asyncio"
    except RuntimeError:
        pass
    raise AsyncLibraryNotFoundError
'''


async def swept(seconds: float) -> None:
    """Let somebody come back, and come back again so many seconds later."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, Hurried)
    await anyio.sleep(2 * SWEEP)
    loop.push(seconds)
    await anyio.sleep(2 * SWEEP)


@pytest.fixture(params=[("asyncio", {"loop_factory": Hurried})], ids=["hurried"])
def anyio_backend(request: pytest.FixtureRequest) -> Any:
    return request.param


async def test_streams_are_closed_in_time_however_long_beam_asks_not_to_be_asked() -> None:
    async with watched(tasks=1) as here:
        path, asks = f"/{here.tasks[0].id}$", {"retry-after": "600"}
        here.world.faults.add("status", path, code=429, headers=asks, after=1, times=None)
        await here.wait(20)
        await here.wait(50)  # the first time that somebody comes back for the streams, they were just left
        assert (here.beam.http.streams, here.looks) == (1, 2)
        await swept(LINGER)
        assert here.beam.http.streams == 0
        await here.wait(10)
        assert here.looks == 2  # what Beam asked for is remembered all the same


async def test_a_stream_that_was_left_before_it_began_to_open_keeps_no_other_from_opening() -> None:
    async with watched(tasks=2) as here:
        ids = [task.id for task in here.tasks]
        seen, go_on = ({task_id: anyio.Event() for task_id in ids} for _ in range(2))
        given_up = anyio.CancelScope()

        async def pause(tasks: Sequence[TaskHead]) -> None:
            seen[tasks[0].id or ""].set()
            await go_on[tasks[0].id or ""].wait()

        async def wait(task_id: str, scope: anyio.CancelScope) -> None:
            with scope:
                await until_news(here.beam, [task_id], is_news=stands, seconds=FOREVER, report=pause)

        with anyio.fail_after(PATIENCE):
            async with anyio.create_task_group() as group:
                for task_id, scope in zip(ids, (given_up, anyio.CancelScope()), strict=True):
                    group.start_soon(wait, task_id, scope)
                    await seen[task_id].wait()
                # The second one opens the stream of the first, which that one leaves in the same turn of the loop.
                go_on[ids[1]].set()
                given_up.cancel()
                await here.world.until(lambda: bool(calls(here.world, "GET", "/updates")))
                assert not calls(here.world, "GET", f"{ids[0]}/updates")
                group.cancel_scope.cancel()


async def test_what_nobody_awaits_is_forgotten_also_where_sniffio_is_installed(tmp_path: Path) -> None:
    """Of it anyio asks which event loop runs, and it does not know in a timer, which is no task and has no context."""
    (tmp_path / "sniffio.py").write_text(SNIFFIO, encoding="utf-8")
    paths = os.pathsep.join([str(tmp_path), str(ROOT)])
    with anyio.fail_after(PATIENCE):
        swept_there = await anyio.run_process(
            [sys.executable, "-m", "tests.beam.forgotten"], env=surroundings(PYTHONPATH=paths), check=False
        )
    assert swept_there.stderr == b""
    assert swept_there.stdout.split() == [b"sniffio", b"0", b"{}"]


async def test_of_tasks_that_came_and_went_nothing_is_remembered_while_somebody_waits_for_another() -> None:
    class Name(str):
        """The id of a task, of which it is seen whether somebody still knows it."""

        __slots__ = ("__weakref__",)

    async with watched(tasks=1 + OTHERS) as here:
        first, *others = here.tasks
        here.world.faults.add("latency", f"(?<!{first.id})/updates$", seconds=FOREVER, times=None)
        names: WeakSet[Name] = WeakSet()

        async def come_and_go() -> None:
            known = [Name(task.id) for task in others]
            names.update(known)
            await until_news(here.beam, known, is_news=stands, seconds=20, report=unheard)

        async with anyio.create_task_group() as group:
            group.start_soon(here.wait, FOREVER, first)
            with anyio.fail_after(PATIENCE):
                await here.world.until(lambda: bool(calls(here.world, "GET", "/updates")))
            await come_and_go()
            assert here.beam.http.streams == 1 + OTHERS
            await swept(LINGER)
            assert here.beam.http.streams == 1
            first.touch(here.world.clock.now())  # so that somebody looks, and sees that one alone
            await swept(REFUSED_FOR)
            gc.collect()
            assert not names
            group.cancel_scope.cancel()
