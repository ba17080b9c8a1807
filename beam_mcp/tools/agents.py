"""Finding out who can do work here."""

from typing import Annotated

from pydantic import Field
from pydantic.json_schema import SkipJsonSchema

from beam_mcp.beam.agent import list_agents as list_page
from beam_mcp.tools.given import Given
from beam_mcp.tools.toolset import Toolset, reads
from beam_mcp.views.agents import AgentListView

PAGE_SIZE = 20


@reads("List agents")
async def list_agents(
    caller: Given,
    query: Annotated[str | SkipJsonSchema[None], Field(description="words in the name or description")] = None,
    page: Annotated[int, Field(ge=1)] = 1,
) -> AgentListView:
    """The Beam agents that can be given work here, with what each does. Use it to pick the agent for create_task."""
    found = await list_page(caller.beam, search=query, page=page, page_size=PAGE_SIZE)
    return AgentListView.of(found, workspace=caller.workspace, page=page, page_size=PAGE_SIZE, searched=query)


AGENTS = Toolset("agents", "who can do work here", (list_agents,))
