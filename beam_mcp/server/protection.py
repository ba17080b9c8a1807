"""What a client has to show to use this server at all, where its operator asks for something: one token, or OAuth's."""

import hmac
from dataclasses import dataclass, field
from typing import Protocol

from beam_mcp.server.refusals import Refused
from beam_mcp.tools.brought import bearer_of

REALM = 'Bearer realm="beam-mcp"'
AND_THE_KEY = "Your own Beam key goes into the header x-api-key, and the workspace into current-workspace-id."
NO_TOKEN = (
    "This server takes no request without its token: send it in the header Authorization, as Bearer and the token. Ask "
    f"whoever runs it for it. {AND_THE_KEY}"
)
WRONG_TOKEN = (
    f"The token in the header Authorization is not this server's: ask whoever runs it for the right one. {AND_THE_KEY}"
)


class Protection(Protocol):
    """Whoever checks what is shown in `Authorization`, which is never passed on to Beam then."""

    async def admit(self, authorization: str) -> str:
        """A name for who showed this, which tells them from all others.

        Raises:
            Refused: it is not enough, with a challenge (RFC 9110 §11.6.1).
        """
        ...


@dataclass(frozen=True)
class ByToken:
    """One token for all who may come in."""

    token: str = field(repr=False)

    async def admit(self, authorization: str) -> str:
        """Nobody's name: all show the same."""
        given = bearer_of(authorization)
        if given is None:
            raise Refused(401, NO_TOKEN, {"www-authenticate": REALM})
        if not hmac.compare_digest(given.encode("latin-1", "replace"), self.token.encode()):
            raise Refused(401, WRONG_TOKEN, {"www-authenticate": f'{REALM}, error="invalid_token"'})
        return ""
