"""Why a task failed, in plain words: the step, the cause, who can mend it, the safe next step."""

from typing import Any, Literal, Self, cast

from beam_mcp.beam.node import Node
from beam_mcp.beam.task import Task
from beam_mcp.views.text import call, line, prose, quoted
from beam_mcp.views.view import Part

STOPPED = "a person or a rule stopped it"

Mender = Literal["you", "the agent's builder", "Beam"]


class FailureView(Part):
    """The cause of a failure; `evidence` is what Beam said of it."""

    step: str | None = None
    cause: str
    evidence: str | None = None
    mender: Mender

    @classmethod
    def of(cls, task: Task) -> Self:
        """From the step that failed, else from what the task says of itself."""
        node = task.failing_node()
        step = line(node.objective, 80) if node and node.objective else None
        cause, evidence, mender = _cause(node, task)
        return cls(step=step, cause=cause, evidence=line(evidence, 300) if evidence else None, mender=mender)

    def text(self) -> str:
        """Two lines at most."""
        where = f" at step {quoted(self.step, 80)}" if self.step else ""
        said = f": {quoted(self.evidence, 300)}" if self.evidence else ""
        mender = "" if self.cause == STOPPED else f" {self.mender.capitalize()} can mend it."
        return f"Why{where}: {self.cause}{said}.{mender}"

    def next_steps(self, task: str) -> tuple[str, ...]:
        """A second try where that can help, else the evidence."""
        evidence = f"{call('get_task', task=task, detail='failure')} shows the evidence."
        again = self.another_try(task)
        return (again, evidence) if again else (evidence,)

    def another_try(self, task: str) -> str | None:
        """The call that tries again, and when that makes sense; None where the agent itself has to change."""
        when = {"Beam": "tries again.", "you": "once the cause is gone, if the person wants it."}.get(self.mender)
        return f"{call('retry_task', task=task)} {when}" if when else None


def _cause(node: Node | None, task: Task) -> tuple[str, str | None, Mender]:
    if (task.status or "").upper() in {"STOPPED", "CANCELLED"} and (node is None or not _errors(node)):
        return STOPPED, task.task_summary, "you"
    if node is None:
        return "Beam names no failed step", task.task_summary, "Beam"
    data, original = node.tool_data, node.tool.original_tool
    broken = original and original.is_integration_required and original.is_integration_connected is False
    if (data and data.integration_error) or broken:
        name = (data and data.integration_identifier) or node.tool.tool_name or "integration"
        return f"the connection to {quoted(name, 40)} does not work", _errors(node), "you"
    if _errors(node):
        return (
            f"its tool {quoted(node.tool.tool_name or 'unnamed', 60)} reported an error",
            _errors(node),
            "the agent's builder",
        )
    if missing := node.open_questions():
        return "an input is missing", ", ".join(asked.question for asked in missing), "you"
    if reason := next((e.reason for e in node.edge_evaluations or () if e.reason), None):
        return "no branch of the flow fitted", reason, "the agent's builder"
    if node.evaluation_score is not None and node.evaluation_score < 0.5:
        return "its result was rated too low", task.task_summary, "the agent's builder"
    return "Beam gives no cause", task.task_summary, "Beam"


def _errors(node: Node) -> str | None:
    """What the tool put out, which for a failed step is its error."""
    data = node.tool_data
    if data is None:
        return None
    said: list[Any] = [data.integration_error, data.tool_output]
    return next((_flat(item) for item in said if item and item is not True), None)


def _flat(item: Any) -> str:
    items = cast("list[Any]", item) if isinstance(item, list) else [item]
    return "; ".join(", ".join(prose(part).splitlines()) for part in items)
