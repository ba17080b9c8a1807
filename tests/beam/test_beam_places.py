"""Places on the connections to Beam: given back whatever happens, and nothing waits or stays open for ever."""

import asyncio
import gc
import socket
import weakref
from contextlib import suppress
from contextvars import Context, ContextVar
from functools import partial
from typing import cast

import anyio
import anyio.lowlevel
import anyio.to_thread
import httpx2
import pytest

from beam_mcp.beam.connection import Connection, Exchange

from .speaking import HELLO, SILENT, Call, Handler, always, direct, echo, hello_once, settled, speaking

pytestmark = pytest.mark.anyio


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
    handler: Handler, error: type[httpx2.TransportError]
) -> None:
    patience = httpx2.Timeout(10, read=SILENT if error is httpx2.ReadTimeout else 10)
    async with speaking(handler) as there, direct(there.url, most=1, patience=patience) as client:
        for _ in range(3):
            with pytest.raises(error):
                await client.get("/")
        await there.until(at_most=0)


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


async def test_a_place_is_given_back_once_however_often_an_answer_is_closed() -> None:
    async with speaking(echo) as there, direct(there.url, most=1) as client:
        async with client.stream("GET", "/a") as response:
            pass
        await cast("httpx2.AsyncByteStream", response.stream).aclose()
        async with client.stream("GET", "/b"):
            with pytest.raises(httpx2.PoolTimeout):
                await client.get("/c", timeout=httpx2.Timeout(10, pool=SILENT))


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

    async with speaking(handle) as there, direct(there.url, idle_seconds=3) as client:
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
        once = partial(hello_once, server, accepted)
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


async def test_nobody_who_listens_is_told_apart_from_nobody_who_answers() -> None:
    with socket.socket() as taken, suppress(OSError):
        taken.bind(("127.0.0.1", 0))
        async with direct(f"http://127.0.0.1:{taken.getsockname()[1]}") as client:
            with pytest.raises(httpx2.ConnectError, match="refuses"):
                await client.get("/")


async def test_a_body_without_a_length_is_not_whole_because_we_hang_up() -> None:
    async def handle(call: Call) -> None:
        await call.head()
        await call.say(b"HTTP/1.1 200 OK\r\n\r\nhalf of it")
        await call.head()

    async with speaking(handle) as there, direct(there.url) as client, client.stream("GET", "/") as response:
        pieces = response.aiter_raw()
        assert await anext(pieces) == b"half of it"
        await client.aclose()
        with pytest.raises(httpx2.ReadError):
            await anext(pieces)


async def test_a_connection_that_opens_after_the_end_does_not_rest() -> None:
    async with speaking(echo) as there, direct(there.url) as client, anyio.create_task_group() as tasks:
        tasks.start_soon(client.get, "/a")
        await anyio.lowlevel.checkpoint()
        await client.aclose()
        while not there.had:
            await there.changed.wait()
        await there.until(at_most=0)


@pytest.mark.parametrize("handler", [cut, silent], ids=["cut", "silent"])
async def test_a_failure_holds_on_to_nothing(handler: Handler) -> None:
    async with speaking(handler) as there, direct(there.url, patience=httpx2.Timeout(10, read=SILENT)) as client:
        await failed(client)
        gc.collect()
        gc.disable()
        try:
            held = [await failed(client) for _ in range(3)]
            await there.until(at_most=0)
            await anyio.wait_all_tasks_blocked()
            assert [request() for request in held] == [None] * 3
            assert not [left for left in gc.get_objects() if isinstance(left, (Connection, Exchange))]
        finally:
            gc.enable()


async def test_a_connection_that_rests_holds_on_to_nothing_of_who_opened_it() -> None:
    class Caller:
        """Whoever calls."""

    async def call(client: httpx2.AsyncClient) -> weakref.ref[Caller]:
        caller = Caller()
        calling.set(caller)
        await client.get("/a")
        return weakref.ref(caller)

    calling: ContextVar[Caller] = ContextVar("calling")
    async with speaking(echo) as there, direct(there.url) as client:
        held = await asyncio.create_task(call(client), context=Context())
        await settled()
        gc.collect()
        assert held() is None
        assert len(there.open) == 1


async def failed(client: httpx2.AsyncClient) -> weakref.ref[httpx2.Request]:
    request = client.build_request("POST", "/", content=b"x")
    with suppress(httpx2.TransportError):
        await client.send(request)
        raise AssertionError("it did not fail")
    return weakref.ref(request)
