"""The connections to Beam: each answer belongs to the request it was given to, and nothing waits or stays for ever."""

import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress

import anyio
import anyio.to_thread
import httpx2
import pytest

from .speaking import HELLO, Call, always, direct, speaking

pytestmark = pytest.mark.anyio

MB = 1_000_000
SILENT = 0.05  # seconds


def answer(text: bytes, *, more: bytes = b"") -> bytes:
    return b"HTTP/1.1 200 OK\r\n%bcontent-length: %d\r\n\r\n%b" % (more, len(text), text)


async def echo(call: Call) -> None:
    """Answer with the path that was asked for."""
    while head := await call.head():
        await call.say(answer(head.split()[1]))


async def test_requests_one_after_the_other_share_a_connection() -> None:
    async with speaking(echo) as there, direct(there.url) as client:
        assert [(await client.get(path)).text for path in ("/a", "/b", "/c")] == ["/a", "/b", "/c"]
        assert there.had == 1


@pytest.mark.parametrize("forged", [answer(b"forged"), b"HTTP/1.1 200", b"\0", b"HTTP/1.1 100 Continue\r\n\r\n"])
@pytest.mark.parametrize("apart", [False, True])
async def test_what_comes_after_an_answer_is_never_the_answer_to_the_next_request(
    forged: bytes, *, apart: bool
) -> None:
    async def handle(call: Call) -> None:
        while head := await call.head():
            own = answer(head.split()[1])
            await (call.say(own, forged) if apart else call.say(own + forged))

    async with speaking(handle) as there, direct(there.url) as client:
        for path in ("/a", "/b", "/c", "/d"):
            assert (await client.get(path)).text == path


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
    async def body(text: bytes) -> AsyncIterator[bytes]:
        yield text

    async with speaking(echo) as there, direct(there.url) as client:
        for text in (b"", b"short", b"12345678GET /forged HTTP/1.1\r\n\r\n"):
            with pytest.raises(httpx2.LocalProtocolError):
                await client.post("/a", content=body(text), headers={"content-length": "8"})
            assert (await client.get("/b")).text == "/b"


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


async def cut(call: Call) -> None:
    await call.head()


async def half(call: Call) -> None:
    await call.head()
    await call.say(HELLO[:-1])


async def silent(call: Call) -> None:
    await call.head()
    await call.head()


async def stops(call: Call) -> None:
    await call.head()
    await call.say(HELLO[:-1])
    await call.head()


@pytest.mark.parametrize(
    ("handler", "error"),
    [
        (cut, httpx2.RemoteProtocolError),
        (half, httpx2.RemoteProtocolError),
        (silent, httpx2.ReadTimeout),
        (stops, httpx2.ReadTimeout),
        (always(b"HTTP/1.1 99 ?\r\n\r\n"), httpx2.RemoteProtocolError),
        (always(b"HTTP/1.1 101 Switching\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n"), httpx2.RemoteProtocolError),
        (always(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nhello"), httpx2.RemoteProtocolError),
    ],
    ids=[
        "cut",
        "cut in the body",
        "silent",
        "silent in the body",
        "no status",
        "another protocol",
        "two lengths",
    ],
)
async def test_a_failure_has_its_name_and_gives_its_place_back(
    handler: Callable[[Call], Awaitable[None]], error: type[httpx2.TransportError]
) -> None:
    async with speaking(handler) as there, direct(there.url, most=1, patience=SILENT) as client:
        for _ in range(3):
            with pytest.raises(error):
                await client.get("/")
        await there.until(at_most=0)


async def test_a_body_that_nobody_reads_is_given_up_in_time() -> None:
    async def body() -> AsyncIterator[bytes]:
        for _ in range(50):
            yield b"." * MB

    with socket.create_server(("127.0.0.1", 0)) as deaf:
        async with direct(f"http://127.0.0.1:{deaf.getsockname()[1]}", most=1, patience=SILENT) as client:
            for _ in range(3):
                with pytest.raises(httpx2.WriteTimeout):
                    await client.post("/", content=body(), headers={"content-length": str(50 * MB)})


async def test_whoever_finds_no_place_in_time_is_told_so_and_takes_none() -> None:
    asked = anyio.Event()

    async def handle(call: Call) -> None:
        while head := await call.head():
            asked.set()
            if head.split()[1] == b"/slow":
                await anyio.sleep_forever()
            await call.say(HELLO)

    times = httpx2.Timeout(10, pool=SILENT)
    async with speaking(handle) as there, direct(there.url, most=1) as client, anyio.create_task_group() as tasks:
        tasks.start_soon(client.get, "/slow")
        await asked.wait()
        for _ in range(3):
            with pytest.raises(httpx2.PoolTimeout):
                await client.get("/quick", timeout=times)
        tasks.cancel_scope.cancel()
    async with speaking(handle) as there, direct(there.url, most=1) as client:
        for _ in range(3):
            with anyio.move_on_after(SILENT):
                await client.get("/slow")
        assert (await client.get("/quick", timeout=times)).text == "hello"


async def test_only_so_many_connections_rest_and_not_for_long() -> None:
    all_here, here = anyio.Event(), 0

    async def handle(call: Call) -> None:
        nonlocal here
        while await call.head():
            here += 1
            if here == 8:
                all_here.set()
            await all_here.wait()
            await call.say(HELLO)

    async with speaking(handle) as there, direct(there.url, idle_seconds=0.5) as client:
        async with anyio.create_task_group() as tasks:
            for _ in range(8):
                tasks.start_soon(client.get, "/")
        assert there.had == 8
        await there.until(at_most=4)
        await client.get("/")
        assert there.had == 8
        await there.until(at_most=0)


async def test_a_connection_that_the_other_side_has_closed_is_not_used_again() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        accepted: list[socket.socket] = []

        def once() -> None:
            there, _ = server.accept()
            there.recv(4096)
            there.sendall(HELLO)
            accepted.append(there)

        async with direct(f"http://127.0.0.1:{server.getsockname()[1]}") as client:
            for _ in range(3):
                async with anyio.create_task_group() as tasks:
                    tasks.start_soon(client.post, "/")
                    await anyio.to_thread.run_sync(once)
                accepted.pop().close()  # the loop has no time to hear of it


async def test_all_are_closed_at_the_end_whatever_is_under_way() -> None:
    asked = anyio.Event()

    async def handle(call: Call) -> None:
        while head := await call.head():
            if head.split()[1] == b"/slow":
                asked.set()
                continue
            await call.say(HELLO)

    async with speaking(handle) as there, direct(there.url) as client:
        await client.get("/")

        async def ask() -> None:
            with pytest.raises(httpx2.TransportError):
                await client.get("/slow")

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(ask)
            await asked.wait()
            await client.aclose()
            await there.until(at_most=0)


async def test_a_name_that_leads_elsewhere_first_is_reached_where_somebody_listens() -> None:
    async with speaking(echo) as there, direct(f"http://localhost:{there.port}") as client:
        assert (await client.get("/a")).text == "/a"


async def test_only_http_is_spoken() -> None:
    async with direct("") as client:
        for address in ("ftp://127.0.0.1/a", "file:///etc/passwd"):
            with pytest.raises(httpx2.UnsupportedProtocol):
                await client.get(address)


async def test_nobody_who_listens_is_told_apart_from_nobody_who_answers() -> None:
    with socket.socket() as taken, suppress(OSError):
        taken.bind(("127.0.0.1", 0))
        async with direct(f"http://127.0.0.1:{taken.getsockname()[1]}") as client:
            with pytest.raises(httpx2.ConnectError, match="refuses"):
                await client.get("/")
