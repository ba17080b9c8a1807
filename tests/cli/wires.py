"""JSON-RPC by hand over each transport, for protocol versions that a client library would not speak on request."""

import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Protocol

import anyio
import anyio.lowlevel
import httpx2
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream

from tests.cli.processes import PATIENCE, Started

Json = dict[str, Any]

MODERN = "2026-07-28"
LEGACY = ("2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25")
WHO = {"name": "by hand", "version": "1"}


class Wire(Protocol):
    """What carries messages there and back."""

    async def send(self, message: Json) -> None:
        """One message to the server."""
        ...

    async def receive(self) -> Json:
        """The next message from the server."""
        ...


@dataclass
class OverStdio:
    """Lines."""

    process: Started

    async def send(self, message: Json) -> None:
        """One line."""
        await self.process.send(json.dumps(message).encode())

    async def receive(self) -> Json:
        """The next line."""
        return json.loads(await self.process.line())


@dataclass
class OverHttp:
    """Streamable HTTP: each message is a POST, whose answer is JSON or a short stream of events."""

    http: httpx2.AsyncClient
    headers: dict[str, str] = field(default_factory=dict[str, str])
    received: list[Json] = field(default_factory=list[Json])

    async def send(self, message: Json) -> None:
        """One POST; what it is answered with is kept for `receive`."""
        headers = {"accept": "application/json, text/event-stream"} | self.headers | _modern_headers(message)
        answer = await self.http.post("/mcp", json=message, headers=headers)
        # What is wrong with a request of 2026 is told with its id, and a status of 400.
        told = answer.status_code == 400 and answer.json()["id"] == message.get("id") is not None
        assert answer.is_success or told, answer.text
        if session := answer.headers.get("mcp-session-id"):
            self.headers["mcp-session-id"] = session
        if "event-stream" in answer.headers.get("content-type", ""):
            lines = [line.removeprefix("data:") for line in answer.text.splitlines() if line.startswith("data:")]
            self.received += [json.loads(line) for line in lines if line.strip()]
        elif answer.content:
            self.received.append(answer.json())

    async def receive(self) -> Json:
        """What came back, in order."""
        await anyio.lowlevel.checkpoint()
        message = self.received.pop(0)
        if version := message.get("result", {}).get("protocolVersion"):
            self.headers["mcp-protocol-version"] = version
        return message


def _modern_headers(message: Json) -> dict[str, str]:
    meta = message.get("params", {}).get("_meta", {})
    if "io.modelcontextprotocol/protocolVersion" not in meta:
        return {}
    name = message["params"].get("name") or message["params"].get("uri")
    return {"mcp-protocol-version": MODERN, "mcp-method": message["method"]} | ({"mcp-name": name} if name else {})


@dataclass
class OverSse:
    """The transport of 2024: one stream down, a POST for each message up."""

    http: httpx2.AsyncClient
    post_to: str
    messages: MemoryObjectReceiveStream[Json]
    headers: dict[str, str] = field(default_factory=dict[str, str])

    async def send(self, message: Json) -> None:
        """One POST."""
        answer = await self.http.post(self.post_to, json=message, headers=self.headers)
        assert answer.status_code == 202, answer.text

    async def receive(self) -> Json:
        """The next event."""
        with anyio.fail_after(PATIENCE):
            return await self.messages.receive()


@asynccontextmanager
async def over_sse(http: httpx2.AsyncClient, headers: Mapping[str, str] | None = None) -> AsyncGenerator[OverSse]:
    """An open stream at /sse."""
    put, take = anyio.create_memory_object_stream[Json](100)
    async with http.sse("/sse", headers=dict(headers or {})) as events, anyio.create_task_group() as tasks, take:
        source = aiter(events)
        endpoint = await anext(source)
        assert endpoint.event == "endpoint"
        tasks.start_soon(_pass_on, source, put)
        yield OverSse(http, endpoint.data, take, dict(headers or {}))
        tasks.cancel_scope.cancel()


async def _pass_on(source: Any, put: MemoryObjectSendStream[Json]) -> None:
    async with put:
        with suppress(httpx2.TransportError):  # the server may end in between
            async for event in source:
                await put.send(json.loads(event.data))


@dataclass
class Speaker:
    """Somebody who speaks one version of the protocol over a wire."""

    wire: Wire
    version: str
    asked: int = 0

    async def greet(self) -> Json:
        """Open the conversation as this version does."""
        if self.version == MODERN:
            return await self.ask("server/discover")
        hello = {"protocolVersion": self.version, "capabilities": {}, "clientInfo": WHO}
        result = await self.ask("initialize", hello)
        await self.wire.send({"jsonrpc": "2.0", "method": "notifications/initialized"})
        return result

    async def ask(self, method: str, params: Json | None = None) -> Json:
        """The result of a request; a protocol error fails the test."""
        answer = await self.answer(method, params)
        assert "result" in answer, answer
        return answer["result"]

    async def answer(self, method: str, params: Json | None = None) -> Json:
        """The answer to a request, whatever it is; notifications on the way are passed over."""
        await self.begin(method, params)
        while (message := await self.wire.receive()).get("id") != self.asked:
            assert "method" in message, message
        return message

    async def begin(self, method: str, params: Json | None = None) -> None:
        """Send a request and do not wait."""
        self.asked += 1
        meta = {
            "io.modelcontextprotocol/protocolVersion": MODERN,
            "io.modelcontextprotocol/clientInfo": WHO,
            "io.modelcontextprotocol/clientCapabilities": {},
        }
        full = (params or {}) | ({"_meta": meta} if self.version == MODERN else {})
        await self.wire.send({"jsonrpc": "2.0", "id": self.asked, "method": method, "params": full})

    async def tools(self) -> list[str]:
        """The names of the tools there are."""
        return [tool["name"] for tool in (await self.ask("tools/list"))["tools"]]

    async def call(self, tool: str, **arguments: Any) -> str:
        """What a tool says."""
        result = await self.ask("tools/call", {"name": tool, "arguments": arguments})
        return "\n".join(part["text"] for part in result["content"])
