"""The act of deciding, by whatever way the person was reached: what waits is seen, then approved or rejected once."""

from dataclasses import dataclass, replace
from typing import Annotated, Any

from mcp.server.mcpserver.resolve import Resolve

from beam_mcp.beam.decision import Action, consent, parameters_of, reject, waiting_for_consent
from beam_mcp.beam.errors import BadRequest, Conflict
from beam_mcp.beam.node import Node
from beam_mcp.beam.task import Task, get_task
from beam_mcp.desk.desk import digest
from beam_mcp.tools.carried import carry_through, done_before, recording, remembered, turn_at
from beam_mcp.tools.given import task_named
from beam_mcp.tools.office import Caller, Given
from beam_mcp.tools.receipts import Reached, Receipt
from beam_mcp.views.decision import DecidedView
from beam_mcp.views.names import agent_name, handle, status_words
from beam_mcp.views.sheet import StopSheet, approval_sheet
from beam_mcp.views.text import call, listed, quoted


@dataclass(frozen=True)
class Seen:
    """The action that waits, as it was when the person was asked; `edited` are parameters changed since."""

    task: Task
    node: Node
    action: Action
    parameters: dict[str, Any]
    edited: frozenset[str] = frozenset()

    @property
    def tool(self) -> str:
        """The tool it would run."""
        return self.node.tool.tool_name or self.node.tool.tool_function_name or "the step"

    @property
    def mark(self) -> str:
        """A word for exactly this action and these parameters, long enough that no agent can find another for it."""
        return digest(self.action, self.parameters)

    @property
    def sheet(self) -> StopSheet:
        """The whole of it, as a person sees it."""
        return approval_sheet(self.node, self.parameters, self.mark)

    def with_edits(self, changed: dict[str, Any]) -> "Seen":
        """The same action with some parameters changed; a value equal to the old one is no change.

        Raises:
            BadRequest: a name that is not among the action's parameters.
        """
        if unknown := [name for name in changed if name not in self.parameters]:
            what = f"parameters: {listed(map(quoted, unknown))} is not among those of the action."
            raise BadRequest(what, f"They are: {listed(self.parameters, most=20)}.")
        really = {name: given for name, given in changed.items() if digest(given) != digest(self.parameters[name])}
        return replace(self, parameters=self.parameters | really, edited=self.edited | really.keys())


class Changed(Conflict):
    """The action is another one than the person saw; `now` is the one that waits instead."""

    def __init__(self, now: Seen) -> None:
        name = handle(now.task)
        super().__init__(
            f"The action of {name} has changed since it was shown. Nothing was sent.",
            f"{call('get_pending_questions', task=name)} shows how it stands now.",
        )
        self.now = now


async def see_action(caller: Given, task: str) -> Seen:
    """The action that waits on `task`."""
    return waiting_action(caller, await task_named(caller, task))


def waiting_action(caller: Caller, task: Task, node_id: str | None = None) -> Seen:
    """The action that waits on `task`, at the step `node_id` where that is named.

    Raises:
        Conflict: none waits.
    """
    for node in waiting_for_consent(task):
        if node_id in {None, node.id}:
            return Seen(task, node, Action.of(task, node), parameters_of(node))
    name, before = handle(task), done_before(caller, task) or "Nothing was decided."
    what = f"{name} waits for no approval: {status_words(task.status)}. {before}"
    raise Conflict(what, f"{call('get_task', task=name)} shows where it stands.")


async def see_edited(seen: Annotated[Seen, Resolve(see_action)], parameters: dict[str, Any] | None = None) -> Seen:
    """The same action with some parameters changed."""
    return seen.with_edits(parameters or {})


async def approve(caller: Caller, seen: Seen, *, feedback: str | None, reached: Reached) -> DecidedView:
    """Let the step do what was seen, and no other thing; carried through although the caller gives up.

    Raises:
        Changed, Conflict: the action is another one by now, or waits no more.
        MayHaveHappened, Overtaken, BeamError: as `consent` says.
    """
    return await carry_through(caller, _approve(caller, seen, feedback, reached))


async def _approve(caller: Caller, seen: Seen, feedback: str | None, reached: Reached) -> DecidedView:
    edited = {name: seen.parameters[name] for name in sorted(seen.edited)}
    receipt = _receipt(seen, "approved", reached, edited=edited, feedback=feedback)
    async with turn_at(caller, seen.action.task_id), recording(caller, receipt) as result:
        await _refuse_if_changed(caller, seen)
        with remembered(caller, seen.action.task_id, f"You approved {quoted(seen.tool, 60)}"):
            now = await consent(
                caller.beam, seen.action, changed=seen.parameters if edited else None, feedback=feedback
            )
        result.append(status_words(now.status))
    return DecidedView.of(now, decision="Approved", tool=seen.tool, changed=edited)


async def refuse(caller: Caller, seen: Seen, *, reason: str | None, reached: Reached) -> DecidedView:
    """Refuse what was seen, which ends the task; carried through although the caller gives up.

    Raises:
        Changed, Conflict: the action is another one by now, or waits no more.
        MayHaveHappened, Overtaken, BeamError: as `reject` says.
    """
    return await carry_through(caller, _refuse(caller, seen, reason, reached))


async def _refuse(caller: Caller, seen: Seen, reason: str | None, reached: Reached) -> DecidedView:
    receipt = _receipt(seen, "rejected", reached, edited={}, feedback=reason)
    async with turn_at(caller, seen.action.task_id), recording(caller, receipt) as result:
        await _refuse_if_changed(caller, seen)
        with remembered(caller, seen.action.task_id, f"You rejected {quoted(seen.tool, 60)}"):
            now = await reject(caller.beam, seen.action, reasons=[reason] if reason else [])
        result.append(status_words(now.status))
    return DecidedView.of(now, decision="Rejected", tool=seen.tool)


async def _refuse_if_changed(caller: Caller, seen: Seen) -> None:
    """What is sent is what was seen: the step may have changed while the person read."""
    now = await get_task(caller.beam, seen.action.task_id)
    waiting = [node for node in waiting_for_consent(now) if node.id == seen.action.node_id]
    if not waiting:
        before = done_before(caller, now) or "Nothing was decided."
        what = f"{handle(now)} has changed meanwhile: {status_words(now.status)}. {before}"
        look = "get_pending_questions" if now.needs_person else "get_task"
        raise Conflict(what, f"{call(look, task=handle(now))} shows how it stands now.")
    if seen.action != Action.of(now, waiting[0]):
        raise Changed(waiting_action(caller, now, seen.action.node_id))


def _receipt(seen: Seen, decision: str, reached: Reached, *, edited: dict[str, Any], feedback: str | None) -> Receipt:
    return Receipt(
        task=handle(seen.task),
        task_id=seen.action.task_id,
        step_id=seen.action.node_id,
        agent=agent_name(seen.task.of_agent),
        reached=reached,
        decision=decision,
        shown={"tool": seen.tool, "parameters": seen.parameters},
        sent={"edited": edited} | ({"feedback": feedback} if feedback else {}),
    )
