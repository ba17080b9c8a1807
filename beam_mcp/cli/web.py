"""Serving over HTTP: one listener, one application; an end that finishes what is called, or else within a second."""

import logging
import os
import signal
import socket
import sys
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import replace
from types import FrameType
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import anyio
import uvicorn
from starlette.types import ASGIApp
from uvicorn.server import HANDLED_SIGNALS

from beam_mcp.cli.connection import Connection
from beam_mcp.cli.ending import SHUTDOWN_SECONDS, finish
from beam_mcp.cli.listener import listen, shown
from beam_mcp.cli.memory import give_back_what_is_big
from beam_mcp.cli.serve import office, server_for
from beam_mcp.server.links import Links, OwnAddress
from beam_mcp.server.pages import Pages
from beam_mcp.server.protection import ByToken
from beam_mcp.server.web import web_app
from beam_mcp.settings import Settings
from beam_mcp.tools.office import Office

if TYPE_CHECKING:
    from beam_mcp.server.oauth import ByIssuer

MOST_CONNECTIONS = 900  # below the 1024 files that many systems let a process open
PATIENCE_SECONDS = 0.5  # for what does not end by itself


async def serve_web(settings: Settings) -> None:
    """Serve until a signal comes, then finish what is called, and end what only listens within a second."""
    give_back_what_is_big()
    token = settings.own_token()
    listener = listen(settings.host, settings.port)
    async with office(settings) as shared:
        transport = "sse" if settings.transport == "sse" else "http"
        links = Links()
        server = server_for(settings, replace(shared, pages=OwnAddress(links, settings.public_url)))
        issuer = _issuer(settings, shared)
        known = filter(None, (*settings.allowed_hosts, urlsplit(settings.public_url or "").hostname))
        app = web_app(
            server,
            transport=transport,
            hosts=tuple(known),
            origins=settings.allowed_origins,
            pages=Pages(links, public_url=settings.public_url),
            protection=ByToken(token) if token else issuer,
            rate=settings.rate,
            beside=issuer.routes() if issuer else (),
        )
        path = "/sse" if transport == "sse" else "/mcp"
        print(f"beam-mcp serves {shown(listener, settings.host)}{path}", file=sys.stderr, flush=True)  # noqa: T201
        await _Web(_config(app), shared).serve(sockets=[listener])


def _issuer(settings: Settings, shared: Office) -> "ByIssuer | None":
    if not settings.oauth_issuer:
        return None
    from beam_mcp.server.issuer import Issuer  # noqa: PLC0415 - most servers need no cryptography
    from beam_mcp.server.oauth import ByIssuer  # noqa: PLC0415

    resource = settings.public_url or ""  # without which no issuer is taken
    return ByIssuer(Issuer(settings.oauth_issuer, shared.http), resource, settings.oauth_scopes)


def _config(app: ASGIApp) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=Connection,
        ws="none",
        limit_concurrency=MOST_CONNECTIONS,
        log_level="warning",
        access_log=False,
        # Typed as whole seconds, but handed on to asyncio as it is: streams stay open until they are cut.
        timeout_graceful_shutdown=SHUTDOWN_SECONDS,  # pyright: ignore[reportArgumentType]
    )


class _Web(uvicorn.Server):
    """Uvicorn, but quiet when told to stop, and not raising that signal once more, which would end in a traceback."""

    def __init__(self, config: uvicorn.Config, shared: Office) -> None:
        super().__init__(config)
        self.shared = shared

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        """Leave on Ctrl-C and SIGTERM."""

        # By a function: sse-starlette looks for a method of uvicorn's here, to end all streams as soon as that is
        # called, and with them every answer that is still on its way.
        def leave(_signal: int, _frame: FrameType | None) -> None:
            self.leave()

        before = {number: signal.signal(number, leave) for number in HANDLED_SIGNALS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def leave(self) -> None:
        """End what only listens, whose complaints are no news, and soon the rest; at once if told so a second time."""
        if self.should_exit:
            os._exit(0)
        logging.disable()
        self.should_exit = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Let nobody in, finish what is called, and end what is open; or end the process: the SDK holds on to each
        cancelled call of 2025 for a second.
        """
        for listener in self.servers:
            listener.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()  # the idle ones; the others close with their answer
        await finish(self.shared, calls=True)
        with anyio.move_on_after(PATIENCE_SECONDS) as patience:
            await super().shutdown(sockets)
        if patience.cancelled_caught:
            os._exit(0)
