"""Gathering what waits in a workspace, page by page, so that memory does not grow with Beam's megabytes."""

from dataclasses import dataclass, replace

import anyio

from beam_mcp.beam.errors import BeamError
from beam_mcp.beam.follow import AT_ONCE, together
from beam_mcp.beam.task import PHASES, Task, TaskHead, get_task
from beam_mcp.beam.task_list import Filter, list_whole_tasks
from beam_mcp.tools.given import Caller, find_agent, task_named
from beam_mcp.views.inbox import MOST_SHOWN, InboxItem, InboxView, risk
from beam_mcp.views.text import counted, line

PAGE_SIZE = 10  # tasks of up to 3 MB: memory holds one page at a time
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


async def _all_waiting(caller: Caller, agent_id: str | None) -> tuple[list[Waiting], int | None]:
    """All that wait, sorted, and how many wait at Beam where those are more than are read."""
    at_beam = None
    found: dict[str, Waiting] = {}
    for page in range(1, MOST_WAITING // PAGE_SIZE + 1):
        wanted = Filter(agent_id=agent_id, statuses=PHASES["needs_me"], page=page, page_size=PAGE_SIZE)
        listing = await list_whole_tasks(caller.beam, wanted)
        fresh = {
            t.id: _waiting(caller, t) for t in listing.tasks if t.id and t.id not in found and t.phase == "needs_me"
        }
        found |= fresh
        enough = page * PAGE_SIZE >= listing.total if listing.total is not None else len(listing.tasks) < PAGE_SIZE
        if enough or not fresh:
            break
        at_beam = listing.total if page * PAGE_SIZE >= MOST_WAITING else None
        await caller.progress(len(found), listing.total, f"Read {counted(len(found), 'waiting task')} so far")
    return sorted(found.values(), key=lambda entry: (risk(entry.item), entry.since)), at_beam


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
