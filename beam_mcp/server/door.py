"""The door of a server over HTTP: which hosts and pages may knock, who they are, and how much they may take."""

import logging
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from mcp.server.transport_security import TransportSecurityMiddleware, TransportSecuritySettings
from mcp_types.version import HANDSHAKE_PROTOCOL_VERSIONS
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from beam_mcp.beam.auth import SEND_HEADERS
from beam_mcp.desk.desk import Bounded, digest
from beam_mcp.server.offer import asked_for
from beam_mcp.server.protection import REALM, Protection
from beam_mcp.server.quota import MOST_CALLERS, Limits, Open, Rate, Sessions, Share, at_address
from beam_mcp.server.refusals import Refused
from beam_mcp.server.visitor import Visitor
from beam_mcp.settings_values import holds_a_key
from beam_mcp.tools.brought import Brought, Unsendable
from beam_mcp.tools.office import Office

logger = logging.getLogger(__name__)

LOCAL = ("127.0.0.1", "localhost", "[::1]")
NO_CREDENTIALS = (
    "Nobody's Beam key is lent here, and this request brings none. " + SEND_HEADERS + " A token for Beam goes into "
    "Authorization, as Bearer and the token."
)
NO_KEY = "Your token lets you in, but Beam needs to know you as well, and this request brings no key. " + SEND_HEADERS
AUTHORIZATION = b"authorization"
MOST_HEADER_BYTES = 32 * 1024  # a token of an issuer may have some kilobytes
TOO_LONG = "The headers of this request are longer than anything here needs: leave some of them out."
SESSION = "mcp-session-id"
Said = dict[str, str]
_WANTED = {
    name.encode(): name
    for name in ("authorization", "x-api-key", "current-workspace-id", SESSION, "mcp-protocol-version")
}


def security(hosts: Sequence[str], origins: Sequence[str] = ()) -> TransportSecuritySettings:
    """Only known Host and Origin headers, so that no web page can reach us by rebinding DNS or from elsewhere.

    `hosts` are taken with or without a port, and as the origin of pages; `origins` as they are.
    """
    known = [form for host in (*LOCAL, *hosts) for form in (host, f"{host}:*")]
    return TransportSecuritySettings(
        enable_dns_rebinding_protection=True,
        allowed_hosts=known,
        allowed_origins=[f"{scheme}://{form}" for scheme in ("http", "https") for form in known] + [*origins],
    )


class _HungUp(Exception):
    """The client left before it had sent the whole of its message."""


class Door:
    """Turns strangers away before the SDK's SSE does, which answers them and then crashes with their connection.

    Whoever hangs up in the middle of a message is no error of ours, and no traceback in our log.
    """

    def __init__(self, app: ASGIApp, security: TransportSecuritySettings) -> None:
        self.app = app
        self.check = TransportSecurityMiddleware(security)
        # It logs a header that it refuses as it is, and a key may have been put there.
        logging.getLogger(TransportSecurityMiddleware.__module__).setLevel(logging.ERROR)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # Whoever watches over us asks for our health by whatever name they know us.
        guarded = scope["type"] == "http" and scope["path"] != "/health"
        refusal = await self._refusal(scope) if guarded else None
        is_message = scope["type"] == "http" and scope["method"] == "POST"
        with suppress(_HungUp):
            await (refusal or self.app)(scope, _whole(receive) if is_message else receive, send)

    async def _refusal(self, scope: Scope) -> Response | None:
        if sum(len(name) + len(value) for name, value in scope["headers"]) > MOST_HEADER_BYTES:
            return Refused(431, TOO_LONG, {"connection": "close"}).answer()
        refusal = await self.check.validate_request(Request(scope))
        if refusal:
            name = "Host" if refusal.status_code == 421 else "Origin"
            said = Headers(scope=scope).get(name, "")
            logger.warning("Invalid %s header: %s", name, "…" if holds_a_key(said) else said)
        return refusal


def _whole(receive: Receive) -> Receive:
    """The same until the body is complete or the client is gone; what comes then is of no interest here."""
    is_complete = False

    async def checked() -> Message:
        nonlocal is_complete
        message = await receive()
        if message["type"] == "http.disconnect" and not is_complete:
            raise _HungUp
        is_complete = is_complete or not message.get("more_body", False)
        return message

    return checked


@dataclass(frozen=True)
class Reception:
    """Who may have what of `office`; `offered` are the tools there are, `protection` what has to be shown first.

    Limits are for those who bring credentials of their own: whoever uses this machine's is its owner.
    """

    office: Office
    offered: frozenset[str]
    protection: Protection | None = None
    rate: Rate = field(default_factory=lambda: Rate(0))
    limits: Limits = field(default_factory=Limits)
    open: Open = field(default_factory=Open)
    sessions: Sessions = field(default_factory=Sessions)
    visitors: Bounded[str, Visitor] = field(default_factory=lambda: Bounded(MOST_CALLERS))

    def before(self, app: ASGIApp) -> ASGIApp:
        """The same application for those who are let in."""

        async def received(scope: Scope, receive: Receive, send: Send) -> None:
            try:
                visitor, shares, said = await self._known(scope)
                scope["user"] = visitor
                noting = self._noting(scope["method"], said, send, visitor.fingerprint, shares)
                with self.open.one(shares):
                    return await app(scope, receive, noting)
            except Refused as refused:
                return await refused.answer()(scope, receive, send)

        return received

    async def _known(self, scope: Scope) -> tuple[Visitor, tuple[Share, ...], Said]:
        """Who this is, how they are counted, and what they said.

        Raises:
            Refused: they may not come in.
        """
        said, address = _said(scope), (scope.get("client") or ("",))[0]
        try:
            fingerprint, mark = await self._identified(scope, said)
        except Refused as refused:
            if refused.status in {401, 403}:
                self.rate.spend(at_address(address))
            raise
        is_known = self.office.http.shares.knows(mark)
        shares = self.limits.of(mark, address, is_known=is_known) if mark else ()
        if shares:
            self.rate.spend(shares[0].name)
        return self._visitor(fingerprint, asked_for(scope, self.offered)), shares, said

    def _visitor(self, fingerprint: str, loaded: frozenset[str] | None) -> Visitor:
        """Made once for those who ask for nothing special, since the SDK's part of it takes its time."""
        if loaded is not None:
            return Visitor(fingerprint, loaded)
        known = self.visitors.get(fingerprint)
        if known is None:
            known = self.visitors[fingerprint] = Visitor(fingerprint)
        return known

    async def _identified(self, scope: Scope, said: Said) -> tuple[str, str]:
        """Their fingerprint, and the mark of the credentials they brought; empty where they brought none."""
        shown = await self._shown(scope, said)
        try:
            brought = Brought.by(said)
        except Unsendable as wrong:
            raise Refused(400, f"{wrong} {SEND_HEADERS}") from None
        if not brought.has_credentials and not await self._lends():
            if self.protection:  # a challenge would only make a client sign in again
                raise Refused(403, NO_KEY)
            raise Refused(401, NO_CREDENTIALS, {"www-authenticate": REALM})
        identity = brought.identity(self.office.identity)
        fingerprint = identity.fingerprint
        return digest(shown, fingerprint) if shown else fingerprint, identity.mark if brought.has_credentials else ""

    async def _shown(self, scope: Scope, said: Said) -> str:
        """The name of who may use this server at all; what they showed goes no further, to Beam least of all."""
        if self.protection is None:
            return ""
        name = await self.protection.admit(said.pop("authorization", ""))
        scope["headers"] = [(header, value) for header, value in scope["headers"] if header != AUTHORIZATION]
        return name

    async def _lends(self) -> bool:
        """Whether those who bring nothing act as somebody: not where a login is missing, yet where it cannot be read.

        Of that one the tools tell, with what to do.
        """
        office = self.office
        if office.identity.key or office.login is None:
            return bool(office.identity.key)
        own = (await office.login()).identity
        return bool(own.key or own.bearer or own.trouble)

    def _noting(self, method: str, said: Said, send: Send, who: str, shares: tuple[Share, ...]) -> Send:
        """The way back to the client, on which a session that begins is noted.

        Raises:
            Refused: it would be one too many.
        """
        session = said.get(SESSION)
        if session is not None:
            if method == "DELETE":
                self.sessions.closed(who, session)
            else:
                self.sessions.used(who, session, shares)
            return send
        version = said.get("mcp-protocol-version")
        if method != "POST" or not (version is None or version in HANDSHAKE_PROTOCOL_VERSIONS):
            return send
        self.sessions.check(shares)

        async def noted(message: Message) -> None:
            if message["type"] == "http.response.start" and (opened := Headers(raw=message["headers"]).get(SESSION)):
                self.sessions.opened(who, opened, shares)
            await send(message)

        return noted


def _said(scope: Scope) -> Said:
    """What matters here of the headers, the first of each name, in one pass: every request comes this way."""
    found: Said = {}
    for name, value in scope["headers"]:
        if name in _WANTED:
            found.setdefault(_WANTED[name], value.decode("latin-1"))
    return found
