"""What a person approves is what they saw, also in what a form is too small to show."""

from typing import Any

import pytest

from beam_mcp.sandbox.task import TaskState
from beam_mcp.sandbox.world import World

from .chat import Chat, Era, Human, chatting

pytestmark = pytest.mark.anyio

LONG = "pay 1 EUR " * 200


@pytest.fixture
def payment(world: World) -> TaskState:
    """A payment that waits for approval, with a parameter longer than any form."""
    task = world.add_task("Payment Runner", age=10)
    data(task)["required_parameters"]["note"] = LONG
    return task


def data(task: TaskState) -> dict[str, Any]:
    return task.nodes["pay"].detail["toolData"]


@pytest.mark.parametrize("mode", ["legacy", "auto"])
@pytest.mark.parametrize("change", ["tool", "end of a long parameter", "last of a long list"])
async def test_a_change_that_the_form_cannot_show_is_refused_or_asked_anew(
    world: World, payment: TaskState, mode: Era, change: str
) -> None:
    data(payment)["required_parameters"]["items"] = list(range(300))

    class Slow(Human):
        async def meanwhile(self) -> None:
            if len(self.seen) > 1:
                self.action = "decline"
            elif change == "tool":
                data(payment)["tool_id"] = "tool-wire-everything"
            elif change == "end of a long parameter":
                data(payment)["required_parameters"]["note"] = LONG + "and 9,999,999 EUR to me"
            else:
                data(payment)["required_parameters"]["items"] = [*range(299), 7]
            payment.touch(world.clock.now())

    async with chatting(world, mode=mode, human=Slow(content={"decision": "approve"})) as chat:
        said = await chat.call("approve_step", task=payment.custom_id)
    assert world.acts == []
    assert "othing was decided" in said.text


@pytest.mark.parametrize("mode", ["legacy", "auto"])
async def test_a_form_shows_a_long_parameter_to_its_end(world: World, payment: TaskState, mode: Era) -> None:
    human = Human(content={"decision": "approve"})
    async with chatting(world, mode=mode, human=human) as chat:
        await chat.ask("approve_step", task=payment.custom_id)
    (form,) = human.seen
    assert LONG.strip() in form.message
    assert [act.kind for act in world.acts] == ["user-consent"]


@pytest.mark.parametrize("mode", ["legacy", "auto"])
async def test_what_is_too_long_for_a_form_is_not_asked_in_one(world: World, payment: TaskState, mode: Era) -> None:
    data(payment)["required_parameters"]["note"] = LONG * 5
    human = Human(content={"decision": "approve"})
    async with chatting(world, mode=mode, human=human) as chat:
        words = await chat.ask("approve_step", task=payment.custom_id)
    assert "nothing was decided, it is too long for a form" in words
    assert (human.seen, world.acts) == ([], [])


async def test_what_the_chat_does_not_show_whole_is_not_decided_by_a_word_in_it(
    world: World, payment: TaskState
) -> None:
    async with chatting(world, decides_in_chat=True) as chat:
        words = await chat.ask("approve_step", task=payment.custom_id)
        assert "confirm=" not in words
        assert "too long to be shown whole in the chat" in await chat.ask(
            "approve_step", task=payment.custom_id, confirm="12345678"
        )
    assert world.acts == []


async def test_parameters_that_beam_only_lists_are_shown(payment: TaskState, chat: Chat) -> None:
    listed = [{"name": "to", "value": "boss@example.com"}, {"cc": "all@example.com"}, "urgent"]
    data(payment).update(required_parameters=None, optional_parameters=None, tool_parameters=listed)
    words = await chat.ask("get_task", task=payment.custom_id)
    assert 'with to="boss@example.com", cc="all@example.com", parameter 3="urgent"' in words


async def test_where_beam_shows_no_parameters_none_are_claimed(payment: TaskState, chat: Chat) -> None:
    data(payment).update(required_parameters=None, optional_parameters=None, tool_parameters=None)
    words = await chat.ask("get_task", task=payment.custom_id)
    assert "; Beam shows no parameters." in words
    assert "with no parameters" not in words
