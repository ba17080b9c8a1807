"""Reads are repeated within bounds, writes are sent once, and nothing lasts or grows for ever."""

import time
from typing import Any

import anyio
import httpx2
import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from beam_mcp.beam.agent import list_agents
from beam_mcp.beam.errors import BeamBroken, BeamError, BeamUnavailable
from beam_mcp.beam.http import Beam
from beam_mcp.beam.task_list import Filter, list_tasks
from beam_mcp.beam.transport import same_host_redirect
from beam_mcp.sandbox.serve import serving
from beam_mcp.sandbox.world import World

from .line import connected

pytestmark = pytest.mark.anyio


async def test_a_wait_that_beam_asks_for_is_kept(world: World, beam: Beam) -> None:
    world.faults.add("status", code=429, headers={"retry-after": "1"})
    began = time.monotonic()
    await list_agents(beam)
    assert 0.99 <= time.monotonic() - began < 10
    assert len(world.requests) == 2


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
            assert time.monotonic() - began < 2.5, fault

    async with anyio.create_task_group() as group:
        for fault in TOO_LONG:
            group.start_soon(one, fault)


async def test_an_endless_answer_is_left_in_time(world: World) -> None:
    world.faults.add("endless_body")
    async with connected(world, limit=0.3) as beam:
        began = time.monotonic()
        with pytest.raises((BeamUnavailable, BeamBroken)):  # a fast machine reaches the largest size before the time
            await list_agents(beam)
        assert time.monotonic() - began < 15


async def test_an_answer_that_trickles_is_read_while_there_is_time(world: World, beam: Beam) -> None:
    world.faults.add("slow_body", seconds=0.5)
    assert (await list_agents(beam)).total == 11


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


STARTS = ["", "//", "//files.example/", "https://files.example", "http://", "https:", "/\\"]
PLACES = st.text() | st.builds("{}{}{}".format, st.sampled_from(STARTS), st.text(), st.text())


@given(to=PLACES, code=st.sampled_from([301, 302, 303, 307, 308]))
def test_wherever_a_redirect_points_to_a_read_is_sent_on_to_its_own_host_or_not_at_all(to: str, code: int) -> None:
    asked = httpx2.Request("GET", "https://api.beam.example/agent-tasks?pageSize=1", headers={"x-api-key": "secret"})
    onward = same_host_redirect(asked, httpx2.Response(code, headers=[(b"location", to.encode())]))
    event(f"sent on: {onward is not None}")
    if onward is not None:
        assert (onward.method, onward.headers["x-api-key"]) == ("GET", "secret")
        assert (onward.url.scheme, onward.url.host, onward.url.port) == ("https", "api.beam.example", None)


def test_a_write_is_never_sent_on() -> None:
    asked = httpx2.Request("POST", "https://api.beam.example/agent-tasks")
    assert same_host_redirect(asked, httpx2.Response(307, headers={"location": "/agent-tasks"})) is None
