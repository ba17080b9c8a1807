"""The HTTP face: Streamable HTTP at /mcp, legacy SSE at /sse and /health in one application."""

from collections.abc import Sequence
from typing import Any, Literal

from mcp.server.mcpserver import MCPServer
from mcp.server.transport_security import TransportSecuritySettings
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from beam_mcp import __version__

_LOCAL = ("127.0.0.1", "localhost", "[::1]")


def web_app(server: MCPServer[Any], *, transport: Literal["http", "sse"], hosts: Sequence[str] = ()) -> Starlette:
    """The application for a transport: http serves all paths, sse only its own; `hosts` are taken beside loopback."""
    security = _security(hosts)
    sse = server.sse_app(transport_security=security)
    health: list[BaseRoute] = [Route("/health", _health)]
    if transport == "sse":
        return Starlette(routes=[*sse.routes, *health])
    http = server.streamable_http_app(transport_security=security)
    return Starlette(routes=[*http.routes, *sse.routes, *health], lifespan=lambda _: server.session_manager.run())


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
