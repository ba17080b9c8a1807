"""Composing the server from what it serves: tools, instructions, and the office all calls share."""

from collections.abc import AsyncGenerator, Iterable
from contextlib import asynccontextmanager

from mcp.server.mcpserver import MCPServer

from beam_mcp import __version__
from beam_mcp.server.boundary import BeamTool, suggest_tool
from beam_mcp.server.instructions import INSTRUCTIONS
from beam_mcp.tools.given import Office
from beam_mcp.tools.toolset import Output, Toolset, Verb
from beam_mcp.tools.toolsets import TOOLSETS

NAME = "beam"
WEBSITE = "https://beam.ai"


def build(
    office: Office, *, toolsets: Iterable[str] | None = None, read_only: bool = False, output: Output = "text"
) -> MCPServer[Office]:
    """The MCP server over `office`, with the named toolsets (all by default) and only reading tools if `read_only`."""
    verbs = chosen_tools(toolsets, read_only=read_only)
    loaded = frozenset(verb.name for verb in verbs)

    @asynccontextmanager
    async def share(_: MCPServer[Office]) -> AsyncGenerator[Office]:
        # Entered once a connection on SSE: the office is shared and outlives it.
        yield office

    return MCPServer(
        NAME,
        title="Beam",
        description="Hand work to your Beam agents",
        instructions=INSTRUCTIONS,
        website_url=WEBSITE,
        version=__version__,
        tools=[BeamTool.of(verb, loaded=loaded, output=output) for verb in verbs],
        lifespan=share,
        middleware=[suggest_tool(loaded)],
        log_level="WARNING",
    )


def chosen_tools(names: Iterable[str] | None, *, read_only: bool) -> list[Verb]:
    """The tools that are switched on, in the order of the toolsets."""
    wanted: list[Toolset] = [t for t in TOOLSETS if names is None or t.name in set(names)]
    return [tool for toolset in wanted for tool in toolset.tools if tool.reads_only or not read_only]
