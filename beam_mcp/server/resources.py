"""Resources: a task, an agent and the inbox as compact text, and whole as JSON."""

import re
from collections.abc import Iterable, Set
from typing import Any
from urllib.parse import unquote

from mcp.server.lowlevel.helper_types import ReadResourceContents
from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ResourceError, ResourceNotFoundError
from mcp_types import Resource, ResourceTemplate

from beam_mcp.beam.errors import BeamError, NotFound
from beam_mcp.beam.raw import raw_agent, raw_task
from beam_mcp.tools.agents import describe_agent
from beam_mcp.tools.gathering import read_inbox
from beam_mcp.tools.given import find_agent, find_task, task_named
from beam_mcp.tools.office import Caller, Office, given_caller
from beam_mcp.views.cleaning import escaped
from beam_mcp.views.task import TaskView
from beam_mcp.views.text import flat, quoted
from beam_mcp.views.view import View

TEXT, JSON = "text/plain", "application/json"
_URI = re.compile(r"beam://(?:(inbox)|(tasks|agents)/([^/?#]+)(/raw)?)")

RESOURCES = (
    Resource(uri="beam://inbox", name="inbox", title="Beam inbox", description="What waits for you", mime_type=TEXT),
)
TEMPLATES = tuple(
    ResourceTemplate(uri_template=f"beam://{kind}s/{{{kind}}}{ending}", name=name, description=about, mime_type=mime)
    for kind, ending, name, about, mime in (
        ("task", "", "task", "where a task stands", TEXT),
        ("task", "/raw", "task_raw", "a whole task as Beam sent it, without secrets; often megabytes", JSON),
        ("agent", "", "agent", "what an agent does", TEXT),
        ("agent", "/raw", "agent_raw", "a whole agent as Beam sent it, without secrets", JSON),
    )
)

_SHOWN_BY = {"inbox": "get_pending_questions", "tasks": "get_task", "agents": "get_agent"}


def resources_for(tools: Set[str]) -> list[Resource]:
    """The resources that can be listed, as far as the loaded `tools` show the same."""
    return [resource for resource in RESOURCES if is_shown(str(resource.uri), tools)]


def templates_for(tools: Set[str]) -> list[ResourceTemplate]:
    """Those that are read by name, likewise."""
    return [template for template in TEMPLATES if is_shown(template.uri_template, tools)]


def is_shown(uri: str, tools: Set[str]) -> bool:
    """Whether the tool is loaded that shows what this resource does: what is switched off is so by every way."""
    found = _URI.fullmatch(uri)
    return found is None or _SHOWN_BY[found[1] or found[2]] in tools


def task_in(uri: str) -> str | None:
    """The task that a resource's URI names; None for any other resource."""
    found = _URI.fullmatch(uri)
    return unquote(found[3]) if found and found[2] == "tasks" else None


async def read(uri: str, context: Context[Office, Any], tools: frozenset[str]) -> Iterable[ReadResourceContents]:
    """The contents of one of our resources.

    Raises:
        ResourceNotFoundError: there is no such resource.
        ResourceError: Beam could not be read.
    """
    found = _URI.fullmatch(uri)
    if found and not is_shown(uri, tools):
        raise ResourceNotFoundError(f"{quoted(uri, 80)} is switched off here, as {_SHOWN_BY[found[1] or found[2]]} is.")
    if not found:
        raise ResourceNotFoundError(
            f"There is no resource {quoted(uri, 80)}: read beam://inbox or beam://tasks/INV-107."
        )
    inbox, kind, name, raw = found.groups()
    caller = await given_caller(context)
    try:
        if raw:
            return [ReadResourceContents(escaped(await _raw(caller, kind, unquote(name))), JSON)]
        view = await (read_inbox(caller) if inbox else _view(caller, kind, unquote(name)))
        return [ReadResourceContents(view.text(tools), TEXT)]
    except BeamError as error:
        advice = error.advice if View.named_tools(error.advice) <= tools else ""
        refusal = ResourceNotFoundError if isinstance(error, NotFound) else ResourceError
        raise refusal(flat(f"{error.what} {advice}")) from error


async def _view(caller: Caller, kind: str, name: str) -> View:
    if kind == "agents":
        return await describe_agent(caller, name)
    return TaskView.of(await task_named(caller, name), caller.now)


async def _raw(caller: Caller, kind: str, name: str) -> str:
    if kind == "agents":
        return await raw_agent(caller.beam, (await find_agent(caller, name)).id or "")
    return await raw_task(caller.beam, await find_task(caller, name))
