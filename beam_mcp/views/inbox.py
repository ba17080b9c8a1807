"""Everything in the workspace that waits for a person, riskiest first, then oldest."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from typing import Self

from beam_mcp.beam.task import Task
from beam_mcp.views.names import agent_name, handle
from beam_mcp.views.questions import Kind, StopView, next_steps, stops_of
from beam_mcp.views.text import age, call, counted
from beam_mcp.views.view import Part, View

MOST_SHOWN = 10
_RISK: tuple[Kind, ...] = ("approval", "question", "sign-in", "credits", "unclear")
_PLURALS = {"sign-in": "sign-ins", "credits": "credit stops", "unclear": "unclear stops"}


class InboxItem(Part):
    """One task that waits, with all its stops."""

    task: str
    agent: str
    waits: str | None = None
    stops: tuple[StopView, ...]
    steps: tuple[str, ...] = ()

    @classmethod
    def of(cls, task: Task, now: datetime) -> Self:
        """From a task that needs a person; one without a step to show still counts as a stop."""
        stops = stops_of(task) or (StopView(kind="unclear"),)
        return cls(
            task=handle(task),
            agent=agent_name(task.of_agent),
            waits=age(task.changed_at, now),
            stops=stops,
            steps=next_steps(handle(task), stops),
        )

    def text(self) -> str:
        """The task and agent, then what is asked, each beside the other, and the call that answers."""
        waits = f", waits {self.waits}" if self.waits and self.waits != "just now" else ""
        answer = [step for step in self.steps[:1] if step.startswith("answer_questions")]
        return "\n".join([f"{self.task}, agent {self.agent}{waits}", *(stop.text() for stop in self.stops), *answer])


class InboxView(View):
    """The inbox, riskiest first."""

    workspace: str
    narrowed: str | None = None
    counts: dict[str, int]
    items: tuple[InboxItem, ...]
    total: int
    more: str | None = None

    @classmethod
    def of(cls, items: Iterable[InboxItem], *, total: int, page: int, workspace: str, narrowed: str | None) -> Self:
        """`items` in the order to show them; `total` counts those on other pages too."""
        shown = tuple(items)
        kinds = Counter(stop.kind for item in shown for stop in item.stops)
        seen = (page - 1) * MOST_SHOWN + len(shown)
        return cls(
            workspace=workspace,
            narrowed=narrowed,
            counts={kind: kinds[kind] for kind in _RISK if kinds[kind]},
            items=shown,
            total=total,
            more=call("get_pending_questions", page=page + 1) if seen < total and shown else None,
            next=tuple(step for item in shown for step in item.steps),
        )

    def body(self) -> str:
        """How many wait, then each with what it asks."""
        of = f" of {self.narrowed}" if self.narrowed else ""
        if not self.items:
            return f"Nothing{of} waits for you in workspace {self.workspace}."
        kinds = ", ".join(counted(n, kind, _PLURALS.get(kind)) for kind, n in self.counts.items())
        head = f"{counted(self.total, 'task')}{of} {'waits' if self.total == 1 else 'wait'} for you ({kinds}):"
        return "\n".join([head, *(item.text() for item in self.items), *([f"More: {self.more}"] if self.more else [])])


def risk(item: InboxItem) -> int:
    """Where an item stands in the inbox: the lower, the sooner."""
    return min(_RISK.index(stop.kind) for stop in item.stops)
