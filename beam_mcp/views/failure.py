"""Why a task failed, in plain words: the step, the cause, who can mend it, the safe next step."""

import re
from typing import Any, Literal, Self, cast

from beam_mcp.beam.node import Node
from beam_mcp.beam.task import Task, phase_of
from beam_mcp.views.text import call, line, listed, prose, quoted
from beam_mcp.views.view import Part

STOPPED = "a person or a rule stopped it"
UNKNOWN = "Beam gives no cause"
MISSING = "an input is missing"
MOST_BRANCHES = 3

_NONE = r"\"?:? ?(?:null|none|false|0\b|\[\])"
_ERROR = re.compile(
    rf"(?<!\bno )(?<!\b0 )(?:error|exception|fail|timeout|timed out|denied|invalid|refused|not found)(?!\w*{_NONE})",
    re.IGNORECASE,
)

Mender = Literal["you", "the agent's builder", "Beam"]


class FailureView(Part):
    """The cause of a failure; `evidence` is what Beam said of it, `also` are other branches that failed."""

    step: str | None = None
    cause: str
    evidence: str | None = None
    mender: Mender | None = None
    also: tuple[str, ...] = ()
    reconnect: bool = False

    @classmethod
    def of(cls, task: Task) -> Self:
        """From the step that failed, else from what the task says of itself."""
        node = task.failing_node()
        step = line(node.objective, 80) if node and node.objective else None
        cause, evidence, mender = _cause(node, task)
        others = [other for other in task.nodes if phase_of(other.status) == "failed" and other is not node]
        return cls(
            step=step,
            cause=cause,
            evidence=line(evidence, 300 if not others else 160) if evidence else None,
            mender=mender,
            also=tuple(_brief(other, task) for other in others),
            reconnect=node is not None and _disconnected(node),
        )

    def text(self) -> str:
        """Two lines at most."""
        where = f" at step {quoted(self.step, 80)}" if self.step else ""
        said = f": {quoted(self.evidence, 300)}" if self.evidence else ""
        also = f" Also failed: {listed(self.also, most=MOST_BRANCHES)}." if self.also else ""
        return f"Why{where}: {self.cause}{said}.{self._mending()}{also}"

    def _mending(self) -> str:
        if self.reconnect:
            return " Connect it again in the Beam app."
        return f" {self.mender.capitalize()} can mend it." if self.mender and self.cause != STOPPED else ""

    def next_steps(self, task: str) -> tuple[str, ...]:
        """A second try where that can help, else the evidence."""
        evidence = f"{call('get_task', task=task, detail='failure')} shows the evidence."
        again = self.another_try(task)
        return (again, evidence) if again else (evidence,)

    def another_try(self, task: str) -> str | None:
        """The call that tries again, and when that makes sense; None where that is unknown or the agent must change."""
        if self.cause == MISSING and self.step:
            return f"{call('retry_task', task=task, step=self.step, feedback='…')} with the missing input as feedback."
        when = {"Beam": "tries again.", "you": "once the cause is gone, if the person wants it."}.get(self.mender or "")
        return f"{call('retry_task', task=task)} {when}" if when else None


def _brief(node: Node, task: Task) -> str:
    cause, _, _ = _cause(node, task)
    return f"{quoted(node.objective or 'unnamed', 40)} ({line(cause, 60)})"


def _cause(node: Node | None, task: Task) -> tuple[str, str | None, Mender | None]:
    said = _said(node) if node else []
    if (task.status or "").upper() in {"STOPPED", "CANCELLED"} and not said:
        return STOPPED, task.task_summary, "you"
    if node is None:
        return "Beam names no failed step", task.task_summary, None
    evidence = "; ".join(said) or None
    if _disconnected(node):
        name = (node.tool_data and node.tool_data.integration_identifier) or node.tool.tool_name or "integration"
        return f"the connection to {quoted(name, 40)} does not work", evidence, "you"
    if said and _ERROR.search(said[0]):
        tool = quoted(node.tool.tool_name or "unnamed", 60)
        return f"its tool {tool} reported an error", evidence, "the agent's builder"
    return _cause_besides_tool(node, task, evidence)


def _cause_besides_tool(node: Node, task: Task, put_out: str | None) -> tuple[str, str | None, Mender | None]:
    if missing := node.open_questions():
        return MISSING, ", ".join(asked.question for asked in missing), "you"
    if _rated_low(node.evaluation_score):
        return "its result was rated too low", put_out or task.task_summary, "the agent's builder"
    if reason := next((e.reason for e in node.edge_evaluations or () if e.reason), None):
        return "no branch of the flow fitted", reason, "the agent's builder"
    return UNKNOWN, put_out or task.task_summary, None


def _rated_low(score: float | None) -> bool:
    return score is not None and (score / 100 if score > 1 else score) < 0.5


def _disconnected(node: Node) -> bool:
    original = node.tool.original_tool
    broken = original and original.is_integration_required and original.is_integration_connected is False
    return bool((node.tool_data and node.tool_data.integration_error) or broken)


def _said(node: Node) -> list[str]:
    """What the tool put out, what reads like an error first."""
    if (data := node.tool_data) is None:
        return []
    given: list[Any] = [data.integration_error, data.tool_output]
    item = next((item for item in given if item and item is not True), None)
    parts = cast("list[Any]", item) if isinstance(item, list) else [item] if item else []
    said = [", ".join(prose(part).splitlines()) for part in parts]
    return sorted(said, key=lambda part: not _ERROR.search(part))
