"""What agents wait for from a person, and answering them."""

from typing import Annotated

from pydantic import Field
from pydantic.json_schema import SkipJsonSchema

from beam_mcp.beam.answer import Answers, still_waits, submit_answers
from beam_mcp.beam.errors import BadRequest, BeamError, Conflict
from beam_mcp.beam.task import PHASES, Task, TaskHead, get_task
from beam_mcp.beam.task_list import Filter, list_whole_tasks
from beam_mcp.tools.answering import sort_answers
from beam_mcp.tools.decisions import approve_step, reject_step
from beam_mcp.tools.given import AgentRef, Caller, Given, TaskRef, find_agent, find_task
from beam_mcp.tools.person import unanswered_words
from beam_mcp.tools.questionnaire import GivenForm, GivenTask, filled_in
from beam_mcp.tools.toolset import Toolset, changes, reads
from beam_mcp.tools.wanted import Answer
from beam_mcp.views.answered import AnsweredView, OpenQuestionsView
from beam_mcp.views.inbox import MOST_SHOWN, InboxItem, InboxView, risk
from beam_mcp.views.names import handle, status_words
from beam_mcp.views.text import counted, line
from beam_mcp.views.view import View

PAGE_SIZE = 10  # tasks of up to 3 MB: memory holds one page at a time
MOST_WAITING = 1000


@reads("What waits for you")
async def get_pending_questions(
    caller: Given,
    agent: AgentRef | SkipJsonSchema[None] = None,
    task: TaskRef | SkipJsonSchema[None] = None,
    page: Annotated[int, Field(ge=1)] = 1,
) -> InboxView:
    """Everything that waits for the person: questions, approvals, sign-ins, credits, each with how to answer it."""
    return await read_inbox(caller, agent, task, page)


async def read_inbox(caller: Caller, agent: str | None = None, task: str | None = None, page: int = 1) -> InboxView:
    """A page of what waits, of one agent or task where named."""
    if task:
        found = await get_task(caller.beam, await find_task(caller, task))
        waiting = [found] if found.phase == "needs_me" else []
        items, narrowed = [InboxItem.of(t, caller.now) for t in waiting], f"task {handle(found)}"
    else:
        who = await find_agent(caller, agent) if agent else None
        items = await _all_waiting(caller, who.id if who else None)
        narrowed = f"agent {line(who.name or '', 60)}" if who else None
    begin = (page - 1) * MOST_SHOWN
    shown = items[begin : begin + MOST_SHOWN]
    return InboxView.of(shown, total=len(items), page=page, workspace=caller.workspace, narrowed=narrowed)


async def _all_waiting(caller: Caller, agent_id: str | None) -> list[InboxItem]:
    """Read page by page and keep only what is shown, so that memory does not grow with Beam's megabytes."""
    found: list[tuple[int, float, InboxItem]] = []
    for page in range(1, MOST_WAITING // PAGE_SIZE + 1):
        wanted = Filter(agent_id=agent_id, statuses=PHASES["needs_me"], page=page, page_size=PAGE_SIZE)
        listing = await list_whole_tasks(caller.beam, wanted)
        found += [await _item(caller, task) for task in listing.tasks if task.phase == "needs_me"]
        if len(listing.tasks) < PAGE_SIZE or page * PAGE_SIZE >= (listing.total or 0):
            break
        await caller.progress(len(found), listing.total, f"Read {counted(len(found), 'waiting task')} so far")
    return [item for *_, item in sorted(found, key=lambda entry: entry[:2])]


async def _item(caller: Caller, task: Task) -> tuple[int, float, InboxItem]:
    """How risky, since when, and what; a listed task without its steps is read whole."""
    caller.person.saw(TaskHead(id=task.id, custom_id=task.custom_id))
    if not task.waiting_nodes() and task.id:
        task = await get_task(caller.beam, task.id)
    item = InboxItem.of(task, caller.now)
    return risk(item), task.changed_at.timestamp() if task.changed_at else 0.0, item


@changes("Answer an agent's questions")
async def answer_questions(
    caller: Given,
    seen: GivenTask,
    form: GivenForm,
    task: TaskRef,  # noqa: ARG001 - `seen` is found by it
    answers: Annotated[
        dict[str, Answer] | SkipJsonSchema[None],
        Field(description="by parameter, question text or number; {} keeps what Beam remembers; none asks the person"),
    ] = None,
) -> View:
    """Answer everything a task asks so that the agent goes on. Give the person's own answers, never invented ones."""
    found = seen.task
    if not found.asking_nodes():
        raise _asks_nothing(found)
    given = filled_in(form) if answers is None else answers
    if given is None:
        reason = f"nothing was sent, {unanswered_words(form)}; ask in the chat, then call again with the answers."
        return OpenQuestionsView.of(found, reason)
    sent: dict[str, str] = {}
    for step in sort_answers(found, given):
        found = await _submit(caller, step, sent)
        sent |= {asked.question: answer for asked, answer in step.given.items()}
    caller.conversation.told.pop(found.id or "", None)
    return AnsweredView.of(found, sent)


async def _submit(caller: Caller, step: Answers, before: dict[str, str]) -> Task:
    try:
        return await submit_answers(caller.beam, step)
    except (Conflict, BadRequest) as refused:
        now = await get_task(caller.beam, step.task_id)
        if still_waits(now, step):
            raise
        raise _asks_nothing(now) from refused
    except BeamError as error:
        if not before:
            raise
        told = f"{counted(len(before), 'answer')} for another step of the task did arrive. {error.what}"
        raise type(error)(told, error.advice) from error


def _asks_nothing(task: Task) -> Conflict:
    """What became of a task that no longer asks."""
    name = handle(task)
    look = {
        "needs_me": f'get_pending_questions(task="{name}") shows what it waits for.',
        "done": f'get_task(task="{name}") shows the result.',
    }.get(task.phase or "", f'get_task(task="{name}") shows where it stands.')
    return Conflict(f"{name} asks no question now: {status_words(task.status)}. Nothing was sent.", look)


INBOX = Toolset(
    "inbox",
    "what agents wait for, answering and deciding",
    (get_pending_questions, answer_questions, approve_step, reject_step),
)
