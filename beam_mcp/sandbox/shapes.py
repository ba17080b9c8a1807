"""Which of the shapes Beam is known to answer in a world uses."""

from dataclasses import dataclass
from typing import Literal

from beam_mcp.sandbox.wire import Json


@dataclass
class Shapes:
    """Every field may be changed while a world is served; the defaults are the current reference pages."""

    agents: Literal["agents", "data", "items", "bare"] = "agents"
    agent: Literal["bare", "agent"] = "bare"
    graph: Literal["graph", "bare"] = "graph"
    tasks: Literal["grouped", "flat"] = "grouped"
    me: Literal["plain", "user", "workspace"] = "plain"
    empty_abort: bool = True

    def agent_list(self, agents: list[Json], count: int) -> object:
        """A page of agents."""
        return agents if self.agents == "bare" else {self.agents: agents, "count": count}

    def one_agent(self, agent: Json) -> Json:
        """A single agent."""
        return {"agent": agent} if self.agent == "agent" else agent

    def one_graph(self, graph: Json) -> Json:
        """A graph."""
        return {"graph": graph} if self.graph == "graph" else graph

    def account(self, user: Json, workspaces: list[Json]) -> Json:
        """The user behind the key."""
        if self.me == "user":
            return {"user": {**user, "workspaces": workspaces}}
        if self.me == "workspace":
            return {**user, "workspace": workspaces[0] if workspaces else None}
        return {**user, "workspaces": workspaces}
