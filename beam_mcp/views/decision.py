"""A step that wants to act: what it would do, and what became of the person's decision."""

from typing import Any, Self

from beam_mcp.beam.node import Node
from beam_mcp.beam.task import Task
from beam_mcp.views.names import agent_name, handle, status_words
from beam_mcp.views.questions import StopView, stops_of
from beam_mcp.views.text import call, line, quoted, value
from beam_mcp.views.view import View

MOST_OF_A_PARAMETER = 600


class ActionView(View):
    """What a step wants to do, where nothing was decided."""

    task: str
    agent: str
    reason: str
    stop: StopView

    @classmethod
    def of(
        cls, task: Task, node: Node, parameters: dict[str, Any], *, reason: str, next_call: str | None = None
    ) -> Self:
        """`parameters` are those it would run with, `reason` says why nothing was decided, `next_call` how to."""
        shown = {line(name, 60): line(value(given), 200) for name, given in parameters.items()}
        stop = StopView.of(node, task, first_number=1).model_copy(update={"parameters": shown})
        here = f"the person decides on {handle(task)} in the Beam app."
        following = (next_call,) if next_call else (here,)
        return cls(task=handle(task), agent=agent_name(task.of_agent), reason=reason, stop=stop, next=following)

    def body(self) -> str:
        """Why nothing was decided, then the whole action."""
        return f"{self.task}, agent {self.agent}: nothing was decided, {self.reason}.\n{self.stop.text()}"


def question_of(task: Task, node: Node, parameters: dict[str, Any], code: str) -> str:
    """The words above a form: who wants to do what, with every parameter and why; foreign text on lines of its own.

    `code` stands for the whole action: where anything of it changes, also what is too long to be shown, these are other
    words, and the person is asked anew.
    """
    stop = StopView.of(node, task, first_number=1)
    lines = [
        f"Agent {agent_name(task.of_agent)}, task {handle(task)}, wants to run {quoted(stop.tool or 'a tool', 60)}.",
        f"What it does: {quoted(stop.does, 200)}" if stop.does else None,
        *([_parameter(name, given) for name, given in parameters.items()] or ["Beam shows no parameters."]),
        f"Why: {quoted(stop.why, 200)}" if stop.why else None,
        f"Reference {code}",
    ]
    return "\n".join(filter(None, lines))


def _parameter(name: str, given: Any) -> str:
    """A parameter as far as a form can show it; what is left out is said, since it is approved along with the rest."""
    whole = value(given)
    left = len(whole) - MOST_OF_A_PARAMETER
    more = f" and {left:,} characters more, to be seen in the Beam app" if left > 0 else ""
    return f"{line(name, 60)}: {quoted(whole, MOST_OF_A_PARAMETER)}{more}"


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
        edited = tuple(f"{line(key, 60)}={quoted(value(given), 80)}" for key, given in (changed or {}).items())
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
