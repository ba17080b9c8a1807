"""All that Beam recorded of a failure, a page of it: for those who want to see more than the cause."""

from collections.abc import Iterable
from typing import Self

from beam_mcp.beam.node import Node
from beam_mcp.beam.task import Task, phase_of
from beam_mcp.views.cleaning import tame
from beam_mcp.views.failure import FailureView
from beam_mcp.views.names import handle, percent, status_words
from beam_mcp.views.text import block, call, line, pages, prose, reasons, value
from beam_mcp.views.view import View

PAGE_CHARACTERS, PAGE_TOKENS = 8_000, 3000


class EvidenceView(View):
    """The steps that failed with what Beam recorded of them."""

    task: str
    status: str
    why: str | None = None
    evidence: str = ""
    page: int
    more: str | None = None

    @classmethod
    def of(cls, task: Task, *, page: int) -> Self:
        """Of a task that failed; another is said to have not."""
        name, failed = handle(task), FailureView.of(task) if task.phase == "failed" else None
        nodes = [node for node in task.nodes if phase_of(node.status) == "failed"]
        whole = tame("\n\n".join("\n".join(_told(node)) for node in nodes)).strip() if failed else ""
        parts = [*pages(whole, characters=PAGE_CHARACTERS, most_tokens=PAGE_TOKENS)]
        onward = call("get_task", task=name, detail="failure", page=page + 1)
        again = failed.another_try(name) if failed else None
        return cls(
            task=name,
            status=status_words(task.status),
            why=failed.text() if failed else None,
            evidence=parts[page - 1] if page <= len(parts) else "",
            page=page,
            more=onward if page < len(parts) else None,
            next=((again,) if again else ()) if failed else (f"{call('get_task', task=name)} shows where it stands.",),
        )

    def body(self) -> str:
        """The cause, then the evidence as data."""
        if self.why is None:
            return f"{self.task} has not failed: {self.status}."
        nothing = "Beam recorded nothing more." if self.page == 1 else f"No evidence on page {self.page}."
        fenced = block(self.evidence, author="the agent and its tools") if self.evidence else nothing
        lines = [f"{self.task}, {self.status}", self.why, fenced, f"More: {self.more}" if self.more else None]
        return "\n".join(filter(None, lines))


def _told(node: Node) -> Iterable[str]:
    """One fact a line, what there is of it."""
    yield f"step: {line(node.objective or 'unnamed', 200)} ({status_words(node.status)})"
    yield from _of_tool(node)
    for edge in node.edge_evaluations or ():
        taken = "taken" if edge.selected else "not taken"
        yield f"branch {line(edge.branch_name or 'unnamed', 60)}, {taken}: {edge.reason or 'no reason given'}"
    for asked in node.open_questions():
        yield f"missing input: {line(asked.question, 200)}"
    if node.evaluation_score is not None:
        yield f"evaluation: {percent(node.evaluation_score)}"
    if node.output and node.output.value:
        yield f"output: {prose(node.output.value)}"


def _of_tool(node: Node) -> Iterable[str]:
    if node.tool.tool_name:
        yield f"tool: {line(node.tool.tool_name, 100)}"
    if (data := node.tool_data) is None:
        return
    given = {**(data.required_parameters or {}), **(data.optional_parameters or {})}
    yield from (f"parameter {line(name, 60)}: {value(item)}" for name, item in given.items() if item is not None)
    if data.integration_error and data.integration_error is not True:
        yield f"integration: {value(data.integration_error)}"
    if data.tool_output:
        yield f"tool output: {value(data.tool_output)}"
    if why := reasons(data.reasoning):
        yield f"reasoning: {why}"
