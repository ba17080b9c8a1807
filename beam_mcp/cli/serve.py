"""Serving: the pool and the server are made once, then offered on stdio or over HTTP until EOF or a signal."""

import asyncio
import logging
import os
import signal
import socket
import sys
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from types import FrameType

import anyio
import uvicorn
from mcp.server.mcpserver import MCPServer
from uvicorn.server import HANDLED_SIGNALS

from beam_mcp.beam.auth import Identity
from beam_mcp.beam.http import Http
from beam_mcp.cli.listener import listen, shown
from beam_mcp.server.build import build
from beam_mcp.server.web import web_app
from beam_mcp.settings import Settings
from beam_mcp.tools.given import Office

SHUTDOWN_SECONDS = 0.2  # for answers that are on their way
PATIENCE_SECONDS = 0.5  # for everything else, too


def serve(settings: Settings) -> int:
    """Serve until the client hangs up or a signal comes; return the exit code."""
    _log_to_stderr()
    run = _serve_stdio if settings.transport == "stdio" else _serve_web
    anyio.run(run, settings)
    return 0


def _log_to_stderr() -> None:
    """Plain lines on stderr, warnings and worse; stdout belongs to the protocol."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    logging.getLogger("stamina").setLevel(logging.ERROR)


@asynccontextmanager
async def office(settings: Settings) -> AsyncGenerator[Office]:
    """What all calls share, over Beam or over the sandbox; closed at the end."""
    async with _beam(settings) as (url, identity):
        http = Http(url, timeout=settings.timeout)
        try:
            yield Office(http, identity, folders=settings.files, decides_in_chat=settings.consent == "chat")
        finally:
            await http.aclose()


@asynccontextmanager
async def _beam(settings: Settings) -> AsyncGenerator[tuple[str, Identity]]:
    if not settings.sandbox:
        # Whoever can connect from elsewhere brings a key of their own: ours would make them us.
        key = None if settings.is_public else settings.key()
        yield settings.api_url, Identity(key, settings.workspace_id, settings.auth)
        return
    from beam_mcp.sandbox.access import SANDBOX_KEY, WORKSPACE_ID  # noqa: PLC0415 - only --sandbox needs it
    from beam_mcp.sandbox.serve import serving  # noqa: PLC0415
    from beam_mcp.sandbox.world import World  # noqa: PLC0415

    async with serving(World()) as url:
        yield url, Identity(SANDBOX_KEY, WORKSPACE_ID)


def _build(settings: Settings, shared: Office) -> MCPServer[Office]:
    return build(shared, toolsets=settings.toolsets, read_only=settings.read_only, output=settings.output)


async def _serve_stdio(settings: Settings) -> None:
    async with office(settings) as shared, anyio.create_task_group() as tasks:
        tasks.start_soon(_exit_on_signal, shared)
        await _build(settings, shared).run_stdio_async()
        tasks.cancel_scope.cancel()


async def _exit_on_signal(shared: Office) -> None:
    """End the process on Ctrl-C or SIGTERM: a thread that waits for a line on stdin cannot be interrupted otherwise."""
    loop, stopped = asyncio.get_running_loop(), anyio.Event()

    def stop(_signal: int, _frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(stopped.set)

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    await stopped.wait()
    with anyio.move_on_after(SHUTDOWN_SECONDS, shield=True):
        await shared.http.aclose()
    os._exit(0)


async def _serve_web(settings: Settings) -> None:
    listener = listen(settings.host, settings.port)
    async with office(settings) as shared:
        transport = "sse" if settings.transport == "sse" else "http"
        app = web_app(_build(settings, shared), transport=transport, hosts=settings.allowed_hosts)
        config = uvicorn.Config(
            app,
            log_level="warning",
            access_log=False,
            # Typed as whole seconds, but handed on to asyncio as it is: streams stay open until they are cut.
            timeout_graceful_shutdown=SHUTDOWN_SECONDS,  # pyright: ignore[reportArgumentType]
        )
        path = "/sse" if transport == "sse" else "/mcp"
        print(f"beam-mcp serves {shown(listener, settings.host)}{path}", file=sys.stderr, flush=True)  # noqa: T201
        await _Web(config).serve(sockets=[listener])


class _Web(uvicorn.Server):
    """Uvicorn, but quiet when told to stop, and not raising that signal once more, which would end in a traceback."""

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        """Leave on Ctrl-C and SIGTERM."""
        before = {number: signal.signal(number, self.handle_exit) for number in HANDLED_SIGNALS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Streams are cut now: what they complain about is no news."""
        logging.disable()
        super().handle_exit(sig, frame)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End what is open, or end the process: the SDK holds on to each cancelled call of 2025 for a second."""
        with anyio.move_on_after(PATIENCE_SECONDS) as patience:
            await super().shutdown(sockets)
        if patience.cancelled_caught:
            os._exit(0)
