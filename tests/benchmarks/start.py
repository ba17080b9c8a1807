"""From exec to each first answer, and from EOF to exit, beside the SDK's MCPServer with one tool.

`python tests/benchmarks/start.py 11` prints the middle ones of eleven rounds.
"""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.benchmarks.rows import Row, machine, middle, row, table
from tests.benchmarks.secure import TRUSTED
from tests.cli.processes import COMMAND, ROOT, on, surroundings

BARE = """
from mcp.server.mcpserver import MCPServer
server = MCPServer("bare", version="1")
@server.tool()
async def echo(text: str) -> str:
    return text
server.run()
"""
WHO = {"name": "benchmark", "version": "1"}
HELLO = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": WHO}
ENVELOPE = {
    "_meta": {
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientInfo": WHO,
        "io.modelcontextprotocol/clientCapabilities": {},
    }
}
INITIALIZED = {"jsonrpc": "2.0", "method": "notifications/initialized"}
FIRST = "exec to the first tool answer"
LIMITS = {
    "exec to the reply to initialize": 0.15,
    "exec to the reply to server/discover": 0.15,
    "exec to the reply to tools/list": 0.2,
    FIRST: 1.15,
    "EOF to exit": 0.3,
}

Started = tuple[list[str], dict[str, str], dict[str, Any]]  # command, environment, and the call of a tool


class Clock:
    """A process, its lines, and the seconds since it was started."""

    def __init__(self, command: list[str], environment: dict[str, str], folder: str) -> None:
        self._begun = time.perf_counter()
        self._process = subprocess.Popen(  # noqa: S603 - our own commands
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=folder, env=environment
        )
        self._asked = 0

    def ask(self, method: str, params: dict[str, Any]) -> float:
        """Milliseconds since the start, when this is answered."""
        self._asked += 1
        self.send({"jsonrpc": "2.0", "id": self._asked, "method": method, "params": params})
        assert self._process.stdout
        answer = json.loads(self._process.stdout.readline())
        passed = (time.perf_counter() - self._begun) * 1000
        assert answer["id"] == self._asked and not answer["result"].get("isError"), answer  # noqa: PT018
        return passed

    def send(self, message: dict[str, Any]) -> None:
        """One line."""
        assert self._process.stdin
        self._process.stdin.write(json.dumps(message).encode() + b"\n")
        self._process.stdin.flush()

    def hang_up(self) -> float:
        """Milliseconds from the end of its input to its own."""
        begun = time.perf_counter()
        assert self._process.stdin
        self._process.stdin.close()
        assert self._process.wait(30) == 0
        assert self._process.stdout
        self._process.stdout.close()
        return (time.perf_counter() - begun) * 1000


def once(command: list[str], environment: dict[str, str], call: dict[str, Any], folder: str) -> dict[str, float]:
    """One start in each era."""
    clock, found = Clock(command, environment, folder), dict[str, float]()
    found["exec to the reply to initialize"] = clock.ask("initialize", HELLO)
    clock.send(INITIALIZED)
    found["exec to the reply to tools/list"] = clock.ask("tools/list", {})
    found[FIRST] = clock.ask("tools/call", call)
    found["EOF to exit"] = clock.hang_up()
    clock = Clock(command, environment, folder)
    found["exec to the reply to server/discover"] = clock.ask("server/discover", ENVELOPE)
    clock.ask("tools/list", ENVELOPE)
    clock.hang_up()
    return found


def measure(rounds: int = 7) -> list[Row]:
    """Ours beside the bare server's, in milliseconds: the middle one of rounds of both.

    Our tool asks the sandbox, whose connection is plain, or by TLS as Beam's is.
    """
    with tempfile.TemporaryDirectory() as folder, sandbox() as plain, sandbox_by_tls(folder) as safe:
        ask: dict[str, Any] = {"name": "list_agents", "arguments": {}}
        certificates = str(Path(folder, TRUSTED))
        servers: list[Started] = [
            (COMMAND, surroundings(**on(plain)), ask),
            (COMMAND, surroundings(**on(safe), SSL_CERT_FILE=certificates), ask),
            ([sys.executable, "-c", BARE], surroundings(), {"name": "echo", "arguments": {"text": "hello"}}),
        ]
        places = range(len(servers))
        for server in servers:
            once(*server, folder)  # whatever is written at a first run is there now
        turns = [[*places[first:], *places[:first]] for first in places]  # who comes after whom matters
        runs = [{place: once(*servers[place], folder) for place in turns[n % len(turns)]} for n in range(rounds)]
    rows: list[Row] = []
    for name, most in LIMITS.items():
        rows.append(row(name, *middle([(run[0][name], run[2][name]) for run in runs]), "ms", most=most))
        if name == FIRST:
            by_tls = middle([(run[1][name], run[2][name]) for run in runs])
            rows.append(row(f"{name}, Beam behind TLS", *by_tls, "ms", most=most))
    return rows


@contextmanager
def sandbox_by_tls(folder: str) -> Generator[str]:
    """A Beam behind TLS in a process of its own; the folder gets what is trusted with it."""
    command = [sys.executable, "-m", "tests.benchmarks.secure", folder]
    with subprocess.Popen(  # noqa: S603 - our own command
        command, stdout=subprocess.PIPE, cwd=ROOT, env=surroundings(), text=True
    ) as process:
        try:
            assert process.stdout
            url = process.stdout.readline().strip()
            assert url, "it did not start"
            yield url
        finally:
            process.kill()


@contextmanager
def sandbox() -> Generator[str]:
    """A Beam in a process of its own."""
    with subprocess.Popen(
        [sys.executable, "-m", "beam_mcp.sandbox"], stderr=subprocess.PIPE, cwd=ROOT, env=surroundings(), text=True
    ) as process:
        try:
            assert process.stderr
            yield process.stderr.readline().split()[-1]
        finally:
            process.kill()


if __name__ == "__main__":
    print(f"{machine()}\n\n{table([{**found} for found in measure(*map(int, sys.argv[1:]))])}")  # noqa: T201
