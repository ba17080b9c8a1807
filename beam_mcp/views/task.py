"""One task: where it stands, what it waits for, what came of it."""

from datetime import datetime
from typing import Literal, Self

from beam_mcp.beam.history import Usual, seconds_taken
from beam_mcp.beam.node import Node
from beam_mcp.beam.task import Task, phase_of
from beam_mcp.views.cleaning import tame
from beam_mcp.views.failure import FailureView
from beam_mcp.views.names import agent_name, called, cost, handle, percent, status_words, subject
from beam_mcp.views.questions import StopView, next_steps, stops_of
from beam_mcp.views.text import ago, block, call, counted, excerpt, line, named, pages, prose, quoted, span
from beam_mcp.views.usual import look_again, usual_words
from beam_mcp.views.view import Part, View

Detail = Literal["summary", "steps", "output", "failure"]

SUMMARY_CHARACTERS = 700
PAGE_CHARACTERS, PAGE_TOKENS = 12_000, 4000


class UnchangedView(View):
    """A task that has not changed since this conversation last heard of it."""

    task: str
    status: str
    since: str
    usual: str | None = None

    @classmethod
    def of(cls, task: Task, *, since: str, usual: Usual | None, now: datetime) -> Self:
        """`since` is the time it was last told; `usual` what is known of the agent's tasks."""
        name = handle(task)
        return cls(
            task=name,
            status=status_words(task.status),
            since=since,
            usual=usual_words(usual),
            next=_next_steps_unchanged(task, name, look_again(task, usual, now)),
        )

    def body(self) -> str:
        """One line."""
        usual = f"; {self.usual}" if self.usual else ""
        return f"{self.task}: no change since {self.since}, {self.status}{usual}."


class TaskView(View):
    """A task in short."""

    task: str
    agent: str
    status: str
    calls_itself: str | None = None
    facts: tuple[str, ...] = ()
    about: str | None = None
    progress: str | None = None
    stops: tuple[StopView, ...] = ()
    failure: FailureView | None = None
    result: str | None = None

    @classmethod
    def of(cls, task: Task, now: datetime, *, usual: Usual | None = None) -> Self:
        """What is worth saying depends on where it stands; `usual` is what is known of the agent's tasks."""
        name, stops = handle(task), stops_of(task)
        failed = FailureView.of(task) if task.phase == "failed" else None
        about = subject(task)
        return cls(
            task=name,
            agent=agent_name(task.of_agent),
            status=status_words(task.status),
            calls_itself=called(task),
            facts=_facts(task, now, usual),
            about=line(about, 120) if about else None,
            progress=_progress(task) if task.phase in {"working", None} else None,
            stops=stops if task.needs_person else (),
            failure=failed,
            result=excerpt(result, SUMMARY_CHARACTERS) if task.phase == "done" and (result := _result(task)) else None,
            next=_next_steps(task, name, stops, failed) or _when_working(name, look_again(task, usual, now), task),
        )

    def body(self) -> str:
        """The head line, then what matters now."""
        head = ", ".join([f"{self.task}, agent {named(self.agent)}, {self.status}", *self.facts])
        about = f"Asked for: {quoted(self.about, 120)}" if self.about else None
        nothing = "It left no result in words." if self.status == status_words("COMPLETED") else None
        result = block(self.result, author="the agent") if self.result else nothing
        stops = [stop.text() for stop in self.stops]
        failure = self.failure.text() if self.failure else None
        warned = f"It calls itself {self.calls_itself}." if self.calls_itself else None
        return "\n".join(filter(None, [head, warned, about, self.progress, *stops, failure, result]))


class StepLine(Part):
    """One step of a task."""

    number: int
    objective: str
    status: str
    tool: str | None = None
    score: str | None = None
    output: str | None = None

    @classmethod
    def of(cls, number: int, node: Node) -> Self:
        """What the step was for and what came of it."""
        produced = prose(node.output.value) if node.output and node.output.value else None
        return cls(
            number=number,
            objective=line(node.objective or "unnamed step", 80),
            status=status_words(node.status),
            tool=line(node.tool.tool_name, 40) if node.tool.tool_name else None,
            score=percent(node.evaluation_score),
            output=line(produced, 120) if produced else None,
        )

    def text(self) -> str:
        """One line."""
        facts = [
            self.status,
            f"tool {named(self.tool)}" if self.tool else "",
            f"evaluation {self.score}" if self.score else "",
        ]
        output = f", output {quoted(self.output, 120)}" if self.output else ""
        return f"{self.number}. {quoted(self.objective, 80)}: {', '.join(filter(None, facts))}{output}"


class StepsView(View):
    """The steps of a task, a page of them."""

    task: str
    status: str
    total: int
    steps: tuple[StepLine, ...]
    more: str | None = None

    @classmethod
    def of(cls, task: Task, *, page: int, page_size: int = 40) -> Self:
        """Steps in Beam's order."""
        begin = (page - 1) * page_size
        some = task.nodes[begin : begin + page_size]
        onward = call("get_task", task=handle(task), detail="steps", page=page + 1)
        return cls(
            task=handle(task),
            status=status_words(task.status),
            total=len(task.nodes),
            steps=tuple(StepLine.of(begin + n, node) for n, node in enumerate(some, 1)),
            more=onward if begin + len(some) < len(task.nodes) and some else None,
            next=(call("get_task", task=handle(task), detail="output"),) if task.phase == "done" else (),
        )

    def body(self) -> str:
        """A line a step."""
        if not self.steps:
            none = "no step on that page" if self.total else "no steps so far"
            return f"{self.task}, {self.status}: {none}."
        lines = [f"{self.task}, {self.status}, {counted(self.total, 'step')}:", *(step.text() for step in self.steps)]
        return "\n".join([*lines, f"More: {self.more}"] if self.more else lines)


class OutputView(View):
    """Everything a task produced, a page of it."""

    task: str
    status: str
    output: str
    characters: int
    page: int
    pages: int
    more: str | None = None

    @classmethod
    def of(cls, task: Task, *, page: int) -> Self:
        """The summary, then what the last steps produced."""
        whole = tame("\n\n".join(filter(None, [task.task_summary, *map(prose, task.outcome())]))).strip()
        parts = [*pages(whole, characters=PAGE_CHARACTERS, most_tokens=PAGE_TOKENS)]
        onward = call("get_task", task=handle(task), detail="output", page=page + 1)
        return cls(
            task=handle(task),
            status=status_words(task.status),
            output=parts[page - 1] if page <= len(parts) else "",
            characters=len(whole),
            page=page,
            pages=len(parts),
            more=onward if page < len(parts) else None,
        )

    def body(self) -> str:
        """The output as data, and how to read on."""
        if not self.output:
            past = f"no output on page {self.page}" if self.characters else "no output so far"
            return f"{self.task}, {self.status}: {past}."
        page = f", page {self.page} of {self.pages}" if self.pages > 1 else ""
        head = f"{self.task}, {self.status}, output of {self.characters:,} characters{page}:"
        fenced = block(self.output, author="the agent")
        return "\n".join(filter(None, [head, fenced, f"More: {self.more}" if self.more else None]))


def _facts(task: Task, now: datetime, usual: Usual | None) -> tuple[str, ...]:
    took = seconds_taken(task) if task.phase in {"done", "failed"} else None
    score = percent(task.average_evaluation_score) if task.phase == "done" else None
    changed = ago(task.changed_at, now)
    facts = [
        f"changed {changed}" if changed else None,
        f"took {span(took)}" if took else None,
        usual_words(usual) if task.phase == "working" else cost(task.total_cost),
        f"evaluation {score}" if score else None,
    ]
    return tuple(fact for fact in facts if fact)


def _progress(task: Task) -> str | None:
    """How far it is and what it does now."""
    if not task.nodes:
        return None
    finished = sum(1 for node in task.nodes if phase_of(node.status) == "done")
    current = next((node for node in task.nodes if phase_of(node.status) == "working" and node.objective), None)
    doing = f"; now {quoted(current.objective or '', 80)}" if current else ""
    return f"{counted(len(task.nodes), 'step')} begun, {finished} done{doing}."


def _result(task: Task) -> str | None:
    """What the agent says came of it, else what the last steps produced."""
    produced = "\n".join(map(prose, task.outcome()))
    return "\n".join(filter(None, [task.task_summary, produced])) or None


def _next_steps(task: Task, name: str, stops: tuple[StopView, ...], failed: FailureView | None) -> tuple[str, ...]:
    output = call("get_task", task=name, detail="output")
    if task.needs_person:
        return next_steps(name, stops)
    match task.phase:
        case "done":
            return (f"{output} gives all of it.",) if len(_result(task) or "") > SUMMARY_CHARACTERS else ()
        case "failed":
            return failed.next_steps(name) if failed else ()
        case _:
            return ()


def _when_working(name: str, again: str, task: Task) -> tuple[str, ...]:
    if task.phase in {"done", "failed"}:
        return ()
    wait = call("wait_for_tasks", tasks=[name])
    return (f"{wait} waits for the next change; or look again in {again}.", f"look again in {again}.")


def _next_steps_unchanged(task: Task, name: str, again: str) -> tuple[str, ...]:
    if task.needs_person:
        return (f"{call('get_pending_questions', task=name)} shows what it asks.",)
    match task.phase:
        case "done":
            return (f"{call('get_task', task=name, detail='output')} gives the output.",)
        case "failed":
            return (f"{call('get_task', task=name, detail='failure')} shows why.",)
        case _:
            return (f"look again in {again}.",)
