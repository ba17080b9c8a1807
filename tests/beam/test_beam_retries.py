"""Reads are repeated within bounds, writes are sent once, and nothing lasts or grows for ever."""

import time
from typing import Any

import anyio
import pytest

from beam_mcp.beam.agent import list_agents
from beam_mcp.beam.errors import BeamBroken, BeamError, BeamUnavailable, MayHaveHappened, RateLimited
from beam_mcp.beam.http import Beam
from beam_mcp.beam.new_task import NewTask, create_task
from beam_mcp.beam.task_list import Filter, list_tasks
from beam_mcp.sandbox.faults import KINDS
from beam_mcp.sandbox.serve import serving
from beam_mcp.sandbox.world import World

from .line import calls, connected

pytestmark = pytest.mark.anyio


async def attempts(kind: Any, *, times: int | None = None, **fault: Any) -> tuple[int, BeamError | None]:
    """How often a read is sent to a Beam with this fault, and how it ends."""
    world = World(populated=False)
    world.faults.add(kind, times=times, **fault)
    async with connected(world) as beam:
        try:
            await list_agents(beam)
        except BeamError as error:
            return len(world.requests), error
        return len(world.requests), None


async def of_each(cases: dict[Any, dict[str, Any]], found: dict[Any, tuple[int, BeamError | None]]) -> None:
    """Try all cases at the same time."""

    async def one(name: Any, case: dict[str, Any]) -> None:
        found[name] = await attempts(**case)

    async with anyio.create_task_group() as group:
        for name, case in cases.items():
            group.start_soon(one, name, case)


PASSING: dict[Any, dict[str, Any]] = {
    **{code: {"kind": "status", "code": code} for code in (429, 500, 502, 503, 504)},
    "html": {"kind": "html_502"},
    "cut before": {"kind": "cut_before"},
    "cut after": {"kind": "cut_after"},
    "cut mid body": {"kind": "cut_mid_body"},
    "asked to wait": {"kind": "status", "code": 429, "headers": {"retry-after": "1"}},
    "asked to wait for nothing": {"kind": "status", "code": 503, "headers": {"retry-after": "0"}},
}
LASTING: dict[Any, dict[str, Any]] = {
    **{code: {"kind": "status", "code": code} for code in (400, 401, 403, 404, 409, 418)},
    "asked to wait too long": {"kind": "status", "code": 429, "headers": {"retry-after": "11"}},
    "asked to wait for days": {
        "kind": "status",
        "code": 503,
        "headers": {"retry-after": "Fri, 31 Dec 2099 23:59:59 GMT"},
    },
    "not json": {"kind": "not_json"},
    "truncated": {"kind": "truncated_json"},
    "empty": {"kind": "empty_body"},
    "error in 200": {"kind": "error_in_200"},
}


async def test_a_read_is_sent_up_to_three_times_where_that_may_help() -> None:
    always: dict[Any, tuple[int, BeamError | None]] = {}
    twice: dict[Any, tuple[int, BeamError | None]] = {}
    with anyio.fail_after(15):
        async with anyio.create_task_group() as group:
            group.start_soon(of_each, PASSING, always)
            group.start_soon(of_each, {name: {**case, "times": 2} for name, case in PASSING.items()}, twice)
    assert {name: sent for name, (sent, _) in always.items()} == dict.fromkeys(PASSING, 3)
    assert all(isinstance(error, BeamUnavailable | RateLimited) for _, error in always.values())
    assert twice == dict.fromkeys(PASSING, (3, None))


async def test_a_read_is_sent_once_where_repeating_it_is_of_no_use() -> None:
    found: dict[Any, tuple[int, BeamError | None]] = {}
    began = time.monotonic()
    await of_each(LASTING, found)
    assert {name: sent for name, (sent, _) in found.items()} == dict.fromkeys(LASTING, 1)
    assert all(error for _, error in found.values())
    assert time.monotonic() - began < 3


async def test_a_wait_that_beam_asks_for_is_kept(world: World, beam: Beam) -> None:
    world.faults.add("status", code=429, headers={"retry-after": "1"})
    began = time.monotonic()
    await list_agents(beam)
    assert 1 <= time.monotonic() - began < 2


CHECKED: tuple[dict[str, Any], ...] = (
    *({"kind": kind} for kind in KINDS if kind not in {"latency", "slow_body", "redirect", "gzip_bomb"}),
    *({"kind": "status", "code": code} for code in (400, 401, 403, 404, 409, 429, 500, 502, 503, 504)),
    *({"kind": "status", "code": code, "acts": True} for code in (500, 502, 503, 504)),
    {"kind": "gzip_bomb", "megabytes": 2},
    {"kind": "latency", "seconds": 20},
    {"kind": "slow_body", "seconds": 30},
    {"kind": "redirect", "to": "/agent-tasks", "code": 307},
    {"kind": "redirect", "to": "/agent-tasks", "code": 303},
    {"kind": "status", "code": 429, "headers": {"retry-after": "0"}},
    {"kind": "status", "code": 503, "headers": {"retry-after": "0"}},
)


async def test_a_write_is_sent_once_whatever_happens_to_it() -> None:
    sent: list[tuple[Any, int, int]] = []

    async def one(fault: dict[str, Any]) -> None:
        world = World(populated=False)
        known = world.faults.add(path="^/agent-tasks$", method="POST", times=None, **fault)
        async with connected(world, limit=2) as beam:
            try:
                await create_task(beam, NewTask(world.agent("Invoice Matcher").id, query="Match it"))
            except BeamError as error:
                assert isinstance(error, MayHaveHappened) or not known.beam_acts  # noqa: PT017 - not every fault is an error
        sent.append((fault, len(calls(world, "POST")), len(world.acts) - known.beam_acts))

    with anyio.fail_after(20):
        async with anyio.create_task_group() as group:
            for fault in CHECKED:
                group.start_soon(one, fault)
    assert len(sent) == len(CHECKED)
    assert [case for case in sent if case[1:] != (1, 0)] == []


TOO_LONG: tuple[dict[str, Any], ...] = (
    {"kind": "latency", "seconds": 30},
    {"kind": "slow_body", "seconds": 30},
    {"kind": "status", "code": 503},
    {"kind": "cut_mid_body"},
    {"kind": "status", "code": 429, "headers": {"retry-after": "9"}},
)


async def test_no_call_takes_longer_than_its_time() -> None:
    async def one(fault: dict[str, Any]) -> None:
        world = World(populated=False)
        world.faults.add(times=None, path="^/agent$", **fault)
        async with connected(world, limit=0.6) as beam:
            began = time.monotonic()
            with pytest.raises(BeamError):
                await list_agents(beam)
            assert time.monotonic() - began < 1.5, fault

    async with anyio.create_task_group() as group:
        for fault in TOO_LONG:
            group.start_soon(one, fault)


async def test_an_endless_answer_is_left_in_time(world: World) -> None:
    world.faults.add("endless_body")
    async with connected(world, limit=0.3) as beam:
        began = time.monotonic()
        with pytest.raises(BeamUnavailable):
            await list_agents(beam)
        assert time.monotonic() - began < 1.5


async def test_an_answer_that_trickles_is_read_while_there_is_time(world: World, beam: Beam) -> None:
    world.faults.add("slow_body", seconds=0.5)
    assert (await list_agents(beam)).total == 11


@pytest.mark.parametrize("fault", [{"kind": "gzip_bomb", "megabytes": 300}, {"kind": "endless_body"}])
async def test_no_answer_grows_without_end(world: World, beam: Beam, fault: dict[str, Any]) -> None:
    world.faults.add(**fault)
    with pytest.raises(BeamBroken, match="larger than 256 MB"):
        await list_agents(beam)


async def test_an_answer_that_cannot_be_unpacked_is_called_broken(world: World, beam: Beam) -> None:
    body = "not gzip at all"
    world.faults.add("status", code=200, body=body, headers={"content-encoding": "gzip"})
    with pytest.raises(BeamBroken, match="decompressed"):
        await list_agents(beam)


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
async def test_a_redirect_to_another_host_takes_no_credentials_along(world: World, beam: Beam, code: int) -> None:
    elsewhere = World(populated=False)
    async with serving(elsewhere) as other:
        for to in (f"{other}/agent", other.replace("http:", "") + "/agent", "ftp://127.0.0.1/agent"):
            world.faults.add("redirect", "^/agent", code=code, to=to, times=2)
            with pytest.raises(BeamBroken, match="redirects to another address"):
                await list_agents(beam)
            with pytest.raises(BeamError):
                await beam.send("POST", "/agent-tasks", json={})
    assert not elsewhere.requests
    assert not world.acts


async def test_a_redirect_of_a_read_on_the_same_host_is_followed(world: World, beam: Beam) -> None:
    world.faults.add("redirect", "^/agent-tasks$", to="/agent-tasks?pageSize=1", code=307)
    world.fill(2)
    assert len((await list_tasks(beam, Filter())).tasks) == 1
    [first, second] = world.requests
    assert second.headers["x-api-key"] == first.headers["x-api-key"]


async def test_redirects_in_a_circle_come_to_an_end(world: World, beam: Beam) -> None:
    world.faults.add("redirect", "^/agent-tasks$", to="/agent-tasks", times=None)
    with pytest.raises(BeamBroken):
        await list_tasks(beam, Filter())
    assert len(world.requests) <= 5


@pytest.mark.parametrize("to", ["http://[", "http://a b", "", "//", "http:///x", "\u00e4"])
async def test_a_redirect_to_nowhere_is_an_error_like_any_other(world: World, beam: Beam, to: str) -> None:
    world.faults.add("redirect", "^/agent-tasks$", to=to, times=None)
    with pytest.raises(BeamError):
        await list_tasks(beam, Filter())
    assert len(world.requests) <= 5
