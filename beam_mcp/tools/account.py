"""Who one is here, and what this connection can do."""

from urllib.parse import urlsplit

from beam_mcp.beam.errors import NotFound
from beam_mcp.beam.user import User, current_user
from beam_mcp.tools.given import Caller, Given, InChat, known_agents
from beam_mcp.tools.person import can_ask
from beam_mcp.tools.toolset import Toolset, reads
from beam_mcp.views.account import AccountView, Problem


@reads("Account")
async def get_account(caller: Given) -> AccountView:
    """Who is signed in, which workspace, credits left, what this client can do, and what is wrong."""
    user = await current_user(caller.beam)
    here = caller.beam.identity.workspace
    problem = await _problem(caller, user, here)
    host = urlsplit(caller.beam.http.base_url).hostname or ""
    return AccountView.of(user, workspace_id=here, instance=host, client=_abilities(caller), problem=problem)


async def _problem(caller: Caller, user: User, here: str | None) -> Problem | None:
    if here is None:
        return "no workspace"
    if user.find(here) is None and user.workspaces is not None:
        return "foreign workspace"
    return None if await _sees_agents(caller) else "no agents"


async def _sees_agents(caller: Caller) -> bool:
    try:
        return bool(await known_agents(caller))
    except NotFound:
        return False


def _abilities(caller: InChat) -> list[str]:
    version = caller.context.protocol_version or "an unknown version"
    forms = "can show forms" if can_ask(caller.context) else "cannot show forms, so questions are asked in the chat"
    files = "local files can be sent" if caller.is_local else "local files cannot be sent over HTTP"
    return [f"speaks MCP {version}", forms, files]


ACCOUNT = Toolset("account", "who is signed in and what works", (get_account,))
