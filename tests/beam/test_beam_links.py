"""Links into the Beam app, and what an agent's past tells of its future."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from beam_mcp.beam.history import Usual, seconds_taken, usual
from beam_mcp.beam.http import Beam
from beam_mcp.beam.link import AppLink, app_host, is_link, parse_link
from beam_mcp.beam.task import TaskHead
from beam_mcp.sandbox.world import World

from .line import answering

W, A, T = (f"{digit * 8}-0b0e-4c1a-9d2e-7be2a11d5a4d" for digit in "5aB")


@pytest.mark.parametrize("host", ["app.beam.ai", "app.enterprise.beam.ai"])
@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (f"/{W}/{A}/tasks/{T}", (W, A, T.lower())),
        (f"/{W}/{A}/tasks/{T}/?tab=output#top", (W, A, T.lower())),
        (f"/{W}/{A}/tasks/INV-107", (W, A, "INV-107")),
        (f"/{W}/{A}/tasks", (W, A, None)),
        (f"/{W}/{A}/flow", (W, A, None)),
        (f"/{W}/{A}/", (W, A, None)),
        (f"/{W.upper()}/{A.upper()}", (W, A, None)),
        (f"/{W}/agent_Ab1/flow", (W, "agent_Ab1", None)),
        ("/tasks/task_abc123", (None, None, "task_abc123")),
    ],
)
def test_a_link_into_the_app_of_either_instance_is_taken_apart(
    host: str, path: str, expected: tuple[str | None, str | None, str | None]
) -> None:
    for text in (f"https://{host}{path}", f"http://{host}:443{path}", f"{host}{path}", f"HTTPS://{host.upper()}{path}"):
        assert parse_link(text) == AppLink(host, *expected)
    assert is_link(f"{host}{path}")


@pytest.mark.parametrize(
    "text",
    [
        f"https://app.beam.ai.evil.example/{W}/{A}",
        f"https://app.beam.ai@evil.example/{W}/{A}",
        f"https://evil.example/app.beam.ai/{W}/{A}",
        f"https://api.beamstudio.ai/{W}/{A}",
        f"https://appxbeam.ai/{W}/{A}",
        f"https://app.a.b.beam.ai/{W}/{A}",
        f"https://app.beam.ai/{W}",
        f"https://app.beam.ai/{W}/{A}/tasks/{T}/more",
        f"https://app.beam.ai/{W}/{A}/tasks/../../x",
        f"https://app.beam.ai/home/{A}",
        "https://app.beam.ai",
        "https://[",
        "app.",
        "",
    ],
)
def test_any_other_link_is_none_of_ours(text: str) -> None:
    assert parse_link(text) is None


@example("https://[")
@example("//app.beam.ai]/")
@example("https://app.beam.ai\u2100/")
@given(st.text() | st.text().map("https://".__add__) | st.text().map(f"https://app.beam.ai/{W}/{A}".__add__))
def test_nothing_pasted_is_too_odd(text: str) -> None:
    link = parse_link(text)
    assert link is None or link.host.endswith(".beam.ai")
    assert app_host(text) is None
    assert is_link(text) in {True, False}


def test_the_app_belongs_to_the_api_of_the_same_instance() -> None:
    assert app_host("https://api.beamstudio.ai") == "app.beam.ai"
    assert app_host("https://api.enterprise.beamstudio.ai/") == "app.enterprise.beam.ai"
    assert [app_host(url) for url in ("http://127.0.0.1:80", "https://api.beamstudio.ai.evil.example", "")] == [
        None
    ] * 3


START = datetime(2025, 1, 1, tzinfo=UTC)


def finished(seconds: float | None, cost: float | None = None) -> TaskHead:
    """A task that took so long."""
    ended = None if seconds is None else START + timedelta(seconds=seconds)
    return TaskHead(id="t", status="COMPLETED", started_at=START, ended_at=ended, total_cost=cost)


def test_how_long_a_task_took_is_told_from_what_there_is() -> None:
    created, updated = START - timedelta(seconds=5), START + timedelta(seconds=9)
    assert seconds_taken(finished(7)) == 7
    assert seconds_taken(TaskHead(created_at=created, updated_at=updated)) == 14
    assert seconds_taken(TaskHead(started_at=START, created_at=created, updated_at=updated.replace(tzinfo=None))) == 9
    assert seconds_taken(TaskHead(started_at=updated, ended_at=created)) == 0
    assert seconds_taken(TaskHead(started_at=START)) is None


def test_the_usual_is_the_median_and_the_slowest_tenth() -> None:
    tasks = [finished(float(seconds), cost=seconds / 100) for seconds in range(1, 12)]
    assert Usual.of([*tasks, finished(None)]) == Usual(count=11, p50=6, p90=10, cost=0.06)
    assert Usual.of([finished(3)]) == Usual(count=1, p50=3, p90=3, cost=None)
    assert Usual.of([finished(None, cost=1)]) is None
    assert Usual.of([]) is None


@given(st.lists(st.floats(0, 1e6), min_size=1))
def test_the_usual_lies_within_what_was(lengths: list[float]) -> None:
    found = Usual.of([finished(seconds) for seconds in lengths])
    assert found
    assert min(lengths) - 1e-3 <= found.p50 <= found.p90 + 1e-3 <= max(lengths) + 1e-2


@pytest.mark.anyio
async def test_the_usual_is_asked_of_the_latest_finished_tasks(world: World, beam: Beam) -> None:
    agent = world.agent("Market Research").id
    assert await usual(beam, agent) is None
    world.fill(3, size_bytes=0)
    world.add_task(agent, status="FAILED")
    found = await usual(beam, agent)
    assert found
    assert found.count == 3
    assert world.requests[-1].query == {"agentId": agent, "pageNum": "1", "pageSize": "20"}


@pytest.mark.anyio
@pytest.mark.parametrize("wrap", ["tasks", "data", None])
async def test_the_latest_tasks_are_read_in_any_form(world: World, beam: Beam, wrap: str | None) -> None:
    rows = [{"id": "t", "status": "completed", "startedAt": "2025-01-01T00:00:00Z", "endedAt": "2025-01-01T00:00:04Z"}]
    answering(world, "/agent-tasks/latest-executions", {wrap: rows} if wrap else rows)
    assert await usual(beam, "a") == Usual(count=1, p50=4, p90=4, cost=None)
