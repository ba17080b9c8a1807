"""Starting the same work only once: within ten minutes, across lost answers, and by calls at the same time."""

from dataclasses import dataclass
from datetime import datetime

import anyio

from beam_mcp.beam.errors import BeamError, MayHaveHappened
from beam_mcp.beam.new_task import NewTask, create_task, find_started
from beam_mcp.beam.task import TaskHead
from beam_mcp.desk.desk import Work, digest
from beam_mcp.tools.carried import carry_through
from beam_mcp.tools.office import Caller
from beam_mcp.views.text import ago


@dataclass(frozen=True)
class Start:
    """The task that was started: as it began where that was now, else only its id, and since when it is known."""

    task_id: str
    since: datetime
    begun: TaskHead | None = None


async def start_once(caller: Caller, new: NewTask, *, again: bool) -> Start:
    """Start the work unless it was started in the last ten minutes; `again` starts it regardless.

    Once begun it is carried through, also when the caller gives up: the next identical call finds what it started.

    Raises:
        MayHaveHappened: Beam's answer was lost, now or in an earlier attempt, and the task is not to be seen.
    """
    person, name = caller.person, digest(new.sameness())
    if again:
        person.work.pop(name, None)
    work = person.given(name, caller.now)
    return await carry_through(caller, _start(caller, new, work, person.turn(f"{name} {work.since}")))


async def _start(caller: Caller, new: NewTask, work: Work, turn: anyio.Lock) -> Start:
    async with turn:
        if work.task_id is None and work.attempted:
            found = await find_started(caller.beam, new, since=work.since, known=caller.person.started)
            if found is None:
                raise MayHaveHappened(*_still_unclear(work, caller.now))
            work.task_id = found.id or ""
            caller.person.started[work.task_id] = None
        if work.task_id is not None:
            return Start(work.task_id, work.since)
        work.attempted = True
        try:
            begun = await create_task(caller.beam, new, known=caller.person.started)
        except MayHaveHappened:
            raise
        except BeamError:
            work.attempted = False
            raise
        work.task_id = begun.id or ""
        caller.person.saw(begun)
        caller.person.started[work.task_id] = None
        return Start(work.task_id, work.since, begun)


def _still_unclear(work: Work, now: datetime) -> tuple[str, str]:
    what = f"Beam's answer to the same call {ago(work.since, now)} was lost, and no such task is to be seen so far."
    return what, "Look once more with list_tasks(); to start it all the same, call again with again=true."
