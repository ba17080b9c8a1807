"""beam-mcp as a process of its own: started with nothing of the surroundings, watched, and always ended."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import anyio
import anyio.abc
from anyio.streams.buffered import BufferedByteReceiveStream

from beam_mcp.sandbox.access import SANDBOX_KEY, WORKSPACE_ID

ROOT = Path(__file__).parents[2]
PATIENCE = 60.0  # seconds; a process that takes longer hangs, however busy the machine
COMMAND = [sys.executable, "-m", "beam_mcp.cli"]
SIGNALS = [signal.SIGINT, signal.SIGTERM] if sys.platform != "win32" else []  # Windows has no such way to ask
_KEPT = ("PATH", "HOME", "USERPROFILE", "SYSTEMROOT", "TEMP", "TMP", "TMPDIR", "LANG")


def surroundings(**settings: str) -> dict[str, str]:
    """An environment without any setting but these."""
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    nobody = {"BEAM_MCP_PROFILE": "nobody-here"}  # whoever runs the tests may be logged in
    return kept | {"PYTHONPATH": str(ROOT), "COLUMNS": "80", "PYTHONUTF8": "1"} | nobody | settings


def on(url: str, **more: str) -> dict[str, str]:
    """The settings of a person whose Beam is the sandbox at this address."""
    return {"BEAM_API_URL": url, "BEAM_API_KEY": SANDBOX_KEY, "BEAM_WORKSPACE_ID": WORKSPACE_ID} | more


def run(*arguments: str, cwd: Path, stdin: str = "", **settings: str) -> subprocess.CompletedProcess[str]:
    """A command from start to end."""
    return subprocess.run(  # noqa: S603 - our own command
        [*COMMAND, *arguments],
        input=stdin,
        capture_output=True,
        cwd=cwd,
        env=surroundings(**settings),
        timeout=60,
        encoding="utf-8",
        check=False,
    )


@dataclass
class Started:
    """A process that runs: its lines in and out, and what it wrote to stderr so far."""

    process: anyio.abc.Process
    lines: BufferedByteReceiveStream
    errors: bytearray = field(default_factory=bytearray)
    wrote: anyio.Event = field(default_factory=anyio.Event)

    async def send(self, line: bytes) -> None:
        """One line to its stdin."""
        assert self.process.stdin
        await self.process.stdin.send(line + b"\n")

    async def hang_up(self) -> None:
        """Close its stdin."""
        assert self.process.stdin
        await self.process.stdin.aclose()

    async def line(self) -> bytes:
        """The next line of its stdout."""
        with anyio.fail_after(PATIENCE):
            try:
                return await self.lines.receive_until(b"\n", 64 * 1024 * 1024)
            except anyio.IncompleteRead:
                code = await self.process.wait()
                raise AssertionError(f"it ended with {code}: {self.errors.decode()}") from None

    async def rest(self) -> bytes:
        """What is left on its stdout, to the end."""
        read = bytearray()
        with anyio.fail_after(PATIENCE):
            try:
                while True:
                    read += await self.lines.receive()
            except anyio.EndOfStream:
                return bytes(read)

    async def address(self) -> str:
        """The base URL that it says on stderr."""
        with anyio.fail_after(PATIENCE):
            while not (said := re.search(rb"serves (http://\S+:\d+)/", self.errors)):
                assert self.process.returncode is None, self.errors.decode()
                await self.wrote.wait()
                self.wrote = anyio.Event()
        return said[1].decode()

    async def ended(self, patience: float = PATIENCE) -> int:
        """Its exit code, within so many seconds."""
        with anyio.fail_after(patience):
            return await self.process.wait()

    async def gather(self) -> None:
        """Note what it writes to stderr for as long as it lives."""
        assert self.process.stderr
        async for chunk in self.process.stderr:
            self.errors += chunk
            self.wrote.set()


@asynccontextmanager
async def started(
    *arguments: str, cwd: Path, settings: Mapping[str, str] | None = None, command: list[str] | None = None
) -> AsyncGenerator[Started]:
    """A command that runs until the context ends."""
    process = await anyio.open_process(
        [*(command or COMMAND), *arguments], stderr=subprocess.PIPE, cwd=cwd, env=surroundings(**(settings or {}))
    )
    assert process.stdout
    watched = Started(process, BufferedByteReceiveStream(process.stdout))
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(watched.gather)
        try:
            yield watched
        finally:
            if process.returncode is None:
                process.kill()
            with anyio.CancelScope(shield=True):
                await process.wait()
            tasks.cancel_scope.cancel()
    with anyio.CancelScope(shield=True):
        await process.aclose()
