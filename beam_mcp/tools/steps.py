"""Which step of a task is meant: by its number in the task, its name or its id."""

from collections.abc import Iterable

from beam_mcp.beam.errors import BadRequest
from beam_mcp.beam.node import Node
from beam_mcp.beam.task import Task
from beam_mcp.views.text import line, listed, quoted


def step_named(task: Task, wanted: str) -> Node:
    """The step that is meant.

    Raises:
        BadRequest: none or several are, with those there are.
    """
    name = " ".join(wanted.casefold().split())
    if name.isdecimal() and 1 <= int(name) <= len(task.nodes):
        return task.nodes[int(name) - 1]
    fitting = [node for node in task.nodes if name in {(node.id or "").lower(), *_called(node)}]
    fitting = fitting or [node for node in task.nodes if name in (node.objective or "").casefold()]
    if len(fitting) != 1:
        many = f"fits {len(fitting)} steps" if fitting else "is no step of this task"
        raise BadRequest(f"step: {quoted(wanted, 60)} {many}.", f"Use the number: {steps_of(task)}.")
    return fitting[0]


def _called(node: Node) -> tuple[str, str]:
    """What a step is called: its objective, and the same as it is told."""
    objective = node.objective or ""
    return objective.casefold(), line(objective, 80).casefold()


def number_of(task: Task, node: Node) -> str:
    """The number of a step in its task."""
    return str(1 + next(index for index, other in enumerate(task.nodes) if other is node))


def steps_of(task: Task, nodes: Iterable[Node] | None = None) -> str:
    """The steps of a task with their numbers, or those of these nodes."""
    shown = task.nodes if nodes is None else list(nodes)
    return listed((f"{number_of(task, node)} {quoted(node.objective or 'unnamed', 40)}" for node in shown), most=12)
