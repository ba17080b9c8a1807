"""The person whose key is used, and their workspaces."""

from beam_mcp.beam.http import Beam
from beam_mcp.beam.wire import Wire


class CreditBalance(Wire):
    """Credits of a workspace."""

    total_credits: float | None = None
    used_credits: float | None = None


class Workspace(Wire):
    """One workspace; a user may have thousands."""

    id: str | None = None
    name: str | None = None
    credit_balance: CreditBalance | None = None


class User(Wire):
    """The owner of the key."""

    id: str | None = None
    name: str | None = None
    email: str | None = None
    workspaces: list[Workspace] | None = None
    workspace: Workspace | None = None

    def find(self, workspace_id: str) -> Workspace | None:
        """The workspace of that id, if the user belongs to it."""
        known = [*(self.workspaces or ()), *([self.workspace] if self.workspace else ())]
        return next((w for w in known if w.id == workspace_id), None)


class _Me(User):
    user: User | None = None

    def lacks(self) -> str | None:
        """Somebody must be in it."""
        known = self.user or self
        return None if known.id or known.name or known.email or self.workspaces or self.workspace else "user"


async def current_user(beam: Beam) -> User:
    """Who the key belongs to (GET /v2/user/me); needs no workspace."""
    me = await beam.get(_Me, "/v2/user/me", workspace=False)
    if me.user is None:
        return me
    return me.user.model_copy(update={k: getattr(me, k) for k in ("workspaces", "workspace") if getattr(me, k)})
