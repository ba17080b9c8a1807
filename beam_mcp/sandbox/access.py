"""Who may come in: the key, the tokens it buys, the workspaces, and every way tests want those to behave."""

import base64
import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from beam_mcp.sandbox.clock import Clock
from beam_mcp.sandbox.wire import Json, stable_id

SANDBOX_KEY = "sandbox-key"
WORKSPACE_ID = "5a4d6f78-0b0e-4c1a-9d2e-7be2a11d5a4d"
SANDBOX_WORKSPACE_NAME = "Sandbox"


@dataclass
class Access:
    """The credentials a world accepts; every field may be changed while it is served."""

    clock: Clock
    key: str = SANDBOX_KEY
    others: set[str] = field(default_factory=set[str])  # keys of more people in the same workspaces
    home: str = WORKSPACE_ID
    workspaces: dict[str, str] = field(default_factory=lambda: {WORKSPACE_ID: SANDBOX_WORKSPACE_NAME})
    reads: set[str] = field(default_factory=lambda: {"key", "token"})
    writes: set[str] = field(default_factory=lambda: {"key", "token"})
    refused_status: int = 401
    token_field: str = "idToken"  # noqa: S105  the name of a field
    announces_lifetime: bool = True
    token_lifetime: float = 3600.0
    refreshable: bool = True
    exchanges: int = 0
    refreshes: int = 0
    tokens: dict[str, datetime] = field(default_factory=dict[str, datetime])
    refresh_tokens: set[str] = field(default_factory=set[str])

    def admits(self, method: str, key: str | None, authorization: str | None) -> bool:
        """Whether these credentials open a route for this method."""
        accepted = self.reads if method in {"GET", "HEAD"} else self.writes
        by_key = "key" in accepted and key is not None and self._is_known(key)
        return by_key or ("token" in accepted and self._knows(authorization))

    def exchange(self, key: object) -> Json | None:
        """Tokens for a key, or None for a wrong one."""
        if not self._is_known(key):
            return None
        self.exchanges += 1
        return self._issue()

    def refresh(self, token: object) -> Json | None:
        """Tokens for a refresh token that this world issued, or None."""
        if not self.refreshable or not isinstance(token, str) or token not in self.refresh_tokens:
            return None
        self.refreshes += 1
        return self._issue()

    def _is_known(self, key: object) -> bool:
        return key == self.key or key in self.others

    def _knows(self, authorization: str | None) -> bool:
        scheme, _, token = (authorization or "").partition(" ")
        expiry = self.tokens.get(token)
        return scheme.lower() == "bearer" and expiry is not None and self.clock.now() < expiry

    def _issue(self) -> Json:
        expiry = self.clock.now() + timedelta(seconds=self.token_lifetime)
        serial = self.exchanges + self.refreshes
        token, refresh = _jwt({"sub": "sandbox", "jti": serial, "exp": int(expiry.timestamp())}), f"refresh-{serial}"
        self.tokens[token] = expiry
        self.refresh_tokens.add(refresh)
        lifetime = {"expiresIn": self.token_lifetime} if self.announces_lifetime else {}
        return {self.token_field: token, "refreshToken": refresh, **lifetime}


def _jwt(claims: Json) -> str:
    parts = ({"alg": "HS256", "typ": "JWT"}, claims, {"not": "a real signature", "id": stable_id(claims)})
    return ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts)
