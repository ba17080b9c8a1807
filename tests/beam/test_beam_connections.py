"""Each answer belongs to the request it was given to, whatever the other side sends, and none is held whole."""

import ssl
import sys
from pathlib import Path
from typing import cast

import anyio
import httpx2
import pytest

from beam_mcp.beam.connection import AHEAD
from beam_mcp.beam.direct import Direct
from beam_mcp.beam.errors import NotConfigured
from tests.faults.addresses import certified

from .speaking import CONTEXT, MB, Call, always, answer, direct, echo, settled, speaking

pytestmark = pytest.mark.anyio


async def test_requests_one_after_the_other_share_a_connection() -> None:
    async with speaking(echo) as there, direct(there.url) as client:
        assert [(await client.get(path)).text for path in ("/a", "/b", "/c")] == ["/a", "/b", "/c"]
        assert there.had == 1


@pytest.mark.parametrize("size", [AHEAD + 1, 2 * AHEAD, 10 * AHEAD])
async def test_after_a_big_answer_the_connection_serves_the_next_request(size: int) -> None:
    async with speaking(always(answer(b"." * size))) as there, direct(there.url) as client:
        for _ in range(5):
            async with client.stream("GET", "/") as response:
                await settled()  # as much has come as comes ahead
                assert len(await response.aread()) == size
        assert there.had == 1


async def test_no_request_goes_to_another_host_than_its_own() -> None:
    async with (
        speaking(always(answer(b"one"))) as one,
        speaking(always(answer(b"other"))) as other,
        direct("") as client,
    ):
        for _ in range(3):
            assert (await client.get(one.url)).text == "one"
            assert (await client.get(other.url)).text == "other"
        assert (one.had, other.had) == (1, 1)


@pytest.mark.parametrize("forged", [answer(b"forged"), b"HTTP/1.1 200", b"\0", b"HTTP/1.1 100 Continue\r\n\r\n"])
@pytest.mark.parametrize("apart", [False, True])
async def test_what_comes_after_an_answer_is_never_the_next_answer(forged: bytes, *, apart: bool) -> None:
    async def handle(call: Call) -> None:
        while head := await call.head():
            own = answer(head.split()[1])
            await (call.say(own, forged) if apart else call.say(own + forged))

    async with speaking(handle) as there, direct(there.url) as client:
        for path in ("/a", "/b", "/c", "/d"):
            assert (await client.get(path)).text == path
        assert apart or there.had == 4


async def test_what_nobody_asked_for_ends_the_connection() -> None:
    leave = anyio.Event()

    async def handle(call: Call) -> None:
        await call.head()
        await call.say(answer(b"a"))
        await leave.wait()
        await call.say(b"HTTP/1.1 408 Too Slow\r\n\r\n")
        await call.head()

    async with speaking(handle) as there, direct(there.url) as client:
        await client.get("/")
        leave.set()
        await there.until(at_most=0)


async def test_an_answer_that_nobody_waits_for_any_more_is_never_given_to_another() -> None:
    asked, leave = anyio.Event(), anyio.Event()

    async def handle(call: Call) -> None:
        while head := await call.head():
            if head.split()[1] == b"/slow":
                asked.set()
                await leave.wait()
            await call.say(answer(head.split()[1]))

    async with speaking(handle) as there, direct(there.url) as client:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(client.get, "/slow")
            await asked.wait()
            tasks.cancel_scope.cancel()
        leave.set()
        assert (await client.get("/quick")).text == "/quick"
        assert there.had == 2


async def test_a_body_left_unread_is_not_taken_for_the_next_answer() -> None:
    async def handle(call: Call) -> None:
        while head := await call.head():
            big = b"HTTP/1.1 500 Forged\r\n\r\n" * 100_000 if head.split()[1] == b"/big" else head.split()[1]
            await call.say(answer(big))

    async with speaking(handle) as there, direct(there.url) as client:
        for _ in range(3):
            async with client.stream("GET", "/big"):
                pass
            assert (await client.get("/small")).text == "/small"


@pytest.mark.parametrize(
    ("begin", "more"),
    [
        (b"HTTP/1.1 200 OK\r\n", b"x-more: and more\r\n" * 100),
        (b"HTTP/1.1 200 OK\r\nx-more: ", b"m" * 2000),
        (b"", b"HTTP/1.1 102 Processing\r\n\r\n" * 100),
        (b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n0\r\n", b"x-more: and more\r\n" * 100),
        (b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1;", b"m" * 2000),
    ],
    ids=["headers", "a header", "interim answers", "trailers", "an extension of a chunk"],
)
async def test_what_has_no_end_is_left(begin: bytes, more: bytes) -> None:
    async def handle(call: Call) -> None:
        await call.head()
        await call.say(begin)
        while True:
            await call.say(more)

    async with speaking(handle) as there, direct(there.url) as client:
        with pytest.raises(httpx2.RemoteProtocolError):
            await client.get("/")
        await there.until(at_most=0)


async def test_a_body_waits_on_the_other_side_until_it_is_read() -> None:
    sent = 0

    async def handle(call: Call) -> None:
        nonlocal sent
        await call.head()
        await call.say(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % (100 * MB))
        for _ in range(100):
            await call.say(b"." * MB)
            sent += 1

    async with speaking(handle) as there, direct(there.url) as client, client.stream("GET", "/") as response:
        pieces = response.aiter_raw()
        read = len(await anext(pieces))
        with anyio.move_on_after(0.5):  # longer than all of it would take
            await anyio.sleep_forever()
        assert sent < 30
        assert read + sum([len(piece) async for piece in pieces]) == 100 * MB


async def test_tls_is_spoken_with_the_host_that_the_certificate_names_and_nobody_else(tmp_path: Path) -> None:
    server = certified(tmp_path, 1)
    server.set_alpn_protocols(["h2", "http/1.1"])
    trusting = ssl.create_default_context(cafile=str(tmp_path / "certificate 1.pem"))
    async with speaking(echo, server) as there:
        async with direct(f"https://127.0.0.1:{there.port}", context=trusting) as client:
            assert [(await client.get(path)).text for path in ("/a", "/b")] == ["/a", "/b"]
            assert there.had == 1
            spoken = (await client.get("/c")).extensions["network_stream"].get_extra_info("ssl_object")
            assert spoken.selected_alpn_protocol() == "http/1.1"
        for host, context in (("localhost", trusting), ("127.0.0.1", CONTEXT)):
            async with direct(f"https://{host}:{there.port}", context=context) as client:
                with pytest.raises(httpx2.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
                    await client.get("/a")


async def test_what_is_trusted_is_read_where_tls_is_spoken_and_nowhere_else() -> None:
    def read() -> ssl.SSLContext:
        raise NotConfigured("read")

    async with (
        speaking(echo) as there,
        httpx2.AsyncClient(transport=Direct(read, most=1, idle=1, idle_seconds=9)) as we,
    ):
        assert (await we.get(f"{there.url}/a")).text == "/a"
        with pytest.raises(NotConfigured, match="read"):
            await we.get(f"https://127.0.0.1:{there.port}/a")
        assert there.had == 1  # it is known before anybody is rung up
        assert (await we.get(f"{there.url}/b")).text == "/b"


async def test_whoever_says_close_is_not_asked_again_on_that_connection() -> None:
    async with speaking(always(answer(b"a", more=b"connection: close\r\n"))) as there, direct(there.url) as client:
        for _ in range(3):
            await client.get("/")
        await there.until(at_most=0)
        assert there.had == 3


async def test_an_iterator_that_outlived_its_answer_reads_nobody_elses() -> None:
    async with speaking(echo) as there, direct(there.url) as client:
        async with client.stream("GET", "/mine") as response:
            pieces = aiter(
                cast("httpx2.AsyncByteStream", response.stream)
            )  # a response itself refuses before ours has to
            assert await anext(pieces) == b"/mine"
        async with client.stream("GET", "/yours") as response:
            assert [piece async for piece in pieces] == []
            assert await response.aread() == b"/yours"
        assert there.had == 1


async def test_nothing_hides_behind_an_answer_in_what_tls_holds_back(tmp_path: Path) -> None:
    all_sent = anyio.Event()

    async def handle(call: Call) -> None:
        await call.head()
        for piece in (b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % (AHEAD + 1), b"." * (AHEAD - 9), b"." * 10):
            await call.say(piece)
            await settled()
        await call.say(answer(b"forged"))
        all_sent.set()
        await echo(call)

    server = certified(tmp_path, 1)
    trusting = ssl.create_default_context(cafile=str(tmp_path / "certificate 1.pem"))
    async with speaking(handle, server) as there, direct(there.url, context=trusting) as client:
        async with client.stream("GET", "/big") as response:
            await all_sent.wait()
            await settled()  # all of it has arrived before any of it is read
            assert len(await response.aread()) == AHEAD + 1
        async with client.stream("GET", "/small") as response:
            assert b"forged" not in await response.aread()


async def test_plain_http_needs_none_of_the_engine_that_httpx2_brings() -> None:
    program = """
import asyncio, sys
from beam_mcp.beam.pool import pool, trusted
async def main(url):
    async with pool(url, 10, 10, trusted(url)) as client:
        print((await client.get("/a")).text, "httpcore2" in sys.modules)
asyncio.run(main(sys.argv[1]))
"""
    async with speaking(echo) as there:
        told = await anyio.run_process([sys.executable, "-c", program, there.url])
    assert told.stdout.split() == [b"/a", b"False"]
