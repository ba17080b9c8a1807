"""What a person has before them when they decide: the whole of it, uncut, as text and form fields."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Self

from pydantic import Field

from beam_mcp.beam.node import Asked, Node, ToolData
from beam_mcp.beam.task import Task
from beam_mcp.views.cleaning import clean
from beam_mcp.views.field import Parameter
from beam_mcp.views.names import agent_name, called, handle, subject
from beam_mcp.views.questions import LONG_CHOICE, Kind, kind_of, shown_choices
from beam_mcp.views.text import age, line, reasons, value
from beam_mcp.views.view import Part

MOST_OF_A_LINE = 300
# Where an action goes, by what integrations commonly call it; the first that is there is said.
_TARGETS = ("recipient", "recipients", "to", "email", "channel", "customer", "supplier", "account", "iban", "phone",
            "url", "repository", "folder", "path", "table", "project", "name")  # fmt: skip
_AMOUNTS = ("amount", "totalamount", "total", "sum", "price", "payment")
_MONEY = re.compile(r"[+-]?\d[\d.,' ]{0,24}")


class Question(Part):
    """One open question as a form field; `number` counts over all steps of the task."""

    number: int
    question: str
    about: str | None = None
    suggested: tuple[str, ...] = ()
    remembered: str | None = None
    choices: tuple[str, ...] = ()

    @classmethod
    def of(cls, number: int, asked: Asked) -> Self:
        """From what Beam asks."""
        return cls(
            number=number,
            question=clean(asked.question).strip() or "unreadable",
            about=clean(asked.about).strip() if asked.about and asked.about != asked.question else None,
            suggested=tuple(clean(hint).strip() for hint in asked.hints),
            remembered=clean(asked.remembered).strip() if asked.remembered else None,
            choices=shown_choices(asked.choices, LONG_CHOICE),
        )

    @property
    def field(self) -> str:
        """Its name in a form."""
        return f"answer_{self.number}"

    @property
    def preset(self) -> str:
        """What stands in the field before the person writes: what Beam remembers, else the first that it offers."""
        offered = self.remembered or next(iter(self.suggested), "")
        return offered if not self.choices or offered in self.choices else ""


class StopSheet(Part):
    """One step that waits for the person. `mark` stands for exactly what is shown; it changes with any of it."""

    kind: Kind
    node_id: str = ""
    mark: str = ""
    step: str | None = None
    questions: tuple[Question, ...] = ()
    tool: str | None = None
    does: str | None = None
    target: str | None = None
    money: str | None = None
    parameters: tuple[Parameter, ...] = ()
    words: str = ""
    why: str | None = None
    integration: str | None = None


class TaskSheet(Part):
    """One task that waits, with all its stops."""

    task_id: str
    task: str
    agent: str
    calls_itself: str | None = None
    subject: str | None = None
    waits: str | None = None
    stops: tuple[StopSheet, ...] = Field(default_factory=tuple)

    @classmethod
    def of(cls, task: Task, stops: tuple[StopSheet, ...], now: datetime) -> Self:
        """`stops` are the steps that wait."""
        return cls(
            task_id=task.id or "",
            task=handle(task),
            agent=agent_name(task.of_agent),
            calls_itself=called(task),
            subject=_said(subject(task)),
            waits=age(task.changed_at, now),
            stops=stops,
        )


class InboxSheet(Part):
    """A page of what waits in a workspace, or of one `agent` in it: `total` tasks in all; `unread` are tasks of this
    page that could not be read.
    """

    workspace: str
    agent: str | None = None
    tasks: tuple[TaskSheet, ...]
    unread: tuple[str, ...] = ()
    total: int
    page: int = 1


def approval_sheet(
    node: Node, given: Mapping[str, Any], mark: str, *, edits: Mapping[str, Any], words: str
) -> StopSheet:
    """The action for which a step waits, with the parameters given; `edits` and `words` are what the chat proposes."""
    parameters = {**given, **edits}
    tool = node.tool.tool_name or node.tool.tool_function_name
    why = reasons((node.tool_data or ToolData()).reasoning)
    return StopSheet(
        kind="approval",
        node_id=node.id or "",
        mark=mark,
        step=_said(node.objective),
        tool=line(tool, 80) if tool else None,
        does=_said(node.tool.description),
        target=target_of(node, parameters),
        money=money_of(parameters),
        parameters=tuple(Parameter.of(number, *pair, edits) for number, pair in enumerate(given.items(), 1)),
        words=clean(words).strip(),
        why=_said(why),
    )


def questions_sheet(node: Node, asked: Mapping[int, Asked], mark: str) -> StopSheet:
    """The open questions of a step, by their numbers in the task."""
    questions = tuple(Question.of(number, question) for number, question in asked.items())
    return StopSheet(kind="question", node_id=node.id or "", mark=mark, step=_said(node.objective), questions=questions)


def other_sheet(node: Node, task: Task) -> StopSheet:
    """A step that waits for what only the Beam app can give: a sign-in, credits, or what Beam does not say."""
    identifier = node.tool_data.integration_identifier if node.tool_data else None
    named = identifier or node.tool.tool_name or node.tool.tool_function_name
    integration = line(named, 60) if named else None
    return StopSheet(kind=kind_of(node, task), step=_said(node.objective), integration=integration)


def target_of(node: Node, parameters: Mapping[str, Any]) -> str | None:
    """Whom or what the action reaches, as far as its parameters or its integration say."""
    name = _first_named(_TARGETS, parameters)
    where = (node.tool_data or ToolData()).integration_identifier
    if name is not None and (given := line(value(parameters[name]), MOST_OF_A_LINE)):
        return f"{given} ({line(name, 60)})" + (f" by {line(where, 60)}" if where else "")
    return line(where, 60) if where else None


def money_of(parameters: Mapping[str, Any]) -> str | None:
    """How much money the action moves, as far as its parameters say."""
    name, unit = _first_named(_AMOUNTS, parameters), _first_named(("currency",), parameters)
    amount = line(value(parameters[name]), 40) if name and not isinstance(parameters[name], bool) else ""
    currency = f" {line(value(parameters[unit]), 20)}" if unit else ""
    return f"{amount}{currency}" if _MONEY.fullmatch(amount) else None


def _first_named(words: tuple[str, ...], parameters: Mapping[str, Any]) -> str | None:
    plain = {re.sub(r"[\W_]+", "", name).casefold(): name for name in parameters}
    return next((plain[word] for word in words if word in plain), None)


def _said(text: str | None) -> str | None:
    return clean(text).strip() or None if text else None
