"""A command in a terminal: what a person sees there, and what they type."""

import sys
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import anyio

from tests.cli.processes import COMMAND, PATIENCE, Started, started

_IN_A_TERMINAL = (
    "import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:], lambda fd: os.read(fd, 1024))))"
)


@dataclass
class Terminal:
    """A screen and a keyboard."""

    process: Started
    screen: str = ""

    async def shows(self, words: str) -> str:
        """Wait until these words are there, and return everything up to them."""
        with anyio.fail_after(PATIENCE):
            while words not in self.screen:
                try:
                    self.screen += (await self.process.lines.receive()).decode()
                except anyio.EndOfStream:
                    raise AssertionError(f"{words!r} never came: {self.screen}") from None
        before, _, self.screen = self.screen.partition(words)
        return before + words

    async def type(self, keys: str) -> None:
        """Press keys."""
        assert self.process.process.stdin
        await self.process.process.stdin.send(keys.encode())

    async def ends(self) -> tuple[int, str]:
        """The exit code, and what was left on the screen."""
        rest = self.screen + (await self.process.rest()).decode()
        return await self.process.ended(), rest


@asynccontextmanager
async def terminal(*arguments: str, cwd: Path, settings: Mapping[str, str]) -> AsyncGenerator[Terminal]:
    """A command of ours, started in a terminal."""
    command = [sys.executable, "-c", _IN_A_TERMINAL, *COMMAND]
    async with started(*arguments, cwd=cwd, settings=settings, command=command) as process:
        yield Terminal(process)
