"""The door every request passes: it is written down, its answer is weighed, and faults strike here."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from beam_mcp.sandbox.connection import pause
from beam_mcp.sandbox.damage import damaged
from beam_mcp.sandbox.world import Seen, World

CONTROL = "/_sandbox"


@dataclass
class Gate:
    """The outermost application: pure ASGI, so that it can cut connections."""

    app: ASGIApp
    world: World

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Note the request, then let it through, late or damaged if a fault strikes."""
        if scope["type"] != "http" or scope["path"].startswith(CONTROL):
            await self.app(scope, receive, send)
            return
        body = await _read(receive)
        self.world.note(_seen(scope, body, self.world.clock.now()))
        key = Headers(scope=scope).get("x-api-key")
        held, fault = self.world.faults.striking(scope["method"], scope["path"], key)
        again = _replay(body, receive)
        answer = _late(send, receive, held) if held else send
        if fault is None:
            await self.app(scope, again, answer)
            return
        if held:
            await pause(receive, held)
        await damaged(fault, self.app, _uncompressed(scope), again, send)


@dataclass
class Scales:
    """Counts the JSON bytes of answers; sits under the compression."""

    app: ASGIApp
    world: World

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Weigh whatever JSON passes."""
        weighs = False

        async def weigh(message: Message) -> None:
            nonlocal weighs
            if message["type"] == "http.response.start":
                weighs = "json" in Headers(raw=message.get("headers", [])).get("content-type", "")
            elif weighs:
                self.world.bytes_sent += len(message.get("body", b""))
            await send(message)

        control = scope["type"] != "http" or scope["path"].startswith(CONTROL)
        await self.app(scope, receive, send if control else weigh)


async def _read(receive: Receive) -> bytes:
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body", False):
            return body


def _replay(body: bytes, receive: Receive) -> Receive:
    waiting = [{"type": "http.request", "body": body, "more_body": False}]

    async def again() -> Message:
        return waiting.pop() if waiting else await receive()

    return again


def _late(send: Send, receive: Receive, seconds: float) -> Send:
    # Beam acts at once and its answer comes late: a client that gave up in between must find that out.
    async def late(message: Message) -> None:
        if message["type"] == "http.response.start":
            await pause(receive, seconds)
        await send(message)

    return late


def _uncompressed(scope: Scope) -> Scope:
    # Damage is done to plain bytes, or a client would meet broken gzip instead of broken JSON.
    return {**scope, "headers": [pair for pair in scope["headers"] if pair[0] != b"accept-encoding"]}


def _seen(scope: Scope, body: bytes, at: datetime) -> Seen:
    query = dict(parse_qsl(scope["query_string"].decode(), keep_blank_values=True))
    return Seen(scope["method"], scope["path"], query, dict(Headers(scope=scope)), _parsed(body), at)


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return None
