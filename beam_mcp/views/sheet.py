"""What a person has before them when they decide: the whole of it, uncut, as text and form fields."""

import json
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal, Self, cast

from pydantic import Field
from pydantic_core import from_json

from beam_mcp.beam.errors import BadRequest
from beam_mcp.beam.node import Asked, Node, ToolData
from beam_mcp.beam.task import Task
from beam_mcp.views.names import agent_name, handle, subject
from beam_mcp.views.questions import Kind, kind_of
from beam_mcp.views.text import age, clean, line, quoted, reasons, value
from beam_mcp.views.view import Part

MOST_OF_A_LINE = 300
# Where an action goes, by what integrations commonly call it; the first that is there is said.
_TARGETS = ("recipient", "recipients", "to", "email", "channel", "customer", "supplier", "account", "iban", "phone",
            "url", "repository", "folder", "path", "table", "project", "name")  # fmt: skip
_AMOUNTS = ("amount", "totalamount", "total", "sum", "price", "payment")
_MONEY = re.compile(r"[+-]?\d[\d.,' ]{0,24}")
_INTEGER, _NUMBER = re.compile(r"[+-]?\d{1,18}"), re.compile(r"[+-]?\d{1,18}(\.\d{1,18})?([eE][+-]?\d{1,3})?")

InputKind = Literal["text", "number", "boolean", "data"]


class Unfit(BadRequest):
    """What stands in one field of a form cannot be sent; `field` is its name there."""

    def __init__(self, field: str, what: str, advice: str) -> None:
        super().__init__(what, advice)
        self.field = field


class Parameter(Part):
    """One parameter of an action as a form field: `text` is all of it that can be seen."""

    number: int
    name: str
    label: str
    text: str
    kind: InputKind
    unseen: int = 0

    @classmethod
    def of(cls, number: int, name: str, given: Any) -> Self:
        """`unseen` counts what is left out of the text, since nobody could see it."""
        whole = value(given)
        shown = clean(whole)
        return cls(
            number=number,
            name=name,
            label=line(name, 60) or "unnamed",
            text=shown,
            kind=input_kind(given),
            unseen=max(len(whole.replace("\r\n", "\n")) - len(shown), 0),
        )

    @property
    def field(self) -> str:
        """Its name in a form."""
        return f"parameter_{self.number}"

    @property
    def shown(self) -> str:
        """The text as a person reads it best: data one entry a line."""
        if self.kind != "data":
            return self.text
        try:
            return json.dumps(json.loads(self.text), ensure_ascii=False, indent=2)
        except ValueError:
            return self.text

    def edited(self, before: Any, text: str) -> Any:
        """The value for what the person left in the field; the very same value where they left it as it was.

        Raises:
            Unfit: it is not of the parameter's kind.
        """
        written = text.replace("\r\n", "\n")
        # Some clients trim what a person left alone.
        if written in {self.text, self.shown, self.text.strip()}:
            return before
        try:
            return self._read(before, written)
        except ValueError as wrong:
            raise Unfit(self.field, f"{self.label}: {wrong}", "Nothing was sent.") from None

    def _read(self, before: Any, written: str) -> Any:
        match self.kind:
            case "text":
                return written
            case "boolean":
                return _boolean(written)
            case "number":
                return _number(written)
            case "data":
                return _data(before, written)


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
            choices=tuple(dict.fromkeys(line(choice, MOST_OF_A_LINE) for choice in asked.choices)),
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
    why: str | None = None
    integration: str | None = None


class TaskSheet(Part):
    """One task that waits, with all its stops."""

    task_id: str
    task: str
    agent: str
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
            subject=_said(subject(task)),
            waits=age(task.changed_at, now),
            stops=stops,
        )


class InboxSheet(Part):
    """A page of what waits in a workspace, or of one `agent` in it: `total` tasks in all."""

    workspace: str
    agent: str | None = None
    tasks: tuple[TaskSheet, ...]
    total: int
    page: int = 1


def approval_sheet(node: Node, parameters: Mapping[str, Any], mark: str) -> StopSheet:
    """The action for which a step waits, with the parameters it would run with."""
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
        parameters=tuple(Parameter.of(number, *pair) for number, pair in enumerate(parameters.items(), 1)),
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


def input_kind(given: Any) -> InputKind:
    """Which kind of form field a value takes."""
    match given:
        case bool():
            return "boolean"
        case int() | float():
            return "number"
        case dict() | list():
            return "data"
        case _:
            return "text"


def _said(text: str | None) -> str | None:
    return clean(text).strip() or None if text else None


def _boolean(written: str) -> bool:
    known = {"true": True, "yes": True, "false": False, "no": False}
    said = known.get(written.strip().casefold())
    if said is None:
        raise ValueError(f"{quoted(written, 40)} is neither true nor false.")
    return said


def _number(written: str) -> int | float:
    said = written.strip()
    if _INTEGER.fullmatch(said):
        return int(said)
    if _NUMBER.fullmatch(said):
        return float(said)
    raise ValueError(f"{quoted(written, 40)} is not a number. Write it like 1250 or 1250.50.")


def _data(before: Any, written: str) -> Any:
    wanted = "list" if isinstance(before, list) else "object"
    wrong = f"this is not a JSON {wanted} any more."
    try:
        said: Any = from_json(written, allow_inf_nan=False)
    except ValueError as error:
        raise ValueError(f"{wrong} {line(str(error), 120).capitalize()}.") from None
    if isinstance(said, list) is not isinstance(before, list) or not isinstance(said, list | dict):
        raise ValueError(wrong)
    return cast("Any", said)
