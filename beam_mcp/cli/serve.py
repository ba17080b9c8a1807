"""Serving: the pool and the server are made once, then offered on stdio until EOF or a signal, or over HTTP."""

import asyncio
import gc
import logging
import os
import signal
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from types import FrameType

import anyio
from mcp.server.mcpserver import MCPServer

from beam_mcp.beam.auth import Identity
from beam_mcp.beam.http import Http
from beam_mcp.server.build import build
from beam_mcp.settings import Settings
from beam_mcp.tools.given import Office

SHUTDOWN_SECONDS = 0.2  # for answers that are on their way


def serve(settings: Settings) -> int:
    """Serve until the client hangs up or a signal comes; return the exit code."""
    _log_to_stderr()
    # What was imported stays for good: the collector need not walk it at each of its rounds, nor at the end.
    gc.freeze()
    gc.enable()
    if settings.transport == "stdio":
        anyio.run(_serve_stdio, settings)
    else:
        from beam_mcp.cli.web import serve_web  # noqa: PLC0415 - stdio starts without a web server

        anyio.run(serve_web, settings)
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


def server_for(settings: Settings, shared: Office) -> MCPServer[Office]:
    """The server as these settings want it."""
    return build(shared, toolsets=settings.toolsets, read_only=settings.read_only, output=settings.output)


async def _serve_stdio(settings: Settings) -> None:
    async with office(settings) as shared, anyio.create_task_group() as tasks:
        tasks.start_soon(_exit_on_signal, shared)
        await server_for(settings, shared).run_stdio_async()
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
