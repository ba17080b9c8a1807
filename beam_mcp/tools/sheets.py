"""What waits, as a person sees it outside the chat, and what they decide there: the same for a page and a card."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

import anyio

from beam_mcp.beam.errors import BadRequest, BeamError, Conflict, NotFound
from beam_mcp.beam.node import Node
from beam_mcp.beam.task import Task, get_task
from beam_mcp.beam.together import AT_ONCE, together
from beam_mcp.desk.desk import digest
from beam_mcp.tools.answering import Numbered, open_questions
from beam_mcp.tools.deciding import Changed, approve, refuse, shown_sheet, waiting_action
from beam_mcp.tools.gathering import waiting_tasks
from beam_mcp.tools.given import find_agent
from beam_mcp.tools.office import Caller
from beam_mcp.tools.receipts import Reached
from beam_mcp.tools.submitting import answer
from beam_mcp.views.field import Unfit
from beam_mcp.views.inbox import MOST_SHOWN
from beam_mcp.views.names import handle, status_words
from beam_mcp.views.questions import kind_of
from beam_mcp.views.sheet import InboxSheet, Question, StopSheet, TaskSheet, other_sheet, questions_sheet
from beam_mcp.views.text import line, quoted
from beam_mcp.views.view import View

Choice = Literal["approve", "reject", "answer"]


@dataclass(frozen=True)
class Submitted:
    """What came back from a sheet: what was chosen, the mark of what was shown, and the fields.

    Fields are `parameter_N` by position, `answer_N` by the question's number, and `feedback`.
    """

    choice: Choice
    mark: str
    fields: Mapping[str, str]


class Moved(Conflict):
    """What the person saw is not what waits now."""


async def task_sheet(caller: Caller, task_id: str) -> TaskSheet:
    """All that one task wants, as it is now; without stops when it wants nothing any more."""
    task = await get_task(caller.beam, task_id)
    caller.person.saw(task)
    return sheet_of(caller, task)


async def inbox_sheets(caller: Caller, page: int = 1, agent: str | None = None) -> InboxSheet:
    """A page of what waits in the workspace, riskiest first, then oldest; of one agent where named."""
    who = await find_agent(caller, agent) if agent else None
    names, total = await waiting_tasks(caller, who.id if who else None)
    shown = [*names][(page - 1) * MOST_SHOWN : page * MOST_SHOWN]
    found: dict[str, TaskSheet] = {}
    unread: set[str] = set()
    turn = anyio.CapacityLimiter(AT_ONCE)

    async def read(task_id: str) -> None:
        async with turn:
            try:
                found[task_id] = await task_sheet(caller, task_id)
            except NotFound:
                return  # deleted since it was listed
            except BeamError:
                unread.add(task_id)  # one alone does not take the others away

    async with together() as readers:
        for task_id in shown:
            readers.start_soon(read, task_id)
    tasks = tuple(found[task_id] for task_id in shown if task_id in found and found[task_id].stops)
    return InboxSheet(
        workspace=caller.workspace,
        agent=line(who.name or who.id or "", 60) if who else None,
        tasks=tasks,
        unread=tuple(names[task_id] for task_id in shown if task_id in unread),
        total=total,
        page=page,
    )


def sheet_of(caller: Caller, task: Task) -> TaskSheet:
    """A task that waits, with every step that does; never none where it needs a person."""
    stops = tuple(_stop(caller, task, node) for node in task.waiting_nodes())
    if not stops and task.phase == "needs_me":
        stops = (other_sheet(Node(), task),)
    return TaskSheet.of(task, stops, caller.now)


def _stop(caller: Caller, task: Task, node: Node) -> StopSheet:
    match kind_of(node, task):
        case "approval":
            return shown_sheet(caller, waiting_action(caller, task, node.id))
        case "question":
            asked = {q.number: q.asked for q in open_questions(task) if q.node_id == (node.id or "")}
            return questions_sheet(node, asked, digest(task.id, node.id, [repr(q) for q in asked.values()]))
        case _:
            return other_sheet(node, task)


async def decide(caller: Caller, task_id: str, node_id: str, submitted: Submitted, *, reached: Reached) -> View:
    """Do what the person chose, if what they saw is still what waits.

    Raises:
        Moved: it is not; nothing was sent.
        BadRequest: a field that cannot be sent; nothing was.
        BeamError: as the writes say.
    """
    task = await get_task(caller.beam, task_id)
    stop = next((s for s in sheet_of(caller, task).stops if s.node_id == node_id), None)
    if stop is None:
        raise Moved(f"{handle(task)} does not wait for this any more: {status_words(task.status)}. Nothing was sent.")
    if stop.mark != submitted.mark:
        raise Moved(f"What {handle(task)} waits for has changed since you saw it. Nothing was sent; this is it now.")
    if (submitted.choice == "answer") is not (stop.kind == "question"):
        raise BadRequest("This form is not the one for what waits.", "Nothing was sent.")
    if submitted.choice == "answer":
        return await answer(caller, task, _answers(task, stop, submitted.fields), reached=reached)
    return await _decide(caller, task, stop, submitted, reached)


async def _decide(caller: Caller, task: Task, stop: StopSheet, submitted: Submitted, reached: Reached) -> View:
    seen = waiting_action(caller, task, stop.node_id)
    words = submitted.fields.get("feedback", "").replace("\r\n", "\n").strip()
    edits = {
        parameter.name: parameter.edited(seen.given[parameter.name], submitted.fields[parameter.field])
        for parameter in stop.parameters
        if submitted.choice == "approve" and parameter.field in submitted.fields
    }
    decided = replace(seen.with_edits(edits), words=words)
    try:
        return await (refuse if submitted.choice == "reject" else approve)(caller, decided, reached=reached)
    except Changed as changed:
        raise Moved(f"{changed.what} This is it now.") from changed


def _answers(task: Task, stop: StopSheet, fields: Mapping[str, str]) -> dict[Numbered, str]:
    given = {question: fields.get(question.field, "").replace("\r\n", "\n").strip() for question in stop.questions}
    missing = [question for question, said in given.items() if not said]
    if missing:
        which = ", ".join(str(question.number) for question in missing)
        what = f"Question {which} is not answered yet."
        raise Unfit(missing[0].field, what, "Nothing was sent: a step's answers go together.")
    asked = {numbered.number: numbered for numbered in open_questions(task)}
    return {asked[q.number]: _value(asked[q.number], q, said) for q, said in given.items()}


def _value(asked: Numbered, shown: Question, said: str) -> str:
    """What Beam wants for what the person wrote or picked."""
    if not shown.choices:
        return said
    values = dict(zip(shown.choices, asked.asked.values, strict=True))
    if said not in values:
        raise Unfit(shown.field, f"{quoted(said, 60)} is not a choice.", "Nothing was sent.")
    return values[said]
