"""What leaves for Beam on a connection: nothing that begins a line of its own, and no more than anybody wants."""

import asyncio
import socket
import struct
from collections.abc import AsyncIterator
from functools import partial

import anyio
import anyio.to_thread
import httpx2
import pytest
from anyio.abc import SocketAttribute

from .speaking import MB, SILENT, Call, always, answer, direct, echo, hello_once, settled, speaking

pytestmark = pytest.mark.anyio


async def test_no_header_or_address_can_begin_a_line_of_its_own() -> None:
    async with speaking(echo) as there, direct(there.url) as client:
        with pytest.raises(httpx2.LocalProtocolError):
            await client.get("/a", headers={"x-key": "a\r\nx-admin: yes"})
        with pytest.raises(httpx2.LocalProtocolError):
            await client.get("/a", headers={b"x-key\nx-admin": b"yes"})
        request = client.build_request("GET", "/a")
        request.url = _Unchecked(request.url)
        with pytest.raises(httpx2.LocalProtocolError):
            await client.send(request)
        assert (await client.get("/b")).text == "/b"


class _Unchecked(httpx2.URL):
    @property
    def raw_path(self) -> bytes:
        return b"/a HTTP/1.1\r\nx-admin: yes\r\n\r\n"


async def test_a_body_of_another_length_than_announced_spoils_no_other_request() -> None:
    heard: list[bytes] = []

    async def handle(call: Call) -> None:
        while head := await call.head():
            heard.append(head.split()[1])
            await call.say(answer(heard[-1]))

    async def body(text: bytes) -> AsyncIterator[bytes]:
        yield text

    async with speaking(handle) as there, direct(there.url) as client:
        for text in (b"", b"short", b"12345678GET /forged HTTP/1.1\r\n\r\n"):
            with pytest.raises(httpx2.LocalProtocolError):
                await client.post("/a", content=body(text), headers={"content-length": "8"})
            assert (await client.get("/b")).text == "/b"
    assert b"/forged" not in heard


async def test_a_body_of_unknown_length_arrives_whole() -> None:
    async def handle(call: Call) -> None:
        assert b"transfer-encoding: chunked" in (await call.head()).lower()
        while not call.unread.endswith(b"0\r\n\r\n"):
            call.unread += await call.stream.receive()
        await call.say(answer(call.unread.replace(b"\r\n", b"|")))

    async def body() -> AsyncIterator[bytes]:
        for piece in (b"one", b"", b"twelve"):
            yield piece

    async with speaking(handle) as there, direct(there.url) as client:
        assert (await client.post("/", content=body())).text == "3|one|6|twelve|0||"


async def test_whoever_has_answered_is_sent_no_more() -> None:
    refusal = b"HTTP/1.1 413 Too Large\r\ncontent-length: 4\r\n\r\nless"
    sent = 0

    async def handle(call: Call) -> None:
        await call.head()
        await call.say(refusal)
        while await call.stream.receive():
            pass

    async def body() -> AsyncIterator[bytes]:
        nonlocal sent
        for _ in range(1000):
            sent += 1
            yield b"." * MB

    async with speaking(handle) as there, direct(there.url) as client:
        reply = await client.post("/", content=body(), headers={"content-length": str(1000 * MB)})
        assert (reply.status_code, reply.text) == (413, "less")
        assert sent < 1000
        await there.until(at_most=0)  # the rest of that body would be read as a request


async def test_a_body_that_nobody_reads_is_given_up_in_time() -> None:
    async def body() -> AsyncIterator[bytes]:
        for _ in range(50):
            yield b"." * MB

    patience = httpx2.Timeout(10, write=SILENT)
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        async with direct(f"http://127.0.0.1:{deaf.getsockname()[1]}", most=1, patience=patience) as client:
            for _ in range(3):
                with pytest.raises(httpx2.WriteTimeout):
                    await client.post("/", content=body(), headers={"content-length": str(50 * MB)})


async def test_only_http_is_spoken() -> None:
    async with direct("") as client:
        for address in ("ftp://127.0.0.1/a", "file:///etc/passwd"):
            with pytest.raises(httpx2.UnsupportedProtocol):
                await client.get(address)


async def lost(call: Call) -> None:
    """Be gone after the first of a body, without a good-bye."""
    await call.head()
    call.unread = call.unread or await call.stream.receive()
    there: socket.socket = call.stream.extra(SocketAttribute.raw_socket)  # noqa: S610 - anyio's, not a database's
    there.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


@pytest.mark.parametrize("more", [True, False])
@pytest.mark.parametrize("length", [{"content-length": "20"}, {}], ids=["known", "unknown"])
async def test_whoever_is_gone_before_the_rest_is_a_failure_of_the_connection(
    length: dict[str, str], *, more: bool
) -> None:
    async with speaking(lost) as there, direct(there.url) as client:

        async def body() -> AsyncIterator[bytes]:
            yield b"." * 10
            await there.until(at_most=0)
            await settled()
            if more:
                yield b"." * 10

        with pytest.raises(httpx2.TransportError):
            await client.post("/", content=body(), headers=length)


async def test_whoever_reads_no_more_is_not_asked_again_on_that_connection() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        accepted: list[socket.socket] = []
        once = partial(hello_once, server, accepted)
        async with direct(f"http://127.0.0.1:{server.getsockname()[1]}") as client:
            for _ in range(2):
                async with anyio.create_task_group() as tasks:
                    tasks.start_soon(partial(client.post, "/", content=b"." * 50 * MB))
                    await anyio.to_thread.run_sync(once)
        for there in accepted:
            there.close()


async def test_the_source_of_a_body_is_closed_where_it_was_opened() -> None:
    closed: list[object] = []

    async def body() -> AsyncIterator[bytes]:
        try:
            for _ in range(1000):
                yield b"." * MB
        finally:
            closed.append(asyncio.current_task())

    refusal = b"HTTP/1.1 413 Too Large\r\ncontent-length: 0\r\n\r\n"
    async with speaking(always(refusal)) as there, direct(there.url) as client:
        await client.post("/", content=body(), headers={"content-length": str(1000 * MB)})
        assert closed == [asyncio.current_task()]


async def test_a_request_that_cannot_be_is_refused_before_anything_leaves() -> None:
    async with speaking(echo) as there, direct(there.url) as client:
        for method in ("GET / HTTP/1.1\r\nX: Y\r\nZ:", "HEAD", "CONNECT"):
            with pytest.raises(httpx2.LocalProtocolError):
                await client.request(method, "/a")
        for name in ("x y", "x:y", "x\ty"):
            with pytest.raises(httpx2.LocalProtocolError):
                await client.get("/a", headers={name: "z"})
        for length in ("x", "-1", ""):
            with pytest.raises(httpx2.LocalProtocolError):
                await client.post("/a", headers={"content-length": length}, content=b"")
        for host in ("a..invalid", f"{'a' * 64}.invalid", ".invalid"):
            with pytest.raises(httpx2.ConnectError):
                await client.get(f"http://{host}/")
        assert (await client.get("/b")).text == "/b"
