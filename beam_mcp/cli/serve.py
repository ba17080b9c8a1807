"""Serving: the pool and the server are made once, then offered on stdio until EOF or a signal, or over HTTP."""

import asyncio
import gc
import logging
import os
import signal
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace
from textwrap import indent
from types import FrameType
from typing import TYPE_CHECKING, Any

import anyio

from beam_mcp.beam.auth import Identity
from beam_mcp.beam.http import Beam, Http
from beam_mcp.beam.removing import REMOVED, without_credentials
from beam_mcp.cli.early.wire import Wire
from beam_mcp.cli.ending import SHUTDOWN_SECONDS, finish
from beam_mcp.cli.loop import run
from beam_mcp.cli.start import leave_on_signals
from beam_mcp.settings import Settings
from beam_mcp.tools.receipts import Receipts
from beam_mcp.views.cleaning import clean

if TYPE_CHECKING:
    from beam_mcp.server.build import BeamServer
    from beam_mcp.tools.office import Office


def serve(settings: Settings, wire: Wire | None = None) -> int:
    """Serve until the client hangs up or a signal comes; return the exit code. On a wire, the talk has begun."""
    log_to_stderr(settings)
    if settings.transport == "stdio":
        leave_on_signals()  # the SDK is imported in the loop, which would only hear of them afterwards
        run(_serve_stdio, settings, wire)
    else:
        from beam_mcp.cli.web import serve_web  # noqa: PLC0415 - stdio starts without a web server

        run(serve_web, settings)
    return 0


def log_to_stderr(settings: Settings) -> None:
    """Plain lines on stderr, warnings and worse; stdout belongs to the protocol.

    Raises:
        SettingsError: the file that should hold the key cannot be read.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Discreet(settings.key()))
    logging.basicConfig(level=logging.WARNING, handlers=[handler])


class _Discreet(logging.Formatter):
    """An event on one line, a traceback indented below it, without credentials.

    What others wrote makes no line of its own, and the words of an error that nobody foresaw could hold any secret.
    """

    def __init__(self, key: str | None) -> None:
        super().__init__("%(levelname)s %(name)s: %(message)s")
        self._key = key

    def format(self, record: logging.LogRecord) -> str:
        """The event."""
        text = without_credentials(super().format(record))
        return text.replace(self._key, REMOVED) if self._key else text

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - the library's name
        """The line."""
        return " ".join(clean(super().formatMessage(record)).split())

    def formatException(self, ei: Any) -> str:  # noqa: N802 - likewise
        """The traceback."""
        return indent(clean(super().formatException(ei)), "  ")


@asynccontextmanager
async def office(settings: Settings) -> AsyncGenerator["Office"]:
    """What all calls share, over Beam or over the sandbox; closed at the end."""
    async with (
        _beam(settings) as (url, identity),
        aclosing(Http(url, timeout=settings.timeout)) as http,
        _login(settings, http) as login,
    ):
        # On stdio this and what follows import the SDK, while a thread reads certificates.
        from beam_mcp.tools.office import Office  # noqa: PLC0415

        yield Office(
            http,
            identity,
            folders=settings.files,
            decides_in_chat=settings.consent == "chat",
            login=login,
            receipts=None if settings.sandbox and settings.audit is None else Receipts(settings.audit),
        )


@asynccontextmanager
async def _login(settings: Settings, http: Http) -> AsyncGenerator[Callable[[], Awaitable[Beam]] | None]:
    """Whoever is logged in on this machine, where the settings bring no key of their own."""
    # Whoever can connect from elsewhere brings a key of their own: ours would make them us.
    if settings.sandbox or settings.is_public or settings.has_key:
        yield None
        return
    from beam_mcp.cli.credentials_live import Login  # noqa: PLC0415 - only those who are logged in need it

    async with aclosing(Login(settings, http)) as login:
        yield login.beam


@asynccontextmanager
async def _beam(settings: Settings) -> AsyncGenerator[tuple[str, Identity]]:
    if not settings.sandbox:
        key = None if settings.is_public else settings.key()
        yield settings.api_url, Identity(key, settings.workspace_id, settings.auth, source=settings.key_source)
        return
    from beam_mcp.sandbox.access import SANDBOX_KEY, WORKSPACE_ID  # noqa: PLC0415 - only --sandbox needs it
    from beam_mcp.sandbox.serve import serving  # noqa: PLC0415
    from beam_mcp.sandbox.world import World  # noqa: PLC0415

    async with serving(World()) as url:
        yield url, Identity(SANDBOX_KEY, WORKSPACE_ID, source="the sandbox")


def server_for(settings: Settings, shared: "Office") -> "BeamServer":
    """The server as these settings want it."""
    from beam_mcp.server.build import build  # noqa: PLC0415 - it brings the SDK

    server = build(shared, toolsets=settings.toolsets, read_only=settings.read_only, output=settings.output)
    # What was imported and built stays for good: the collector need not walk it at each of its rounds, nor at the end.
    gc.freeze()
    gc.enable()
    return server


async def _serve_stdio(settings: Settings, wire: Wire | None) -> None:
    async with office(settings) as shared, anyio.create_task_group() as tasks:
        tasks.start_soon(_exit_on_signal, shared)
        from beam_mcp.cli.loopback import Loopback  # noqa: PLC0415 - they bring the SDK
        from beam_mcp.server.links import Links  # noqa: PLC0415

        async with aclosing(Loopback(Links())) as pages:
            server = server_for(settings, replace(shared, pages=pages))
            await server.run_stdio_async(wire.hand_over() if wire else None)
            await finish(shared, calls=False)
        tasks.cancel_scope.cancel()


async def _exit_on_signal(shared: "Office") -> None:
    """End the process on Ctrl-C or SIGTERM: a thread that waits for a line on stdin cannot be interrupted otherwise.

    Whoever ends a server on stdio reads no more answers: only writes are waited for, with what is told of
    them, and by a second signal not those.
    """
    loop, stopped = asyncio.get_running_loop(), anyio.Event()

    def stop(_signal: int, _frame: FrameType | None) -> None:
        if stopped.is_set():
            os._exit(0)
        loop.call_soon_threadsafe(stopped.set)

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    await stopped.wait()
    await finish(shared, calls=bool(shared.under_way))
    with anyio.move_on_after(SHUTDOWN_SECONDS, shield=True):
        await shared.http.aclose()
    os._exit(0)
