"""Where several steps of a task wait for approval, none is decided that was not named."""

import pytest

from beam_mcp.sandbox.stories.plot import CONSENT, DONE, Beat, Plan, Story, tool_data
from beam_mcp.sandbox.task import TaskState
from beam_mcp.sandbox.world import World

from .chat import Chat, Human, chatting

pytestmark = pytest.mark.anyio


@pytest.fixture
def task(world: World) -> TaskState:
    """A task of two steps that both wait for approval."""
    plans = tuple(
        Plan(key, objective, tool, "Does it.", consent=True, on={CONSENT: {"toolData": given}})
        for key, objective, tool, given in (
            ("pay", "Pay the invoice", "Send payment", tool_data(required_parameters={"amount": "12.00"})),
            ("tell", "Tell the supplier", "Send mail", tool_data(required_parameters={"to": "a@b.example"})),
        )
    )
    opening, resumed = (Beat(0, CONSENT, {"pay": CONSENT, "tell": CONSENT}),), (Beat(0, DONE, {"pay": DONE}),)
    story = Story(plans, opening, "Pay and tell", "Pay and tell", "Done.", resumed=resumed)
    return world.add_task(world.add_agent("Two at once", story=story, prefix="TWO").name, age=10)


@pytest.mark.parametrize("tool", ["approve_step", "reject_step"])
async def test_without_a_name_both_are_told_and_nothing_is_decided(chat: Chat, task: TaskState, tool: str) -> None:
    words = await chat.fail(tool, task=task.custom_id)
    assert words == (
        f'2 steps of {task.custom_id} wait for approval: 1 "Pay the invoice", 2 "Tell the supplier". '
        'Nothing was decided. Call again with step="1", or whichever is meant.'
    )
    assert not chat.acts()


@pytest.mark.parametrize("step", ["2", "tell the supplier", "supplier"])
async def test_the_named_step_is_shown_to_the_person_and_decided(world: World, task: TaskState, step: str) -> None:
    human = Human(content={"decision": "approve"})
    async with chatting(world, human=human) as chat:
        await chat.ask("approve_step", task=task.custom_id, step=step)
        assert "Send mail" in human.seen[0].message
        assert "Send payment" not in human.seen[0].message
        assert [act.payload["taskNodeId"] for act in chat.acts()] == [task.nodes["tell"].id]
        assert task.nodes["pay"].status == CONSENT


async def test_the_named_step_is_rejected_and_no_other(chat: Chat, task: TaskState) -> None:
    words = await chat.ask("reject_step", task=task.custom_id, step="1", reason="too much")
    assert words.startswith('Rejected "Send payment"')
    assert [act.payload["taskNodeId"] for act in chat.acts()] == [task.nodes["pay"].id]


async def test_the_call_that_confirms_names_the_step_too(world: World, task: TaskState) -> None:
    async with chatting(world, decides_in_chat=True) as chat:
        words = await chat.ask("approve_step", task=task.custom_id, step="supplier")
        assert f'approve_step(task="{task.custom_id}", step="2", confirm="' in words
        code = words.partition('confirm="')[2].partition('"')[0]
        await chat.fail("approve_step", task=task.custom_id, confirm=code)
        await chat.ask("approve_step", task=task.custom_id, step="1", confirm=code)
        assert not chat.acts()
        await chat.ask("approve_step", task=task.custom_id, step="2", confirm=code)
        assert [act.payload["taskNodeId"] for act in chat.acts()] == [task.nodes["tell"].id]


async def test_a_step_that_waits_for_no_approval_or_is_none_is_told(world: World, chat: Chat, task: TaskState) -> None:
    assert 'step: "3" is no step of this task. Use the number: 1 "Pay the invoice"' in await chat.fail(
        "approve_step", task=task.custom_id, step="3"
    )
    payment = world.add_task("Payment Runner", age=10)
    words = await chat.fail("approve_step", task=payment.custom_id, step="1")
    assert words.startswith(f"{payment.custom_id} waits for no approval at that step")
    assert not chat.acts()
