"""What a stopped task wants from a person: questions, an approval, a sign-in, credits."""

from collections import Counter
from collections.abc import Sequence
from typing import Literal, Self

from pydantic import Field

from beam_mcp.beam.decision import parameters_of
from beam_mcp.beam.node import Asked, Node, ToolData
from beam_mcp.beam.task import Task, phase_of
from beam_mcp.views.text import apart, call, line, named, quoted, reasons, value
from beam_mcp.views.view import Part

SHORT_CHOICE, LONG_CHOICE = 60, 300  # characters

Kind = Literal["question", "approval", "sign-in", "credits", "unclear"]

_KINDS: dict[str, Kind] = {
    "USER_INPUT_REQUIRED": "question",
    "USER_CONSENT_REQUIRED": "approval",
    "AUTHENTICATION_REQUIRED": "sign-in",
    "INSUFFICIENT_CREDITS": "credits",
}


def kind_of(node: Node, task: Task) -> Kind:
    """What a waiting step waits for."""
    status = node.status if phase_of(node.status) == "needs_me" else task.status
    return _KINDS.get((status or "").upper(), "unclear")


def shown_choices(choices: Sequence[str], limit: int = SHORT_CHOICE) -> tuple[str, ...]:
    """Choices as a person sees them, in their order, no two the same: longer than `limit` only to tell them apart."""
    names = [line(choice, limit) or "unreadable" for choice in choices]
    if limit < LONG_CHOICE and len(set(names)) < len(names):
        return shown_choices(choices, LONG_CHOICE)
    return tuple(apart(names))


class QuestionView(Part):
    """One open question; `number` counts over all steps of the task."""

    number: int
    question: str
    parameter: str | None = None
    about: str | None = None
    suggested: tuple[str, ...] = ()
    remembered: str | None = None
    choices: tuple[str, ...] = ()

    @classmethod
    def of(cls, number: int, asked: Asked) -> Self:
        """From what Beam asks."""
        parameter = line(asked.parameter or "", 60)
        return cls(
            number=number,
            question=line(asked.question, 300) or "unreadable",
            # A name that cannot be said as it is would be no answer's key: the number is.
            parameter=parameter if parameter and parameter == asked.parameter else None,
            about=line(asked.about, 120) if asked.about and asked.about != asked.question else None,
            suggested=tuple(line(hint, 80) for hint in asked.hints[:3]),
            remembered=line(asked.remembered, 120) if asked.remembered else None,
            choices=shown_choices(asked.choices)[:12],
        )

    @property
    def key(self) -> str:
        """What an answer is given under: the parameter, unless it is too long to be shown whole."""
        return self.parameter if self.parameter and not self.parameter.endswith("…") else str(self.number)

    def text(self) -> str:
        """One line with everything that helps to answer."""
        facts = [
            f"parameter {named(self.parameter)}" if self.parameter else "",
            quoted(self.about, 120) if self.about else "",
            "one of " + ", ".join(quoted(choice, len(choice)) for choice in self.choices) if self.choices else "",
            "suggested " + ", ".join(map(quoted, self.suggested)) if self.suggested else "",
            f"remembered {quoted(self.remembered, 120)}, kept unless you answer" if self.remembered else "",
        ]
        known = "; ".join(filter(None, facts))
        return f"{self.number}. {quoted(self.question, 300)}" + (f" ({known})" if known else "")


class StopView(Part):
    """One step that stops for a person."""

    kind: Kind
    step: str | None = None
    questions: tuple[QuestionView, ...] = ()
    tool: str | None = None
    does: str | None = None
    target: str | None = None
    parameters: dict[str, str] = Field(default_factory=dict[str, str])
    why: str | None = None
    integration: str | None = None

    @classmethod
    def of(cls, node: Node, task: Task, *, first_number: int) -> Self:
        """From a waiting step; its questions are numbered from `first_number`."""
        kind = kind_of(node, task)
        step = line(node.objective, 80) if node.objective else None
        if kind == "question":
            asked = enumerate(node.open_questions(), first_number)
            return cls(kind=kind, step=step, questions=tuple(QuestionView.of(n, a) for n, a in asked))
        tool = node.tool.tool_name or node.tool.tool_function_name
        if kind == "approval":
            return cls._approval(node, step, tool)
        identifier = (node.tool_data.integration_identifier if node.tool_data else None) or tool
        return cls(kind=kind, step=step, integration=line(identifier, 60) if identifier else None)

    @classmethod
    def _approval(cls, node: Node, step: str | None, tool: str | None) -> Self:
        why = reasons((node.tool_data or ToolData()).reasoning)
        return cls(
            kind="approval",
            step=step,
            tool=line(tool, 60) if tool else None,
            does=line(node.tool.description, 120) if node.tool.description else None,
            parameters={line(name, 60): line(value(item), 200) for name, item in parameters_of(node).items()},
            why=line(why, 160) if why else None,
        )

    def text(self) -> str:
        """What is wanted, one to a few lines; without the call that gives it."""
        where = f" at step {quoted(self.step, 80)}" if self.step else ""
        match self.kind:
            case "question":
                asked = [q.text() for q in self.questions] or ["Beam shows none that is open."]
                return "\n".join([f"Question{'s' * (len(self.questions) > 1)}{where}:", *asked])
            case "approval":
                return f"Approval{where}: {self._action_text()}"
            case "sign-in":
                return f"Sign-in{where}: connect {named(self.integration or 'the integration')} in the Beam app."
            case "credits":
                return f"Credits{where}: the workspace has run out; top up in the Beam app."
            case _:
                return f"Stopped{where}: Beam does not say for what."

    def _action_text(self) -> str:
        pairs = (f"{named(line(name, 60))}={quoted(given, 200)}" for name, given in self.parameters.items())
        given = ", ".join(pairs)
        does = f", which {quoted(self.does, 120)}" if self.does else ""
        why = f" Why: {quoted(self.why, 160)}" if self.why else ""
        target = f" Target: {quoted(self.target, 120)}." if self.target else ""
        using = f" with {given}" if given else "; Beam shows no parameters"
        return (
            f"run {quoted(self.tool, 60) if self.tool else 'a tool that Beam does not name'}{does}{using}.{target}{why}"
        )


def stops_of(task: Task) -> tuple[StopView, ...]:
    """Every step of the task that waits for a person, questions numbered through; never none where it needs one."""
    stops: list[StopView] = []
    for node in task.waiting_nodes():
        asked = sum(len(stop.questions) for stop in stops)
        stops.append(StopView.of(node, task, first_number=asked + 1))
    if not stops and task.phase == "needs_me":
        return (StopView(kind=_KINDS.get((task.status or "").upper(), "unclear")),)
    return tuple(stops)


def _keys(stops: tuple[StopView, ...]) -> list[str]:
    """What to give the answers under: a parameter, or the number where two questions share one or it was cut."""
    asked = [question for stop in stops for question in stop.questions]
    shared = Counter(question.key for question in asked)
    return [q.key if shared[q.key] == 1 else str(q.number) for q in asked if not q.remembered]


def next_steps(task: str, stops: tuple[StopView, ...]) -> tuple[str, ...]:
    """The calls that move a stopped task on, best first."""
    kinds = {stop.kind for stop in stops}
    steps: list[str] = []
    if any(stop.questions for stop in stops):
        steps.append(call("answer_questions", task=task, answers=dict.fromkeys(_keys(stops), "…")))
    if "approval" in kinds:
        steps.append(f"{call('approve_step', task=task)} or {call('reject_step', task=task, reason='…')}")
        steps.append(f"the person decides on {task} in the Beam app.")
    if kinds & {"sign-in", "credits"}:
        steps.append(f"{call('retry_task', task=task)} once that is done.")
    if not steps:
        steps.append(f"the person looks at {task} in the Beam app.")
    return tuple(steps)
