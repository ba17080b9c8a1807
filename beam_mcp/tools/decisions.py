"""Deciding what an agent may do: the person sees the action and decides; a model cannot decide by itself."""

from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal

from mcp.server.elicitation import ElicitationResult
from mcp.server.mcpserver.resolve import Elicit, Resolve
from pydantic import BaseModel, Field
from pydantic.json_schema import SkipJsonSchema

from beam_mcp.beam.decision import Action, consent, parameters_of, reject, waiting_for_consent
from beam_mcp.beam.errors import BadRequest, Conflict
from beam_mcp.beam.node import Node
from beam_mcp.beam.task import Task, get_task
from beam_mcp.desk.desk import digest
from beam_mcp.tools.carried import carry_through, done_before, remembered, turn_at
from beam_mcp.tools.given import Caller, Given, TaskRef, task_named
from beam_mcp.tools.person import NotAsked, answered, can_ask, unanswered_words
from beam_mcp.tools.toolset import changes
from beam_mcp.views.decision import ActionView, DecidedView, question_of
from beam_mcp.views.names import handle, status_words
from beam_mcp.views.text import call, listed, quoted
from beam_mcp.views.view import View


class Decision(BaseModel):
    """The form a person fills in."""

    decision: Literal["approve", "reject"] = Field(description="approve runs it now; reject ends the task")
    feedback: str = Field("", description="words for the agent, if you like")


@dataclass(frozen=True)
class Seen:
    """The action that waits, as it was when the person was asked."""

    task: Task
    node: Node
    action: Action
    parameters: dict[str, Any]

    @property
    def tool(self) -> str | None:
        """The tool it would run."""
        return self.node.tool.tool_name or self.node.tool.tool_function_name

    @property
    def code(self) -> str:
        """A word that stands for exactly this action with exactly these parameters."""
        return digest(self.action, self.parameters)[:8]


async def see_action(caller: Given, task: str) -> Seen:
    """The action that waits on `task`."""
    found = await task_named(caller, task)
    waiting = waiting_for_consent(found)
    if not waiting:
        name, before = handle(found), done_before(caller, found) or "Nothing was decided."
        what = f"{name} waits for no approval: {status_words(found.status)}. {before}"
        raise Conflict(what, f"{call('get_task', task=name)} shows where it stands.")
    return Seen(found, waiting[0], Action.of(found, waiting[0]), parameters_of(waiting[0]))


async def see_edited(seen: Annotated[Seen, Resolve(see_action)], parameters: dict[str, Any] | None = None) -> Seen:
    """The same action with some parameters changed."""
    if unknown := [name for name in parameters or {} if name not in seen.parameters]:
        what = f"parameters: {listed(map(quoted, unknown))} is not among those of the action."
        raise BadRequest(what, f"They are: {listed(seen.parameters, most=20)}.")
    return replace(seen, parameters=seen.parameters | (parameters or {}))


async def ask_decision(caller: Given, seen: Annotated[Seen, Resolve(see_edited)]) -> Elicit[Decision] | NotAsked:
    """The form, wherever it can reach a person: no code that a model passes on can take its place."""
    if not can_ask(caller.context):
        return NotAsked()
    return Elicit(question_of(seen.task, seen.node, seen.parameters, seen.code), Decision)


@changes("Approve a step")
async def approve_step(
    caller: Given,
    seen: Annotated[Seen, Resolve(see_edited)],
    asked: Annotated[ElicitationResult[Any], Resolve(ask_decision)],
    task: TaskRef,  # noqa: ARG001 - `seen` is found by it
    parameters: Annotated[dict[str, Any] | SkipJsonSchema[None], Field(description="changed ones only")] = None,
    feedback: str | SkipJsonSchema[None] = None,
    confirm: Annotated[str | SkipJsonSchema[None], Field(description="code from a former answer")] = None,
) -> View:
    """Have the person approve what an agent wants to do. They see the action and decide; the agent then goes on."""
    form = answered(asked)
    if isinstance(form, Decision) and form.decision == "reject":
        return await carry_through(caller, _reject(caller, seen, [form.feedback] if form.feedback else []))
    in_chat = caller.office.decides_in_chat and not can_ask(caller.context)
    if not (isinstance(form, Decision) or (in_chat and confirm == seen.code)):
        return _undecided(seen, asked, confirm if in_chat else None, parameters, in_chat=in_chat)
    words = (form.feedback if isinstance(form, Decision) else None) or feedback
    return await carry_through(caller, _approve(caller, seen, parameters, words))


async def _approve(caller: Caller, seen: Seen, edited: dict[str, Any] | None, words: str | None) -> DecidedView:
    async with turn_at(caller, seen.action.task_id):
        await _refuse_if_changed(caller, seen)
        with remembered(caller, seen.action.task_id, f"You approved {quoted(seen.tool or 'the step', 60)}"):
            now = await consent(caller.beam, seen.action, changed=seen.parameters if edited else None, feedback=words)
    return DecidedView.of(now, decision="Approved", tool=seen.tool, changed=edited)


def _undecided(
    seen: Seen, asked: ElicitationResult[Any], code: str | None, edited: dict[str, Any] | None, *, in_chat: bool
) -> ActionView:
    reason = "the code is not for this action" if code else unanswered_words(asked)
    again = None
    if in_chat:
        changed = {"parameters": edited} if edited else {}
        approve = call("approve_step", task=handle(seen.task), **changed, confirm=seen.code)
        again = f"{approve} once the person has said yes to this."
    return ActionView.of(seen.task, seen.node, seen.parameters, reason=reason, next_call=again)


async def _refuse_if_changed(caller: Caller, seen: Seen) -> None:
    """What is sent is what was seen: the step may have changed while the person read."""
    now = await get_task(caller.beam, seen.action.task_id)
    if seen.action not in {Action.of(now, node) for node in waiting_for_consent(now)}:
        before = done_before(caller, now) or "Nothing was decided."
        what = f"{handle(now)} has changed meanwhile: {status_words(now.status)}. {before}"
        look = "get_pending_questions" if now.needs_person else "get_task"
        raise Conflict(what, f"{call(look, task=handle(now))} shows how it stands now.")


@changes("Reject a step")
async def reject_step(
    caller: Given,
    seen: Annotated[Seen, Resolve(see_action)],
    task: TaskRef,  # noqa: ARG001 - `seen` is found by it
    reason: str | SkipJsonSchema[None] = None,
) -> View:
    """Refuse what an agent wants to do, as the person said; this ends the task."""
    return await carry_through(caller, _reject(caller, seen, [reason] if reason else []))


async def _reject(caller: Caller, seen: Seen, reasons: list[str]) -> DecidedView:
    async with turn_at(caller, seen.action.task_id):
        await _refuse_if_changed(caller, seen)
        with remembered(caller, seen.action.task_id, f"You rejected {quoted(seen.tool or 'the step', 60)}"):
            now = await reject(caller.beam, seen.action, reasons=reasons)
    return DecidedView.of(now, decision="Rejected", tool=seen.tool)
