"""Every form in which Beam is known to send agents, tasks, people and steps."""

from typing import Any

import pytest

from beam_mcp.beam.agent import get_agent, get_graph, list_agents
from beam_mcp.beam.errors import BeamBroken, BeamError, BeamUnavailable, NotFound
from beam_mcp.beam.follow import read_all
from beam_mcp.beam.http import Beam
from beam_mcp.beam.new_task import NewTask, create_task
from beam_mcp.beam.task import get_task
from beam_mcp.beam.task_list import Filter, list_tasks, list_whole_tasks
from beam_mcp.beam.user import current_user
from beam_mcp.sandbox.access import WORKSPACE_ID
from beam_mcp.sandbox.world import World

from .documents import OTHER_KINDS, damaged, document, places
from .line import answering

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("shape", ["agents", "data", "items", "bare"])
async def test_agents_are_listed_in_any_form(world: World, beam: Beam, shape: Any) -> None:
    world.shapes.agents = shape
    page = await list_agents(beam, page_size=4)
    assert [agent.name for agent in page.agents] == [
        "Invoice Matcher",
        "Support Triage",
        "Market Research",
        "Payment Runner",
    ]
    assert page.total == (None if shape == "bare" else 11)
    assert page.agents[0].category
    assert page.agents[0].category.title == "Finance"


async def test_an_agent_and_its_graph_are_read_bare_or_wrapped(world: World, beam: Beam) -> None:
    agent_id = world.agent("Invoice Matcher").id
    plain, steps = await get_agent(beam, agent_id), (await get_graph(beam, agent_id)).nodes or []
    world.shapes.agent, world.shapes.graph = "agent", "bare"
    wrapped = await get_agent(beam, agent_id)
    assert (wrapped.id, wrapped.name, wrapped.settings) == (agent_id, "Invoice Matcher", plain.settings)
    assert (await get_graph(beam, agent_id)).nodes == steps
    assert plain.settings
    assert "Never guess amounts" in (plain.settings.instructions or "")
    assert [(step.objective, step.is_entry_node, step.is_exit_node) for step in steps] == [
        ("Read the invoice", True, False),
        ("Match to purchase order", False, False),
        ("Book the match", False, True),
    ]


@pytest.mark.parametrize("shape", ["plain", "user", "workspace"])
async def test_the_person_is_known_in_any_form(world: World, beam: Beam, shape: Any) -> None:
    world.shapes.me = shape
    user = await current_user(beam)
    assert (user.name, user.email) == ("Sam Sandbox", "sam@sandbox.example")
    home = user.find(WORKSPACE_ID)
    assert home
    assert home.name == "Sandbox"
    assert home.credit_balance
    assert (home.credit_balance.total_credits, home.credit_balance.used_credits) == (
        1000,
        987.5,
    )
    assert user.find("another") is None


async def test_a_person_nested_beside_their_workspace_is_known(world: World, beam: Beam) -> None:
    answering(world, "/v2/user/me", {"user": {"id": "u", "name": "Ann"}, "workspace": {"id": "w", "name": "Home"}})
    user = await current_user(beam)
    home = user.find("w")
    assert home
    assert (user.name, home.name) == ("Ann", "Home")


@pytest.mark.parametrize("shape", ["grouped", "flat"])
async def test_tasks_are_listed_in_either_form(world: World, beam: Beam, shape: Any) -> None:
    world.add_task("Invoice Matcher", status="COMPLETED", age=60)
    world.add_task("Payment Runner", status="USER_CONSENT_REQUIRED")
    world.shapes.tasks = shape
    page = await list_tasks(beam, Filter())
    assert [(task.custom_id, task.phase) for task in page.tasks] == [("PAY-101", "needs_me"), ("INV-101", "done")]
    assert page.total == 2
    whole = await list_whole_tasks(beam, Filter())
    assert [len(task.nodes) for task in whole.tasks] == [2, 3]


async def test_groups_keep_their_names_and_counts(world: World, beam: Beam) -> None:
    for _ in range(3):
        world.add_task("Invoice Matcher", status="COMPLETED")
    world.add_task("Payment Runner", status="FAILED")
    page = await list_tasks(beam, Filter(group_by="agent", page_size=2))
    assert [(group.name, group.count, len(group.tasks)) for group in page.groups] == [
        ("Payment Runner", 1, 1),
        ("Invoice Matcher", 3, 1),
    ]


@pytest.mark.parametrize(
    "body", [{"data": [{"id": "a"}]}, {"items": [{"id": "a"}]}, [{"id": "a"}], [{"tasks": [{"id": "a"}]}]]
)
async def test_older_lists_are_accepted(world: World, beam: Beam, body: Any) -> None:
    answering(world, "/agent-tasks", body)
    page = await list_tasks(beam, Filter())
    assert [task.id for task in page.tasks] == ["a"]
    assert page.total is None


@pytest.mark.parametrize("body", [{}, {"data": None}, {"data": "none"}, {"tasks": {}, "agents": 7}, 7, None])
async def test_an_answer_without_a_list_is_not_taken_for_an_empty_one(world: World, beam: Beam, body: Any) -> None:
    answering(world, "/agent-tasks", body)
    with pytest.raises(BeamBroken):
        await list_tasks(beam, Filter())
    answering(world, "/agent", body)
    with pytest.raises(BeamBroken):
        await list_agents(beam)


@pytest.mark.parametrize("body", [{}, {"id": None}, {"task": {"id": "t"}}, [], None])
async def test_an_answer_without_the_thing_asked_for_is_called_broken(world: World, beam: Beam, body: Any) -> None:
    answering(world, "/agent-tasks/t", body)
    with pytest.raises(BeamBroken):
        await get_task(beam, "t")
    answering(world, "/agent/a", body)
    with pytest.raises(BeamBroken):
        await get_agent(beam, "a")


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ({"error": {"message": "sorry"}}, BeamBroken),
        ({"statusCode": 404, "message": "sorry"}, NotFound),
        ({"statusCode": 503, "message": ["sorry"]}, BeamUnavailable),
    ],
)
async def test_an_error_in_an_answer_of_success_is_told_as_one(
    world: World, beam: Beam, body: Any, kind: type[BeamError]
) -> None:
    for path in ("/agent-tasks", "/agent-tasks/t", "/agent/a", "/v2/user/me"):
        answering(world, path, body)
        with pytest.raises(kind, match="sorry"):
            await {
                "/agent-tasks": lambda: list_tasks(beam, Filter()),
                "/agent-tasks/t": lambda: get_task(beam, "t"),
                "/agent/a": lambda: get_agent(beam, "a"),
                "/v2/user/me": lambda: current_user(beam),
            }[path]()


async def test_lists_survive_damage_to_any_one_of_their_keys(world: World, beam: Beam) -> None:
    tasks = document("list_tasks")
    for place in [place for place in places(tasks) if "tasks" not in place[:-1]]:
        for other in OTHER_KINDS:
            with damaged(tasks, place, other):
                answering(world, "/agent-tasks", tasks)
                page = await list_tasks(beam, Filter())
            assert page.total == 123 or place == ("totalCount",)
    agents = {"agents": [{"id": "a", "name": "A", "category": {"title": "T"}}], "count": 1}
    for place in list(places(agents)):
        for other in OTHER_KINDS:
            with damaged(agents, place, other):
                answering(world, "/agent", agents)
                found = (await list_agents(beam)).agents
            assert [agent.id for agent in found] == ["a"] or place[:2] in {("agents",), ("agents", 0)}


async def test_a_task_started_the_old_way_is_known_by_its_short_answer(world: World, beam: Beam) -> None:
    answering(world, "/agent-tasks", document("create_structured_task"), code=201)
    task = await create_task(beam, NewTask("agent_123456", data={"issueType": "billing"}))
    assert (task.id, task.status, task.phase, task.of_agent.id) == (
        "task_abc123",
        "pending",
        "working",
        "agent_123456",
    )


async def test_tasks_are_read_in_the_order_asked_for_each_once(world: World, beam: Beam) -> None:
    ids = [world.add_task("Invoice Matcher").id for _ in range(6)]
    wanted = [ids[3], ids[0], ids[3], ids[5]]
    assert [task.id for task in await read_all(beam, wanted)] == wanted
    assert len(world.requests) == 3
    with pytest.raises(BeamError) as missing:
        await read_all(beam, [*ids, "none", "nothing"])
    assert isinstance(missing.value, NotFound)
