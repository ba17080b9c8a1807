"""Everything in the workspace that waits for a person, riskiest first, then oldest."""

from collections import Counter
from collections.abc import Mapping, Sequence, Set
from datetime import datetime
from typing import Self

from beam_mcp.beam.task import Task
from beam_mcp.views.names import agent_name, called, handle, status_words
from beam_mcp.views.questions import Kind, StopView, next_steps, stops_of
from beam_mcp.views.text import age, call, counted, named, tokens
from beam_mcp.views.view import Part, View

MOST_SHOWN = 10
MOST_IN_FULL = 5
MOST_TOKENS = 945  # of a page as we estimate them, which for such lines is more than they are
_RISK: tuple[Kind, ...] = ("approval", "question", "sign-in", "credits", "unclear")
_NAMES = {"credits": "credit stop", "unclear": "unclear stop"}


class InboxItem(Part):
    """One task that waits, with all its stops."""

    task: str
    agent: str
    calls_itself: str | None = None
    waits: str | None = None
    stops: tuple[StopView, ...] = ()
    steps: tuple[str, ...] = ()
    wants_only: str | None = None

    @classmethod
    def of(cls, task: Task, now: datetime) -> Self:
        """From a task that needs a person; one without a step to show still counts as a stop."""
        stops = stops_of(task)
        return cls(
            task=handle(task),
            agent=agent_name(task.of_agent),
            calls_itself=called(task),
            waits=age(task.changed_at, now),
            stops=stops,
            steps=next_steps(handle(task), stops),
        )

    @property
    def wants(self) -> Counter[Kind]:
        """How much of each kind it asks for."""
        kinds: Counter[Kind] = Counter()
        for stop in self.stops:
            kinds[stop.kind] += len(stop.questions) or 1
        return kinds

    def brief(self) -> Self:
        """The same without what is shown again before anything is decided."""
        unsaid = {"step": None, "does": None, "why": None}
        stops = (stop.model_copy(update=unsaid) if stop.kind == "approval" else stop for stop in self.stops)
        return self.model_copy(update={"stops": tuple(stops)})

    def in_short(self) -> Self:
        """How much it asks for, and the call that shows what."""
        shows = call("get_pending_questions", task=self.task)
        return self.model_copy(update={"stops": (), "wants_only": _kinds(self.wants), "steps": (shows,)})

    def offering(self, tools: Set[str]) -> Self:
        """The same with the first step that only names loaded tools."""
        loaded = [step for step in self.steps if View.named_tools(step) <= tools]
        return self.model_copy(update={"steps": tuple(loaded[:1])})

    def text(self) -> str:
        """The task and agent, then what is asked, each beside the other, and the call that answers."""
        waits = f", waits {self.waits}" if self.waits and self.waits != "just now" else ""
        warned = f" (calls itself {self.calls_itself})" if self.calls_itself else ""
        head = f"{self.task}{warned}, agent {named(self.agent)}{waits}"
        if self.wants_only:
            return f"{head}: {self.wants_only}" + "".join(f", shown by {step}" for step in self.steps[:1])
        return "\n".join([head, *(stop.text() for stop in self.stops), *self.steps[:1]])


class InboxView(View):
    """The inbox, riskiest first."""

    workspace: str
    narrowed: str | None = None
    stands: str | None = None
    page: int = 1
    counts: dict[Kind, int]
    items: tuple[InboxItem, ...]
    total: int
    at_beam: int | None = None
    more: str | None = None

    @classmethod
    def of(
        cls,
        items: Sequence[InboxItem],
        *,
        page: int,
        workspace: str,
        agent: str | None = None,
        asked: str | None = None,
        at_beam: int | None = None,
    ) -> Self:
        """`items` wait, in the order to show them; `agent` is whose they are, `asked` for by that name.

        `at_beam` is how many wait there where not all of them were read.
        """
        begin = (page - 1) * MOST_SHOWN
        shown = tuple(items[begin : begin + MOST_SHOWN])
        if len(shown) > MOST_IN_FULL:
            shown = tuple(item.brief() for item in shown)
        if len(shown) > 1:
            shown = _within_budget(shown)
        kinds = sum((item.wants for item in items), Counter[Kind]())
        onward = ({"agent": asked} if asked else {}) | {"page": page + 1}
        return cls(
            workspace=workspace,
            narrowed=f" from agent {named(agent)}" if agent else None,
            page=page,
            counts={kind: kinds[kind] for kind in _RISK if kinds[kind]},
            items=shown,
            total=len(items),
            at_beam=at_beam,
            more=call("get_pending_questions", **onward) if shown and begin + len(shown) < len(items) else None,
            next=tuple(step for item in shown for step in item.steps) or _elsewhere(agent or page > 1),
        )

    @classmethod
    def of_task(cls, task: Task, *, workspace: str, now: datetime) -> Self:
        """What one task wants, if anything."""
        waiting = [InboxItem.of(task, now)] if task.needs_person else []
        view = cls.of(waiting, page=1, workspace=workspace)
        if waiting:
            return view
        stands = f"{handle(task)} waits for nothing from you now: {status_words(task.status)}."
        return view.model_copy(update={"stands": stands, "next": (call("get_task", task=handle(task)),)})

    def offering(self, tools: Set[str]) -> Self:
        """The same with one call an item; none where it is the only item, since the last line says it."""
        alone = {"steps": ()} if self.total == 1 else {}
        items = [item.offering(tools).model_copy(update=alone) for item in self.items]
        return self.model_copy(update={"items": tuple(items)})

    def body(self) -> str:
        """How many wait, then each with what it asks."""
        of = self.narrowed or ""
        if self.stands:
            return self.stands
        if not self.items:
            past = f"Page {self.page} is past the end: {counted(self.total, 'task')}{of} in all."
            return past if self.total else f"Nothing{of} waits for you in workspace {self.workspace}."
        shown = f", {len(self.items)} on this page" if len(self.items) < self.total else ""
        wait = f"{counted(self.total, 'task')}{of} {'waits' if self.total == 1 else 'wait'} for you"
        if self.at_beam:
            wait = f"{self.total:,} of {self.at_beam:,} waiting tasks{of} were read"
        head = f"{wait} ({_kinds(self.counts)}){shown}:"
        return "\n".join([head, *(item.text() for item in self.items), *([f"More: {self.more}"] if self.more else [])])


def _elsewhere(narrowed: object) -> tuple[str, ...]:
    return ("get_pending_questions() shows all that waits.",) if narrowed else ("list_tasks() shows all tasks.",)


def _kinds(counts: Mapping[Kind, int]) -> str:
    return ", ".join(counted(counts[kind], _NAMES.get(kind, kind)) for kind in _RISK if counts.get(kind))


def _within_budget(items: Sequence[InboxItem]) -> tuple[InboxItem, ...]:
    """As many as fit in full, the first ones rather; of the others how much they ask for."""
    short = [item.in_short() for item in items]
    costs = [tokens(item.text()) for item in short]
    shown: list[InboxItem] = []
    spent = 0
    for number, item in enumerate(items):
        fits = spent + tokens(item.text()) + sum(costs[number + 1 :]) <= MOST_TOKENS
        shown.append(item if fits else short[number])
        spent += tokens(shown[-1].text())
    return tuple(shown)


def risk(item: InboxItem) -> int:
    """Where an item stands in the inbox: the lower, the sooner."""
    return min(_RISK.index(stop.kind) for stop in item.stops)
