"""A web server for pages alone, on this machine, inside a process that somebody else runs and ends."""

import socket
from collections.abc import Generator
from contextlib import contextmanager

import anyio
import uvicorn

from beam_mcp.cli.connection import Connection
from beam_mcp.server.pages import Pages
from beam_mcp.server.web import pages_app

MOST_CONNECTIONS = 50


class PageServer(uvicorn.Server):
    """Uvicorn with `pages`; leaves signals alone. `is_up` is set once it listens."""

    def __init__(self, pages: Pages) -> None:
        super().__init__(
            uvicorn.Config(
                pages_app(pages),
                http=Connection,
                ws="none",
                log_config=None,
                access_log=False,
                limit_concurrency=MOST_CONNECTIONS,
                timeout_graceful_shutdown=1,
            )
        )
        self.is_up = anyio.Event()

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        """Leave them as they are."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Tell when it listens."""
        await super().startup(sockets)
        self.is_up.set()
