"""A server that is told to end finishes what was begun, within bounds, and nothing that only listens keeps it."""

import json
import re
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from signal import Signals

import anyio
import httpx2
import pytest

from beam_mcp.cli.ending import GRACE_SECONDS
from beam_mcp.sandbox.serve import serving
from beam_mcp.sandbox.world import World
from tests.cli.processes import PATIENCE, SIGNALS, Started, on, started
from tests.cli.wires import LEGACY, MODERN, OverHttp, OverStdio, Speaker, over_sse

pytestmark = [pytest.mark.anyio, pytest.mark.skipif(not SIGNALS, reason="Windows has no such way to ask")]

SOON = 6.0  # seconds; a second, and what a busy machine takes: less than the grace that calls are given
SLOW = 1.5  # seconds that Beam takes
NEVER = 60.0
FLAGS = ("--transport", "http", "--port", "0")


@asynccontextmanager
async def everywhere(world: World, folder: Path) -> AsyncGenerator[tuple[Started, list[Speaker]]]:
    """A server over HTTP, and somebody who has greeted it by each era and transport; the streams of both are open."""
    async with serving(world) as url, started(*FLAGS, cwd=folder, settings=on(url)) as server:
        http = httpx2.AsyncClient(base_url=await server.address(), timeout=NEVER, trust_env=False)
        async with http, over_sse(http) as wire:
            by_post = OverHttp(http)
            speakers = [Speaker(OverHttp(http), MODERN), Speaker(by_post, LEGACY[-1]), Speaker(wire, LEGACY[0])]
            for speaker in speakers:
                await speaker.greet()
            async with http.stream("GET", "/mcp", headers=by_post.headers | {"accept": "text/event-stream"}) as stream:
                assert stream.is_success
                yield server, speakers


async def until(world: World, true: Callable[[], bool]) -> None:
    """Wait until so much was asked or done."""
    with anyio.fail_after(PATIENCE):
        await world.until(true)


async def until_nobody_is_let_in(server: Started) -> None:
    """Wait until the server has begun to end."""
    host, port = (await server.address()).removeprefix("http://").split(":")
    with anyio.fail_after(PATIENCE):
        while True:
            try:
                await (await anyio.connect_tcp(host, int(port))).aclose()
            except OSError:
                return


async def quietly(speaker: Speaker) -> None:
    """A call that the end of the server cuts off somehow."""
    with suppress(httpx2.HTTPError, anyio.EndOfStream, AssertionError):
        await speaker.call("list_agents")


@pytest.mark.parametrize("how", SIGNALS)
async def test_calls_under_way_are_answered_at_every_door_and_no_more_are_taken(tmp_path: Path, how: Signals) -> None:
    world, said = World(), list[str]()
    world.faults.add("latency", seconds=SLOW, times=None)

    async def call(speaker: Speaker) -> None:
        said.append(await speaker.call("list_agents"))

    async with everywhere(world, tmp_path) as (server, speakers):
        async with anyio.create_task_group() as tasks:
            for speaker in speakers:
                tasks.start_soon(call, speaker)
            await until(world, lambda: len(world.requests) >= len(speakers))
            server.process.send_signal(how)
            await until_nobody_is_let_in(server)
            assert said == []
        assert await server.ended() == 0
        assert server.errors.count(b"\n") == 1, server.errors.decode()
    assert len(said) == len(speakers)
    assert all("Invoice Matcher" in words for words in said)


@pytest.mark.parametrize("how", SIGNALS)
async def test_streams_on_which_nothing_is_called_keep_nobody(tmp_path: Path, how: Signals) -> None:
    async with everywhere(World(), tmp_path) as (server, _):
        began = time.monotonic()
        server.process.send_signal(how)
        assert await server.ended() == 0
        assert time.monotonic() - began < SOON
        assert server.errors.count(b"\n") == 1, server.errors.decode()


async def test_a_call_that_does_not_end_is_cut_when_its_grace_is_over_and_at_once_by_a_second_signal(
    tmp_path: Path,
) -> None:
    async def taken(folder: Path, signals: int) -> float:
        world, ended, began = World(), 0.0, 0.0
        world.faults.add("latency", seconds=NEVER, times=None)
        async with everywhere(world, folder) as (server, speakers), anyio.create_task_group() as tasks:
            for speaker in speakers:
                tasks.start_soon(quietly, speaker)
            await until(world, lambda: len(world.requests) >= len(speakers))
            began = time.monotonic()
            for _ in range(signals):
                server.process.terminate()
                await until_nobody_is_let_in(server)
            assert await server.ended() == 0
            ended = time.monotonic()
            tasks.cancel_scope.cancel()
            assert server.errors.count(b"\n") == 1, server.errors.decode()
        return ended - began

    assert await taken(tmp_path, 2) < SOON
    assert GRACE_SECONDS <= await taken(tmp_path, 1) < GRACE_SECONDS + 2 * SOON


async def check_waits_end(world: World, server: Started, speakers: Sequence[Speaker], how: Signals) -> None:
    """Each waits for a task of their own that asks in ten minutes; the server is stopped, and they are told at once."""
    names, said = [world.add_task("Invoice Matcher", age=-600).custom_id for _ in speakers], dict[str, str]()

    async def wait(speaker: Speaker, name: str) -> None:
        said[name] = await speaker.call("wait_for_tasks", tasks=[name], timeout_seconds=60)

    began = 0.0
    async with anyio.create_task_group() as tasks:
        for speaker, name in zip(speakers, names, strict=True):
            tasks.start_soon(wait, speaker, name)
        # Updates are listened to by those who have had their first look.
        await until(world, lambda: sum(seen.path.endswith("/updates") for seen in world.requests) == len(speakers))
        assert said == {}
        server.process.send_signal(how)
        began = time.monotonic()
    assert await server.ended() == 0
    assert time.monotonic() - began < 3 * SOON
    for name in names:
        working, cut, following = said[name].splitlines()
        assert re.fullmatch(
            rf"Still working after \d s, which is normal.*: {name} \(agent Invoice Matcher\)\.", working
        )
        assert cut == "This server is being stopped, so the wait ended early; the work at Beam goes on."
        assert following == f'Next: wait_for_tasks(tasks=["{name}"]), once the server runs again'


@pytest.mark.parametrize("how", SIGNALS)
async def test_who_waits_for_a_task_is_told_at_once_what_is_known_at_every_door(tmp_path: Path, how: Signals) -> None:
    world = World(populated=False)
    async with everywhere(world, tmp_path) as (server, speakers):
        await check_waits_end(world, server, speakers, how)
        assert server.errors.count(b"\n") == 1, server.errors.decode()


@pytest.mark.parametrize("how", SIGNALS)
async def test_who_waits_for_a_task_on_stdio_is_told_at_once_what_is_known(tmp_path: Path, how: Signals) -> None:
    world = World(populated=False)
    async with serving(world) as url, started(cwd=tmp_path, settings=on(url)) as server:
        speaker = Speaker(OverStdio(server), LEGACY[-1])
        await speaker.greet()
        await check_waits_end(world, server, [speaker], how)
        assert server.errors == b""


@pytest.mark.parametrize("how", SIGNALS)
async def test_a_write_under_way_on_stdio_is_carried_through_and_answered(tmp_path: Path, how: Signals) -> None:
    world, said = World(), list[str]()
    world.faults.add("latency", "^/agent-tasks$", method="POST", seconds=SLOW)
    async with serving(world) as url, started(cwd=tmp_path, settings=on(url)) as server:
        speaker = Speaker(OverStdio(server), LEGACY[-1])
        await speaker.greet()
        async with anyio.create_task_group() as tasks:

            async def call() -> None:
                said.append(await speaker.call("create_task", agent="Invoice Matcher", query="Match it"))

            tasks.start_soon(call)
            await until(world, lambda: bool(world.acts))
            server.process.send_signal(how)
        assert said[0].startswith("Started INV-")
        assert await server.ended() == 0
        assert server.errors == b""


async def test_a_decision_under_way_is_carried_through_when_the_client_hangs_up(tmp_path: Path) -> None:
    world, receipts = World(), tmp_path / "receipts.jsonl"
    settings = {"BEAM_MCP_AUDIT": str(receipts), "BEAM_MCP_CONSENT": "chat"}
    world.faults.add("latency", "/user-input$", seconds=SLOW)
    async with serving(world) as url, started(cwd=tmp_path, settings=on(url, **settings)) as server:
        speaker = Speaker(OverStdio(server), LEGACY[-1])
        await speaker.greet()
        answer = {"task": "INV-103", "answers": {"1": "PO-2291"}}
        await speaker.begin("tools/call", {"name": "answer_questions", "arguments": answer})
        await until(world, lambda: bool(world.acts))
        await server.hang_up()
        assert await server.ended() == 0
        assert server.errors == b""
    [*_, last] = [json.loads(line) for line in receipts.read_text(encoding="utf-8").splitlines()]
    assert last["result"] == "working"


async def test_a_second_signal_ends_a_server_on_stdio_in_the_middle_of_a_write(tmp_path: Path) -> None:
    world = World()
    world.faults.add("latency", "^/agent-tasks$", method="POST", seconds=NEVER)
    async with serving(world) as url, started(cwd=tmp_path, settings=on(url)) as server:
        speaker = Speaker(OverStdio(server), LEGACY[-1])
        await speaker.greet()
        work = {"agent": "Invoice Matcher", "query": "Match it"}
        await speaker.begin("tools/call", {"name": "create_task", "arguments": work})
        await until(world, lambda: bool(world.acts))
        began = time.monotonic()
        server.process.terminate()
        with anyio.move_on_after(0.5) as still:
            await server.process.wait()
        assert still.cancelled_caught, "the first signal waits for the write"
        server.process.terminate()
        assert await server.ended() == 0
        assert time.monotonic() - began < SOON
