"""Starting the same work only once: within ten minutes, across lost answers, and by calls at the same time."""

from dataclasses import dataclass

from beam_mcp.beam.errors import BeamError, MayHaveHappened
from beam_mcp.beam.new_task import NewTask, create_task, find_started
from beam_mcp.beam.task import TaskHead
from beam_mcp.desk.desk import Work, digest
from beam_mcp.tools.given import Caller


@dataclass(frozen=True)
class Start:
    """A task, and the record of its start where it had been started before."""

    task: TaskHead
    earlier: Work | None = None


async def start_once(caller: Caller, new: NewTask, *, again: bool) -> Start:
    """Start the work unless it was started in the last ten minutes; `again` starts it regardless.

    Raises:
        MayHaveHappened: Beam's answer was lost and the task is not to be seen; the next identical call looks first.
    """
    person, name = caller.person, digest(new.sameness())
    if again:
        person.work.pop(name, None)
    work = person.given(name, caller.now)
    async with work.turn:
        if work.task is None and work.attempted:
            work.task = await find_started(caller.beam, new, since=work.since, known=person.started)
        if work.task is not None:
            return Start(work.task, earlier=work)
        work.attempted = True
        try:
            work.task = await create_task(caller.beam, new, known=person.started)
        except MayHaveHappened:
            raise
        except BeamError:
            work.attempted = False
            raise
        person.saw(work.task)
        person.started[work.task.id or ""] = None
        return Start(work.task)
