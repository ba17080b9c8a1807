"""Decisions whose answer was lost: what stands at Beam is told, whoever made it so."""

import pytest

from beam_mcp.beam.decision import Action, consent, reject, waiting_for_consent
from beam_mcp.beam.errors import Overtaken
from beam_mcp.beam.http import Beam
from beam_mcp.beam.steering import stop_task
from beam_mcp.beam.task import get_task
from beam_mcp.sandbox.world import World

pytestmark = pytest.mark.anyio


async def action_of(beam: Beam, task_id: str) -> Action:
    task = await get_task(beam, task_id)
    return Action.of(task, waiting_for_consent(task)[0])


async def test_an_approval_that_arrived_is_found_although_its_answer_was_lost(world: World, beam: Beam) -> None:
    payment = world.add_task("Payment Runner", age=10)
    action = await action_of(beam, payment.id)
    world.faults.add("cut_after", "/user-consent$", method="POST")
    assert (await consent(beam, action, changed=None, feedback=None)).phase == "working"
    assert [act.kind for act in world.acts] == ["user-consent"]


async def test_a_lost_approval_does_not_claim_what_a_colleague_rejected(world: World, beam: Beam) -> None:
    payment = world.add_task("Payment Runner", age=10)
    action = await action_of(beam, payment.id)
    world.faults.add("cut_before", "/user-consent$", method="POST")
    payment.end("STOPPED", world.clock.now())
    with pytest.raises(Overtaken, match="stopped by somebody else"):
        await consent(beam, action, changed=None, feedback=None)


async def test_a_lost_rejection_does_not_claim_what_a_colleague_approved(world: World, beam: Beam) -> None:
    payment = world.add_task("Payment Runner", age=10)
    action = await action_of(beam, payment.id)
    world.faults.add("cut_before", "/rejection$", method="POST")
    payment.settle(payment.nodes["pay"], world.clock.now())
    with pytest.raises(Overtaken, match="approved by somebody else"):
        await reject(beam, action, reasons=[])


async def test_a_task_that_finished_by_itself_was_not_stopped_by_us(world: World, beam: Beam) -> None:
    running = world.add_task("Market Research")
    task = await get_task(beam, running.id)
    world.faults.add("cut_before", "/abort$", method="POST")
    world.clock.push(60)
    with pytest.raises(Overtaken, match="done before it could be stopped"):
        await stop_task(beam, task, reason="enough")
