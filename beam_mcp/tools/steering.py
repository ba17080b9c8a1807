"""Steering a task that exists: another try, its end, a rating."""

from typing import Annotated

from pydantic import Field
from pydantic.json_schema import SkipJsonSchema

from beam_mcp.beam import steering
from beam_mcp.beam.errors import BadRequest, Conflict
from beam_mcp.beam.node import Node
from beam_mcp.beam.steering import Rating
from beam_mcp.beam.task import Task
from beam_mcp.tools.given import TaskRef, task_named
from beam_mcp.tools.office import Given
from beam_mcp.tools.steps import step_named, steps_of
from beam_mcp.views.names import handle, status_words
from beam_mcp.views.steered import SteeredView
from beam_mcp.views.text import call, quoted

StepRef = Annotated[str | SkipJsonSchema[None], Field(description="number or name of a step; default: the whole task")]


async def retry_task(
    caller: Given,
    task: TaskRef,
    step: StepRef = None,
    feedback: Annotated[str | SkipJsonSchema[None], Field(description="what to do differently; needs step")] = None,
) -> SteeredView:
    """Run a failed or stopped task again, whole or from a step; also after a sign-in or a top-up."""
    found = await task_named(caller, task)
    if found.phase == "working":
        raise Conflict(f"{handle(found)} is at work already: {status_words(found.status)}.", _look(found))
    if _waits_for_words(found):
        asks = f"{call('get_pending_questions', task=handle(found))} shows what it asks."
        raise Conflict(f"{handle(found)} waits for the person: {status_words(found.status)}. Nothing was sent.", asks)
    if feedback and not step:
        raise BadRequest("feedback: Beam takes it for a step only.", f"Name the step: {steps_of(found)}.")
    node = step_named(found, step) if step else None
    now = await steering.retry_task(caller.beam, found, node_id=node.id if node else None, feedback=feedback)
    caller.conversation.told.pop(now.id or "", None)
    return SteeredView.of(now, f"Beam was told to run {handle(now)} again{_step_words(node, 'from')}.")


async def stop_task(
    caller: Given, task: TaskRef, reason: Annotated[str | SkipJsonSchema[None], Field(description="why")] = None
) -> SteeredView:
    """End a running or waiting task for good, as the person asked. What it did so far stays done."""
    found = await task_named(caller, task)
    if found.phase in {"done", "failed"}:
        raise Conflict(
            f"{handle(found)} is over already: {status_words(found.status)}. Nothing was sent.", _look(found)
        )
    now = await steering.stop_task(caller.beam, found, reason=reason or "stopped by the user")
    caller.conversation.told.pop(now.id or "", None)
    return SteeredView.of(now, f"Beam was told to stop {handle(now)}.")


async def rate_task(
    caller: Given,
    task: TaskRef,
    rating: Rating,
    comment: Annotated[str | SkipJsonSchema[None], Field(description="what was good or wrong")] = None,
    step: StepRef = None,
) -> SteeredView:
    """Tell Beam how good a result was, so that the agent learns from it."""
    found = await task_named(caller, task)
    node = step_named(found, step) if step else None
    now = await steering.rate_task(
        caller.beam, found, rating=rating, node_id=node.id if node else None, comment=comment
    )
    return SteeredView.of(now, f"Rated {handle(now)}{_step_words(node, 'at')} {rating}.", moved=False)


def _waits_for_words(task: Task) -> bool:
    """Whether it only goes on by an answer or a decision, which no second try replaces."""
    return (task.status or "").upper() in {"USER_INPUT_REQUIRED", "USER_CONSENT_REQUIRED"}


def _step_words(node: Node | None, preposition: str) -> str:
    return f" {preposition} step {quoted(node.objective or 'unnamed', 80)}" if node else ""


def _look(task: Task) -> str:
    return f"{call('get_task', task=handle(task))} shows where it stands."
