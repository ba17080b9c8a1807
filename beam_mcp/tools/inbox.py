"""What agents wait for from a person, and answering them."""

from typing import Annotated

from pydantic import Field
from pydantic.json_schema import SkipJsonSchema

from beam_mcp.beam.answer import Answers, still_waits, submit_answers
from beam_mcp.beam.errors import BadRequest, BeamError, Conflict, Overtaken
from beam_mcp.beam.task import Task, get_task
from beam_mcp.tools.answering import sort_answers
from beam_mcp.tools.carried import carry_through, done_before, remembered, turn_at
from beam_mcp.tools.decisions import approve_step, reject_step
from beam_mcp.tools.gathering import read_inbox
from beam_mcp.tools.given import AgentRef, Caller, Given, TaskRef
from beam_mcp.tools.person import unanswered_words
from beam_mcp.tools.questionnaire import GivenForm, GivenTask, filled_in
from beam_mcp.tools.toolset import Toolset, changes, reads
from beam_mcp.tools.wanted import Answer
from beam_mcp.views.answered import AnsweredView, OpenQuestionsView
from beam_mcp.views.inbox import InboxView
from beam_mcp.views.names import handle, status_words
from beam_mcp.views.text import counted, listed, quoted
from beam_mcp.views.view import View


@reads("What waits for you")
async def get_pending_questions(
    caller: Given,
    agent: AgentRef | SkipJsonSchema[None] = None,
    task: TaskRef | SkipJsonSchema[None] = None,
    page: Annotated[int, Field(ge=1)] = 1,
) -> InboxView:
    """Everything that waits for the person: questions, approvals, sign-ins, credits, each with how to answer it."""
    return await read_inbox(caller, agent, task, page)


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
        raise _asks_nothing(found, done_before(caller, found))
    given = filled_in(form) if answers is None else answers
    if given is None:
        reason = f"nothing was sent, {unanswered_words(form)}; ask in the chat, then call again with the answers."
        return OpenQuestionsView.of(found, reason)
    return await carry_through(caller, _answer(caller, found, given))


async def _answer(caller: Caller, found: Task, given: dict[str, str]) -> AnsweredView:
    turn = turn_at(caller, found.id or "")
    waited = turn.locked()
    async with turn:
        if waited:
            found = await get_task(caller.beam, found.id or "")
            if not found.asking_nodes():
                raise _asks_nothing(found, done_before(caller, found))
        sent: dict[str, str] = {}
        for step in sort_answers(found, given):
            pairs = listed((f"{quoted(q.question, 60)} → {quoted(a, 60)}" for q, a in step.given.items()), most=4)
            with remembered(caller, step.task_id, f"You answered {pairs}"):
                found = await _submit(caller, step, sent)
            sent |= {asked.question: answer for asked, answer in step.given.items()}
        return AnsweredView.of(found, sent)


async def _submit(caller: Caller, step: Answers, before: dict[str, str]) -> Task:
    try:
        return await submit_answers(caller.beam, step)
    except BeamError as error:
        kept = f"For another step of the task {counted(len(before), 'answer')} did arrive. " if before else ""
        explained = await _explained(caller, step, error)
        raise type(explained)(kept + explained.what, explained.advice) from error


async def _explained(caller: Caller, step: Answers, error: BeamError) -> BeamError:
    """Why Beam refused: where the step asks no more, that is the reason, whatever Beam calls it."""
    if isinstance(error, Overtaken) or not isinstance(error, Conflict | BadRequest):
        return error
    now = await get_task(caller.beam, step.task_id)
    return error if still_waits(now, step) else _asks_nothing(now, "These answers were not taken.")


def _asks_nothing(task: Task, sent: str | None) -> Conflict:
    """What became of a task that no longer asks; `sent` says what this person did to it before, if anything."""
    name = handle(task)
    look = {
        "needs_me": f'get_pending_questions(task="{name}") shows what it waits for.',
        "done": f'get_task(task="{name}") shows the result.',
    }.get(task.phase or "", f'get_task(task="{name}") shows where it stands.')
    return Conflict(f"{name} asks no question now: {status_words(task.status)}. {sent or 'Nothing was sent.'}", look)


INBOX = Toolset(
    "inbox",
    "what agents wait for, answering and deciding",
    (get_pending_questions, answer_questions, approve_step, reject_step),
)
