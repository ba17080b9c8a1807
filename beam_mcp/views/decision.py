"""A step that wants to act: what it would do, and what became of the person's decision."""

from typing import Any, Self

from beam_mcp.beam.task import Task
from beam_mcp.views.field import Parameter
from beam_mcp.views.names import agent_name, called, handle, status_words
from beam_mcp.views.questions import StopView, stops_of
from beam_mcp.views.sheet import StopSheet
from beam_mcp.views.text import apart, call, counted, line, named, quoted, value
from beam_mcp.views.view import View

MOST_OF_A_PARAMETER = 200
MOST_TOLD = 4000  # characters of all parameters together; an answer that holds more could be cut


class ActionView(View):
    """What a step wants to do, where nothing was decided."""

    task: str
    agent: str
    reason: str
    stop: StopView
    words: str | None = None

    @classmethod
    def of(cls, task: Task, sheet: StopSheet, *, reason: str, following: tuple[str, ...]) -> Self:
        """`sheet` is the action, `reason` says why nothing was decided, `following` how to decide, best first."""
        stop = StopView(
            kind="approval",
            step=line(sheet.step, 80) if sheet.step else None,
            tool=line(sheet.tool, 60) if sheet.tool else None,
            does=line(sheet.does, 120) if sheet.does else None,
            target=line(sheet.target, 120) if sheet.target else None,
            parameters=dict(
                zip(
                    apart(p.label for p in sheet.parameters),
                    (line(p.stands, MOST_OF_A_PARAMETER) for p in sheet.parameters),
                    strict=True,
                )
            ),
            why=line(sheet.why, 160) if sheet.why else None,
        )
        words = line(sheet.words, MOST_OF_A_PARAMETER) or None
        name, agent = handle(task), agent_name(task.of_agent)
        return cls(task=name, agent=agent, reason=reason, stop=stop, words=words, next=following)

    def body(self) -> str:
        """Why nothing was decided, then the whole action."""
        words = f"\nWords for the agent: {quoted(self.words, MOST_OF_A_PARAMETER)}" if self.words else ""
        return f"{self.task}, agent {named(self.agent)}: nothing was decided, {self.reason}.\n{self.stop.text()}{words}"


def question_of(task: Task, stop: StopSheet) -> str:
    """The words above a form: who wants to do what to whom, with every parameter and why; foreign text quoted.

    The reference stands for the whole action: where anything of it changes, also what is too long to be shown, these
    are other words, and the person is asked anew.
    """
    warned = f" (calls itself {odd})" if (odd := called(task)) else ""
    who, tool = named(agent_name(task.of_agent)), quoted(stop.tool or "a tool", 60)
    lines = [
        f"Agent {who}, task {handle(task)}{warned}, wants to run {tool}.",
        f"What it does: {quoted(stop.does, 200)}" if stop.does else None,
        f"Target: {quoted(stop.target, 120)}" if stop.target else None,
        *([_parameter(parameter) for parameter in stop.parameters] or ["Beam shows no parameters."]),
        f"Why: {quoted(stop.why, 200)}" if stop.why else None,
        f"Words for the agent: {_whole(stop.words)}" if stop.words else None,
        f"Reference {stop.mark}",
    ]
    return "\n".join(filter(None, lines))


def _parameter(parameter: Parameter) -> str:
    """A parameter as a form can show it: all of it, on one line."""
    unseen = f" ({counted(parameter.unseen, 'character')} of it cannot be shown)" if parameter.unseen else ""
    before = f", changed from {_whole(parameter.text)}" if parameter.proposed is not None else ""
    return f"- {named(parameter.label)}: {_whole(parameter.stands)}{before}{unseen}"


def _whole(text: str) -> str:
    return quoted(text, len(text) + 1)


def shown_whole(sheet: StopSheet) -> bool:
    """Whether an `ActionView` says every parameter, and the words, to the last character."""
    labels = [parameter.label for parameter in sheet.parameters]
    said = [*(parameter.stands for parameter in sheet.parameters), sheet.words]
    return (
        sum(map(len, (*labels, *said))) <= MOST_TOLD
        and len(set(labels)) == len(labels)
        and all(p.label == p.name and not p.unseen for p in sheet.parameters)
        and all(line(text, MOST_OF_A_PARAMETER) == text for text in said)
    )


class DecidedView(View):
    """A decision that Beam took, and where the task stands now."""

    task: str
    decision: str
    tool: str
    status: str
    changed: tuple[str, ...] = ()
    stops: tuple[StopView, ...] = ()

    @classmethod
    def of(cls, task: Task, *, decision: str, tool: str | None, changed: dict[str, Any] | None = None) -> Self:
        """`decision` is "Approved" or "Rejected"; `changed` holds the parameters the person edited."""
        name = handle(task)
        edited = tuple(f"{named(line(key, 60))}={quoted(value(given), 80)}" for key, given in (changed or {}).items())
        look = call("get_task", task=name)
        return cls(
            task=name,
            decision=decision,
            tool=line(tool or "the step", 60),
            status=status_words(task.status),
            changed=edited,
            stops=stops_of(task) if task.needs_person else (),
            next=(call("wait_for_tasks", tasks=[name]), look) if task.phase == "working" else (look,),
        )

    def body(self) -> str:
        """One line, then what is still open."""
        edited = f" with {', '.join(self.changed)}" if self.changed else ""
        head = f"{self.decision} {quoted(self.tool, 60)} of {self.task}{edited}. It is now: {self.status}."
        return "\n".join([head, *(stop.text() for stop in self.stops)])
