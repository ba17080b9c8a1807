"""How each fault turns a proper answer into a bad one."""

import zlib
from collections.abc import Mapping

import anyio
import anyio.lowlevel
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from beam_mcp.sandbox.connection import drop, pause, transport_of
from beam_mcp.sandbox.faults import Fault
from beam_mcp.sandbox.refusals import refusal_body
from beam_mcp.sandbox.wire import packed

_HTML = b"<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body><h1>502 Bad Gateway</h1></body></html>"
_JSON = {"content-type": "application/json; charset=utf-8"}
_BROKEN: Mapping[str, bytes] = {
    "empty_body": b"",
    "not_json": b"Service is warming up, please try again",
    "wrong_type": b'["this", "should", "be", "an", "object"]',
}


async def damaged(fault: Fault, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer a request badly; Beam carries it out first if the fault says so."""
    heard = _Heard()
    if fault.beam_acts:
        passing = _passing(fault, receive, send)
        await app(scope, receive, passing or heard)
        if passing:
            return
    match fault.kind:
        case "cut_before" | "cut_after":
            await drop(receive, send)
        case "gzip_bomb":
            bomb = await anyio.to_thread.run_sync(_bomb, fault.megabytes)
            await _answer(send, 200, bomb, {**_JSON, "content-encoding": "gzip"})
        case "endless_body":
            await _endless(send)
        case _:
            await _answer(send, *_instead(fault, heard))


class _Heard:
    """A send that keeps the answer to itself."""

    def __init__(self) -> None:
        self.status = 200
        self.body = b""

    async def __call__(self, message: Message) -> None:
        self.status = message.get("status", self.status)
        self.body += message.get("body", b"")


def _instead(fault: Fault, heard: _Heard) -> tuple[int, bytes, Mapping[str, str]]:
    match fault.kind:
        case "status":
            return _status(fault)
        case "html_502":
            return 502, _HTML, {"content-type": "text/html", **fault.headers}
        case "error_in_200":
            error = fault.body or {"code": "INTERNAL", "message": "Something went wrong"}
            return 200, packed({"error": error}), _JSON
        case "redirect":
            return fault.code if fault.code in range(300, 400) else 302, b"", {"location": fault.to}
        case "truncated_json":
            return heard.status, heard.body[: len(heard.body) // 2], _JSON
        case _:
            return heard.status, _BROKEN[fault.kind], _JSON


def _status(fault: Fault) -> tuple[int, bytes, Mapping[str, str]]:
    if isinstance(fault.body, str):
        return fault.code, fault.body.encode(), {"content-type": "text/plain", **fault.headers}
    body = refusal_body(fault.code) if fault.body is None else fault.body
    return fault.code, packed(body), {**_JSON, **fault.headers}


async def _answer(send: Send, status: int, body: bytes, headers: Mapping[str, str]) -> None:
    raw = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    raw.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": status, "headers": raw})
    await send({"type": "http.response.body", "body": body})


def _passing(fault: Fault, receive: Receive, send: Send) -> Send | None:
    """A send for the faults that let part of the real answer through."""

    async def slow(message: Message) -> None:
        body: bytes = message.get("body", b"")
        piece = max(1, len(body) // 10)
        for start in range(0, len(body), piece):
            await send({"type": "http.response.body", "body": body[start : start + piece], "more_body": True})
            await pause(receive, fault.seconds / 10)
        await send({**message, "body": b""} if body else message)

    async def halved(message: Message) -> None:
        body: bytes = message.get("body", b"")
        if message["type"] == "http.response.start" or transport_of(send).is_closing():
            await send(message)
        elif body:
            # An open stream has no half: it breaks after its first piece.
            part = body if message.get("more_body") else body[: len(body) // 2]
            await send({"type": "http.response.body", "body": part, "more_body": True})
            await pause(receive, 0.05)
            await drop(receive, send)

    return {"slow_body": slow, "cut_mid_body": halved}.get(fault.kind)


def _bomb(megabytes: float) -> bytes:
    squeeze = zlib.compressobj(6, zlib.DEFLATED, 31)
    block = b"a" * 2**20
    parts = [squeeze.compress(b'{"data":"')]
    parts += [squeeze.compress(block) for _ in range(int(megabytes))]
    return b"".join([*parts, squeeze.compress(b'"}'), squeeze.flush()])


async def _endless(send: Send) -> None:
    raw = [(name.encode(), value.encode()) for name, value in _JSON.items()]
    await send({"type": "http.response.start", "status": 200, "headers": raw})
    await send({"type": "http.response.body", "body": b'{"data":[0', "more_body": True})
    while not transport_of(send).is_closing():
        await send({"type": "http.response.body", "body": b",1" * 8192, "more_body": True})
        await anyio.lowlevel.checkpoint()
