"""May this person be asked, how, and what if not."""

from typing import Any

from mcp.server.elicitation import AcceptedElicitation, CancelledElicitation, DeclinedElicitation, ElicitationResult
from mcp.server.mcpserver import Context
from mcp_types.version import is_version_at_least
from pydantic import BaseModel

ASKED_BY_RESULT = "2026-07-28"  # from here on a question is a result, not a request of the server's


class NotAsked(BaseModel):
    """Nobody was asked: the connection cannot carry a form, or there was no need."""


def can_ask(context: Context[Any, Any]) -> bool:
    """Whether a form can really reach a person on this connection.

    A client that declares elicitation without naming a mode means forms; a stateless request of the older protocol has
    no way back to the client (MCP 2025-11-25, Elicitation).
    """
    declared = context.client_capabilities.elicitation if context.client_capabilities else None
    if declared is None or (declared.form is None and declared.url is not None):
        return False
    version = context.protocol_version
    modern = version is not None and is_version_at_least(version, ASKED_BY_RESULT)
    return modern or context.session.can_send_request


def answered(result: ElicitationResult[Any]) -> BaseModel | None:
    """What the person filled in; None when nobody was asked, or nothing came back."""
    if isinstance(result, AcceptedElicitation) and not isinstance(result.data, NotAsked):
        return result.data
    return None


def unanswered_words(result: ElicitationResult[Any]) -> str:
    """Why there is no answer; neither closing nor refusing a form is the person's "no" to Beam."""
    match result:
        case DeclinedElicitation():
            return "the person was shown a form and declined to fill it in"
        case CancelledElicitation():
            return "a form was sent, but it was closed or could not be shown to anybody"
        case _:
            return "this client cannot show the person a form"
