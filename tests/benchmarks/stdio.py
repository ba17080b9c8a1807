"""Talking to a server on stdio with as little of our own as possible, and weighing its process."""

import json
import re
import subprocess
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.cli.processes import ROOT

HELLO: dict[str, Any] = {
    "protocolVersion": "2025-11-25",
    "capabilities": {},
    "clientInfo": {"name": "benchmark", "version": "1"},
}


@dataclass
class Answer:
    """What came back, how many seconds after the question."""

    seconds: float
    line: bytes

    @property
    def text(self) -> str:
        """The words of the tool; fails where it made a mistake."""
        result = json.loads(self.line)["result"]
        assert not result.get("isError"), result
        return "\n".join(part["text"] for part in result["content"])


@dataclass
class Talk:
    """A conversation with a process."""

    process: subprocess.Popen[bytes]
    asked: int = 0

    def greet(self) -> None:
        """Open it."""
        self.ask("initialize", HELLO)
        self.send({"jsonrpc": "2.0", "method": "notifications/initialized"})
        self.ask("tools/list", {})

    def call(self, tool: str, *, token: str | None = None, **arguments: Any) -> Answer:
        """Call a tool; with a token, progress is wanted on the way."""
        meta = {"_meta": {"progressToken": token}} if token else {}
        return self.ask("tools/call", {"name": tool, "arguments": arguments} | meta)

    def ask(self, method: str, params: dict[str, Any]) -> Answer:
        """The answer to a request, whatever comes before it."""
        begun = time.perf_counter()
        number = self.begin(method, params)
        while True:
            line = self.line()
            ended = time.perf_counter()
            if _answers(line, number):
                return Answer(ended - begun, line)

    def pings_until(self, wanted: int) -> float:
        """Ping until that request is answered; return the seconds of the slowest ping."""
        slowest, over = 0.0, False
        while not over:
            begun = time.perf_counter()
            number = self.begin("ping", {})
            while not _answers(line := self.line(), number):
                over = over or _answers(line, wanted)
            slowest = max(slowest, time.perf_counter() - begun)
        return slowest

    def begin(self, method: str, params: dict[str, Any]) -> int:
        """Send a request; return its number."""
        self.asked += 1
        self.send({"jsonrpc": "2.0", "id": self.asked, "method": method, "params": params})
        return self.asked

    def send(self, message: dict[str, Any]) -> None:
        """One line."""
        assert self.process.stdin
        self.process.stdin.write(json.dumps(message).encode() + b"\n")
        self.process.stdin.flush()

    def line(self) -> bytes:
        """The next line."""
        assert self.process.stdout
        line = self.process.stdout.readline()
        assert line, f"the server ended with {self.process.wait()}"
        return line

    @property
    def resident(self) -> float:
        """The memory it holds now, in MB."""
        return memory(self.process.pid, "VmRSS")

    @property
    def peak(self) -> float:
        """The most memory that it ever held, in MB."""
        return memory(self.process.pid, "VmHWM")


@contextmanager
def talk(command: list[str], surroundings: dict[str, str]) -> Generator[Talk]:
    """A conversation that was opened."""
    with subprocess.Popen(  # noqa: S603 - our own commands
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT, env=surroundings, bufsize=1 << 20
    ) as process:
        try:
            spoken = Talk(process)
            spoken.greet()
            yield spoken
        finally:
            process.kill()


def memory(process: int, kind: str) -> float:
    """A line of a process's status, in MB; only Linux tells it."""
    status = Path(f"/proc/{process}/status").read_text(encoding="ascii")
    found = re.search(rf"^{kind}:\s+(\d+) kB", status, re.MULTILINE)
    assert found, status
    return int(found[1]) * 1024 / 1e6


def _answers(line: bytes, number: int) -> bool:
    """Whether this is the answer to that request; a line of many megabytes is not parsed to find out."""
    if len(line) > 1_000_000:
        return re.search(rb'"id":\s?%d\b' % number, line[:100]) is not None
    message = json.loads(line)
    return message.get("id") == number and "method" not in message
