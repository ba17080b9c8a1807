"""What leaves for Beam: method, path, headers, query and body, exactly as documented."""

from typing import Any

import pytest
from inline_snapshot import snapshot

from beam_mcp.beam.agent import get_agent, get_graph, list_agents
from beam_mcp.beam.answer import Answers, submit_answers
from beam_mcp.beam.auth import Identity
from beam_mcp.beam.errors import BeamError
from beam_mcp.beam.history import usual
from beam_mcp.beam.http import Beam
from beam_mcp.beam.new_task import NewTask, create_task
from beam_mcp.beam.node import Asked
from beam_mcp.beam.task import get_task
from beam_mcp.beam.task_list import Filter, list_tasks
from beam_mcp.beam.user import current_user
from beam_mcp.sandbox.access import SANDBOX_KEY, WORKSPACE_ID
from beam_mcp.sandbox.world import Seen, World

pytestmark = pytest.mark.anyio


def sent(world: World) -> tuple[str, str, dict[str, str], Any]:
    """The only request so far."""
    [seen] = world.requests
    return seen.method, seen.path, seen.query, seen.body


def credentials(seen: Seen) -> dict[str, str | None]:
    """The headers that say who asks."""
    return {name: seen.headers.get(name) for name in ("x-api-key", "authorization", "current-workspace-id")}


async def test_every_call_carries_the_key_and_the_workspace(world: World, beam: Beam) -> None:
    agent, task = world.agent("Invoice Matcher").id, world.add_task("Invoice Matcher", status="USER_INPUT_REQUIRED")
    await list_agents(beam)
    await get_agent(beam, agent)
    await get_graph(beam, agent)
    await usual(beam, agent)
    await list_tasks(beam, Filter())
    seen = await get_task(beam, task.id)
    await create_task(beam, NewTask(agent, query="x"))
    [node] = seen.asking_nodes()
    await submit_answers(beam, Answers(task.id, node.id or "", {node.open_questions()[0]: "PO-1"}))
    assert [(seen.method, seen.path.replace(agent, "AGENT").replace(task.id, "TASK")) for seen in world.requests] == [
        ("GET", "/agent"),
        ("GET", "/agent/AGENT"),
        ("GET", "/agent-graphs/AGENT"),
        ("GET", "/agent-tasks/latest-executions"),
        ("GET", "/agent-tasks"),
        ("GET", "/agent-tasks/TASK"),
        ("POST", "/agent-tasks"),
        ("PATCH", "/agent-tasks/execution/TASK/user-input"),
    ]
    for request in world.requests:
        assert credentials(request) == {
            "x-api-key": SANDBOX_KEY,
            "authorization": None,
            "current-workspace-id": WORKSPACE_ID,
        }
        assert request.headers["accept"] == "application/json"
        assert "gzip" in request.headers["accept-encoding"]
        assert request.headers["user-agent"].startswith("beam-mcp/")
        assert request.headers.get("content-type") == (None if request.method == "GET" else "application/json")


async def test_the_account_and_tokens_are_asked_for_without_a_workspace(world: World, beam: Beam) -> None:
    await current_user(beam)
    await current_user(beam.http.acting_as(Identity(key=SANDBOX_KEY)))
    await current_user(beam.http.acting_as(Identity(key=SANDBOX_KEY, workspace=WORKSPACE_ID, mode="token")))
    assert [(seen.method, seen.path) for seen in world.requests] == [
        ("GET", "/v2/user/me"),
        ("GET", "/v2/user/me"),
        ("POST", "/auth/access-token"),
        ("GET", "/v2/user/me"),
    ]
    assert not any("current-workspace-id" in seen.headers for seen in world.requests)
    assert "x-api-key" not in world.requests[2].headers
    assert world.requests[2].body == {"apiKey": SANDBOX_KEY}


@pytest.mark.parametrize(
    ("wanted", "query"),
    [
        (Filter(), {"pageNum": "1", "pageSize": "10"}),
        (Filter(page=3, page_size=100), {"pageNum": "3", "pageSize": "100"}),
        (Filter(agent_id="a-1"), {"agentId": "a-1"}),
        (Filter(statuses=["QUEUED", "FAILED"]), {"statuses": "QUEUED,FAILED"}),
        (Filter(search="Zürich & Söhne+1"), {"searchQuery": "Zürich & Söhne+1"}),
        (Filter(since="2025-01-01"), {"startDate": "2025-01-01"}),
        (Filter(until="2025-02-01T00:00:00Z"), {"endDate": "2025-02-01T00:00:00Z"}),
        (Filter(group_by="status"), {"grouping": "status"}),
        (Filter(group_by="agent"), {"grouping": "agent"}),
        (Filter(ordering="updatedAt:desc"), {"ordering": "updatedAt:desc"}),
    ],
)
async def test_every_filter_goes_under_its_documented_name(
    world: World, beam: Beam, wanted: Filter, query: dict[str, str]
) -> None:
    await list_tasks(beam, wanted)
    assert sent(world) == ("GET", "/agent-tasks", {"pageNum": "1", "pageSize": "10"} | query, None)


async def test_agents_are_searched_by_name_and_page(world: World, beam: Beam) -> None:
    await list_agents(beam, search="invoice", page=2, page_size=50)
    assert sent(world)[2] == {"pageNum": "2", "pageSize": "50", "searchQuery": "invoice"}


async def test_work_in_words_is_sent_in_the_present_form(world: World, beam: Beam) -> None:
    agent = world.agent("Invoice Matcher").id
    await create_task(beam, NewTask(agent, query="Match it"))
    urls = ["https://example.com/a"]
    await create_task(beam, NewTask(agent, query="Match it", additional_info="Soon", urls=urls))
    assert [seen.body for seen in world.requests] == [
        {"agentId": agent, "taskQuery": {"query": "Match it"}},
        {"agentId": agent, "taskQuery": {"query": "Match it", "additionalInfo": "Soon"}, "parsingUrls": urls},
    ]


async def test_structured_work_is_sent_in_the_older_form(world: World, beam: Beam) -> None:
    agent = world.agent("Invoice Matcher").id
    await create_task(beam, NewTask(agent, data={"invoice": "RE-1", "amount": 3}))
    await create_task(beam, NewTask(agent, data={}, mode="manual", webhook_url="https://example.com/hook"))
    assert [seen.body for seen in world.requests] == [
        {"agentId": agent, "input": {"invoice": "RE-1", "amount": 3}},
        {"agentId": agent, "input": {}, "mode": "manual", "webhookUrl": "https://example.com/hook"},
    ]


async def test_all_answers_of_a_step_go_in_one_call_with_the_questions_verbatim(world: World, beam: Beam) -> None:
    answers = {Asked("  Which\norder? ", "order"): "PO-1", Asked("Why?"): "Because"}
    with pytest.raises(BeamError):
        await submit_answers(beam, Answers("a task", "node-1", answers))
    assert sent(world) == snapshot(
        (
            "PATCH",
            "/agent-tasks/execution/a task/user-input",
            {},
            {
                "taskNodeId": "node-1",
                "userInputs": [
                    {"question": "  Which\norder? ", "answer": "PO-1", "parameter": "order"},
                    {"question": "Why?", "answer": "Because"},
                ],
            },
        )
    )


@pytest.mark.parametrize("odd", ["a/b", "a?b=c", "ä#b", "%2F", "a b"])
async def test_an_id_cannot_leave_its_place_in_the_path(world: World, beam: Beam, odd: str) -> None:
    for call in (get_task, get_agent, get_graph):
        with pytest.raises(BeamError):
            await call(beam, odd)
    paths = [f"/agent-tasks/{odd}", f"/agent/{odd}", f"/agent-graphs/{odd}"]
    assert [(seen.path, seen.query) for seen in world.requests] == [(path, {}) for path in paths]
