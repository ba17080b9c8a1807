"""Finding out who can do work here, and how they did."""

from datetime import timedelta
from typing import Annotated

from pydantic import Field
from pydantic.json_schema import SkipJsonSchema

from beam_mcp.beam.agent import Agent, Graph, get_graph
from beam_mcp.beam.agent import get_agent as read_agent
from beam_mcp.beam.agent import list_agents as list_page
from beam_mcp.beam.analytics import get_analytics
from beam_mcp.beam.errors import BadRequest, NotFound
from beam_mcp.tools.given import AgentRef, find_agent
from beam_mcp.tools.office import Caller, Given
from beam_mcp.tools.usual import usual_time
from beam_mcp.tools.wanted import Moment, day
from beam_mcp.views.agent import AgentView
from beam_mcp.views.agents import AgentListView
from beam_mcp.views.analytics import AnalyticsView

PAGE_SIZE = 20
DEFAULT_PERIOD = timedelta(days=30)


async def list_agents(
    caller: Given,
    query: Annotated[str | SkipJsonSchema[None], Field(description="words in the name or description")] = None,
    page: Annotated[int, Field(ge=1)] = 1,
) -> AgentListView:
    """The Beam agents that can be given work here, with what each does. Use it to pick who does a piece of work."""
    found = await list_page(caller.beam, search=query, page=page, page_size=PAGE_SIZE)
    return AgentListView.of(
        found,
        workspace=caller.workspace,
        setting=caller.beam.identity.remedy.workspace,
        page=page,
        page_size=PAGE_SIZE,
        searched=query,
    )


async def get_agent(caller: Given, agent: AgentRef) -> AgentView:
    """What an agent does, its steps, where it will stop for the person, and its usual time and cost."""
    return await describe_agent(caller, agent)


async def describe_agent(caller: Caller, agent: str) -> AgentView:
    """An agent with its steps and its usual time."""
    found = await find_agent(caller, agent)
    whole = await read_agent(caller.beam, found.id or "")
    return AgentView.of(whole, await _steps_of(caller, whole), await usual_time(caller, whole.id or ""))


async def _steps_of(caller: Caller, agent: Agent) -> Graph | None:
    try:
        return await get_graph(caller.beam, agent.id or "")
    except NotFound:
        return None  # an agent that was never built has no steps


async def get_agent_analytics(
    caller: Given,
    agent: AgentRef,
    since: Moment | SkipJsonSchema[None] = None,
    until: Moment | SkipJsonSchema[None] = None,
) -> AnalyticsView:
    """An agent's figures over some days (default: the last 30): tasks, failures, evaluation, run time, ratings."""
    found = await find_agent(caller, agent)
    first = day("since", since, caller.now) or (caller.now - DEFAULT_PERIOD).date()
    last = day("until", until, caller.now) or caller.now.date()
    if first > last:
        raise BadRequest(f"since: {first} is after until, {last}.", "Swap them.")
    figures = await get_analytics(caller.beam, found.id or "", since=first, until=last)
    return AnalyticsView.of(found.name or agent, figures, since=first, until=last)
