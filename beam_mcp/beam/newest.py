"""The tasks that changed last: one list tells of many, and of those it does not show that nothing happened to them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from beam_mcp.beam.http import Beam
from beam_mcp.beam.task import TaskHead, in_utc
from beam_mcp.beam.task_list import LARGEST_PAGE, Filter, TaskGroup, TaskPage, list_tasks

LAG = timedelta(seconds=2)  # a change may appear on the list a moment after its own time
SELDOM, RARELY = 10, 20  # looks; one of so many tries what was of no use, or makes sure of what should be known


@dataclass
class Newest:
    """How far the list can be relied on.

    It is asked for in the order of the last change. Where a page reaches back to the newest change of the page before,
    a task that is not on it has not changed in between.
    """

    size: int = 0
    newest: datetime | None = None
    asked: bool = False
    covers: bool = False
    shows: bool = False
    reaches_further: bool = False
    unshown: list[str] = field(default_factory=list[str])

    async def look(self, beam: Beam, task_ids: Sequence[str]) -> dict[str, TaskHead]:
        """The tasks that one page of the list shows (GET /agent-tasks)."""
        self.size = min(LARGEST_PAGE, max(self.size, 2 * len(task_ids)))
        page = await list_tasks(beam, Filter(ordering="updatedAt:desc", page_size=self.size))
        found = {task.id: task for task in page.tasks if task.id in task_ids and task.id}
        missing = [task_id for task_id in task_ids if task_id not in found]
        self.unshown = sorted(missing, key=lambda i: self.unshown.index(i) if i in self.unshown else -1)
        self.shows = bool(found)
        self.covers = self._reaches_back(page)
        self.reaches_further = bool(missing) and not self.covers and len(page.tasks) == self.size < LARGEST_PAGE
        self.size *= 2 if self.reaches_further else 1
        return found

    def in_turn(self, task_ids: Sequence[str], number: int) -> str | None:
        """Which task to read by itself in the look of this number; None to ask for the list."""
        if self.covers:
            by_itself = number % RARELY == 0
        else:
            by_itself = number % (2 if self.shows else SELDOM) != 0 and not self.reaches_further
        if not by_itself:
            return None
        turn = next((task_id for task_id in self.unshown if task_id in task_ids), None)
        if turn:
            self.unshown.remove(turn)
            self.unshown.append(turn)
        return turn

    def _reaches_back(self, page: TaskPage[TaskHead]) -> bool:
        moments = [in_utc(task.updated_at) for task in page.tasks]
        before, first = self.newest, not self.asked
        self.newest, self.asked = max((moment for moment in moments if moment), default=before), True
        if not moments or None in moments:
            return False
        if before is None:
            return first  # what it does not show is read by itself right after it
        return all(_reaches(group, before - LAG) for group in page.groups)


def _reaches(group: TaskGroup[TaskHead], moment: datetime) -> bool:
    moments = [known for task in group.tasks if (known := in_utc(task.updated_at))]
    in_order = moments == sorted(moments, reverse=True)
    return in_order and (group.count == len(moments) or not moments or moments[-1] <= moment)
