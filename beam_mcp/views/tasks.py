"""Many tasks in a list, and one that was just started."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Self

from beam_mcp.beam.history import Usual
from beam_mcp.beam.task import TaskHead
from beam_mcp.beam.task_list import TaskGroup, TaskPage
from beam_mcp.views.names import agent_name, called, cost, handle, status_words, subject
from beam_mcp.views.text import ago, call, counted, line, named, quoted
from beam_mcp.views.usual import usual_words
from beam_mcp.views.view import Part, View


class TaskLine(Part):
    """One task in a list."""

    task: str
    agent: str
    status: str
    calls_itself: str | None = None
    changed: str | None = None
    about: str | None = None
    cost: str | None = None

    @classmethod
    def of(cls, task: TaskHead, now: datetime) -> Self:
        """What tells it apart: for a finished task what came of it, else what was asked."""
        about = (task.task_summary if task.phase == "done" else None) or subject(task)
        return cls(
            task=handle(task),
            agent=agent_name(task.of_agent),
            status=status_words(task.status),
            calls_itself=called(task),
            changed=ago(task.changed_at, now),
            about=line(about, 70) if about else None,
            cost=cost(task.total_cost),
        )

    def text(self) -> str:
        """One line."""
        changed = f", changed {self.changed}" if self.changed else ""
        about = f": {quoted(self.about, 70)}" if self.about else ""
        warned = f" (calls itself {self.calls_itself})" if self.calls_itself else ""
        return f"- {self.task}{warned}, agent {named(self.agent)}, {self.status}{changed}{about}"


class TaskGroupView(Part):
    """Tasks under one heading; `count` is the whole group's, on all pages."""

    name: str | None = None
    count: int | None = None
    tasks: tuple[TaskLine, ...]

    @classmethod
    def of(cls, group: TaskGroup[TaskHead], *, by: str | None, now: datetime) -> Self:
        """`by` is what the list was asked to be grouped by; Beam groups also where nothing was."""
        lines = tuple(TaskLine.of(task, now) for task in group.tasks)
        if by is None:
            return cls(tasks=lines)
        name = status_words(group.name) if by == "status" else named(line(group.name or "other", 60))
        return cls(name=name, count=group.count or len(lines), tasks=lines)

    def with_(self, other: Self) -> Self:
        """Both as one: Beam has several words for what is one status to a person."""
        return self.model_copy(
            update={"count": (self.count or 0) + (other.count or 0), "tasks": self.tasks + other.tasks}
        )

    def text(self) -> str:
        """Its heading, if it has one, and a line a task."""
        heading = [f"{self.name} ({counted(self.count or 0, 'task')}):"] if self.name else []
        return "\n".join([*heading, *(task.text() for task in self.tasks)])


class TaskListView(View):
    """A page of tasks."""

    workspace: str
    filters: str | None = None
    total: int
    shown: int
    page: int
    need_you: int
    groups: tuple[TaskGroupView, ...]
    more: str | None = None

    @classmethod
    def of(
        cls,
        found: TaskPage[TaskHead],
        *,
        asked: Mapping[str, Any],
        filters: str | None,
        workspace: str,
        now: datetime,
    ) -> Self:
        """`asked` are the arguments of the call as given, `filters` the same in words."""
        tasks, page, size = found.tasks, asked["page"], asked["page_size"]
        seen = (page - 1) * size + len(tasks)
        total = max(found.total or 0, seen if tasks else 0)
        needy = [task for task in tasks if task.phase == "needs_me"]
        onward = {name: given for name, given in asked.items() if given not in (None, [], ())} | {"page": page + 1}
        groups: dict[str | None, TaskGroupView] = {}
        for group in (TaskGroupView.of(g, by=asked.get("group_by"), now=now) for g in found.groups if g.tasks):
            groups[group.name] = groups[group.name].with_(group) if group.name in groups else group
        return cls(
            workspace=workspace,
            filters=filters,
            total=total,
            shown=len(tasks),
            page=page,
            need_you=len(needy),
            groups=tuple(groups.values()),
            more=call("list_tasks", **onward) if tasks and seen < total else None,
            next=_next_steps(tasks, needy, filters or page > 1),
        )

    def body(self) -> str:
        """How many there are and need a person, a line a task, how to see more."""
        fits = f" ({self.filters})" if self.filters else ""
        if not self.shown:
            if self.page > 1:
                return f"Page {self.page} is past the end{fits}."
            return f"No tasks{fits} in workspace {self.workspace}."
        shown = f", {self.shown} on page {self.page}" if self.shown < self.total else ""
        lines = [f"{counted(self.total, 'task')}{fits}{shown}{self._need()}:", *(group.text() for group in self.groups)]
        return "\n".join([*lines, f"More: {self.more}"] if self.more else lines)

    def _need(self) -> str:
        if not self.need_you:
            return ""
        if self.need_you == self.shown:
            return "; it needs you" if self.shown == 1 else "; all of these need you"
        return f"; {self.need_you} of these need{'s' if self.need_you == 1 else ''} you"


def _next_steps(tasks: tuple[TaskHead, ...], needy: list[TaskHead], narrowed: object) -> tuple[str, ...]:
    if needy:
        return ("get_pending_questions() shows what is asked.", call("get_task", task=handle(needy[0])))
    if tasks:
        return (call("get_task", task=handle(tasks[0])),)
    return ("list_tasks() shows all tasks.",) if narrowed else ("list_agents() shows who can do work here.",)


class StartedView(View):
    """A task that was just started, or that was running already."""

    task: str
    agent: str
    status: str
    about: str | None = None
    again_of: str | None = None
    usual: str | None = None
    waiting_failed: str | None = None

    @classmethod
    def of(
        cls,
        task: TaskHead,
        *,
        agent: str,
        about: str | None,
        started: str | None = None,
        usual: Usual | None = None,
    ) -> Self:
        """`agent` is its name; `started` says how long ago, when the same work was already under way."""
        name = handle(task)
        return cls(
            task=name,
            agent=line(agent, 60),
            status=status_words(task.status or "QUEUED"),
            about=line(about, 100) if about else None,
            again_of=started,
            usual=usual_words(usual),
            next=_after_start(task, name),
        )

    def body(self) -> str:
        """What was started, and whether it is new."""
        if self.again_of:
            return (
                f"Not started again: the same work was given to agent {self.agent} {self.again_of} as {self.task}, "
                f"{self.status}. To start it once more, add again=true."
            )
        about = f": {quoted(self.about, 100)}" if self.about else ""
        usual = f" It {self.usual.replace('usually', 'usually takes', 1)}." if self.usual else ""
        failed = f" Waiting for it failed: {self.waiting_failed}" if self.waiting_failed else ""
        return f"Started {self.task} with agent {self.agent}, {self.status}{about}.{usual}{failed}"


def _after_start(task: TaskHead, name: str) -> tuple[str, ...]:
    """What to do with a task that was started now, or earlier and may have gone on since."""
    look = call("get_task", task=name)
    match task.phase:
        case "needs_me":
            return (f"{call('get_pending_questions', task=name)} shows what it waits for.", look)
        case "done" | "failed":
            return (look,)
        case _:
            return (f"{call('wait_for_tasks', tasks=[name])}, or go on and look later.", look)
