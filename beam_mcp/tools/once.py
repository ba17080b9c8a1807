"""Starting the same work only once: within ten minutes, across lost answers, and by calls at the same time."""

from dataclasses import dataclass
from datetime import datetime

from beam_mcp.beam.errors import BeamError, MayHaveHappened
from beam_mcp.beam.new_task import NewTask, create_task, find_started
from beam_mcp.beam.task import TaskHead
from beam_mcp.desk.desk import Work, digest
from beam_mcp.tools.carried import carry_through
from beam_mcp.tools.office import Caller
from beam_mcp.views.text import ago


@dataclass(frozen=True)
class Start:
    """A task, and the record of its start where it had been started before."""

    task: TaskHead
    earlier: Work | None = None


async def start_once(caller: Caller, new: NewTask, *, again: bool) -> Start:
    """Start the work unless it was started in the last ten minutes; `again` starts it regardless.

    Once begun it is carried through, also when the caller gives up: the next identical call finds what it started.

    Raises:
        MayHaveHappened: Beam's answer was lost, now or in an earlier attempt, and the task is not to be seen.
    """
    person, name = caller.person, digest(new.sameness())
    if again:
        person.work.pop(name, None)
    return await carry_through(caller, _start(caller, new, person.given(name, caller.now)))


async def _start(caller: Caller, new: NewTask, work: Work) -> Start:
    async with work.turn:
        if work.task is None and work.attempted:
            work.task = await find_started(caller.beam, new, since=work.since, known=caller.person.started)
            if work.task is None:
                raise MayHaveHappened(*_still_unclear(work, caller.now))
        if work.task is not None:
            return Start(work.task, earlier=work)
        work.attempted = True
        try:
            work.task = await create_task(caller.beam, new, known=caller.person.started)
        except MayHaveHappened:
            raise
        except BeamError:
            work.attempted = False
            raise
        caller.person.saw(work.task)
        caller.person.started[work.task.id or ""] = None
        return Start(work.task)


def _still_unclear(work: Work, now: datetime) -> tuple[str, str]:
    what = f"Beam's answer to the same call {ago(work.since, now)} was lost, and no such task is to be seen so far."
    return what, "Look once more with list_tasks(); to start it all the same, call again with again=true."
