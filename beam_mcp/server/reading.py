"""Reading a resource: a task, an agent and the inbox as compact text, and whole as JSON."""

from collections.abc import Iterable
from typing import Any
from urllib.parse import unquote

import anyio.to_thread
from mcp.server.lowlevel.helper_types import ReadResourceContents
from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ResourceError, ResourceNotFoundError

from beam_mcp.beam.errors import BeamError, NotFound
from beam_mcp.beam.raw import raw_agent, raw_task
from beam_mcp.server.resources import JSON, SHOWN_BY, TEXT, URI, is_shown
from beam_mcp.tools.agents import describe_agent
from beam_mcp.tools.gathering import read_inbox
from beam_mcp.tools.given import find_agent, find_task, task_named
from beam_mcp.tools.office import Caller, Office, given_caller
from beam_mcp.views.task import TaskView
from beam_mcp.views.text import flat, quoted
from beam_mcp.views.view import View
from beam_mcp.views.whole import whole


async def read(uri: str, context: Context[Office, Any], tools: frozenset[str]) -> Iterable[ReadResourceContents]:
    """The contents of one of our resources.

    Raises:
        ResourceNotFoundError: there is no such resource.
        ResourceError: Beam could not be read.
    """
    found = URI.fullmatch(uri)
    if found and not is_shown(uri, tools):
        raise ResourceNotFoundError(f"{quoted(uri, 80)} is switched off here, as {SHOWN_BY[found[1] or found[2]]} is.")
    if not found:
        raise ResourceNotFoundError(
            f"There is no resource {quoted(uri, 80)}: read beam://inbox or beam://tasks/INV-107."
        )
    inbox, kind, name, raw = found.groups()
    caller = await given_caller(context)
    try:
        if raw:
            data = await _raw(caller, kind, unquote(name))
            return [ReadResourceContents(await anyio.to_thread.run_sync(whole, data), JSON)]
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


async def _raw(caller: Caller, kind: str, name: str) -> dict[str, Any]:
    if kind == "agents":
        return await raw_agent(caller.beam, (await find_agent(caller, name)).id or "")
    return await raw_task(caller.beam, await find_task(caller, name))
