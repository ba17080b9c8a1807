"""Our real server on the sandbox, at our real web application, with the suite's fixtures added."""

import base64
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import anyio
import uvicorn
from mcp.server.context import CallNext, HandlerResult, ServerRequestContext
from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.prompts import Prompt
from mcp_types import CallToolResult, GetPromptResult, InputRequiredResult, Tool

from beam_mcp.cli.connection import Connection
from beam_mcp.cli.listener import listen, shown
from beam_mcp.cli.serve import office
from beam_mcp.sandbox.access import SANDBOX_KEY, WORKSPACE_ID
from beam_mcp.sandbox.serve import serving as serving_beam
from beam_mcp.sandbox.world import World
from beam_mcp.server.build import BeamServer, chosen_tools
from beam_mcp.server.prompts import prompts
from beam_mcp.server.web import web_app
from beam_mcp.settings import Settings
from beam_mcp.tools.office import Office
from tests.conformance import content, questions

FIXTURE = "A fixture of the conformance suite"
# What the suite reads and subscribes to stands for what we have: it meets our own resources and subscriptions.
STANDS_FOR = {
    "test://static-text": "beam://inbox",
    "test://static-binary": "beam://inbox",
    "test://template/123/data": "beam://tasks/INV-123",
    "test://watched-resource": "beam://tasks/INV-123",
}


class Fixed(BeamServer):
    """Our server, which leaves to the SDK what was added to it as to any other."""

    async def list_tools(self) -> list[Tool]:
        """Both kinds."""
        return [*await super().list_tools(), *await MCPServer.list_tools(self)]

    async def call_tool(
        self, name: str, arguments: dict[str, Any], context: Context[Office, Any] | None = None
    ) -> CallToolResult | InputRequiredResult:
        """Call either."""
        if self._tool_manager.get_tool(name):
            return await MCPServer.call_tool(self, name, arguments, context)
        return await super().call_tool(name, arguments, context)

    async def get_prompt(
        self, name: str, arguments: dict[str, Any] | None = None, context: Context[Office, Any] | None = None
    ) -> GetPromptResult | InputRequiredResult:
        """Render either."""
        if name in {prompt.name for prompt, _ in prompts()}:
            return await super().get_prompt(name, arguments, context)
        return await MCPServer.get_prompt(self, name, arguments, context)


def with_fixtures(server: BeamServer) -> BeamServer:
    """The server with the fixtures beside its own tools and prompts."""
    tools = {tool.__name__: tool for tool in (*content.TOOLS, *questions.TOOLS)}
    for tool in tools.values():
        server.add_tool(tool, description=FIXTURE, structured_output=False)
    # The SDK offers no other way to give a tool a schema that no function has.
    strange = server._tool_manager.get_tool("json_schema_2020_12_tool")  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]
    assert strange
    strange.parameters = content.JSON_SCHEMA_2020_12
    for prompt in (*content.PROMPTS, *questions.PROMPTS):
        server.add_prompt(Prompt.from_function(prompt, description=FIXTURE))
    server.middleware.append(stand_in)
    return server


async def stand_in(ctx: ServerRequestContext[Office, object], call_next: CallNext) -> HandlerResult:
    """Put what we have in the place of what the suite names; of bytes we have none, so they are the fixture's."""
    named = (ctx.params or {}).get("uri")
    if named not in STANDS_FOR:
        return await call_next(ctx)
    result = await call_next(replace(ctx, params={**(ctx.params or {}), "uri": STANDS_FOR[named]}))
    if named == "test://static-binary" and isinstance(result, dict):
        result["contents"] = [{"uri": named, "mimeType": "image/png", "blob": base64.b64encode(content.PNG).decode()}]
    return result


@asynccontextmanager
async def serving() -> AsyncGenerator[str]:
    """Serve it on a free port of this machine, and yield where."""
    world, listener = World(), listen("127.0.0.1", 0)
    world.add_task("Invoice Matcher", custom_id="INV-123")
    async with serving_beam(world) as beam:
        given = {"api_url": beam, "api_key": SANDBOX_KEY, "workspace_id": WORKSPACE_ID}
        async with office(Settings.model_validate(given)) as shared, anyio.create_task_group() as tasks:
            app = web_app(with_fixtures(Fixed(shared, chosen_tools(None, read_only=False), "text")), transport="http")
            web = uvicorn.Server(uvicorn.Config(app, http=Connection, log_config=None, timeout_graceful_shutdown=1))
            tasks.start_soon(web.serve, [listener])
            yield f"{shown(listener, '127.0.0.1')}/mcp"
            web.should_exit = True
