"""How a server ends, what it survives, and that it lets nothing slip: neither noise into the protocol nor a secret."""

import json
import sys
import time
from pathlib import Path
from signal import Signals
from typing import Any

import anyio
import httpx2
import pytest

from beam_mcp.sandbox.serve import serving
from beam_mcp.sandbox.world import World
from tests.cli.processes import PATIENCE, SIGNALS, Started, on, started
from tests.cli.wires import LEGACY, MODERN, OverStdio, Speaker

pytestmark = pytest.mark.anyio

SOON = 6.0  # seconds; a second, and what a busy machine takes: less than the grace that calls are given
SECRET = "sk-very-secret-9f8e7d"
ENDINGS = ["eof", *SIGNALS]


async def end(server: Started, how: str | Signals) -> float:
    """Ask it to end, and tell how long that took."""
    began = time.monotonic()
    if isinstance(how, Signals):
        server.process.send_signal(how)
    else:
        await server.hang_up()
    assert await server.ended() == 0
    return time.monotonic() - began


@pytest.mark.parametrize("how", ENDINGS)
@pytest.mark.parametrize("version", [LEGACY[-1], MODERN])
async def test_a_server_on_stdio_ends_at_once_whatever_it_does(
    tmp_path: Path, version: str, how: str | Signals
) -> None:
    world = World()
    async with serving(world) as url, started(cwd=tmp_path, settings=on(url)) as server:
        speaker = Speaker(OverStdio(server), version)
        await speaker.greet()
        world.faults.add("latency", seconds=60, times=None)
        await speaker.begin("tools/call", {"name": "list_agents", "arguments": {}})
        with anyio.fail_after(PATIENCE):
            await world.until(lambda: bool(world.requests))
        assert await end(server, how) < SOON
        assert server.errors == b""


@pytest.mark.parametrize("how", ENDINGS)
async def test_a_server_on_stdio_ends_at_once_when_it_has_nothing_to_do(tmp_path: Path, how: str | Signals) -> None:
    async with started("--sandbox", cwd=tmp_path) as server:
        await Speaker(OverStdio(server), LEGACY[-1]).greet()
        assert await end(server, how) < SOON
        assert server.errors == b""


@pytest.mark.parametrize("how", SIGNALS)
@pytest.mark.parametrize("late", ["no", "yes"])
async def test_a_server_on_stdio_ends_at_once_while_it_still_starts(tmp_path: Path, late: str, how: Signals) -> None:
    shown = {"BEAM_MCP_LATE": late, "PYTHONPROFILEIMPORTTIME": "1"}
    async with started(cwd=tmp_path, settings=on("http://127.0.0.1:1", **shown)) as server:
        with anyio.fail_after(PATIENCE):
            while b" mcp_types._types\n" not in server.errors:
                await server.wrote.wait()
                server.wrote = anyio.Event()
        assert await end(server, how) < SOON
        assert b"beam_mcp.server.build" not in server.errors


@pytest.mark.parametrize("how", SIGNALS)
async def test_a_server_on_stdio_whose_answers_nobody_reads_ends_when_it_is_told_to(
    tmp_path: Path, how: Signals
) -> None:
    async with started("--sandbox", cwd=tmp_path) as server:
        await Speaker(OverStdio(server), LEGACY[-1]).greet()
        ping = json.dumps({"jsonrpc": "2.0", "id": "x" * 1000, "method": "ping"}).encode()
        with anyio.move_on_after(PATIENCE) as sending:
            # What pipes and buffers hold is less: from some answer on, the server can write no more.
            for _ in range(1000):
                await server.send(ping)
        assert not sending.cancelled_caught
        server.process.send_signal(how)
        assert await server.ended() == 0


@pytest.mark.parametrize("how", SIGNALS)
async def test_a_server_over_http_ends_at_once_when_it_has_nothing_to_do(tmp_path: Path, how: Signals) -> None:
    async with started("--sandbox", "--transport", "sse", "--port", "0", cwd=tmp_path) as server:
        async with httpx2.AsyncClient(base_url=await server.address(), trust_env=False) as http:
            assert (await http.get("/health")).is_success
            await server.hang_up()  # a server over HTTP does not live by its stdin
            assert (await http.get("/health")).is_success
            assert await end(server, how) < SOON
        assert server.errors.count(b"\n") == 1, server.errors.decode()


NESTED = b'{"jsonrpc":"2.0","id":1,"method":"tools/list","params":' + b'{"a":' * 50_000 + b"1" + b"}" * 50_001
HUGE = json.dumps({"jsonrpc": "2.0", "method": "notifications/x", "params": {"text": "x" * 8_000_000}}).encode()
NONSENSE = [
    b"",
    b"   ",
    b"not json",
    b"{",
    b"null",
    b"42",
    b'"text"',
    b"[]",
    b"[1, 2]",
    b'[{"jsonrpc":"2.0","id":1,"method":"ping"}]',
    b"{}",
    b'{"jsonrpc":"2.0"}',
    b'{"jsonrpc":"1.0","id":1,"method":"ping"}',
    b'{"id":1,"method":"ping"}',
    b'{"jsonrpc":"2.0","id":{},"method":"ping"}',
    b'{"jsonrpc":"2.0","id":1,"method":5}',
    b'{"jsonrpc":"2.0","id":1,"method":"tools/list","params":[1]}',
    b'{"jsonrpc":"2.0","id":1,"method":"tools/list","params":"text"}',
    b'{"jsonrpc":"2.0","id":1,"method":"tools/call"}',
    b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":5,"arguments":[]}}',
    b'{"jsonrpc":"2.0","id":1,"method":"initialize","params":{}}',
    b'{"jsonrpc":"2.0","id":1,"method":"no/such/method"}',
    b'{"jsonrpc":"2.0","id":1,"result":{}}',
    b'{"jsonrpc":"2.0","id":null,"error":{"code":1,"message":"x"}}',
    b'{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":99}}',
    b'{"jsonrpc":"2.0","method":"no/such/notification"}',
    b"\xff\xfe\x00\x01",
    b"\xef\xbb\xbf{}",
    b'{"jsonrpc":"2.0","id":1,"method":"\\ud800"}',
    b'{"jsonrpc":"2.0","id":"\\ud800","method":"ping"}',
    NESTED,
    HUGE,
]


@pytest.mark.parametrize("version", [LEGACY[0], MODERN])
async def test_no_line_kills_a_server_on_stdio(tmp_path: Path, version: str) -> None:
    async with started("--sandbox", cwd=tmp_path) as server:
        speaker = Tolerant(OverStdio(server), version, asked=1000)
        await speaker.greet()
        for line in NONSENSE:
            await server.send(line)
            with anyio.fail_after(PATIENCE):
                assert "list_agents" in await speaker.tools(), line[:80]
        await server.hang_up()
        assert await server.ended() == 0
        assert "Traceback" not in server.errors.decode()


class Tolerant(Speaker):
    """A speaker that passes over whatever else the server has to say."""

    async def answer(self, method: str, params: dict[str, Any] | None = None) -> dict[str, Any]:
        """The answer to this request, after those to the nonsense before it."""
        await self.begin(method, params)
        while (message := await self.wire.receive()).get("id") != self.asked:
            assert message["jsonrpc"] == "2.0"
        return message


async def test_before_the_greeting_nonsense_does_not_kill_it_either(tmp_path: Path) -> None:
    async with started("--sandbox", cwd=tmp_path) as server:
        for line in NONSENSE[:9]:
            await server.send(line)
        speaker = Tolerant(OverStdio(server), LEGACY[-1], asked=1000)
        await speaker.greet()
        assert "list_agents" in await speaker.tools()


@pytest.mark.parametrize("version", [LEGACY[-1], MODERN])
async def test_an_unknown_method_is_answered_as_such(tmp_path: Path, version: str) -> None:
    async with started("--sandbox", cwd=tmp_path) as server:
        speaker = Speaker(OverStdio(server), version)
        await speaker.greet()
        assert (await speaker.answer("no/such/method"))["error"]["code"] == -32601


# Something that prints whenever the server asks Beam, as a careless library would.
CARELESS = """
import os, sys
from beam_mcp.beam.direct import Direct
from beam_mcp.cli.main import main

sent = Direct.handle_async_request

async def send(self, request):
    print("noise by print", flush=True)
    os.write(1, b"noise by the descriptor\\n")
    sys.__stdout__.write("noise by the stream\\n")
    sys.__stdout__.flush()
    return await sent(self, request)

Direct.handle_async_request = send
sys.exit(main([]))
"""


async def test_what_something_prints_does_not_reach_the_protocol(tmp_path: Path) -> None:
    command = [sys.executable, "-c", CARELESS]
    async with serving(World()) as url, started(cwd=tmp_path, settings=on(url), command=command) as server:
        speaker = Speaker(OverStdio(server), LEGACY[-1])
        await speaker.greet()
        assert "Invoice Matcher" in await speaker.call("list_agents")
        await server.hang_up()
        assert await server.rest() == b""
        assert await server.ended() == 0
        assert b"noise by the descriptor" in server.errors


async def test_the_key_is_in_nothing_that_a_server_writes(tmp_path: Path) -> None:
    world = World()
    echo = {"message": f"the key {SECRET} is not good", "x-api-key": SECRET}
    async with serving(world) as url, started(cwd=tmp_path, settings=on(url, BEAM_API_KEY=SECRET)) as server:
        speaker = Speaker(OverStdio(server), LEGACY[-1])
        said = json.dumps(await speaker.greet())
        for status in (400, 401, 403, 409):
            world.faults.clear()
            world.faults.add("status", code=status, body=echo, times=None)
            said += await speaker.call("list_agents")
            said += await speaker.call("create_task", agent="Invoice Matcher", query=f"work {status}")
        world.faults.clear()
        for kind in ("status", "cut_mid_body"):
            world.faults.add(kind, times=None)
            said += await speaker.call("list_tasks")
            world.faults.clear()
        await server.hang_up()
        said += (await server.rest()).decode()
        assert await server.ended() == 0
    assert SECRET in str([seen.headers for seen in world.requests])
    assert SECRET not in said
    assert SECRET not in server.errors.decode()
