"""The act of deciding, by whatever way the person was reached: what waits is seen, then approved or rejected once."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Annotated, Any

from mcp.server.mcpserver.resolve import Resolve

from beam_mcp.beam.decision import Action, consent, parameters_of, reject, sent_parameters, waiting_for_consent
from beam_mcp.beam.errors import Ambiguous, BadRequest, Conflict
from beam_mcp.beam.node import Node, ToolData
from beam_mcp.beam.task import Task, get_task
from beam_mcp.desk.desk import Proposed, digest
from beam_mcp.tools.carried import carry_through, done_before, recording, remembered
from beam_mcp.tools.given import task_named
from beam_mcp.tools.office import Caller, Given
from beam_mcp.tools.receipts import Reached, Receipt
from beam_mcp.tools.steps import number_of, step_named, steps_of
from beam_mcp.views.decision import DecidedView
from beam_mcp.views.names import agent_name, handle, status_words
from beam_mcp.views.sheet import StopSheet, approval_sheet
from beam_mcp.views.text import call, line, listed, named, quoted


@dataclass(frozen=True)
class Seen:
    """The action that waits, as it was when the person was asked: with which parameters it was `given`.

    `edits` are those changed since, `words` what is to go to the agent along with a decision.
    """

    task: Task
    node: Node
    action: Action
    given: dict[str, Any]
    edits: dict[str, Any] = field(default_factory=dict[str, Any])
    words: str = ""

    @property
    def tool(self) -> str:
        """The tool it would run."""
        return self.node.tool.tool_name or self.node.tool.tool_function_name or "the step"

    @property
    def step(self) -> dict[str, str]:
        """What a call needs to name this step: nothing while it is the only one that waits."""
        several = len(waiting_for_consent(self.task)) > 1
        return {"step": number_of(self.task, self.node)} if several else {}

    @property
    def parameters(self) -> dict[str, Any]:
        """What it would run with."""
        return self.given | self.edits

    @property
    def basis(self) -> str:
        """A word for the action as Beam has it, and all that is said about it."""
        tool, data = self.node.tool, self.node.tool_data or ToolData()
        said = (tool.tool_name, tool.description, self.node.objective, data.reasoning, data.integration_identifier)
        return digest(self.action, said)

    @property
    def mark(self) -> str:
        """A word for exactly what is shown, long enough that no agent can find another action for it."""
        return digest(self.basis, self.edits, self.words)

    @property
    def sheet(self) -> StopSheet:
        """The whole of it, as a person sees it."""
        return approval_sheet(self.node, self.given, self.mark, edits=self.edits, words=self.words)

    def sheet_with(self, proposed: Proposed | None) -> StopSheet:
        """The same where the chat proposed changes that the person may take or leave."""
        if proposed is None:
            return self.sheet
        edits = {name: value for name, value in proposed.edits.items() if name in self.given}
        return approval_sheet(self.node, self.given, self.mark, edits=edits, words=proposed.words)

    def with_edits(self, changed: Mapping[str, Any]) -> "Seen":
        """The same action with these parameters changed and no others; a value equal to the old one is no change.

        Raises:
            BadRequest: a name that is not among the action's parameters.
        """
        if unknown := [name for name in changed if name not in self.given]:
            what = f"parameters: {listed(map(quoted, unknown))} is not among those of the action."
            raise BadRequest(what, f"They are: {listed((named(line(name, 60)) for name in self.given), most=20)}.")
        edits = {name: value for name, value in changed.items() if digest(value) != digest(self.given[name])}
        return replace(self, edits=edits)


class Changed(Conflict):
    """The action is another one than the person saw; `now` is the one that waits instead."""

    def __init__(self, now: Seen) -> None:
        name = handle(now.task)
        super().__init__(
            f"The action of {name} has changed since it was shown. Nothing was sent.",
            f"{call('get_pending_questions', task=name)} shows how it stands now.",
        )
        self.now = now


async def see_action(caller: Given, task: str, step: str | None = None) -> Seen:
    """The action that waits on `task`, at the `step` that is named there."""
    found = await task_named(caller, task)
    return waiting_action(caller, found, step_named(found, step).id if step else None)


def waiting_action(caller: Caller, task: Task, node_id: str | None = None) -> Seen:
    """The action that waits on `task`, at the step `node_id` where that is named.

    Raises:
        Conflict: none waits.
        Ambiguous: several do, and none is named.
    """
    waiting = [node for node in waiting_for_consent(task) if node_id in {None, node.id}]
    if len(waiting) > 1:
        what = (
            f"{len(waiting)} steps of {handle(task)} wait for approval: {steps_of(task, waiting)}. Nothing was decided."
        )
        raise Ambiguous(what, f'Call again with step="{number_of(task, waiting[0])}", or whichever is meant.')
    if waiting:
        return Seen(task, waiting[0], Action.of(task, waiting[0]), parameters_of(waiting[0]))
    name, before = handle(task), done_before(caller, task) or "Nothing was decided."
    there = " at that step" if waiting_for_consent(task) else ""
    what = f"{name} waits for no approval{there}: {status_words(task.status)}. {before}"
    raise Conflict(what, f"{call('get_task', task=name)} shows where it stands.")


async def see_edited(
    seen: Annotated[Seen, Resolve(see_action)], parameters: dict[str, Any] | None = None, feedback: str | None = None
) -> Seen:
    """The same action as the chat would have it: some parameters changed, words for the agent."""
    return replace(seen.with_edits(parameters or {}), words=(feedback or "").strip())


async def approve(caller: Caller, seen: Seen, *, reached: Reached) -> DecidedView:
    """Let the step do what was seen, and no other thing; carried through although the caller gives up.

    Raises:
        Changed, Conflict: the action is another one by now, or waits no more.
        MayHaveHappened, Overtaken, BeamError: as `consent` says.
    """
    return await carry_through(caller, _approve(caller, seen, reached))


async def _approve(caller: Caller, seen: Seen, reached: Reached) -> DecidedView:
    changed = sent_parameters(seen.node, seen.parameters, seen.edits) if seen.edits else None
    async with (
        caller.person.turn(seen.action.task_id),
        recording(caller, _receipt(seen, "approved", reached)) as result,
    ):
        await _refuse_if_changed(caller, seen)
        with remembered(caller, seen.action.task_id, f"You approved {quoted(seen.tool, 60)}"):
            now = await consent(caller.beam, seen.action, changed=changed, feedback=seen.words or None)
        caller.person.proposed.pop(step_of(seen), None)
        result.append(status_words(now.status))
    return DecidedView.of(now, decision="Approved", tool=seen.tool, changed=seen.edits)


async def refuse(caller: Caller, seen: Seen, *, reached: Reached) -> DecidedView:
    """Refuse what was seen, which ends the task; carried through although the caller gives up.

    Raises:
        Changed, Conflict: the action is another one by now, or waits no more.
        MayHaveHappened, Overtaken, BeamError: as `reject` says.
    """
    return await carry_through(caller, _refuse(caller, replace(seen, edits={}), reached))


async def _refuse(caller: Caller, seen: Seen, reached: Reached) -> DecidedView:
    async with (
        caller.person.turn(seen.action.task_id),
        recording(caller, _receipt(seen, "rejected", reached)) as result,
    ):
        await _refuse_if_changed(caller, seen)
        with remembered(caller, seen.action.task_id, f"You rejected {quoted(seen.tool, 60)}"):
            now = await reject(caller.beam, seen.action, reasons=[seen.words] if seen.words else [])
        result.append(status_words(now.status))
    return DecidedView.of(now, decision="Rejected", tool=seen.tool)


def step_of(seen: Seen) -> str:
    """What is kept of a step is kept under this."""
    return f"{seen.action.task_id} {seen.action.node_id}"


def shown_sheet(caller: Caller, seen: Seen) -> StopSheet:
    """The action as a card or page shows it, with what the chat proposed to change."""
    return seen.sheet_with(caller.person.proposed.get(step_of(seen)))


async def refuse_if_decided(caller: Caller, seen: Seen) -> None:
    """Look whether the action still waits, since the person may have decided elsewhere meanwhile.

    Raises:
        Conflict: it waits no more, with what became of it.
    """
    waiting_action(caller, await get_task(caller.beam, seen.action.task_id), seen.action.node_id)


async def _refuse_if_changed(caller: Caller, seen: Seen) -> None:
    """What is sent is what was seen: the step may have changed while the person read."""
    now = await get_task(caller.beam, seen.action.task_id)
    waiting = [node for node in waiting_for_consent(now) if node.id == seen.action.node_id]
    if not waiting:
        before = done_before(caller, now) or "Nothing was decided."
        what = f"{handle(now)} has changed meanwhile: {status_words(now.status)}. {before}"
        look = "get_pending_questions" if now.needs_person else "get_task"
        raise Conflict(what, f"{call(look, task=handle(now))} shows how it stands now.")
    other = waiting_action(caller, now, seen.action.node_id)
    if seen.basis != other.basis:
        raise Changed(other)


def _receipt(seen: Seen, decision: str, reached: Reached) -> Receipt:
    shown: dict[str, Any] = {
        "tool": seen.tool,
        "does": seen.node.tool.description,
        "target": seen.sheet.target,
        "why": seen.sheet.why,
        "parameters": seen.given,
    }
    return Receipt(
        task=handle(seen.task),
        task_id=seen.action.task_id,
        step_id=seen.action.node_id,
        agent=agent_name(seen.task.of_agent),
        reached=reached,
        decision=decision,
        shown={name: said for name, said in shown.items() if said is not None},
        sent={"edited": seen.edits} | ({"feedback": seen.words} if seen.words else {}),
    )
