"""Clients that send too slowly, or do not read: cut within bounds, on real sockets, while others are served."""

import asyncio
import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import anyio
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from beam_mcp.cli.connection import Connection
from beam_mcp.cli.page_server import PageServer
from beam_mcp.cli.web import _config as config_of  # pyright: ignore[reportPrivateUsage] - how the server is run
from beam_mcp.server.links import Links
from beam_mcp.server.pages import Pages

pytestmark = pytest.mark.anyio

SOON = 60.0
HEAD = b"GET /small HTTP/1.1\r\nhost: a\r\n"


class Hasty(Connection):
    """The same with less patience."""

    head_seconds = 2.0
    body_seconds = 3.0
    read_seconds = 2.0


async def small(request: Request) -> Response:
    await request.body()
    return PlainTextResponse("small")


async def large(_: Request) -> Response:
    return PlainTextResponse("x" * 50_000_000)


async def endless(_: Request) -> Response:
    async def pieces() -> AsyncGenerator[bytes]:
        while True:
            yield b"x" * 100_000
            await asyncio.sleep(0)

    return StreamingResponse(pieces())


async def quiet(_: Request) -> Response:
    async def pieces() -> AsyncGenerator[bytes]:
        yield b"begun"
        await asyncio.sleep(4)
        yield b", done"

    return StreamingResponse(pieces())


APP = Starlette(
    routes=[
        Route("/small", small, methods=["GET", "POST"]),
        Route("/large", large),
        Route("/endless", endless),
        Route("/quiet", quiet),
    ]
)


@asynccontextmanager
async def serving() -> AsyncGenerator[tuple[uvicorn.Server, int]]:
    """A hasty server, and its port."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(
        uvicorn.Config(APP, http=Hasty, timeout_keep_alive=3, log_config=None, access_log=False, lifespan="off")
    )
    server.capture_signals = anyio.CancelScope  # pyright: ignore[reportAttributeAccessIssue] - the test keeps its own
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        yield server, listener.getsockname()[1]
    finally:
        server.should_exit = server.force_exit = True
        await serving
        listener.close()


async def seconds_until_cut(reader: asyncio.StreamReader) -> float:
    """How long the connection lives on."""
    began = anyio.current_time()
    with anyio.fail_after(SOON):
        try:
            while await reader.read(1 << 16):
                pass
        except ConnectionError:
            pass
    return anyio.current_time() - began


async def trickling(port: int, start: bytes) -> float:
    """How long somebody is listened to who sends a byte after the other."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(start)

    async def send() -> None:
        while True:
            writer.write(b"x")
            await asyncio.sleep(0.05)

    sending = asyncio.create_task(send())
    lived = await seconds_until_cut(reader)
    sending.cancel()
    writer.close()
    return lived


async def test_a_request_that_does_not_arrive_is_cut_and_nobody_else_waits() -> None:
    lived: dict[str, float] = {}
    starts = {
        "nothing": b"",
        "half a line": b"GET /sm",
        "headers without end": HEAD + b"x-slow: ",
        "no body": b"POST /small HTTP/1.1\r\nhost: a\r\ncontent-length: 1000\r\n\r\n",
        "half a chunk": b"POST /small HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\nfff\r\n",
        "a second request": HEAD + b"\r\n" + HEAD + b"x-slow: ",
    }
    async with serving() as (_, port), anyio.create_task_group() as slow:

        async def note(name: str, start: bytes) -> None:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            if name in {"nothing", "half a line"}:
                writer.write(start)
                lived[name] = await seconds_until_cut(reader)
                writer.close()
            else:
                writer.close()
                lived[name] = await trickling(port, start)

        for name, start in starts.items():
            slow.start_soon(note, name, start)
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        with anyio.fail_after(SOON):
            while len(lived) < len(starts):  # an honest client, beside them all
                await honest(reader, writer)
        writer.close()
    assert set(lived) == set(starts)
    assert max(lived.values()) < 20


async def test_who_does_not_read_is_cut_and_who_reads_slowly_is_not() -> None:
    async with serving() as (server, port):
        deaf = [socket.create_connection(("127.0.0.1", port)) for _ in range(2)]
        for path, connection in zip((b"/large", b"/endless"), deaf, strict=True):
            connection.sendall(b"GET " + path + b" HTTP/1.1\r\nhost: a\r\n\r\n")
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        with anyio.fail_after(SOON):
            most = 0
            while most < 3 or len(server.server_state.connections) > 1:  # an honest client, until it is alone
                await honest(reader, writer)
                most = max(most, len(server.server_state.connections))
        for connection in deaf:
            connection.close()
        writer.write(b"GET /large HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n")
        read, began, slow = 0, anyio.current_time(), 2 * Hasty.read_seconds
        with anyio.fail_after(SOON):
            while piece := await reader.read(1 << 16):
                read += len(piece)
                if anyio.current_time() < began + slow:
                    await asyncio.sleep(0.05)
        assert read > 50_000_000
        writer.close()


async def honest(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A request like any other."""
    writer.write(HEAD + b"\r\n")
    assert (await reader.readuntil(b"small")).startswith(b"HTTP/1.1 200")
    await asyncio.sleep(0.02)


async def test_a_stream_may_be_silent_for_as_long_as_it_likes() -> None:
    async with serving() as (_, port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET /quiet HTTP/1.1\r\nhost: a\r\n\r\n")
        with anyio.fail_after(SOON):
            assert await reader.readuntil(b", done")
        writer.close()


def test_both_servers_have_this_patience_and_a_bound_on_connections() -> None:
    for config in (config_of(APP), PageServer(Pages(Links())).config):
        config.load()
        assert config.http_protocol_class is Connection
        assert config.ws_protocol_class is None
        assert 0 < (config.limit_concurrency or 0) < 1000
        assert 0 < config.timeout_keep_alive <= 5
    assert max(Connection.head_seconds, Connection.body_seconds, Connection.read_seconds) <= 60


async def test_the_real_page_port_cuts_who_says_nothing() -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    server = PageServer(Pages(Links()))
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    with anyio.fail_after(SOON):
        await server.is_up.wait()
    reader, writer = await asyncio.open_connection("127.0.0.1", listener.getsockname()[1])
    assert 8 < await seconds_until_cut(reader) < 30
    writer.close()
    server.should_exit = True
    await serving
    listener.close()
