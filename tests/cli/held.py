"""An SDK whose import takes as long as a test wants: in front of the real one, and printing what it should not."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from importlib.metadata import version
from os import pathsep
from pathlib import Path
from typing import cast

import anyio
import anyio.abc
from anyio.streams.stapled import MultiListener

from tests.cli.processes import PATIENCE, ROOT

_IMPORTED = """
import importlib, os, socket, subprocess, sys

print("noise by print")
os.write(1, b"noise by the descriptor" + bytes([10]))
subprocess.run([sys.executable, "-c", "print('noise by a child')"])
with socket.create_connection(("127.0.0.1", {port})) as line:
    line.recv(1)
sys.path[:] = [place for place in sys.path if place != {folder!r}]
del sys.modules["mcp"]
importlib.import_module("mcp")
"""


@dataclass
class Held:
    """`settings` bring it into a process; `begun` returns once that process imports it, `release` lets it go on."""

    settings: dict[str, str]
    listener: MultiListener[anyio.abc.SocketStream]
    lines: list[anyio.abc.SocketStream] = field(default_factory=list[anyio.abc.SocketStream])

    async def begun(self) -> None:
        """Wait until the import has begun; it does not end before `release`."""
        with anyio.fail_after(PATIENCE):
            listener = cast("anyio.abc.SocketListener", self.listener.listeners[0])
            self.lines.append(await listener.accept())

    async def release(self) -> None:
        """Let the import end."""
        while self.lines:
            await self.lines.pop().aclose()


@asynccontextmanager
async def held(folder: Path) -> AsyncGenerator[Held]:
    """Such an SDK in this folder."""
    async with await anyio.create_tcp_listener(local_host="127.0.0.1") as listener:
        port = listener.extra(anyio.abc.SocketAttribute.local_port)  # noqa: S610 - anyio, not Django
        for made in ("mcp", f"mcp-{version('mcp')}.dist-info"):
            (folder / made).mkdir()
        imported = _IMPORTED.format(port=port, folder=str(folder))
        (folder / "mcp" / "__init__.py").write_text(imported, encoding="utf-8")
        hold = Held({"PYTHONPATH": pathsep.join([str(folder), str(ROOT)])}, listener)
        yield hold
        await hold.release()
