"""An agent: its shape; listing agents and reading one."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

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

    def lacks(self) -> str | None:
        """A list may be empty, but it must be there."""
        return None if self.found() is not None or self.total() is not None else "list of agents"

    def found(self) -> list[Agent] | None:
        """The agents, under whichever name Beam gave them."""
        return next((rows for rows in (self.agents, self.data, self.items) if rows is not None), None)

    def total(self) -> int | None:
        """How many there are on all pages, if Beam says so."""
        return self.count if self.count is not None else self.total_count


class _One(Agent):
    agent: Agent | None = None

    def lacks(self) -> str | None:
        """Without an id it is no agent."""
        return None if (self.agent or self).id else "agent"


class Step(GraphNode):
    """One step of an agent's graph."""

    id: str | None = None
    is_entry_node: bool | None = None


class Graph(Wire):
    """What an agent does, step by step."""

    nodes: list[Step] | None = None


class _OneGraph(Graph):
    graph: Graph | None = None

    def lacks(self) -> str | None:
        """It may have no steps, but it must be there."""
        return None if self.nodes is not None or self.graph else "graph"


@dataclass(frozen=True)
class AgentPage:
    """One page of agents; `total` counts all pages, if Beam says so."""

    agents: tuple[Agent, ...]
    total: int | None


async def list_agents(beam: Beam, *, search: str | None = None, page: int = 1, page_size: int = 20) -> AgentPage:
    """One page of the workspace's agents (GET /agent)."""
    query: dict[str, Any] = {"pageNum": page, "pageSize": page_size}
    listed = await beam.get(_Listed, "/agent", query | ({"searchQuery": search} if search else {}), rows="agents")
    return AgentPage(tuple(agent for agent in listed.found() or () if agent.id), listed.total())


async def get_agent(beam: Beam, agent_id: str) -> Agent:
    """One agent (GET /agent/{id}).

    Raises:
        NotFound: no such agent in this workspace.
    """
    answer = await beam.get(_One, f"/agent/{quote(agent_id, safe='')}")
    return answer.agent or answer


async def get_graph(beam: Beam, agent_id: str) -> Graph:
    """The steps of an agent (GET /agent-graphs/{id})."""
    answer = await beam.get(_OneGraph, f"/agent-graphs/{quote(agent_id, safe='')}")
    return answer.graph or answer
