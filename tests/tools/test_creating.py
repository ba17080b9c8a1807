# ruff: noqa: E501 - the words stand as they are said
"""Starting work: in both forms, for the agent that was meant, and never twice."""

from typing import Any

import anyio
import pytest
from inline_snapshot import snapshot

from beam_mcp.sandbox.access import WORKSPACE_ID
from beam_mcp.sandbox.world import World

from .chat import Chat, Era, chat_in, chatting, office_for

pytestmark = pytest.mark.anyio

WORK = {"agent": "Invoice Matcher", "query": "Match invoice RE-1"}


def bodies(world: World) -> list[dict[str, Any]]:
    """What was really started, as it was sent."""
    return [act.payload for act in world.acts if act.kind == "create"]


async def test_work_in_words_is_sent_as_the_documents_say(world: World, chat: Chat) -> None:
    await chat.ask("create_task", **WORK, additional_info="It is urgent", urls=["https://a.example/1"])
    agent = world.agent("Invoice Matcher").id
    assert bodies(world) == [
        {
            "agentId": agent,
            "taskQuery": {"query": "Match invoice RE-1", "additionalInfo": "It is urgent"},
            "parsingUrls": ["https://a.example/1"],
        }
    ]


async def test_structured_work_is_sent_in_the_other_form(world: World, chat: Chat) -> None:
    given = {"invoice": "RE-1", "lines": [1, 2]}
    hook = "https://hooks.example/beam"
    await chat.ask("create_task", agent="crm sync", input=given, mode="manual", webhook_url=hook)
    assert bodies(world) == [
        {"agentId": world.agent("CRM Sync").id, "input": given, "mode": "manual", "webhookUrl": hook}
    ]


@pytest.mark.parametrize(
    "name", ["Payment Runner", "payment runner", " PAYMENT ", "runner payment", "the Payment-Runner agent"]
)
async def test_an_agent_is_known_by_its_name_or_whole_words_of_it(world: World, chat: Chat, name: str) -> None:
    await chat.ask("create_task", agent=name, query="Pay RE-1")
    assert bodies(world)[0]["agentId"] == world.agent("Payment Runner").id


@pytest.mark.parametrize("name", ["runner pay", "Paymant Runner", "pay", "Paiment Runer"])
async def test_a_name_with_a_typing_error_starts_nothing_and_is_asked_back(world: World, chat: Chat, name: str) -> None:
    assert "Did you mean Payment Runner" in await chat.fail("create_task", agent=name, query="Pay RE-1")
    assert bodies(world) == []


async def test_an_agent_is_known_by_its_id_the_start_of_it_and_a_link(world: World, chat: Chat) -> None:
    agent = world.agent("Payment Runner").id
    names = [
        agent,
        agent.upper(),
        agent[:8],
        f"https://app.beam.ai/{WORKSPACE_ID}/{agent}",
        f"app.beam.ai/{WORKSPACE_ID}/{agent}/flow",
    ]
    for number, name in enumerate(names):
        await chat.ask("create_task", agent=name, query=f"Pay RE-{number}")
    assert {body["agentId"] for body in bodies(world)} == {agent}


async def test_a_name_that_two_agents_have_is_asked_back_and_an_id_decides(world: World, chat: Chat) -> None:
    words = await chat.fail("create_task", agent="Onboarding Helper", query="Hi")
    twins = [agent.id for agent in world.agents.values() if agent.name == "Onboarding Helper"]
    assert all(twin in words for twin in twins)
    assert bodies(world) == []
    await chat.ask("create_task", agent=twins[1], query="Hi")
    assert bodies(world)[0]["agentId"] == twins[1]


@pytest.mark.parametrize(
    ("link", "words"),
    [
        ("https://app.beam.ai/11111111-2222-3333-4444-555555555555/{agent}", "leads to another workspace"),
        ("https://example.com/{agent}", "is no link to a Beam agent or task"),
        ("https://app.beam.ai.evil.example/{workspace}/{agent}", "is no link to a Beam agent or task"),
    ],
)
async def test_a_link_that_leads_elsewhere_is_refused(world: World, chat: Chat, link: str, words: str) -> None:
    whole = link.format(agent=world.agent("CRM Sync").id, workspace=WORKSPACE_ID)
    assert words in await chat.fail("create_task", agent=whole, query="Hi")
    assert bodies(world) == []


async def test_the_same_work_is_started_once_and_the_second_call_is_told_so(world: World, chat: Chat) -> None:
    first = await chat.ask("create_task", **WORK)
    second = await chat.ask("create_task", agent="invoice matcher", query="Match invoice RE-1")
    assert first.startswith("Started INV-101")
    assert second.startswith("Not started again")
    assert "INV-101" in second
    assert len(bodies(world)) == 1


async def test_the_same_work_is_started_again_where_that_is_asked_for(world: World, chat: Chat) -> None:
    await chat.ask("create_task", **WORK)
    assert (await chat.ask("create_task", **WORK, again=True)).startswith("Started INV-102")
    assert (await chat.ask("create_task", **WORK)).startswith("Not started again")
    assert len(bodies(world)) == 2


async def test_a_little_other_work_is_other_work(world: World, chat: Chat) -> None:
    more: list[dict[str, Any]] = [
        {},
        {"additional_info": "urgent"},
        {"urls": ["https://a.example"]},
        {"urls": ["https://b.example"]},
        {"query": "Match invoice RE-2"},
        {"agent": "CRM Sync"},
    ]
    for other in more:
        assert (await chat.ask("create_task", **(WORK | other))).startswith("Started")
    assert len(bodies(world)) == len(more)


async def test_two_conversations_of_one_person_start_the_same_work_once(world: World) -> None:
    async with office_for(world) as office, chat_in(office, world) as one, chat_in(office, world) as two:
        assert (await one.ask("create_task", **WORK)).startswith("Started")
        assert (await two.ask("create_task", **WORK)).startswith("Not started again")


@pytest.mark.parametrize("mode", ["legacy", "auto"])
async def test_two_identical_calls_at_the_same_moment_start_one_task(world: World, mode: Era) -> None:
    world.faults.add("latency", "^/agent-tasks$", method="POST", seconds=0.2)
    words: list[str] = []
    async with chatting(world, mode=mode) as chat:

        async def start() -> None:
            words.append(await chat.ask("create_task", **WORK))

        async with anyio.create_task_group() as both:
            both.start_soon(start)
            both.start_soon(start)
    assert sorted(text.split(" ")[0] for text in words) == ["Not", "Started"]
    assert len(bodies(world)) == 1


@pytest.mark.parametrize("mode", ["legacy", "auto"])
async def test_a_call_that_the_client_gave_up_and_repeats_starts_one_task(world: World, mode: Era) -> None:
    world.faults.add("latency", "^/agent-tasks$", method="POST", seconds=0.5)
    async with chatting(world, mode=mode) as chat:
        await chat.give_up("create_task", lambda: bool(world.acts), **WORK)
        words = await chat.ask("create_task", **WORK)
    assert "INV-101" in words
    assert len(bodies(world)) == 1


async def test_a_lost_answer_is_looked_up_and_told_as_started(world: World, chat: Chat) -> None:
    world.faults.add("cut_after", "^/agent-tasks$", method="POST")
    assert (await chat.ask("create_task", **WORK)).startswith("Started INV-101")
    assert len(bodies(world)) == 1


async def test_a_start_that_may_have_happened_is_found_by_the_same_call_later(world: World, chat: Chat) -> None:
    world.faults.add("cut_after", "^/agent-tasks$", method="POST")
    world.faults.add("status", "^/agent-tasks$", method="GET", times=None, code=400)
    assert await chat.fail("create_task", **WORK) == snapshot(
        "The connection to Beam was cut before it answered. Beam could not be read since. It may still appear: look with list_tasks() before starting it a second time."
    )
    world.faults.clear()
    words = await chat.ask("create_task", **WORK)
    assert "INV-101" in words
    assert len(bodies(world)) == 1


async def test_a_start_that_was_refused_may_be_tried_again(world: World, chat: Chat) -> None:
    world.faults.add("status", "^/agent-tasks$", method="POST", code=429)
    assert "too many requests" in await chat.fail("create_task", **WORK)
    assert (await chat.ask("create_task", **WORK)).startswith("Started")


async def test_a_start_that_waits_tells_what_was_started_and_what_came_of_it(world: World, chat: Chat) -> None:
    world.clock.speed = 20.0
    words = await chat.ask("create_task", agent="contract", query="Review it", wait_seconds=10)
    assert words.startswith("Started CON-101 with agent Contract Reviewer, queued")
    assert "CON-101, agent Contract Reviewer, failed" in words


async def test_an_agent_name_with_odd_characters_can_be_named_as_it_is_shown(world: World, chat: Chat) -> None:
    world.add_agent("Bad\u202e\u200b  Name\n(beta) \x1b[31m")
    shown = await chat.ask("list_agents", query="beta")
    assert "- Bad Name (beta)" in shown
    assert (await chat.ask("create_task", agent="Bad Name (beta)", query="Hi")).startswith("Started")
