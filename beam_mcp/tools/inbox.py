"""What agents wait for from a person, and answering them."""

from typing import Annotated

from pydantic import Field
from pydantic.json_schema import SkipJsonSchema

from beam_mcp.tools.answering import understood
from beam_mcp.tools.gathering import read_inbox
from beam_mcp.tools.given import AgentRef, TaskRef
from beam_mcp.tools.office import Given
from beam_mcp.tools.person import hear
from beam_mcp.tools.questionnaire import GivenForm, GivenTask, filled_in, subject_of
from beam_mcp.tools.submitting import answer, refuse_unless_asking
from beam_mcp.tools.wanted import Answer
from beam_mcp.views.answered import OpenQuestionsView
from beam_mcp.views.inbox import InboxView
from beam_mcp.views.view import View


async def get_pending_questions(
    caller: Given,
    agent: AgentRef | SkipJsonSchema[None] = None,
    task: TaskRef | SkipJsonSchema[None] = None,
    page: Annotated[int, Field(ge=1)] = 1,
) -> InboxView:
    """Everything that waits for the person: questions, approvals, sign-ins, credits, each with how to answer it."""
    return await read_inbox(caller, agent, task, page)


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
    if answers is not None:
        refuse_unless_asking(caller, found)
        return await answer(caller, found, understood(found, answers), reached="chat")
    heard = hear(caller, form, subject_of(found))
    if heard.filled_in is not None:
        return await answer(caller, found, filled_in(found, heard.filled_in), reached="form")
    refuse_unless_asking(caller, found)
    reason = f"nothing was sent, {heard.why}; ask in the chat, then call again with the answers."
    return OpenQuestionsView.of(found, reason)
