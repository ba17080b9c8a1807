"""Waiting for tasks inside one call, with progress in human sentences."""

from collections.abc import Sequence
from typing import Annotated

import anyio
from pydantic import Field

from beam_mcp.beam.errors import BeamError
from beam_mcp.beam.follow import read_all, until_news
from beam_mcp.beam.history import Usual
from beam_mcp.beam.task import Task, TaskHead, phase_of
from beam_mcp.tools.given import TaskRef, find_task
from beam_mcp.tools.office import Caller, Given
from beam_mcp.tools.usual import usual_of
from beam_mcp.tools.wanted import Listed
from beam_mcp.views.names import handle, status_words
from beam_mcp.views.tasks import StartedView
from beam_mcp.views.text import counted, quoted, span
from beam_mcp.views.view import View
from beam_mcp.views.waited import MOST_IN_FULL, WaitedView

LEAST_SECONDS = 1.0


async def wait_for_tasks(
    caller: Given,
    tasks: Annotated[list[TaskRef], Listed, Field(min_length=1, max_length=50)],
    timeout_seconds: Annotated[int, Field(ge=1, le=240)] = 45,
) -> WaitedView:
    """Wait until the first of these tasks needs the person, is done or fails. Running out of time cancels nothing."""
    return await wait_for(caller, tasks, timeout_seconds)


async def wait_for(caller: Caller, tasks: Sequence[str], seconds: float) -> WaitedView:
    """Wait until one of the tasks is news to this conversation, none is at work, the time is up, or the server ends."""
    begun = anyio.current_time()
    task_ids = list(dict.fromkeys([await find_task(caller, task) for task in tasks]))
    heard = caller.conversation

    async def report(seen: Sequence[TaskHead]) -> None:
        passed = anyio.current_time() - begun
        await caller.progress(passed, seconds, _sentence(seen, passed))

    seen = await until_news(
        caller.beam,
        task_ids,
        is_news=heard.is_news,
        seconds=max(LEAST_SECONDS, seconds - (anyio.current_time() - begun)),
        report=report,
        may_change=lambda task: task.phase == "working",
        waits=caller.office.waits,
    )
    is_ending = caller.office.waits.are_over
    fresh = [task for task in seen if heard.is_news(task)]
    deadline = max(begun + (0 if is_ending else seconds), anyio.current_time() + LEAST_SECONDS)
    news = await _in_full(caller, fresh[:MOST_IN_FULL], deadline)
    others = [task for task in seen if task not in fresh]
    known = await _usual_until(caller, others, deadline)
    caller.person.saw(*seen)
    waited = anyio.current_time() - begun
    also = [task for task in fresh if task.id not in {whole.id for whole in news}]
    view = WaitedView.of(news, others, also=also, waited=waited, usual=known, now=caller.now, server_ends=is_ending)
    for task in news:  # last of all: whoever gives up before hears of it the next time
        heard.tell(task, caller.now)
    return view


async def _in_full(caller: Caller, tasks: Sequence[TaskHead], deadline: float) -> list[Task]:
    """The whole tasks, as far as Beam shows them in time."""
    whole = [task for task in tasks if isinstance(task, Task)]
    with anyio.move_on_after(deadline - anyio.current_time()):
        return whole + await read_all(caller.beam, [task.id or "" for task in tasks if not isinstance(task, Task)])
    return whole


async def _usual_until(caller: Caller, tasks: Sequence[TaskHead], deadline: float) -> dict[str, Usual | None]:
    """The usual time of the first one at work, as far as it is learnt in time."""
    first = next((task for task in tasks if task.phase == "working"), None)
    if first is None:
        return {}
    with anyio.move_on_after(deadline - anyio.current_time()):
        return {first.of_agent.id or "": await usual_of(caller, first)}
    return {}


async def wait_after_start(caller: Caller, started: StartedView, task_id: str, seconds: float) -> View:
    """Wait for a task that was just started; whatever happens, the answer says that it was."""
    try:
        return (await wait_for(caller, [task_id], seconds)).after(started)
    except BeamError as error:
        return started.model_copy(update={"waiting_failed": error.what})


def _sentence(seen: Sequence[TaskHead], passed: float) -> str:
    if len(seen) != 1:
        working = sum(1 for task in seen if task.phase == "working")
        return f"{counted(working, 'task')} of {len(seen)} still at work after {span(passed)}"
    task = seen[0]
    nodes = task.nodes if isinstance(task, Task) else []
    doing = next((n.objective for n in nodes if phase_of(n.status) == "working" and n.objective), None)
    return f"{handle(task)} is {status_words(task.status)}" + (f": {quoted(doing, 60)}" if doing else "")
