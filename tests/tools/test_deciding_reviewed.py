"""What is shown of an action, what is sent of it, and what is kept: the cases in which these could differ."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from beam_mcp.sandbox.task import TaskState
from beam_mcp.sandbox.world import World
from beam_mcp.tools.receipts import Receipts

from .chat import Era, Human, chat_in, chatting, office_for

pytestmark = pytest.mark.anyio


@pytest.fixture
def payment(world: World) -> TaskState:
    """A payment that waits for approval."""
    return world.add_task("Payment Runner", age=10)


def data(task: TaskState) -> dict[str, Any]:
    return task.nodes["pay"].detail["toolData"]


async def test_a_parameter_that_only_the_call_itself_names_is_shown_but_not_sent_as_declared(
    world: World, payment: TaskState
) -> None:
    data(payment)["tool_parameters"] = {**data(payment)["required_parameters"], "copy_to": "mallory@example.com"}
    human = Human(content={"decision": "approve", "parameter_1": "12.00"})
    async with chatting(world, human=human) as chat:
        await chat.ask("approve_step", task=payment.custom_id)
    assert 'copy_to: "mallory@example.com"' in human.seen[0].message
    sent = world.acts[0].payload["toolParameters"]
    assert sent["amount"] == "12.00"
    assert "copy_to" not in sent


async def test_two_names_that_look_alike_are_both_shown_and_no_word_in_the_chat_decides(
    world: World, payment: TaskState
) -> None:
    data(payment)["required_parameters"]["recipient\u200b"] = "EVIL Ltd"
    async with chatting(world, decides_in_chat=True) as chat:
        words = await chat.ask("approve_step", task=payment.custom_id)
    assert 'recipient="Atelier Brun SARL"' in words
    assert 'recipient (2)="EVIL Ltd"' in words
    assert "confirm=" not in words


async def test_a_decision_that_may_have_arrived_is_remembered_as_such(world: World, payment: TaskState) -> None:
    human = Human(content={"decision": "approve"})
    async with chatting(world, human=human) as chat:
        world.faults.add("cut_before", "user-consent")
        await chat.fail("approve_step", task=payment.custom_id)
        payment.settle(payment.nodes["pay"], world.clock.now())
        words = await chat.fail("approve_step", task=payment.custom_id)
    assert 'You approved "Send payment" just now, and whether that arrived was not known then' in words


async def test_a_receipt_tells_what_was_shown_apart_from_what_was_changed(
    world: World, payment: TaskState, tmp_path: Path
) -> None:
    file = tmp_path / "receipts.jsonl"
    human = Human(content={"decision": "approve", "parameter_1": "12.00"})
    async with (
        office_for(world) as office,
        chat_in(replace(office, receipts=Receipts(file)), world, human=human) as chat,
    ):
        await chat.ask("approve_step", task=payment.custom_id)
    last = json.loads(file.read_text(encoding="utf-8").splitlines()[-1])
    assert last["shown"]["parameters"]["amount"] == "2837.90"
    assert last["shown"]["target"] == "Atelier Brun SARL (recipient)"
    assert last["sent"]["edited"] == {"amount": "12.00"}


@pytest.mark.parametrize("mode", ["legacy", "auto"])
async def test_an_action_that_goes_elsewhere_than_was_shown_is_not_sent(
    world: World, payment: TaskState, mode: Era
) -> None:
    class Slow(Human):
        async def meanwhile(self) -> None:
            if len(self.seen) > 1:
                self.action = "decline"
            data(payment)["integration_identifier"] = "another-bank"
            payment.touch(world.clock.now())

    async with chatting(world, mode=mode, human=Slow(content={"decision": "approve"})) as chat:
        said = await chat.call("approve_step", task=payment.custom_id)
    assert "another-bank" in said
    assert world.acts == []
