"""Who one is here, and what this connection can do."""

from urllib.parse import urlsplit

from beam_mcp.beam.errors import NotFound
from beam_mcp.beam.user import current_user
from beam_mcp.tools.given import Caller, Given, known_agents
from beam_mcp.tools.person import can_ask
from beam_mcp.tools.toolset import Toolset, reads
from beam_mcp.views.account import AccountView


@reads("Account")
async def get_account(caller: Given) -> AccountView:
    """Who is signed in, which workspace, credits left, what this client can do, and what is wrong."""
    user = await current_user(caller.beam)
    belongs = user.find(caller.workspace) is not None
    problems: list[str] = []
    if not belongs and user.workspaces is not None:
        problems.append(f"the key's owner does not belong to workspace {caller.workspace}: check BEAM_WORKSPACE_ID.")
    elif not await _sees_agents(caller):
        problems.append("no agents can be seen in this workspace: check BEAM_WORKSPACE_ID.")
    host = urlsplit(caller.beam.http.base_url).hostname or ""
    return AccountView.of(
        user, workspace_id=caller.workspace, instance=host, client=_abilities(caller), problems=problems
    )


async def _sees_agents(caller: Caller) -> bool:
    try:
        return bool(await known_agents(caller))
    except NotFound:
        return False


def _abilities(caller: Caller) -> list[str]:
    version = caller.context.protocol_version or "an unknown version"
    forms = "can show forms" if can_ask(caller.context) else "cannot show forms, so questions are asked in the chat"
    files = "local files can be sent" if caller.is_local else "local files cannot be sent over HTTP"
    return [f"speaks MCP {version}", forms, files]


ACCOUNT = Toolset("account", "who is signed in and what works", (get_account,))
