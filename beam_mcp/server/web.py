"""The HTTP face: Streamable HTTP at /mcp, legacy SSE at /sse and /health in one application."""

from collections.abc import Sequence
from typing import Literal

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from beam_mcp import __version__
from beam_mcp.server.build import BeamServer
from beam_mcp.server.door import Door, Reception, security
from beam_mcp.server.page_requests import Sealed
from beam_mcp.server.pages import Pages
from beam_mcp.server.protection import Protection
from beam_mcp.server.quota import MOST_SESSIONS, Limits, Rate

# What a client in a browser has to read of an answer, beside what every page may.
EXPOSED = ("mcp-session-id", "mcp-protocol-version", "www-authenticate", "retry-after")


def web_app(
    server: BeamServer,
    *,
    transport: Literal["http", "sse"],
    hosts: Sequence[str] = (),
    origins: Sequence[str] = (),
    pages: Pages | None = None,
    protection: Protection | None = None,
    rate: int = 0,
    limits: Limits | None = None,
    beside: Sequence[BaseRoute] = (),
) -> Starlette:
    """The application for a transport: http serves all paths, sse only its own.

    `hosts` are taken beside loopback, and web pages of `origins` may connect from a browser. `pages` are where a person
    decides in one. `protection` has to be shown something first. `rate` is how many requests a minute each caller may
    send who brings their own key, 0 any number, and `limits` say how much of theirs may be open. `beside` is what else
    everybody may read.
    """
    reception = Reception(server.office, server.loaded, protection, Rate(rate), limits or Limits())
    known = security(hosts, origins)
    sse = server.sse_app(transport_security=known).routes
    http = server.streamable_http_app(transport_security=known, max_sessions=MOST_SESSIONS).routes
    served = [route for route in ([] if transport == "sse" else http) + sse if isinstance(route, Route | Mount)]
    for route in served:
        route.app = reception.before(route.app)
    front = [Middleware(Door, security=known)]
    if origins:
        paths = tuple(route.path for route in served)
        front.append(Middleware(_FromBrowsers, paths=paths, origins=origins))
    open_to_all: list[BaseRoute] = [Route("/health", _health), *beside, *(pages.routes() if pages else [])]
    if transport == "sse":
        return Starlette(routes=[*served, *open_to_all], middleware=front)
    return Starlette(routes=[*served, *open_to_all], middleware=front, lifespan=lambda _: server.session_manager.run())


def pages_app(pages: Pages) -> Starlette:
    """The application for pages alone, for this machine only."""
    door = [Middleware(Sealed), Middleware(Door, security=security(()))]
    return Starlette(routes=[Mount("/", pages.site())], middleware=door)


class _FromBrowsers:
    """Lets web pages of these origins, and no others, read what `paths` answer (CORS; Fetch standard §3.2)."""

    def __init__(self, app: ASGIApp, paths: tuple[str, ...], origins: Sequence[str]) -> None:
        self.app, self.paths = app, paths
        self.cors = CORSMiddleware(
            app,
            allow_origins=origins,
            allow_methods=["GET", "POST", "DELETE"],
            allow_headers=["*"],
            expose_headers=EXPOSED,
            max_age=600,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        mine = scope["type"] == "http" and scope["path"].startswith(self.paths)
        await (self.cors if mine else self.app)(scope, receive, send)


async def _health(_: Request) -> Response:
    return JSONResponse({"status": "ok", "version": __version__})
