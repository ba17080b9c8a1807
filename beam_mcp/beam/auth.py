"""Who we are towards Beam: the key first, a token where asked for or where a read needs one (API.md, credentials)."""

import base64
import hashlib
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

import anyio
from pydantic import AliasChoices, Field
from pydantic_core import from_json

from beam_mcp.beam.errors import (
    ON_THIS_MACHINE,
    BadRequest,
    BeamBroken,
    Forbidden,
    NotConfigured,
    NotFound,
    Remedy,
    Unauthorized,
)
from beam_mcp.beam.wire import Wire

Mode = Literal["auto", "key", "token"]

UNKNOWN_LIFETIME = 9 * 60.0  # seconds; API.md: the documents disagree between 10 minutes and an hour
THE_REQUEST = "this request's headers"
SIGN_IN = (
    "Run `beam-mcp login` in a terminal and call again; or set BEAM_API_KEY and BEAM_WORKSPACE_ID in this server's "
    "entry of the client's config and restart it; to try it without an account, start it with --sandbox."
)
SEND_HEADERS = (
    "Send yours in the header x-api-key, and the workspace in current-workspace-id: set both headers in this server's "
    "entry of the client's config."
)
_CHECK_KEY = (
    "Check the key that your client sends in the header x-api-key, in this server's entry of its config: it may be "
    "incomplete, withdrawn, or of another Beam."
)
_TELL_THE_OPERATOR = "Try again in a minute; if it stays so, tell whoever runs this server."
BY_KEY = Remedy(
    ON_THIS_MACHINE.what,
    _CHECK_KEY,
    _CHECK_KEY,
    "the header current-workspace-id",
    _TELL_THE_OPERATOR,
    _TELL_THE_OPERATOR,
)
BY_TOKEN = Remedy(
    "Beam did not accept the token",
    "Have your client send a new token in the header Authorization, or your API key in the header x-api-key.",
    _CHECK_KEY,
    BY_KEY.workspace,
    _TELL_THE_OPERATOR,
    _TELL_THE_OPERATOR,
)
RENEW_BEFORE = 30.0  # seconds, or half of a shorter life; so that a write never leaves with a token about to expire


@dataclass(frozen=True)
class Identity:
    """Whose key, in which workspace, used how; `bearer` is a token the caller brought along instead of a key.

    `source` says where it was looked for, in words; `trouble` why there is none, where it should be there.
    """

    key: str | None = field(default=None, repr=False)
    workspace: str | None = field(default=None, repr=False)  # a key may have been put there
    mode: Mode = "auto"
    bearer: str | None = field(default=None, repr=False)
    source: str = "BEAM_API_KEY"
    trouble: str = ""

    @cached_property
    def mark(self) -> str:
        """A name for the credentials, in whatever workspace, that reveals nothing of them."""
        return hashlib.sha256(repr((self.key, self.bearer)).encode()).hexdigest()

    @property
    def remedy(self) -> Remedy:
        """What can be done about these credentials, by whoever brought them."""
        if self.source != THE_REQUEST:
            return ON_THIS_MACHINE
        return BY_TOKEN if self.bearer else BY_KEY

    def required_key(self) -> str:
        """The key, or the error that says how to set one."""
        if not self.key:
            if self.trouble:
                raise NotConfigured(self.trouble)
            raise NotConfigured("No Beam API key is set.", SEND_HEADERS if self.source == THE_REQUEST else SIGN_IN)
        return _sendable(self.key, f"The Beam API key of {self.source}")

    def require_credentials(self) -> None:
        """Raise the error that says how to set a key, where there is nothing to show Beam."""
        if self.bearer:
            _sendable(self.bearer, f"The token of {self.source}")
        else:
            self.required_key()

    def required_workspace(self) -> str:
        """The workspace, or the error that says how to set it."""
        if not self.workspace:
            verb = "Send it in" if self.source == THE_REQUEST else "Set"
            advice = f"{verb} {self.remedy.workspace}: it is the first UUID in the address of a page at app.beam.ai; "
            raise NotConfigured("No Beam workspace is set.", advice + "get_account() names those of this key.")
        return _sendable(self.workspace, "The Beam workspace")

    @cached_property
    def fingerprint(self) -> str:
        """A name for this identity that reveals nothing of it, to keep memories of different people apart."""
        return hashlib.sha256(repr((self.key, self.bearer, self.workspace)).encode()).hexdigest()


def _sendable(text: str, what: str) -> str:
    """The same text; the error that it cannot be sent, in a header, never shows it."""
    if not (text.isascii() and text.isprintable()):
        raise NotConfigured(f"{what} has characters that cannot be sent.", "Copy it again.")
    return text


class TokenPair(Wire):
    """An answer of either token call, under any of the names the documents use."""

    # None of them allows null or nothing, so that an empty name counts as absent and the next one is tried.
    token: str = Field(
        default="",
        min_length=1,
        repr=False,
        validation_alias=AliasChoices("idToken", "accessToken", "access_token", "token"),
    )
    refresh_token: str = Field(
        default="", min_length=1, repr=False, validation_alias=AliasChoices("refreshToken", "refresh_token")
    )
    expires_in: float = Field(default=0.0, gt=0, validation_alias=AliasChoices("expiresIn", "expires_in"))

    def lacks(self) -> str | None:
        """A token is what it is about."""
        return None if self.token else "token"

    def lifetime(self, now: float) -> float:
        """Seconds this token is good for: as said, else by the JWT's `exp` (RFC 7519 §4.1.4), else nine minutes."""
        if self.expires_in:
            return self.expires_in
        expiry = _jwt_expiry(self.token)
        return expiry - now if expiry is not None else UNKNOWN_LIFETIME


_REFUSALS = (BadRequest, Unauthorized, Forbidden, NotFound, BeamBroken)

Exchange = Callable[[str, dict[str, str]], Awaitable[TokenPair]]


@dataclass
class Session:
    """The token of one key; renewed once however many calls need it at the same time."""

    exchange: Exchange
    key: str = field(repr=False)
    remedy: Remedy = ON_THIS_MACHINE
    pair: TokenPair | None = field(default=None, repr=False)
    good_until: float = 0.0
    turn: anyio.Lock = field(default_factory=anyio.Lock)

    async def token(self, *, stale: str | None = None) -> str:
        """A token that is good for a while; `stale` is one that Beam has just refused.

        Raises:
            Unauthorized: the key cannot be exchanged.
        """
        async with self.turn:
            if self.pair is None or self.pair.token == stale or time.monotonic() > self.good_until:
                self.pair = await self._renew()
                lifetime = self.pair.lifetime(time.time())
                self.good_until = time.monotonic() + lifetime - min(RENEW_BEFORE, lifetime / 2)
            return self.pair.token

    def refused(self, token: str) -> None:
        """Beam refused this token for a write: the next call gets another, the write is not repeated."""
        if self.pair is not None and self.pair.token == token:
            self.good_until = 0.0

    async def _renew(self) -> TokenPair:
        refresh = self.pair.refresh_token if self.pair else ""
        if refresh:
            try:
                return await self.exchange("/auth/refresh-token", {"refreshToken": refresh})
            except _REFUSALS:
                self.pair = None
        try:
            return await self.exchange("/auth/access-token", {"apiKey": self.key})
        except _REFUSALS as refused:
            what = f"Beam gave no token for the API key. {refused.what}"
            raise Unauthorized(what, self.remedy.unexchanged) from None


def _jwt_expiry(token: str) -> float | None:
    parts = token.split(".")
    if len(parts) != 3:
        return None
    try:
        claims = from_json(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)), allow_inf_nan=False)
        return float(claims["exp"])
    except (ValueError, KeyError, TypeError, OverflowError):
        return None
