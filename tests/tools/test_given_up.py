"""A client that gives up and calls again: nothing twice, nothing lost, and the second answer says what stands."""

from functools import partial
from typing import Any

import pytest

from beam_mcp.sandbox.world import World

from .chat import Era, Human, asked, chatting

pytestmark = pytest.mark.anyio

SLOW = 3.0  # seconds that Beam takes to answer a write

both_eras = pytest.mark.parametrize("mode", ["legacy", "auto"])


async def twice(
    world: World, mode: Era, path: str, tool: str, *, human: Human | None = None, **arguments: Any
) -> tuple[str, bool]:
    """Call, give up, call again; return what the second call said and whether as an error."""
    world.faults.add("latency", path, seconds=SLOW)
    async with chatting(world, mode=mode, human=human) as chat:
        await chat.give_up(tool, lambda: bool(world.acts), **arguments)
        said = await chat.call(tool, **arguments)
        return said.text, said.is_error


@both_eras
async def test_work_is_started_once_and_the_second_call_names_it(world: World, mode: Era) -> None:
    words, is_error = await twice(
        world, mode, "/agent-tasks$", "create_task", agent="Invoice Matcher", query="Match it"
    )
    assert not is_error
    assert words.startswith("Not started again: the same work was given to agent Invoice Matcher")
    assert [act.kind for act in world.acts] == ["create"]


@both_eras
async def test_an_answer_is_sent_once_and_the_second_call_says_that_it_stands(world: World, mode: Era) -> None:
    task = world.add_task("Invoice Matcher", age=10).custom_id
    given = {"purchase_order": "PO-1"}
    words, is_error = await twice(world, mode, "/user-input$", "answer_questions", task=task, answers=given)
    assert is_error
    assert '→ "PO-1" just now, and that stands; nothing more was sent.' in words
    assert [act.kind for act in world.acts] == ["user-input"]


@both_eras
async def test_an_approval_is_sent_once_and_the_second_call_says_that_it_stands(world: World, mode: Era) -> None:
    task = world.add_task("Payment Runner", age=10).custom_id
    human = Human(content={"decision": "approve"})
    words, is_error = await twice(world, mode, "/user-consent$", "approve_step", human=human, task=task)
    assert is_error
    assert 'You approved "Send payment" just now, and that stands; nothing more was sent.' in words
    assert [act.kind for act in world.acts] == ["user-consent"]


async def test_work_whose_start_is_unclear_is_not_sent_again_unless_that_is_asked_for(world: World) -> None:
    world.faults.add("cut_before", "/agent-tasks$", method="POST")
    work = {"agent": "Invoice Matcher", "query": "Match it"}
    async with chatting(world) as chat:
        assert "No such task is to be seen in Beam so far." in await chat.fail("create_task", **work)
        assert "call again with again=true" in await chat.fail("create_task", **work)
        assert world.acts == []
        assert (await chat.ask("create_task", **work, again=True)).startswith("Started ")
    assert [act.kind for act in world.acts] == ["create"]


@both_eras
async def test_work_that_beam_only_begins_after_the_client_gave_up_is_still_named(world: World, mode: Era) -> None:
    # A second fault behind the latency makes Beam wait before it acts, not only before it answers.
    world.faults.add("latency", "/agent-tasks$", method="POST", seconds=SLOW)
    world.faults.add("slow_body", "/agent-tasks$", method="POST", seconds=0.1)
    work = {"agent": "Invoice Matcher", "query": "Match it"}
    async with chatting(world, mode=mode) as chat:
        await chat.give_up("create_task", partial(asked, world, "/agent-tasks", "POST"), **work)
        assert world.acts == []
        # Nothing is to be looked up: the first call's own answer is awaited.
        world.faults.add("status", "^/agent-tasks$", method="GET", code=403, times=None)
        words = await chat.ask("create_task", **work)
    assert words.startswith("Not started again: the same work was given to agent Invoice Matcher")
    assert [act.kind for act in world.acts] == ["create"]
