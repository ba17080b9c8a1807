"""How long an agent's tasks usually take, where that is quickly learnt."""

import anyio

from beam_mcp.beam.errors import BeamError
from beam_mcp.beam.history import Usual, usual
from beam_mcp.beam.task import TaskHead
from beam_mcp.tools.office import Caller

USUAL_SECONDS = 3.0  # what a guess at the time is worth waiting for


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
