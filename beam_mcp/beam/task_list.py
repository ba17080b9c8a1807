"""Lists of tasks, in either form that Beam's pages show: grouped or flat."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Generic, Literal, TypeVar

from beam_mcp.beam.http import Beam
from beam_mcp.beam.task import Task, TaskHead, in_utc
from beam_mcp.beam.wire import Wire

T = TypeVar("T", bound=TaskHead)
E = TypeVar("E")

LARGEST_PAGE = 100


@dataclass(frozen=True)
class Filter:
    """Every documented query parameter of GET /agent-tasks; dates are ISO 8601."""

    agent_id: str | None = None
    statuses: Sequence[str] = ()
    search: str | None = None
    since: str | None = None
    until: str | None = None
    group_by: Literal["status", "agent"] | None = None
    ordering: str | None = None
    page: int = 1
    page_size: int = 10

    def query(self) -> dict[str, str | int]:
        """As Beam names them; what was not asked for is left out."""
        named: dict[str, str | int | None] = {
            "pageNum": self.page,
            "pageSize": self.page_size,
            "agentId": self.agent_id,
            "statuses": ",".join(self.statuses) or None,
            "searchQuery": self.search,
            "ordering": self.ordering,
            "startDate": self.since,
            "endDate": self.until,
            "grouping": self.group_by,
        }
        return {name: value for name, value in named.items() if value is not None}


class HeadEntry(TaskHead):
    """A task without its steps, or a group of such."""

    tasks: list[TaskHead] | None = None
    group_name: str | None = None
    group_count: int | None = None


class TaskEntry(Task):
    """A task, or a group of tasks."""

    tasks: list[Task] | None = None
    group_name: str | None = None
    group_count: int | None = None


class Page(Wire, Generic[E]):
    """A page in either form, under any of the names that Beam has for it."""

    data: list[E] | None = None
    tasks: list[E] | None = None
    items: list[E] | None = None
    total_count: int | None = None
    count: int | None = None

    def lacks(self) -> str | None:
        """A list may be empty, but it must be there."""
        return None if self.entries() is not None or self.total() is not None else "list of tasks"

    def entries(self) -> list[E] | None:
        """Groups or tasks, under whichever name Beam gave them."""
        return next((rows for rows in (self.data, self.tasks, self.items) if rows is not None), None)

    def total(self) -> int | None:
        """How many there are on all pages, if Beam says so."""
        return self.total_count if self.total_count is not None else self.count


@dataclass(frozen=True)
class TaskGroup(Generic[T]):
    """Tasks that share a status or an agent; `count` is the whole group's, on all pages."""

    name: str | None
    count: int | None
    tasks: tuple[T, ...]


@dataclass(frozen=True)
class TaskPage(Generic[T]):
    """One page of tasks; `total` counts all pages, if Beam says so."""

    groups: tuple[TaskGroup[T], ...]
    total: int | None

    @property
    def tasks(self) -> tuple[T, ...]:
        """All tasks of the page, in Beam's order."""
        return tuple(task for group in self.groups for task in group.tasks)

    def merged(self, ordering: str) -> "TaskPage[T]":
        """The same without the groups, which Beam makes even where none were asked for, in the order asked for."""
        named, _, direction = ordering.partition(":")

        def when(task: T) -> datetime:
            moment = task.updated_at if named == "updatedAt" else task.created_at
            return in_utc(moment) or datetime.min.replace(tzinfo=UTC)

        merged = sorted(self.tasks, key=when, reverse=direction == "desc")
        return replace(self, groups=(TaskGroup(None, None, tuple(merged)),))


async def list_tasks(beam: Beam, wanted: Filter) -> TaskPage[TaskHead]:
    """One page of tasks without their steps (GET /agent-tasks)."""
    return _page_of(await beam.get(Page[HeadEntry], "/agent-tasks", wanted.query(), rows="data"))


async def list_whole_tasks(beam: Beam, wanted: Filter) -> TaskPage[Task]:
    """One page of tasks with their steps, as far as Beam lists them (GET /agent-tasks); it can be many megabytes."""
    return _page_of(await beam.get(Page[TaskEntry], "/agent-tasks", wanted.query(), rows="data"))


def _page_of(page: Page[Any]) -> TaskPage[Any]:
    entries = page.entries() or ()
    groups = [TaskGroup(e.group_name, e.group_count, tuple(e.tasks)) for e in entries if e.tasks is not None]
    flat = tuple(e for e in entries if e.tasks is None and e.id)
    return TaskPage((*groups, TaskGroup(None, None, flat)) if flat else tuple(groups), page.total())
