"""A world of one's own for each test, and a client that holds its key."""

from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest

from beam_mcp.sandbox.access import SANDBOX_KEY, WORKSPACE_ID
from beam_mcp.sandbox.serve import serving
from beam_mcp.sandbox.world import World

KEYS = {"x-api-key": SANDBOX_KEY, "current-workspace-id": WORKSPACE_ID}


class Caller:
    """A person with the sandbox's key and an HTTP client."""

    def __init__(self, world: World, http: httpx2.AsyncClient) -> None:
        self.world = world
        self.http = http

    async def send(self, method: str, path: str, body: Any = None, **query: Any) -> httpx2.Response:
        """Any request with all credentials."""
        return await self.http.request(method, path, json=body, params=query, headers=KEYS)

    async def get(self, path: str, **query: Any) -> Any:
        """The JSON behind a path."""
        answer = await self.send("GET", path, **query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def create(self, agent: str, **more: Any) -> Any:
        """A new task of the agent with this name."""
        body = {"agentId": self.world.agent(agent).id, "taskQuery": {"query": "Please do it"}, **more}
        answer = await self.send("POST", "/agent-tasks", body)
        assert answer.status_code == 201, answer.text
        return answer.json()

    async def task(self, task_id: str, *, after: float = 0) -> Any:
        """A task, some seconds later."""
        self.world.clock.push(after)
        return await self.get(f"/agent-tasks/{task_id}")

    async def decide(self, method: str, what: str, task: Any, node: Any, **more: Any) -> httpx2.Response:
        """Answer, approve or reject on a node of a task."""
        body = {"taskNodeId": node["id"], **more}
        return await self.send(method, f"/agent-tasks/execution/{task['id']}/{what}", body)


@pytest.fixture
def world() -> World:
    """Agents, but no tasks yet, and a clock that stands until it is pushed."""
    return World(populated=False, speed=0)


@pytest.fixture
async def beam(world: World) -> AsyncIterator[Caller]:
    """The world, served."""
    async with serving(world) as url, httpx2.AsyncClient(base_url=url, timeout=5) as http:
        yield Caller(world, http)
