"""Who one is here, and what this connection can do."""

import platform
from time import perf_counter
from urllib.parse import urlsplit

import anyio
from mcp.server.apps import client_supports_apps

from beam_mcp import __version__
from beam_mcp.beam.errors import NotFound
from beam_mcp.beam.link import told
from beam_mcp.beam.user import User, current_user
from beam_mcp.tools.given import known_agents
from beam_mcp.tools.office import Caller, Given, InChat
from beam_mcp.tools.person import can_ask
from beam_mcp.views.account import AccountView, Problem, Way
from beam_mcp.views.text import line


async def get_account(caller: Given) -> AccountView:
    """Who is signed in, which workspace, credits left, what this client can do, and what is wrong."""
    begun = perf_counter()
    user = await current_user(caller.beam)
    way = _way(caller, perf_counter() - begun)
    here = caller.beam.identity.workspace
    agents = await _agents(caller) if here and _belongs(user, here) else 0
    problem = _problem(user, here, agents)
    return AccountView.of(
        user,
        way,
        workspace_id=told(here) if here else None,
        agents=agents,
        client=_abilities(caller),
        problem=problem,
        unrecorded=await _unrecorded(caller),
    )


async def _unrecorded(caller: Caller) -> bool:
    """Whether no receipt could be written now."""
    receipts = caller.office.receipts
    return receipts is not None and await anyio.to_thread.run_sync(receipts.trouble) is not None


def _way(caller: Caller, seconds: float) -> Way:
    http, source = caller.beam.http, caller.beam.identity.source
    return Way(
        host=urlsplit(http.base_url).hostname or "",
        source=source,
        workspace_setting=caller.beam.identity.remedy.workspace,
        software=f"beam-mcp {__version__} on Python {platform.python_version()}",
        seconds=seconds,
        clock_ahead=http.clock_ahead,
    )


def _belongs(user: User, workspace: str) -> bool:
    return user.workspaces is None or user.find(workspace) is not None


def _problem(user: User, here: str | None, agents: int) -> Problem | None:
    if here is None:
        return "no workspace"
    if not _belongs(user, here):
        return "foreign workspace"
    return None if agents else "no agents"


async def _agents(caller: Caller) -> int:
    try:
        return len(await known_agents(caller))
    except NotFound:
        return 0


def _abilities(caller: InChat) -> list[str]:
    context = caller.context
    declared, meta = context.client_capabilities, context.request_context.meta or {}
    known = context.session.client_params
    name = f"{line(known.client_info.name, 30)} {line(known.client_info.version, 12)} " if known else ""
    has = {
        "forms": can_ask(context),
        "cards": client_supports_apps(context),
        "progress": "progress_token" in meta,
        "roots": declared is not None and declared.roots is not None,
    }
    return [
        f"{name}speaks MCP {context.protocol_version or 'of an unknown version'}",
        ", ".join(f"{ability}: {'yes' if there else 'no'}" for ability, there in has.items()),
        "local files can be sent" if caller.is_local else "local files cannot be sent over HTTP",
    ]
