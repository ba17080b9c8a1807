"""Gathering what waits in a workspace, page by page, so that memory does not grow with Beam's megabytes."""

from dataclasses import dataclass, field, replace

import anyio

from beam_mcp.beam.errors import BeamError
from beam_mcp.beam.task import PHASES, Task, TaskHead, get_task
from beam_mcp.beam.task_list import Filter, list_whole_tasks
from beam_mcp.beam.together import AT_ONCE, together
from beam_mcp.tools.given import find_agent, task_named
from beam_mcp.tools.office import Caller
from beam_mcp.views.inbox import MOST_SHOWN, InboxItem, InboxView, risk
from beam_mcp.views.text import counted, line, named

PAGE_SIZE = 10  # tasks of up to 3 MB
PAGES_AT_ONCE = 2  # one is awaited, the next is on its way: memory holds no more
MOST_TOLD = 3  # tasks named on the way
MOST_WAITING = 1000


@dataclass(frozen=True)
class Waiting:
    """One task that waits: what is shown of it, and whether Beam's list left out its steps."""

    task_id: str
    since: float
    item: InboxItem
    bare: bool


async def read_inbox(caller: Caller, agent: str | None = None, task: str | None = None, page: int = 1) -> InboxView:
    """A page of what waits, riskiest first, then oldest; of one agent or task where named."""
    if task:
        return InboxView.of_task(await task_named(caller, task), workspace=caller.workspace, now=caller.now)
    who = await find_agent(caller, agent) if agent else None
    waiting, at_beam = await _all_waiting(caller, who.id if who else None)
    begin = (page - 1) * MOST_SHOWN
    waiting[begin : begin + MOST_SHOWN] = await _with_steps(caller, waiting[begin : begin + MOST_SHOWN])
    name = line(who.name or who.id or "", 60) if who else None
    items = [entry.item for entry in waiting]
    return InboxView.of(items, page=page, workspace=caller.workspace, agent=name, asked=agent, at_beam=at_beam)


async def waiting_tasks(caller: Caller, agent_id: str | None = None) -> tuple[dict[str, str], int]:
    """What all tasks that wait are called, by id, riskiest first, then oldest, of one agent where named; and how many
    wait, be it more than are read.
    """
    waiting, at_beam = await _all_waiting(caller, agent_id)
    return {entry.task_id: entry.item.task for entry in waiting}, at_beam or len(waiting)


async def _all_waiting(caller: Caller, agent_id: str | None) -> tuple[list[Waiting], int | None]:
    """All that wait, sorted, and how many wait at Beam where those are more than are read."""
    round_ = _Round(caller, agent_id)
    await round_.read_page()  # which tells how many there are
    async with together() as readers:
        for _ in range(PAGES_AT_ONCE):
            readers.start_soon(round_.read_on)
    return round_.sorted(), round_.beyond


@dataclass
class _Round:
    """One round through the pages of what waits: what was found in those read, and whether there are more."""

    caller: Caller
    agent_id: str | None
    found: dict[str, Waiting] = field(default_factory=dict[str, Waiting])
    pages: int = 0
    total: int | None = None
    more: bool = True

    @property
    def beyond(self) -> int | None:
        """How many wait at Beam, where those are more than may be read."""
        return (
            self.total if self.total and self.total > MOST_WAITING and self.pages * PAGE_SIZE >= MOST_WAITING else None
        )

    async def read_on(self) -> None:
        """Read page after page, each that nobody else reads, and tell what was found so far."""
        while self.more and self.pages * PAGE_SIZE < min(self.total or MOST_WAITING, MOST_WAITING):
            await self.caller.progress(len(self.found), self.total, self._so_far())
            await self.read_page()

    async def read_page(self) -> None:
        """Read the next page."""
        self.pages += 1
        wanted = Filter(agent_id=self.agent_id, statuses=PHASES["needs_me"], page=self.pages, page_size=PAGE_SIZE)
        listing = await list_whole_tasks(self.caller.beam, wanted)
        waiting = {t.id: t for t in listing.tasks if t.id and t.id not in self.found and t.phase == "needs_me"}
        self.found |= {task_id: _waiting(self.caller, task) for task_id, task in waiting.items()}
        self.total = listing.total
        # A page that brings nothing new is the last, whatever the number of all: not every Beam turns pages.
        self.more = self.more and bool(waiting) and (self.total is not None or len(listing.tasks) == PAGE_SIZE)

    def sorted(self) -> list[Waiting]:
        """What was found, riskiest first, then oldest."""
        return sorted(self.found.values(), key=lambda entry: (risk(entry.item), entry.since))

    def _so_far(self) -> str:
        first = "; ".join(f"{entry.item.task}, agent {named(entry.item.agent)}" for entry in self.sorted()[:MOST_TOLD])
        return f"Read {counted(len(self.found), 'waiting task')} so far, first: {first}"


def _waiting(caller: Caller, task: Task) -> Waiting:
    caller.person.saw(TaskHead(id=task.id, custom_id=task.custom_id))
    since = task.changed_at.timestamp() if task.changed_at else 0.0
    return Waiting(task.id or "", since, InboxItem.of(task, caller.now), bare=not task.waiting_nodes())


async def _with_steps(caller: Caller, shown: list[Waiting]) -> list[Waiting]:
    """The same, with the steps of those that Beam listed without; one that cannot be read stays as it was listed."""
    whole: dict[str, Waiting] = {}
    turn = anyio.CapacityLimiter(AT_ONCE)

    async def read(entry: Waiting) -> None:
        async with turn:
            try:
                task = await get_task(caller.beam, entry.task_id)
            except BeamError:
                return
            whole[entry.task_id] = replace(entry, item=InboxItem.of(task, caller.now))

    async with together() as readers:
        for entry in shown:
            if entry.bare:
                readers.start_soon(read, entry)
    return [whole.get(entry.task_id, entry) for entry in shown]
