"""Composing the server from what it serves: tools, resources, prompts, instructions, and the office all calls share."""

import asyncio
import logging
import secrets
import sys
from collections.abc import AsyncGenerator, Generator, Iterable
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from types import ModuleType
from typing import Any, TextIO, cast

import anyio
from mcp.server.apps import Apps, client_supports_apps
from mcp.server.context import CallNext, HandlerResult, ServerRequestContext
from mcp.server.lowlevel.helper_types import ReadResourceContents
from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.exceptions import ResourceError
from mcp.server.request_state import RequestStateSecurity
from mcp.server.stdio import stdio_server
from mcp.shared.exceptions import MCPError
from mcp_types import (
    INVALID_PARAMS,
    CallToolResult,
    CompleteRequestParams,
    CompleteResult,
    GetPromptResult,
    InputRequiredResult,
    ListPromptsResult,
    ListResourcesResult,
    ListResourceTemplatesResult,
    ListToolsResult,
    PaginatedRequestParams,
    Prompt,
    Resource,
    ResourceTemplate,
    SubscribeRequestParams,
    SubscriptionsListenRequestParams,
    Tool,
    UnsubscribeRequestParams,
)
from pydantic import AnyUrl

from beam_mcp import __version__
from beam_mcp.server import card
from beam_mcp.server.boundary import BeamTool, unknown_tool
from beam_mcp.server.instructions import TOOLS, instructions_for
from beam_mcp.server.lines import Answers, Incoming, Lines, Refusing, own_stdin
from beam_mcp.server.masking import masked_request, masked_tool
from beam_mcp.server.prompts import prompts_for, wrong_arguments
from beam_mcp.server.resources import resources_for, templates_for
from beam_mcp.server.visitor import fingerprint_of, loaded_for
from beam_mcp.server.watching import Watching
from beam_mcp.tools.office import Office, given_caller
from beam_mcp.tools.person import PERSON_SECONDS
from beam_mcp.tools.toolset import Output, Toolset, Verb
from beam_mcp.tools.toolsets import TOOLSETS
from beam_mcp.views.text import quoted

NAME = "beam"
_TALKATIVE = ("mcp", "sse_starlette")  # at their most, they log every message whole, what people typed and links too
GREETINGS = frozenset({"initialize", "server/discover"})
WEBSITE = "https://beam.ai"


@contextmanager
def _without_rich() -> Generator[None]:
    """Let the SDK do as where rich is not installed: it would load rich for a log handler, dropped where one is set.

    Loading it takes 20 to 25 of the 1,350 ms to the first answer.
    """
    modules = cast("dict[str, ModuleType | None]", sys.modules)
    if "rich.console" in modules:
        yield
        return
    modules["rich.console"] = None
    try:
        yield
    finally:
        del modules["rich.console"]


class BeamServer(MCPServer[Office]):
    """The SDK's server with our words where its own would reach the model."""

    def __init__(self, office: Office, verbs: Iterable[Verb], output: Output) -> None:
        @asynccontextmanager
        async def share(_: MCPServer[Office]) -> AsyncGenerator[Office]:
            # Entered once a connection on SSE: the office outlives it, what watches for the connection does not.
            async with anyio.create_task_group() as background:
                yield replace(office, background=background)
                background.cancel_scope.cancel()

        for library in _TALKATIVE:
            logging.getLogger(library).setLevel(logging.WARNING)
        self.office = office
        self.verbs = {verb.name: verb for verb in verbs}
        self.loaded = frozenset(self.verbs)
        self.has_card = self.loaded >= card.BOUND
        self._output: Output = output
        self._made: dict[str, BeamTool] = {}
        with _without_rich():
            super().__init__(
                NAME,
                title="Beam",
                description="Hand work to your Beam agents",
                instructions=instructions_for(self.loaded),
                website_url=WEBSITE,
                version=__version__,
                lifespan=share,
                request_state_security=RequestStateSecurity(
                    keys=[secrets.token_bytes(32)], ttl=PERSON_SECONDS, bind_principal=fingerprint_of
                ),
                extensions=[Apps()] if self.has_card else [],
                subscriptions=False,  # the SDK's would tell all who listen, whoever they are
                middleware=[self._instructed],
                log_level="WARNING",
            )
        # MCPServer has no way to subscribe in the older protocols, and completes without saying for whom.
        handlers, watching = self._lowlevel_server, Watching(self.loaded)
        handlers.middleware.append(masked_request)
        handlers.add_request_handler("subscriptions/listen", SubscriptionsListenRequestParams, watching.listen)
        handlers.add_request_handler("resources/subscribe", SubscribeRequestParams, watching.subscribe)
        handlers.add_request_handler("resources/unsubscribe", UnsubscribeRequestParams, watching.unsubscribe)
        handlers.add_request_handler("completion/complete", CompleteRequestParams, self._complete)
        # Nor does it list for whom: the card's own tools are for clients that draw cards. Its document is not listed at
        # all: hosts find it by the tools, and a model has nothing to look for there.
        handlers.add_request_handler("tools/list", PaginatedRequestParams, self._tools_for)
        # And of each only what a request gets by its own headers.
        handlers.add_request_handler("prompts/list", PaginatedRequestParams, self._prompts_for)
        handlers.add_request_handler("resources/list", PaginatedRequestParams, self._resources_for)
        handlers.add_request_handler("resources/templates/list", PaginatedRequestParams, self._templates_for)

    async def run_stdio_async(self, opened: tuple[Incoming, TextIO] | None = None) -> None:
        """Serve on stdio; or, where the talk has begun already, on what is left of it."""
        server, refusing = self._lowlevel_server, Refusing()
        lines = Lines(opened[0] if opened else own_stdin(), refusing)
        async with stdio_server(lines, Answers(opened[1]) if opened else None) as (incoming, outgoing):
            refusing.send = outgoing.send
            await server.run(incoming, outgoing, server.create_initialization_options())

    async def call_tool(
        self, name: str, arguments: dict[str, Any], context: Context[Office, Any] | None = None
    ) -> CallToolResult | InputRequiredResult:
        """Call a tool, or say which was probably meant."""
        self._note_call()
        loaded = self.loaded if context is None else loaded_for(context, self.loaded)
        with masked_tool(name):
            if name in card.NAMES and context is not None and self._draws_cards(context):
                from beam_mcp.server.card_answers import answer  # noqa: PLC0415 - here and below: few sessions need it

                return await answer(context, name, arguments)
            if name in loaded and context is not None:
                return await self.made(name).run(arguments, context)
        return unknown_tool(name, TOOLS, loaded)

    async def _instructed(self, ctx: ServerRequestContext[Office, Any], call_next: CallNext) -> HandlerResult:
        """Answer a greeting with the instructions for the tools of this very request."""
        result = await call_next(ctx)
        if ctx.method in GREETINGS and isinstance(result, dict):
            loaded = loaded_for(ctx, self.loaded)
            return result if loaded == self.loaded else result | {"instructions": instructions_for(loaded)}
        return result

    def made(self, name: str) -> BeamTool:
        """A loaded tool, made when it is first asked for: all of them take a twentieth of a start."""
        if name not in self._made:
            meta = card.META if self.has_card and name in card.BOUND else None
            verb = self.verbs[name]
            self._made[name] = BeamTool.of(verb, loaded=self.loaded, output=self._output, meta=meta)
        return self._made[name]

    async def list_tools(self) -> list[Tool]:
        """All that are loaded."""
        return [self.made(name).definition() for name in self.verbs]

    def _note_call(self) -> None:
        """Whoever ends the server waits for what was called."""
        if call := asyncio.current_task():
            self.office.calls.add(call)
            call.add_done_callback(self.office.calls.discard)

    async def _tools_for(
        self, ctx: ServerRequestContext[Office, Any], _: PaginatedRequestParams | None
    ) -> ListToolsResult:
        tools, loaded = await self.list_tools(), loaded_for(ctx, self.loaded)
        if loaded != self.loaded:
            meta = card.META if loaded >= card.BOUND else None
            tools = [tool.model_copy(update={"meta": tool.meta and meta}) for tool in tools if tool.name in loaded]
        return ListToolsResult(tools=[*tools, *card.tools()] if self._draws_cards(ctx) else tools)

    def _draws_cards(self, ctx: Context[Office, Any] | ServerRequestContext[Office, Any]) -> bool:
        return self.has_card and loaded_for(ctx, self.loaded) >= card.BOUND and client_supports_apps(ctx)

    async def _prompts_for(
        self, ctx: ServerRequestContext[Office, Any], _: PaginatedRequestParams | None
    ) -> ListPromptsResult:
        names = {prompt.name for prompt in prompts_for(loaded_for(ctx, self.loaded))}
        return ListPromptsResult(prompts=[prompt for prompt in await self.list_prompts() if prompt.name in names])

    async def _resources_for(
        self, ctx: ServerRequestContext[Office, Any], _: PaginatedRequestParams | None
    ) -> ListResourcesResult:
        return ListResourcesResult(resources=resources_for(loaded_for(ctx, self.loaded)))

    async def _templates_for(
        self, ctx: ServerRequestContext[Office, Any], _: PaginatedRequestParams | None
    ) -> ListResourceTemplatesResult:
        return ListResourceTemplatesResult(resource_templates=templates_for(loaded_for(ctx, self.loaded)))

    async def _complete(self, ctx: ServerRequestContext[Office, Any], params: CompleteRequestParams) -> CompleteResult:
        from beam_mcp.server.completions import complete  # noqa: PLC0415

        caller = await given_caller(Context(request_context=ctx))
        return await complete(caller, params, loaded_for(ctx, self.loaded))

    async def list_resources(self) -> list[Resource]:
        """What can be read without naming anything."""
        return resources_for(self.loaded)

    async def list_resource_templates(self) -> list[ResourceTemplate]:
        """What can be read by name."""
        return templates_for(self.loaded)

    async def read_resource(
        self, uri: AnyUrl | str, context: Context[Office, Any] | None = None
    ) -> Iterable[ReadResourceContents] | InputRequiredResult:
        """Read a resource as the caller may see it."""
        if context is None:
            raise ResourceError("A resource is read by somebody: there is no caller.")
        if str(uri) == card.URI and self._draws_cards(context):
            from beam_mcp.server.card_answers import contents  # noqa: PLC0415

            return await contents(context)
        self._note_call()
        from beam_mcp.server.reading import read  # noqa: PLC0415

        return await read(str(uri), context, loaded_for(context, self.loaded))

    async def list_prompts(self) -> list[Prompt]:
        """Those whose tools are all loaded; made when they are first asked for."""
        for prompt in prompts_for(self.loaded):
            if self._prompt_manager.get_prompt(prompt.name) is None:
                self.add_prompt(prompt)
        return await super().list_prompts()

    async def get_prompt(
        self, name: str, arguments: dict[str, Any] | None = None, context: Context[Office, Any] | None = None
    ) -> GetPromptResult | InputRequiredResult:
        """Render a prompt; an unknown one or a wrong argument is the client's to correct (MCP, Prompts)."""
        await self.list_prompts()
        loaded = self.loaded if context is None else loaded_for(context, self.loaded)
        prompt = next((prompt for prompt in prompts_for(loaded) if prompt.name == name), None)
        if prompt is None:
            raise MCPError(code=INVALID_PARAMS, message=f"Unknown prompt: {quoted(name, 60)}")
        if wrong := wrong_arguments(prompt, arguments or {}):
            raise MCPError(code=INVALID_PARAMS, message=wrong)
        try:
            return await super().get_prompt(name, arguments, context)
        except ValueError as error:
            raise MCPError(code=INVALID_PARAMS, message=str(error)) from error


def build(
    office: Office, *, toolsets: Iterable[str] | None = None, read_only: bool = False, output: Output = "text"
) -> BeamServer:
    """The MCP server over `office`, with the named toolsets (all by default) and only reading tools if `read_only`."""
    verbs = chosen_tools(toolsets, read_only=read_only)
    return BeamServer(office, verbs, output)


def chosen_tools(names: Iterable[str] | None, *, read_only: bool) -> list[Verb]:
    """The tools that are switched on, in the order of the toolsets."""
    wanted: list[Toolset] = [t for t in TOOLSETS if names is None or t.name in set(names)]
    return [tool for toolset in wanted for tool in toolset.tools if tool.reads_only or not read_only]
