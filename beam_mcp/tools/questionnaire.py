"""A task's open questions as a form: one field a question."""

from typing import Annotated, Any, Literal

from mcp.server.elicitation import ElicitationResult
from mcp.server.mcpserver.resolve import Elicit, Resolve
from pydantic import BaseModel, Field, create_model

from beam_mcp.beam.node import Asked
from beam_mcp.beam.task import Task
from beam_mcp.desk.desk import digest
from beam_mcp.tools.answering import Numbered, open_questions
from beam_mcp.tools.given import task_named
from beam_mcp.tools.office import Given
from beam_mcp.tools.person import NotAsked, open_form
from beam_mcp.views.names import agent_name, handle
from beam_mcp.views.questions import shown_choices
from beam_mcp.views.text import counted, line, named, quoted


class SeenTask(BaseModel):
    """The task as it was when the person was asked."""

    task: Task


async def see_questions(caller: Given, task: str) -> SeenTask:
    """The task that asks."""
    return SeenTask(task=await task_named(caller, task))


async def ask_answers(
    caller: Given, seen: Annotated[SeenTask, Resolve(see_questions)], answers: dict[str, str] | None = None
) -> Elicit[Any] | NotAsked:
    """The form, where it can reach a person and the answers were not given in the chat."""
    questions = open_questions(seen.task)
    if answers is not None or not questions or not open_form(caller, subject_of(seen.task)):
        return NotAsked()
    agent, name = agent_name(seen.task.of_agent), handle(seen.task)
    asks = f"Agent {named(agent)} asks {counted(len(questions), 'question')} for task {name}."
    return Elicit(asks, _form(questions))


GivenTask = Annotated[SeenTask, Resolve(see_questions)]
GivenForm = Annotated[ElicitationResult[Any], Resolve(ask_answers)]


def subject_of(task: Task) -> str:
    """A word that stands for exactly what the task asks now."""
    return digest(task.id, [(question.node_id, question.asked.key) for question in open_questions(task)])


def filled_in(task: Task, form: BaseModel) -> dict[Numbered, str]:
    """The person's answers to what `task` asked in the form, choices as the values Beam wants."""
    fields = form.model_dump()
    said = {question: str(fields.get(_name(question), "")) for question in open_questions(task)}
    return {question: _value(question.asked, given) for question, given in said.items() if given.strip()}


def _value(asked: Asked, given: str) -> str:
    return dict(zip(shown_choices(asked.choices), asked.values, strict=True))[given] if asked.choices else given


def _name(question: Numbered) -> str:
    return f"answer_{question.number}"


def _form(questions: tuple[Numbered, ...]) -> type[BaseModel]:
    fields: dict[str, Any] = {_name(question): _field(question) for question in questions}
    return create_model("Answers", **fields)


def _field(question: Numbered) -> tuple[Any, Any]:
    asked = question.asked
    choices = shown_choices(asked.choices)
    kind: Any = Literal[choices] if choices else str
    suggested = line(asked.remembered or next(iter(asked.hints), ""), 300) or None
    if choices and suggested not in choices:
        suggested = None
    about = f" ({line(asked.about, 120)})" if asked.about else ""
    others = f" Suggested: {', '.join(quoted(hint, 60) for hint in asked.hints[:3])}." if asked.hints else ""
    described = f"{line(asked.question, 300)}{about}{others}"
    return kind, Field(... if suggested is None else suggested, title=line(asked.question, 80), description=described)
