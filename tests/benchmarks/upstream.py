"""A Beam that costs nothing to ask: a process that keeps what the sandbox answered, byte by byte.

Run as a module it serves a scene on a free port, which it prints.
"""

import asyncio
import subprocess
import sys
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

import httpx2

from beam_mcp.sandbox.access import SANDBOX_KEY, WORKSPACE_ID
from beam_mcp.sandbox.app import build
from beam_mcp.sandbox.world import World
from tests.cli.processes import ROOT, surroundings

BIG, SMALL = "BIG-1", "SMALL-{}"
SMALL_TASKS = 600  # more than a conversation remembers, so that each is told as if it were new
LONG_AGO = 1e6  # seconds
HEADERS = {"x-api-key": SANDBOX_KEY, "current-workspace-id": WORKSPACE_ID}


def small_id(index: int) -> str:
    """The id of one of the small tasks."""
    return f"00000000-0000-4000-8000-{index % SMALL_TASKS:012d}"


BIG_ID = "00000000-0000-4000-9000-000000000001"


def _work() -> World:
    """A page of 100 tasks, 20 MB; a task of 3 MB; many small ones."""
    world = World(populated=False)
    world.add_task(
        "Market Research", status="COMPLETED", age=LONG_AGO, custom_id=BIG, task_id=BIG_ID, size_bytes=3_000_000
    )
    for index in range(SMALL_TASKS):
        name = SMALL.format(index)
        world.add_task(
            "Onboarding Helper", status="COMPLETED", age=LONG_AGO, custom_id=name, task_id=small_id(index), size_bytes=1
        )
    world.fill(100)
    return world


def _inbox(tasks: int) -> World:
    world = World(populated=False)
    world.fill(tasks, size_bytes=1_000_000, status="USER_INPUT_REQUIRED", agent_name="Onboarding Helper")
    return world


SCENES: Mapping[str, Callable[[], World]] = {
    "work": _work,
    "inbox-30": lambda: _inbox(30),
    "inbox-300": lambda: _inbox(300),
}


@contextmanager
def upstream(scene: str, encoding: str) -> Generator[str]:
    """The base URL of a scene, whose answers are encoded as gzip or identity."""
    command = [sys.executable, "-m", "tests.benchmarks.upstream", scene, encoding]
    with subprocess.Popen(  # noqa: S603 - our own command
        command, stdout=subprocess.PIPE, stdin=subprocess.PIPE, cwd=ROOT, env=surroundings(), text=True
    ) as process:
        try:
            assert process.stdout
            yield process.stdout.readline().strip()
        finally:
            process.kill()


@dataclass
class _Memory:
    """What the sandbox answered to each request target so far."""

    client: httpx2.AsyncClient
    answers: dict[bytes, bytes] = field(default_factory=dict[bytes, bytes])

    async def answer(self, target: bytes) -> bytes:
        if target not in self.answers:
            async with self.client.stream("GET", target.decode()) as response:
                body = b"".join([chunk async for chunk in response.aiter_raw()])
            headers = dict(response.headers) | {"content-length": str(len(body))}
            lines = [f"HTTP/1.1 {response.status_code} OK", *(f"{name}: {text}" for name, text in headers.items())]
            self.answers[target] = "\r\n".join([*lines, "", ""]).encode() + body
        return self.answers[target]


class _Line(asyncio.Protocol):
    """One connection: GET requests only, one after the other."""

    def __init__(self, memory: _Memory) -> None:
        self.memory = memory
        self.read = bytearray()
        self.late: set[asyncio.Task[None]] = set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.read += data
        while (end := self.read.find(b"\r\n\r\n")) >= 0:
            target = bytes(self.read[:end]).split(b" ", 2)[1]
            del self.read[: end + 4]
            if known := self.memory.answers.get(target):
                self._write(known)
            else:
                self.late.add(asyncio.ensure_future(self._answer_late(target)))

    async def _answer_late(self, target: bytes) -> None:
        self._write(await self.memory.answer(target))

    def _write(self, answer: bytes) -> None:
        assert isinstance(self.transport, asyncio.WriteTransport)
        self.transport.write(answer)


async def _serve(scene: str, encoding: str) -> None:
    transport = httpx2.ASGITransport(app=build(SCENES[scene]()))
    asked = HEADERS | {"accept-encoding": encoding}
    client = httpx2.AsyncClient(transport=transport, base_url="http://sandbox", headers=asked, timeout=60)
    memory = _Memory(client)
    server = await asyncio.get_running_loop().create_server(lambda: _Line(memory), "127.0.0.1", 0)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)  # noqa: T201
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve(*sys.argv[1:]))
