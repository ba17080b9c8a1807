"""What waiting for tasks brought: which changed and how they stand, which are still at work."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Self

from beam_mcp.beam.history import Usual
from beam_mcp.beam.task import Task, TaskHead
from beam_mcp.views.names import agent_name, handle, status_words
from beam_mcp.views.task import TaskView
from beam_mcp.views.tasks import StartedView
from beam_mcp.views.text import call, counted, listed, named, span
from beam_mcp.views.usual import look_again, usual_words
from beam_mcp.views.view import View

MOST_IN_FULL = 4
SERVER_ENDS = "This server is being stopped, so the wait ended early; the work at Beam goes on."


class WaitedView(View):
    """The tasks that changed, in short; the others by name."""

    started: str | None = None
    changed: tuple[TaskView, ...] = ()
    also_changed: tuple[str, ...] = ()
    working: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()
    waited: str | None = None
    cut_short: str | None = None
    usual: str | None = None

    @classmethod
    def of(
        cls,
        changed: Sequence[Task],
        others: Sequence[TaskHead],
        *,
        also: Sequence[TaskHead] = (),
        waited: float,
        usual: Mapping[str, Usual | None],
        now: datetime,
        server_ends: bool = False,
    ) -> Self:
        """`changed` are news, `also` more news to be told in full next time, `others` none.

        `usual` holds what is known by agent id; `waited` is in seconds, and `server_ends` may have cut that short.
        """
        shown = [TaskView.of(task, now) for task in changed]
        working = [task for task in others if task.phase == "working"]
        first = working[0] if working else None
        known = usual.get(first.of_agent.id or "") if first else None
        again = call("wait_for_tasks", tasks=[handle(task) for task in working])
        when = "once the server runs again" if server_ends else first and f"in {look_again(first, known, now)}"
        wait = f"{again}, {when}" if first else None
        still = [f"{call('get_task', task=handle(task))} shows it." for task in others if task not in working]
        follow = [view.next for view in shown if view.next]
        return cls(
            changed=tuple(shown),
            also_changed=tuple(f"{handle(task)} {status_words(task.status)}" for task in also),
            working=tuple(f"{handle(task)} (agent {named(agent_name(task.of_agent))})" for task in working),
            unchanged=tuple(f"{handle(task)} {status_words(task.status)}" for task in others if task not in working),
            waited=None if changed else span(waited),
            cut_short=SERVER_ENDS if server_ends and first and not changed else None,
            usual=usual_words(known),
            next=(*(follow[0] if follow else ()), *([wait] if wait else still[:1])),
        )

    def after(self, started: StartedView) -> Self:
        """The same, begun with what was started."""
        return self.model_copy(update={"started": started.body()})

    def body(self) -> str:
        """What changed first, then what did not."""
        lines = [*([self.started] if self.started else []), *(view.body() for view in self.changed)]
        if self.also_changed:
            lines.append(f"Also changed: {listed(self.also_changed, most=20)}.")
        if self.working:
            usual = f"; {self.usual}" if self.usual else ""
            waited = f" after {self.waited}, which is normal{usual}" if self.waited else ""
            lines.append(f"Still working{waited}: {listed(self.working, most=20)}.")
        if self.cut_short:
            lines.append(self.cut_short)
        if self.unchanged:
            lines.append(f"As told before: {listed(self.unchanged, most=20)}.")
        return "\n".join(lines) or f"{counted(0, 'task')} to wait for."
