"""Clients of a server over HTTP, many at once and as light as can be, in either era of the protocol."""

import asyncio
import json
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import IO, Any, Literal

from tests.benchmarks.stdio import HELLO, memory
from tests.cli.processes import ROOT

Era = Literal["legacy", "modern"]
MODERN = "2026-07-28"
_META: dict[str, Any] = {
    "io.modelcontextprotocol/protocolVersion": MODERN,
    "io.modelcontextprotocol/clientInfo": HELLO["clientInfo"],
    "io.modelcontextprotocol/clientCapabilities": {},
}


@dataclass
class Client:
    """One connection, and over it one session of 2025 or none, as since 2026; `own` headers go with each request."""

    port: int
    era: Era
    headers: dict[str, str] = field(default_factory=dict[str, str])
    own: dict[str, str] = field(default_factory=dict[str, str])
    numbers: Iterable[int] = field(default_factory=lambda: count(1))

    async def open(self) -> "Client":
        """Connect, and greet where that is the custom."""
        self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port, limit=1 << 22)
        if self.era == "legacy":
            await self._request("initialize", HELLO)
            await self._post({"jsonrpc": "2.0", "method": "notifications/initialized"})
        return self

    async def reconnect(self) -> None:
        """Go on over another connection, in the same session: servers close those that were idle for seconds."""
        self.writer.close()
        self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port, limit=1 << 22)

    async def call(self, tool: str, **arguments: Any) -> bytes:
        """Call a tool; return the raw answer."""
        return await self._request("tools/call", {"name": tool, "arguments": arguments})

    async def answer(self, tool: str, **arguments: Any) -> bytes:
        """Call a tool; return the raw answer whatever it says."""
        return await self._post(self._message("tools/call", {"name": tool, "arguments": arguments}))

    async def close(self) -> None:
        """End the session, and hang up."""
        if self.era == "legacy":
            await self._exchange("DELETE", b"")
        self.writer.close()
        await self.writer.wait_closed()

    async def _request(self, method: str, params: dict[str, Any]) -> bytes:
        answer = await self._post(self._message(method, params))
        assert b'"result"' in answer and b'"isError":true' not in answer, answer  # noqa: PT018
        return answer

    def _message(self, method: str, params: dict[str, Any]) -> dict[str, Any]:
        return {"jsonrpc": "2.0", "id": next(iter(self.numbers)), "method": method, "params": params}

    async def _post(self, message: dict[str, Any]) -> bytes:
        if self.era == "modern":
            name = message["params"]["name"]
            self.headers = {"mcp-protocol-version": MODERN, "mcp-method": message["method"], "mcp-name": name}
            message["params"] |= {"_meta": _META}
        return await self._exchange("POST", json.dumps(message).encode())

    async def _exchange(self, verb: str, body: bytes) -> bytes:
        lines = [
            f"{verb} /mcp HTTP/1.1",
            f"host: 127.0.0.1:{self.port}",
            "accept: application/json, text/event-stream",
            "content-type: application/json",
            f"content-length: {len(body)}",
            *(f"{name}: {value}" for name, value in (self.own | self.headers).items()),
        ]
        self.writer.write("\r\n".join([*lines, "", ""]).encode() + body)
        head = (await self.reader.readuntil(b"\r\n\r\n")).lower()
        assert head.startswith(b"http/1.1 20"), head + await self.reader.read(1000)
        if session := re.search(rb"mcp-session-id: (\S+)", head):
            self.headers = {"mcp-session-id": session[1].decode(), "mcp-protocol-version": HELLO["protocolVersion"]}
        if length := re.search(rb"content-length: (\d+)", head):
            return await self.reader.readexactly(int(length[1]))
        return await self._chunks() if b"chunked" in head else b""

    async def _chunks(self) -> bytes:
        body = bytearray()
        while size := int(await self.reader.readline(), 16):
            body += await self.reader.readexactly(size)
            await self.reader.readline()
        await self.reader.readline()
        return bytes(body)


@dataclass
class Site:
    """A server that listens."""

    process: subprocess.Popen[bytes]
    port: int

    @property
    def resident(self) -> float:
        """The memory it holds now, in MB."""
        return memory(self.process.pid, "VmRSS")

    async def clients(self, era: Era, number: int) -> list[Client]:
        """So many, connected."""
        return [await Client(self.port, era).open() for _ in range(number)]


Command = tuple[list[str], dict[str, str]]


@contextmanager
def site(command: Callable[[int], Command], log: IO[bytes] | int = subprocess.DEVNULL) -> Generator[Site]:
    """A server over HTTP; `command` starts it on a port, and what it complains of is written to the log."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    line, surroundings = command(port)
    with subprocess.Popen(line, cwd=ROOT, env=surroundings, stderr=log) as process:  # noqa: S603
        try:
            _until_open(process, port)
            yield Site(process, port)
        finally:
            process.kill()


def _until_open(process: subprocess.Popen[bytes], port: int) -> None:
    until = time.monotonic() + 20
    while time.monotonic() < until and process.poll() is None:
        with socket.socket() as tried:
            if tried.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    sys.exit(f"the server did not open port {port}")


async def calls_a_second(there: Site, era: Era, number: int, tasks: list[str]) -> float:
    """So many clients call get_task for one task after the other until all are read."""
    clients, left = await there.clients(era, number), iter(tasks)

    async def run(client: Client) -> None:
        for task in left:
            await client.call("get_task", task=task)

    begun = time.perf_counter()
    await asyncio.gather(*map(run, clients))
    seconds = time.perf_counter() - begun
    for client in clients:
        await client.close()
    return len(tasks) / seconds
