"""Composing the server from what it serves: tools, resources, prompts, instructions, and the office all calls share."""

from collections.abc import AsyncGenerator, Iterable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import anyio
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel.helper_types import ReadResourceContents
from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.exceptions import ResourceError
from mcp.server.request_state import RequestStateSecurity
from mcp.shared.exceptions import MCPError
from mcp_types import (
    INVALID_PARAMS,
    CallToolResult,
    CompleteRequestParams,
    CompleteResult,
    GetPromptResult,
    InputRequiredResult,
    Resource,
    ResourceTemplate,
    SubscribeRequestParams,
    SubscriptionsListenRequestParams,
    UnsubscribeRequestParams,
)
from pydantic import AnyUrl

from beam_mcp import __version__
from beam_mcp.server.boundary import BeamTool, unknown_tool
from beam_mcp.server.completions import complete
from beam_mcp.server.instructions import TOOLS, instructions_for
from beam_mcp.server.prompts import prompts_for, wrong_arguments
from beam_mcp.server.resources import RESOURCES, TEMPLATES, read
from beam_mcp.server.watching import Watching
from beam_mcp.tools.given import Office, given_caller
from beam_mcp.tools.toolset import Output, Toolset, Verb
from beam_mcp.tools.toolsets import TOOLSETS

NAME = "beam"
WEBSITE = "https://beam.ai"
PERSON_SECONDS = 24 * 3600.0  # how long a question may wait for its person before its sealed state expires


class BeamServer(MCPServer[Office]):
    """The SDK's server with our words where its own would reach the model."""

    def __init__(self, office: Office, tools: Iterable[BeamTool]) -> None:
        @asynccontextmanager
        async def share(_: MCPServer[Office]) -> AsyncGenerator[Office]:
            # Entered once a connection on SSE: the office outlives it, what watches for the connection does not.
            async with anyio.create_task_group() as background:
                yield replace(office, background=background)
                background.cancel_scope.cancel()

        known = list(tools)
        self.loaded = frozenset(tool.name for tool in known)
        super().__init__(
            NAME,
            title="Beam",
            description="Hand work to your Beam agents",
            instructions=instructions_for(self.loaded),
            website_url=WEBSITE,
            version=__version__,
            tools=[*known],
            lifespan=share,
            request_state_security=RequestStateSecurity.ephemeral(ttl=PERSON_SECONDS),
            subscriptions=False,  # the SDK's would tell all who listen, whoever they are
            log_level="WARNING",
        )
        for prompt in prompts_for(self.loaded):
            self.add_prompt(prompt)
        # MCPServer has no way to subscribe in the older protocols, and completes without saying for whom.
        handlers, watching = self._lowlevel_server, Watching()
        handlers.add_request_handler("subscriptions/listen", SubscriptionsListenRequestParams, watching.listen)
        handlers.add_request_handler("resources/subscribe", SubscribeRequestParams, watching.subscribe)
        handlers.add_request_handler("resources/unsubscribe", UnsubscribeRequestParams, watching.unsubscribe)
        handlers.add_request_handler("completion/complete", CompleteRequestParams, _complete)

    async def call_tool(
        self, name: str, arguments: dict[str, Any], context: Context[Office, Any] | None = None
    ) -> CallToolResult | InputRequiredResult:
        """Call a tool, or say which was probably meant."""
        return (
            await super().call_tool(name, arguments, context)
            if name in self.loaded
            else unknown_tool(name, TOOLS, self.loaded)
        )

    async def list_resources(self) -> list[Resource]:
        """What can be read without naming anything."""
        return [*RESOURCES]

    async def list_resource_templates(self) -> list[ResourceTemplate]:
        """What can be read by name."""
        return [*TEMPLATES]

    async def read_resource(
        self, uri: AnyUrl | str, context: Context[Office, Any] | None = None
    ) -> Iterable[ReadResourceContents] | InputRequiredResult:
        """Read a resource as the caller may see it."""
        if context is None:
            raise ResourceError("A resource is read by somebody: there is no caller.")
        return await read(str(uri), context, self.loaded)

    async def get_prompt(
        self, name: str, arguments: dict[str, Any] | None = None, context: Context[Office, Any] | None = None
    ) -> GetPromptResult | InputRequiredResult:
        """Render a prompt; an unknown one or a wrong argument is the client's to correct (MCP, Prompts)."""
        prompt = self._prompt_manager.get_prompt(name)
        if prompt and (wrong := wrong_arguments(prompt, arguments or {})):
            raise MCPError(code=INVALID_PARAMS, message=wrong)
        try:
            return await super().get_prompt(name, arguments, context)
        except ValueError as error:
            raise MCPError(code=INVALID_PARAMS, message=str(error)) from error


async def _complete(ctx: ServerRequestContext[Office, Any], params: CompleteRequestParams) -> CompleteResult:
    return await complete(given_caller(Context(request_context=ctx)), params)


def build(
    office: Office, *, toolsets: Iterable[str] | None = None, read_only: bool = False, output: Output = "text"
) -> BeamServer:
    """The MCP server over `office`, with the named toolsets (all by default) and only reading tools if `read_only`."""
    verbs = chosen_tools(toolsets, read_only=read_only)
    loaded = frozenset(verb.name for verb in verbs)
    return BeamServer(office, [BeamTool.of(verb, loaded=loaded, output=output) for verb in verbs])


def chosen_tools(names: Iterable[str] | None, *, read_only: bool) -> list[Verb]:
    """The tools that are switched on, in the order of the toolsets."""
    wanted: list[Toolset] = [t for t in TOOLSETS if names is None or t.name in set(names)]
    return [tool for toolset in wanted for tool in toolset.tools if tool.reads_only or not read_only]
