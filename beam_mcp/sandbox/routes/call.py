"""One request that was let in, and the door that lets it in."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeAlias
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from beam_mcp.sandbox.agents import Agent
from beam_mcp.sandbox.body import task_bytes
from beam_mcp.sandbox.refusals import Refusal
from beam_mcp.sandbox.task import TaskState
from beam_mcp.sandbox.wire import Json, as_object
from beam_mcp.sandbox.world import World


@dataclass(frozen=True)
class Call:
    """A request inside a world, with its credentials already checked."""

    world: World
    request: Request
    body: Any

    @property
    def at_home(self) -> bool:
        """Whether the workspace asked is the one where everything is; every other looks empty."""
        asked = self.request.headers.get("current-workspace-id")
        return asked is None or asked == self.world.access.home

    @property
    def query(self) -> dict[str, str]:
        """The query parameters."""
        return dict(self.request.query_params)

    @property
    def fields(self) -> Json:
        """The body, which has to be an object."""
        fields = as_object(self.body)
        if fields is None:
            raise Refusal(400, "Unexpected token in JSON: the body must be an object")
        return fields

    def segment(self, name: str) -> str:
        """A part of the path."""
        return self.request.path_params[name]

    def agent(self, agent_id: str) -> Agent:
        """The agent with this id, or a 404."""
        agent = self.world.agents.get(agent_id)
        if agent is None or not self.at_home:
            raise Refusal(404, f"Agent with id {agent_id} not found")
        return agent

    def task(self, task_id: str) -> TaskState:
        """The task with this id as it is now, or a 404: Beam knows no customIds here."""
        task = self.world.tasks.get(task_id)
        if task is None or not self.at_home:
            raise Refusal(404, f"Task with id {task_id} not found")
        task.advance(self.world.clock.now())
        return task

    def task_answer(self, task: TaskState, status: int = 200) -> Response:
        """The whole task, as nearly every call answers it."""
        body = task_bytes(task, self.world.access.home)
        return Response(body, status, media_type="application/json; charset=utf-8")


Handler: TypeAlias = Callable[[Call], Awaitable[Response]]


@dataclass(frozen=True)
class Door:
    """One row of the API: method, path, what answers, and whether key and workspace are needed."""

    method: str
    path: str
    handler: Handler
    key: bool = True
    workspace: bool = True

    def route(self, world: World) -> Route:
        """The same as a Starlette route into this world."""

        async def endpoint(request: Request) -> Response:
            if self.key:
                _check_credentials(world, request)
            if self.workspace:
                _check_workspace(request)
            return await self.handler(Call(world, request, await _body(request)))

        return Route(self.path, endpoint, methods=[self.method])


def _check_credentials(world: World, request: Request) -> None:
    headers = request.headers
    if not world.access.admits(request.method, headers.get("x-api-key"), headers.get("authorization")):
        status = world.access.refused_status
        raise Refusal(status, "Unauthorized" if status == 401 else "Forbidden resource")


def _check_workspace(request: Request) -> None:
    workspace = request.headers.get("current-workspace-id")
    if workspace is None:
        raise Refusal(400, "current-workspace-id header is required")
    try:
        UUID(workspace)
    except ValueError:
        raise Refusal(400, "current-workspace-id must be a UUID") from None


async def _body(request: Request) -> Any:
    raw = await request.body()
    if not raw:
        return None
    try:
        return json.loads(raw)
    except ValueError:
        raise Refusal(400, "Unexpected token in JSON at position 0") from None
