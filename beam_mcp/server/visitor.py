"""Who sent a request over HTTP, and which tools they get: noted at the door, read by whatever answers them."""

from typing import Any

from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser
from mcp.server.auth.provider import AccessToken
from mcp.server.context import ServerRequestContext
from mcp.server.mcpserver import Context


class Visitor(AuthenticatedUser):
    """A sender by their fingerprint. The SDK lets nobody else use a session that they opened, as it knows users.

    `loaded` are the tools they get where they asked for fewer than there are.
    """

    def __init__(self, fingerprint: str, loaded: frozenset[str] | None = None) -> None:
        super().__init__(AccessToken(token="", client_id=fingerprint, scopes=[]))  # no token of theirs is kept
        self.fingerprint = fingerprint
        self.loaded = loaded


def visitor_of(ctx: Context[Any, Any] | ServerRequestContext[Any, Any]) -> Visitor | None:
    """Who sent this request; None on stdio, where there is only one."""
    request = (ctx.request_context if isinstance(ctx, Context) else ctx).request
    user = request.scope.get("user") if request is not None else None
    return user if isinstance(user, Visitor) else None


def fingerprint_of(ctx: ServerRequestContext[Any, Any]) -> str | None:
    """What a question that is still open is bound to: nobody else may answer it."""
    visitor = visitor_of(ctx)
    return visitor.fingerprint if visitor else None


def loaded_for(ctx: Context[Any, Any] | ServerRequestContext[Any, Any], offered: frozenset[str]) -> frozenset[str]:
    """The tools of this request: those `offered`, or fewer."""
    visitor = visitor_of(ctx)
    return offered if visitor is None or visitor.loaded is None else visitor.loaded & offered
