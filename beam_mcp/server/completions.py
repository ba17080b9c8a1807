"""Completing what a person types into a prompt or a resource: names of agents, tasks, statuses."""

from collections.abc import Set

from mcp_types import CompleteRequestParams, CompleteResult, Completion

from beam_mcp.beam.errors import BeamError
from beam_mcp.beam.task import PHASE_NAMES
from beam_mcp.beam.task_list import Filter, list_tasks
from beam_mcp.tools.given import known_agents
from beam_mcp.tools.office import Caller
from beam_mcp.views.names import handle
from beam_mcp.views.text import line

MOST = 100  # MCP, Completion: at most 100 values


# Names are completed for those who get a tool that tells them or takes them.
_TOLD_BY = {"agent": {"list_agents", "create_task", "list_tasks"}, "task": {"get_task", "get_pending_questions"}}


async def complete(caller: Caller, params: CompleteRequestParams, tools: Set[str]) -> CompleteResult:
    """The values that fit what was typed; none when Beam cannot be read, since nobody waits for a completion."""
    name = params.argument.name
    try:
        known = await _known(caller, name) if tools & _TOLD_BY.get(name, tools) else []
    except BeamError:
        known = []
    typed = params.argument.value.casefold()
    fitting = sorted((v for v in known if typed in v.casefold()), key=lambda v: not v.casefold().startswith(typed))
    return CompleteResult(
        completion=Completion(values=fitting[:MOST], total=len(fitting), has_more=len(fitting) > MOST)
    )


async def _known(caller: Caller, argument: str) -> list[str]:
    match argument:
        case "agent":
            return list(dict.fromkeys(line(a.name, 60) for a in await known_agents(caller) if a.name))
        case "task":
            newest = await list_tasks(caller.beam, Filter(ordering="updatedAt:desc", page_size=20))
            caller.person.saw(*newest.tasks)
            return [handle(task) for task in newest.tasks]
        case "status":
            return list(PHASE_NAMES)
        case _:
            return []
