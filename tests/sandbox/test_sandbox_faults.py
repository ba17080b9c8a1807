"""Every fault as a client meets it, the update stream, the switches over HTTP, and leaving promptly."""

import time
from typing import TYPE_CHECKING, Any

import anyio
import httpx2
import pytest

from beam_mcp.sandbox.access import SANDBOX_KEY
from beam_mcp.sandbox.faults import KINDS
from beam_mcp.sandbox.serve import serving
from beam_mcp.sandbox.world import World

if TYPE_CHECKING:
    from .conftest import Caller

pytestmark = pytest.mark.anyio


async def create(beam: "Caller") -> httpx2.Response:
    """A write, whatever becomes of it."""
    body = {"agentId": beam.world.agent("Invoice Matcher").id, "taskQuery": {"query": "x"}}
    return await beam.send("POST", "/agent-tasks", body)


async def test_a_fault_strikes_one_key_only_or_only_some_of_its_requests(beam: "Caller") -> None:
    beam.world.access.others = {"another"}
    beam.world.faults.add("status", code=418, key="another", every=3, times=None)

    async def asked(key: str) -> list[int]:
        headers = keys(beam) | {"x-api-key": key}
        return [(await beam.http.get("/agent", headers=headers)).status_code for _ in range(6)]

    assert await asked(SANDBOX_KEY) == [200] * 6
    assert await asked("another") == [200, 200, 418] * 2
    assert await asked("a third") == [401] * 6


@pytest.mark.parametrize(("kind", "acted"), [("cut_before", 0), ("cut_after", 1)])
async def test_a_cut_connection_brings_no_answer_whether_beam_acted_or_not(
    beam: "Caller", kind: Any, acted: int
) -> None:
    beam.world.faults.add(kind, "^/agent-tasks$", method="POST")
    with pytest.raises(httpx2.RemoteProtocolError):
        await create(beam)
    assert len(beam.world.acts) == acted
    assert (await create(beam)).status_code == 201


async def test_a_connection_cut_in_the_body_leaves_half_of_it(beam: "Caller") -> None:
    beam.world.faults.add("cut_mid_body")
    async with beam.http.stream("GET", "/agent", headers=keys(beam)) as answer:
        assert answer.status_code == 200
        with pytest.raises(httpx2.RemoteProtocolError):
            await answer.aread()


async def test_latency_holds_the_answer_but_not_the_act(beam: "Caller") -> None:
    beam.world.faults.add("latency", seconds=30)
    beam.http.timeout = httpx2.Timeout(10, read=2)
    with pytest.raises(httpx2.ReadTimeout):
        await create(beam)
    assert len(beam.world.acts) == 1


async def test_latency_passes_and_combines_with_another_fault(beam: "Caller") -> None:
    beam.world.faults.add("latency", seconds=0.1)
    beam.world.faults.add("status", code=503)
    began = time.monotonic()
    assert (await create(beam)).status_code == 503
    assert time.monotonic() - began >= 0.09


async def test_a_slow_body_arrives_whole(beam: "Caller") -> None:
    beam.world.faults.add("slow_body", seconds=0.2)
    began = time.monotonic()
    assert (await beam.get("/agent", pageSize=100))["count"] == 11
    assert time.monotonic() - began >= 0.14


async def test_a_status_carries_its_headers_and_body_and_beam_does_not_act(beam: "Caller") -> None:
    faults = beam.world.faults
    faults.add("status", code=429, headers={"Retry-After": "7"})
    limited = await create(beam)
    assert (limited.status_code, limited.headers["retry-after"]) == (429, "7")
    assert limited.json() == {"statusCode": 429, "message": "Too Many Requests"}
    faults.add("status", code=500, body="plain text")
    assert (await create(beam)).text == "plain text"
    faults.add("status", code=400, body={"error": {"message": "nested"}})
    assert (await create(beam)).json() == {"error": {"message": "nested"}}
    assert not beam.world.acts
    faults.add("status", code=504, acts=True)
    assert (await create(beam)).status_code == 504
    assert len(beam.world.acts) == 1


async def test_bodies_can_be_anything_but_what_was_promised(beam: "Caller") -> None:
    add = beam.world.faults.add
    add("html_502")
    page = await create(beam)
    assert (page.status_code, page.headers["content-type"]) == (502, "text/html")
    assert "<h1>" in page.text
    add("empty_body")
    assert ((empty := await create(beam)).status_code, empty.content) == (201, b"")
    for kind in ("not_json", "truncated_json"):
        add(kind)
        with pytest.raises(ValueError, match=r"Expecting|Unterminated|Invalid"):
            (await create(beam)).json()
    add("wrong_type")
    assert isinstance((await create(beam)).json(), list)
    add("error_in_200")
    assert "error" in (answer := await create(beam)).json()
    assert answer.status_code == 200
    assert len(beam.world.acts) == 4


async def test_a_redirect_points_wherever_it_is_told(beam: "Caller") -> None:
    beam.world.faults.add("redirect", to="http://elsewhere.invalid/agent")
    answer = await beam.send("GET", "/agent")
    assert (answer.status_code, answer.headers["location"]) == (302, "http://elsewhere.invalid/agent")


async def test_a_gzip_bomb_is_small_until_it_is_opened(beam: "Caller") -> None:
    beam.world.faults.add("gzip_bomb", megabytes=20)
    async with beam.http.stream("GET", "/agent", headers=keys(beam)) as answer:
        assert int(answer.headers["content-length"]) < 100_000
        assert sum([len(chunk) async for chunk in answer.aiter_bytes()]) > 20_000_000


async def test_an_endless_body_ends_when_the_client_goes(beam: "Caller") -> None:
    beam.world.faults.add("endless_body")
    read = 0
    async with beam.http.stream("GET", "/agent", headers=keys(beam)) as answer:
        async for chunk in answer.aiter_bytes():
            read += len(chunk)
            if read > 1_000_000:
                break
    assert (await beam.get("/agent"))["count"] == 11


async def test_faults_hit_only_what_they_match_as_often_as_asked_after_what_they_let_pass(beam: "Caller") -> None:
    fault = beam.world.faults.add("status", r"^/agent$", method="GET", code=500, times=2, after=1)
    seen = [(await beam.send("GET", "/agent")).status_code for _ in range(5)]
    assert seen == [200, 500, 500, 200, 200]
    assert fault.hits == 2
    beam.world.faults.add("status", code=500, times=None)
    assert [(await beam.send("GET", "/v2/user/me")).status_code for _ in range(3)] == [500, 500, 500]
    beam.world.faults.clear()
    assert (await beam.send("GET", "/v2/user/me")).status_code == 200


async def test_the_update_stream_nudges_on_every_change_and_closes_at_the_end(beam: "Caller") -> None:
    task = await beam.create("Market Research")
    events: list[str] = []
    with anyio.fail_after(30):
        async with beam.http.stream("GET", task["updatesUrl"], headers={"x-api-key": SANDBOX_KEY}) as stream:
            assert stream.headers["content-type"].startswith("text/event-stream")
            async for line in stream.aiter_lines():
                beam.world.clock.push(3)
                events += [line] if line.startswith("event:") else []
    assert 2 <= len(events) <= 6
    assert (await beam.task(task["id"]))["status"] == "COMPLETED"


async def test_the_update_stream_can_break_and_needs_a_key(beam: "Caller") -> None:
    task = await beam.create("Invoice Matcher")
    assert (await beam.http.get(task["updatesUrl"])).status_code == 401
    beam.world.faults.add("cut_mid_body", "/updates$")
    with pytest.raises(httpx2.RemoteProtocolError):
        await beam.http.get(task["updatesUrl"], headers={"x-api-key": SANDBOX_KEY})


async def test_the_switches_work_over_http_too_and_leave_no_trace(beam: "Caller") -> None:
    http = beam.http
    added = await http.post("/_sandbox/faults", json={"kind": "status", "code": 503, "path": "^/agent$", "times": None})
    assert added.status_code == 201
    assert (await beam.send("GET", "/agent")).status_code == 503
    assert (await http.post("/_sandbox/faults", json={"kind": "gremlins"})).status_code == 400
    assert (await http.delete("/_sandbox/faults")).status_code == 204
    task = await beam.create("Invoice Matcher")
    assert (await http.post("/_sandbox/clock", json={"push": 3})).status_code == 200
    assert (await beam.task(task["id"]))["status"] == "USER_INPUT_REQUIRED"
    assert [seen["path"] for seen in (await http.get("/_sandbox/requests")).json()] == [
        "/agent",
        "/agent-tasks",
        f"/agent-tasks/{task['id']}",
    ]
    assert [act["kind"] for act in (await http.get("/_sandbox/acts")).json()] == ["create"]
    assert (await http.get("/_sandbox/stats")).json()["bytesSent"] == beam.world.bytes_sent > 0


async def test_leaving_takes_no_time_with_streams_and_held_answers_open() -> None:
    world = World(populated=False)
    task = world.add_task("Follow-up Scheduler")
    world.faults.add("latency", "^/agent$", seconds=60)

    async def fetch(client: httpx2.AsyncClient, path: str) -> None:
        headers = {"x-api-key": SANDBOX_KEY, "current-workspace-id": world.access.home}
        with pytest.raises(httpx2.TransportError):
            await client.get(path, headers=headers, timeout=60)

    client = httpx2.AsyncClient()
    async with anyio.create_task_group() as group:
        async with serving(world) as url:
            group.start_soon(fetch, client, f"{url}/agent-tasks/{task.id}/updates")
            group.start_soon(fetch, client, f"{url}/agent")
            await world.until(lambda: len(world.requests) >= 2)
            began = time.monotonic()
        assert time.monotonic() - began < 10
    await client.aclose()


def test_time_flows_and_can_be_pushed() -> None:
    world = World(speed=1000, populated=False)
    task = world.add_task("Market Research")
    time.sleep(0.02)
    assert world.task(task.id).over
    before = world.clock.now()
    world.clock.push(3600)
    assert (world.clock.now() - before).total_seconds() >= 3600


def test_every_fault_kind_is_known() -> None:
    assert len(KINDS) == 15


def keys(beam: "Caller") -> dict[str, str]:
    """The headers every request needs."""
    return {"x-api-key": SANDBOX_KEY, "current-workspace-id": beam.world.access.home}
