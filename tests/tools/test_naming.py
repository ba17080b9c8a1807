"""Which agent and which task a loosely written name means, and which it never means."""

import pytest

from beam_mcp.beam.agent import Agent
from beam_mcp.sandbox.world import World
from beam_mcp.tools.matching import fitting_agents, instead

from .chat import Chat

pytestmark = pytest.mark.anyio

HOUR = 3600.0


def agents(*names: str) -> list[Agent]:
    """Agents of these names."""
    return [Agent(id=f"{number:08d}-0000-4000-8000-000000000000", name=name) for number, name in enumerate(names)]


@pytest.mark.parametrize(
    ("wanted", "there"),
    [
        ("Customer Offboarding", "Customer Onboarding"),
        ("Activate User", "Deactivate User"),
        ("user", "Superuser Report"),
        ("invoce matcher", "Invoice Matcher"),
        ("the agent", "Invoice Matcher"),
        ("Agent 15", "Agent 150"),
    ],
)
def test_a_name_that_is_only_similar_selects_no_agent(wanted: str, there: str) -> None:
    assert fitting_agents(agents(there), wanted) == []


@pytest.mark.parametrize("wanted", ["invoice-matcher", "the INVOICE_MATCHER agent", "matcher", "Matcher Invoice"])
def test_an_agent_is_found_by_its_name_or_whole_words_of_it(wanted: str) -> None:
    assert [a.name for a in fitting_agents(agents("The Invoice Matcher", "Invoice Payer"), wanted)] == [
        "The Invoice Matcher"
    ]


def test_the_exact_name_wins_over_longer_ones() -> None:
    assert [a.name for a in fitting_agents(agents("Sales Report", "Sales"), "sales")] == ["Sales"]


def test_close_numbers_are_suggested() -> None:
    known = agents(*(f"Agent {number:03d}" for number in range(1, 151)))
    assert instead(known, "Agent 15", "BEAM_WORKSPACE_ID").startswith("Did you mean Agent 015, Agent 150")


async def test_more_than_two_agents_of_one_name_are_shown_by_a_list(chat: Chat, world: World) -> None:
    for _ in range(4):
        world.add_agent("Twin")
    words = await chat.fail("create_task", agent="Twin", query="Hi")
    assert 'list_agents(query="Twin") shows them all.' in words


@pytest.mark.parametrize(
    "written",
    [
        "INV_107",
        "INV107",
        "inv 107",
        "\u201cINV-107\u201d",
        "INV\u2013107",
        "task INV-107",
        "Task #INV-107.",
        "INV-107",
    ],
)
async def test_a_task_is_found_however_its_name_is_separated(chat: Chat, world: World, written: str) -> None:
    world.add_task("Invoice Matcher", age=HOUR, raw={"customId": "INV-107"})
    assert (await chat.ask("get_task", task=written)).startswith("INV-107")


async def test_a_task_is_found_by_a_uuid_without_hyphens_or_cut_short(chat: Chat, world: World) -> None:
    task = world.add_task("Invoice Matcher", age=HOUR)
    for written in (task.id.replace("-", ""), task.id[:12] + "\u2026", task.id[:12] + "..."):
        assert (await chat.ask("get_task", task=written)).startswith(task.custom_id)


async def test_the_nearest_task_seen_is_suggested(chat: Chat, world: World) -> None:
    world.add_task("Invoice Matcher", age=HOUR, raw={"customId": "INV-107"})
    await chat.ask("list_tasks")
    assert "Did you mean INV-107?" in await chat.fail("get_task", task="INVV-107")


async def test_a_name_of_two_tasks_is_ambiguous(chat: Chat, world: World) -> None:
    two = [world.add_task("Invoice Matcher", age=HOUR, raw={"customId": "INV-107"}) for _ in range(2)]
    words = await chat.fail("get_task", task="INV-107")
    assert all(task.id in words for task in two)


async def test_an_argument_of_a_megabyte_is_told_to_be_shortened(chat: Chat) -> None:
    for tool, arguments in (
        ("get_task", {"task": "x" * 1_000_000}),
        ("list_tasks", {"search": "y" * 1_000_000}),
        ("create_task", {"agent": "z" * 1_000_000, "query": "Hi"}),
    ):
        assert "Shorten it." in await chat.fail(tool, **arguments)
