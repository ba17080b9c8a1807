"""An agent: its shape; listing agents and reading one."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from beam_mcp.beam.errors import BeamBroken
from beam_mcp.beam.http import Beam
from beam_mcp.beam.node import GraphNode
from beam_mcp.beam.wire import Wire

LARGEST_PAGE = 100


class Category(Wire):
    """The shelf an agent stands on."""

    title: str | None = None


class AgentSettings(Wire):
    """How an agent was set up."""

    instructions: str | None = None


class Agent(Wire):
    """An agent that can be given work."""

    id: str | None = None
    name: str | None = None
    description: str | None = None
    category: Category | None = None
    settings: AgentSettings | None = None


class _Listed(Wire):
    agents: list[Agent] | None = None
    data: list[Agent] | None = None
    items: list[Agent] | None = None
    count: int | None = None
    total_count: int | None = None


class _One(Agent):
    agent: Agent | None = None


class Step(GraphNode):
    """One step of an agent's graph."""

    id: str | None = None
    is_entry_node: bool | None = None


class Graph(Wire):
    """What an agent does, step by step."""

    nodes: list[Step] | None = None


class _OneGraph(Graph):
    graph: Graph | None = None


@dataclass(frozen=True)
class AgentPage:
    """One page of agents; `total` counts all pages, if Beam says so."""

    agents: tuple[Agent, ...]
    total: int | None


async def list_agents(beam: Beam, *, search: str | None = None, page: int = 1, page_size: int = 20) -> AgentPage:
    """One page of the workspace's agents (GET /agent).

    Raises:
        BeamBroken: an answer without a list in it.
    """
    query: dict[str, Any] = {"pageNum": page, "pageSize": page_size}
    listed = await beam.get(_Listed, "/agent", query | ({"searchQuery": search} if search else {}), rows="agents")
    found = next((rows for rows in (listed.agents, listed.data, listed.items) if rows is not None), None)
    total = listed.count if listed.count is not None else listed.total_count
    if found is None and total is None:
        raise BeamBroken("Beam's answer holds no list of agents.", "Try again in a minute.")
    return AgentPage(tuple(agent for agent in found or () if agent.id), total)


async def get_agent(beam: Beam, agent_id: str) -> Agent:
    """One agent (GET /agent/{id}).

    Raises:
        NotFound: no such agent in this workspace.
        BeamBroken: an answer without an agent in it.
    """
    answer = await beam.get(_One, f"/agent/{quote(agent_id, safe='')}")
    agent = answer.agent or answer
    if not agent.id:
        raise BeamBroken("Beam's answer holds no agent.", "Try again in a minute.")
    return agent


async def get_graph(beam: Beam, agent_id: str) -> Graph:
    """The steps of an agent (GET /agent-graphs/{id})."""
    answer = await beam.get(_OneGraph, f"/agent-graphs/{quote(agent_id, safe='')}")
    return answer.graph or answer
