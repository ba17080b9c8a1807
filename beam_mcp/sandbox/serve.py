"""Serving a world on loopback, inside somebody's event loop or alone."""

import argparse
import asyncio
import contextlib
import socket
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import uvicorn

from beam_mcp.sandbox.access import SANDBOX_KEY, WORKSPACE_ID
from beam_mcp.sandbox.app import build
from beam_mcp.sandbox.world import World

_PATIENCE = 0.3


@asynccontextmanager
async def serving(world: World, *, host: str = "127.0.0.1", port: int = 0) -> AsyncGenerator[str, None]:
    """Serve a world for as long as the context lasts, and yield its base URL."""
    listener = _listener(host, port)
    shown = f"[{host}]" if ":" in host else host
    server = _server(world)
    await server.startup(sockets=[listener])
    try:
        yield f"http://{shown}:{listener.getsockname()[1]}"
    finally:
        await _stop(server)


def _listener(host: str, port: int) -> socket.socket:
    # asyncio switches Nagle's algorithm off only where a socket says it is TCP; socket.create_server leaves that
    # unsaid, and every answer would come 40 ms late.
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    if sys.platform != "win32":
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError:
        listener.close()
        raise
    return listener


def _server(world: World) -> uvicorn.Server:
    config = uvicorn.Config(
        build(world),
        # h11 is pure Python and everywhere; the rest keeps a guest from touching its host's logging and lifespan.
        http="h11",
        ws="none",
        lifespan="off",
        log_config=None,
        log_level="error",
        access_log=False,
        proxy_headers=False,
        timeout_keep_alive=120,
    )
    config.load()
    server = uvicorn.Server(config)
    server.lifespan = config.lifespan_class(config)
    return server


async def _stop(server: uvicorn.Server) -> None:
    # uvicorn's own shutdown waits for open streams; a sandbox leaves at once, so every connection is cut instead.
    for listener in server.servers:
        listener.close()
    for connection in list(server.server_state.connections):
        connection.transport.abort()
    running = list(server.server_state.tasks)
    if running:
        _, late = await asyncio.wait(running, timeout=_PATIENCE)
        for task in late:
            task.cancel()
    await asyncio.sleep(0)


async def _alone(port: int, speed: float, *, empty: bool) -> None:
    world = World(speed=speed, populated=not empty)
    async with serving(world, port=port) as url:
        lines = (f"Beam sandbox   {url}", f"key            {SANDBOX_KEY}", f"workspace      {WORKSPACE_ID}")
        sys.stderr.write("\n".join(lines) + "\n")
        await asyncio.Event().wait()


def main() -> None:
    """Serve a sandbox alone until interrupted."""
    parser = argparse.ArgumentParser(prog="beam_mcp.sandbox", description="A pretend Beam on loopback.")
    parser.add_argument("--port", type=int, default=0, help="0 picks a free one")
    parser.add_argument("--speed", type=float, default=1.0, help="how fast time flows")
    parser.add_argument("--empty", action="store_true", help="agents, but no tasks yet")
    given = parser.parse_args()
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_alone(given.port, given.speed, empty=given.empty))
