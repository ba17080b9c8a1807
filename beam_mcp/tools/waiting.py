"""Waiting for tasks inside one call, with progress in human sentences."""

from collections.abc import Sequence

import anyio

from beam_mcp.beam.errors import BeamError
from beam_mcp.beam.follow import read_all, until_news
from beam_mcp.beam.history import Usual, usual
from beam_mcp.beam.task import Task, TaskHead, phase_of
from beam_mcp.tools.given import Caller
from beam_mcp.views.names import handle, status_words
from beam_mcp.views.text import counted, line, span
from beam_mcp.views.waited import WaitedView

USUAL_SECONDS = 3.0  # what a guess at the time is worth waiting for


async def wait_for(caller: Caller, task_ids: Sequence[str], seconds: float) -> WaitedView:
    """Wait until one of the tasks is news to this conversation, or the time is up."""
    begun = anyio.current_time()
    heard = caller.conversation

    async def report(seen: Sequence[TaskHead]) -> None:
        passed = anyio.current_time() - begun
        await caller.progress(passed, seconds, _sentence(seen, passed))

    seen = await until_news(caller.beam, task_ids, is_news=heard.is_news, seconds=seconds, report=report)
    news = await read_all(caller.beam, [task.id or "" for task in seen if heard.is_news(task)])
    for task in news:
        heard.tell(task, caller.now)
    caller.person.saw(*seen)
    changed = {task.id for task in news}
    others = [task for task in seen if task.id not in changed]
    known = {task.of_agent.id or "": await usual_of(caller, task) for task in others[:1]}
    return WaitedView.of(news, others, waited=anyio.current_time() - begun, usual=known, now=caller.now)


async def usual_of(caller: Caller, task: TaskHead) -> Usual | None:
    """The usual time of the task's agent, as far as it is known or quickly learnt."""
    agent_id = task.of_agent.id
    return await usual_time(caller, agent_id) if agent_id else None


async def usual_time(caller: Caller, agent_id: str) -> Usual | None:
    """The agent's usual time, remembered for minutes; None when Beam cannot say quickly."""
    known = caller.person.usual_of(agent_id, caller.now)
    if known:
        return known[1]
    found: Usual | None = None
    with anyio.move_on_after(USUAL_SECONDS):
        try:
            found = await usual(caller.beam, agent_id)
        except BeamError:
            found = None  # a guess at the time is an extra: the answer goes out without it
    caller.person.usual[agent_id] = (caller.now, found)
    return found


def _sentence(seen: Sequence[TaskHead], passed: float) -> str:
    if len(seen) != 1:
        working = sum(1 for task in seen if task.phase == "working")
        return f"{counted(working, 'task')} of {len(seen)} still at work after {span(passed)}"
    task = seen[0]
    nodes = task.nodes if isinstance(task, Task) else []
    doing = next((n.objective for n in nodes if phase_of(n.status) == "working" and n.objective), None)
    return f"{handle(task)} is {status_words(task.status)}" + (f": {line(doing, 60)}" if doing else "")
