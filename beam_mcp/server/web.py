"""The HTTP face: Streamable HTTP at /mcp, legacy SSE at /sse and /health in one application."""

from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Literal

from mcp.server.mcpserver import MCPServer
from mcp.server.transport_security import TransportSecurityMiddleware, TransportSecuritySettings
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from beam_mcp import __version__
from beam_mcp.server.page_requests import Sealed
from beam_mcp.server.pages import Pages

_LOCAL = ("127.0.0.1", "localhost", "[::1]")


def web_app(
    server: MCPServer[Any], *, transport: Literal["http", "sse"], hosts: Sequence[str] = (), pages: Pages | None = None
) -> Starlette:
    """The application for a transport: http serves all paths, sse only its own; `hosts` are taken beside loopback.

    `pages` are where a person decides in a browser, beside either.
    """
    security = _security(hosts)
    door = [Middleware(_Door, security=security)]
    sse = server.sse_app(transport_security=security)
    beside: list[BaseRoute] = [Route("/health", _health), *(pages.routes() if pages else [])]
    if transport == "sse":
        return Starlette(routes=[*sse.routes, *beside], middleware=door)
    http = server.streamable_http_app(transport_security=security)
    return Starlette(
        routes=[*http.routes, *sse.routes, *beside],
        middleware=door,
        lifespan=lambda _: server.session_manager.run(),
    )


def pages_app(pages: Pages) -> Starlette:
    """The application for pages alone, for this machine only."""
    door = [Middleware(Sealed), Middleware(_Door, security=_security(()))]
    return Starlette(routes=[Mount("/", pages.site())], middleware=door)


class _HungUp(Exception):
    """The client left before it had sent the whole of its message."""


class _Door:
    """Turns strangers away before the SDK's SSE does, which answers them and then crashes with their connection.

    Whoever hangs up in the middle of a message is no error of ours, and no traceback in our log.
    """

    def __init__(self, app: ASGIApp, security: TransportSecuritySettings) -> None:
        self.app = app
        self.check = TransportSecurityMiddleware(security)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # Whoever watches over us asks for our health by whatever name they know us.
        guarded = scope["type"] == "http" and scope["path"] != "/health"
        refusal = await self.check.validate_request(Request(scope)) if guarded else None
        is_message = scope["type"] == "http" and scope["method"] == "POST"
        with suppress(_HungUp):
            await (refusal or self.app)(scope, _whole(receive) if is_message else receive, send)


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


def _security(hosts: Sequence[str]) -> TransportSecuritySettings:
    """Only known Host and Origin headers, with or without a port, so that no web page can reach us by rebinding DNS."""
    known = [form for host in (*_LOCAL, *hosts) for form in (host, f"{host}:*")]
    return TransportSecuritySettings(
        enable_dns_rebinding_protection=True,
        allowed_hosts=known,
        allowed_origins=[f"{scheme}://{form}" for scheme in ("http", "https") for form in known],
    )


async def _health(_: Request) -> Response:
    return JSONResponse({"status": "ok", "version": __version__})
