"""Pages for whoever runs us on this machine: a loopback port, opened when the first link is made."""

import asyncio
from typing import TYPE_CHECKING

import anyio

from beam_mcp.beam.task import Task
from beam_mcp.server.links import Links
from beam_mcp.settings import SettingsError
from beam_mcp.tools.office import InChat

if TYPE_CHECKING:
    from beam_mcp.cli.page_server import PageServer

HOST = "127.0.0.1"
OPENING_SECONDS = 5.0
CLOSING_SECONDS = 0.3


class Loopback:
    """The pages of `links` on a port of their own, from the first link until `aclose`; `patience` to open it."""

    def __init__(self, links: Links, port: int = 0, *, patience: float = OPENING_SECONDS) -> None:
        self.links = links
        self.port = port
        self.patience = patience
        self._server: PageServer | None = None
        self._serving: asyncio.Task[None] | None = None
        self._base = ""
        self._opening = anyio.Lock()

    async def link(self, caller: InChat, task: Task, step_id: str) -> str | None:
        """The one-time address of this decision; None where no port can be opened."""
        try:
            base = await self.base()
        except (SettingsError, OSError):  # a TimeoutError is one
            return None
        return f"{base}/decide/{self.links.to_decision(caller, task.id or '', step_id).token}"

    async def base(self) -> str:
        """The address that all pages share; opens the port at the first call.

        Raises:
            SettingsError: the port is taken.
            TimeoutError: the listener does not come up.
        """
        async with self._opening:
            if self._server is None:
                await self._open()
        return self._base

    async def _open(self) -> None:
        from beam_mcp.cli.listener import listen, shown  # noqa: PLC0415 - most sessions need no page
        from beam_mcp.cli.page_server import PageServer  # noqa: PLC0415
        from beam_mcp.server.pages import Pages  # noqa: PLC0415

        listener = listen(HOST, self.port)
        server = PageServer(Pages(self.links))
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            with anyio.fail_after(self.patience):
                await server.is_up.wait()
        except BaseException:
            serving.cancel()
            listener.close()
            raise
        self._server, self._serving, self._base = server, serving, shown(listener, HOST)

    async def aclose(self) -> None:
        """Close the port, if it was opened."""
        if self._server is not None and self._serving is not None:
            self._server.should_exit = True
            with anyio.move_on_after(CLOSING_SECONDS, shield=True):
                await self._serving
            self._serving.cancel()
