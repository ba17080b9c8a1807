"""Over HTTP: who may connect, whose credentials count, and that everybody shares one pool and waits for nobody."""

import socket
import statistics
import time
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import anyio
import anyio.abc
import httpx2
import pytest

from beam_mcp.sandbox.access import WORKSPACE_ID
from beam_mcp.sandbox.serve import serving
from beam_mcp.sandbox.world import World
from tests.cli.processes import PATIENCE, Started, on, started
from tests.cli.wires import LEGACY, MODERN, OverHttp, Speaker, Wire, over_sse

pytestmark = pytest.mark.anyio

OWN, THEIRS = "key-of-this-server", "key-of-the-caller"
DOORS = ("modern", "legacy", "sse")


@dataclass
class Site:
    """A server over HTTP, and the world it works on."""

    world: World
    server: Started
    http: httpx2.AsyncClient
    beam_connections: list[int]


@pytest.fixture(scope="module")
async def site(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    async with serving_site(tmp_path_factory.mktemp("site")) as found:
        yield found


@asynccontextmanager
async def serving_site(folder: Path, *flags: str) -> AsyncGenerator[Site]:
    """A server whose own key this world knows only while it is told to."""
    world, connections = World(), [0]
    async with (
        serving(world) as url,
        counting(url, connections) as counted,
        started(
            "--transport", "http", "--port", "0", *flags, cwd=folder, settings=on(counted, BEAM_API_KEY=OWN)
        ) as server,
    ):
        port = urlsplit(await server.address()).port
        limits = httpx2.Limits(max_connections=None)
        async with httpx2.AsyncClient(
            base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE, trust_env=False, limits=limits
        ) as http:
            yield Site(world, server, http, connections)


@asynccontextmanager
async def counting(url: str, connections: list[int]) -> AsyncGenerator[str]:
    """The same Beam behind a door that counts who comes through."""
    port = urlsplit(url).port
    assert port

    async def pass_on(near: anyio.abc.SocketStream) -> None:
        connections[0] += 1
        async with near, await anyio.connect_tcp("127.0.0.1", port) as far, anyio.create_task_group() as both:
            both.start_soon(pump, near, far, both)
            both.start_soon(pump, far, near, both)

    async def pump(source: anyio.abc.SocketStream, to: anyio.abc.SocketStream, both: anyio.abc.TaskGroup) -> None:
        try:
            async for chunk in source:
                await to.send(chunk)
        except (anyio.BrokenResourceError, anyio.ClosedResourceError):
            pass
        both.cancel_scope.cancel()

    listener = await anyio.create_tcp_listener(local_host="127.0.0.1")
    async with listener, anyio.create_task_group() as tasks:
        tasks.start_soon(listener.serve, pass_on)
        yield f"http://127.0.0.1:{listener.extra(anyio.abc.SocketAttribute.local_port)}"  # noqa: S610 - not Django
        tasks.cancel_scope.cancel()


@asynccontextmanager
async def entering(
    http: httpx2.AsyncClient, door: str, **headers: str
) -> AsyncGenerator[tuple[Speaker, dict[str, str]]]:
    """A conversation at a door with these headers (`_` for `-`), and what each of its requests carries from now on."""
    carried = {name.replace("_", "-"): value for name, value in headers.items()}
    if door == "sse":
        async with over_sse(http, carried) as wire:
            yield await greeted(wire, LEGACY[0]), wire.headers
    else:
        wire = OverHttp(http, carried)
        yield await greeted(wire, MODERN if door == "modern" else LEGACY[-1]), wire.headers


async def greeted(wire: Wire, version: str) -> Speaker:
    speaker = Speaker(wire, version)
    await speaker.greet()
    return speaker


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"host": "evil.example"}, 421),
        ({"host": "evil.example:8000"}, 421),
        ({"host": "127.0.0.1.evil.example"}, 421),
        ({"origin": "https://evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({"origin": "http://localhost.evil.example"}, 403),
        ({"host": "127.0.0.1"}, 200),
        ({"host": "localhost"}, 200),
        ({"host": "localhost:1234"}, 200),
        ({"host": "[::1]:1234"}, 200),
        ({"origin": "http://localhost:3000"}, 200),
        ({"origin": "https://127.0.0.1"}, 200),
    ],
)
async def test_only_known_hosts_and_origins_get_in(site: Site, headers: dict[str, str], status: int) -> None:
    hello = {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "initialize",
        "params": {"protocolVersion": LEGACY[-1], "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}},
    }
    accept = {"accept": "application/json, text/event-stream"}
    answer = await site.http.post("/mcp", json=hello, headers=accept | headers)
    assert answer.status_code == status
    assert "serverInfo" in answer.text if status == 200 else "serverInfo" not in answer.text
    async with site.http.stream("GET", "/sse", headers=headers) as stream:
        assert stream.status_code == status
    answer = await site.http.post(f"/messages/?session_id={'0' * 32}", json=hello, headers=headers)
    assert answer.status_code == (404 if status == 200 else status)


async def test_refused_strangers_fill_no_log(tmp_path: Path) -> None:
    async with serving_site(tmp_path) as site:
        for path in ("/sse", "/mcp", "/messages/", "/sse"):
            assert (await site.http.get(path, headers={"host": "evil.example"})).status_code == 421
        assert (await site.http.get("/health", headers={"host": "10.0.0.7:8000"})).status_code == 200
        site.server.process.terminate()
        await site.server.ended()
        assert "Traceback" not in site.server.errors.decode()


@pytest.mark.parametrize("door", DOORS)
async def test_a_callers_own_key_and_workspace_count_for_that_call_and_only_that(site: Site, door: str) -> None:
    site.world.access.key = THEIRS
    async with entering(site.http, door) as (ours, _):
        assert "Invoice Matcher" not in await ours.call("list_agents")
        async with entering(site.http, door, x_api_key=THEIRS, current_workspace_id=WORKSPACE_ID) as (theirs, _):
            before = len(site.world.requests)
            assert "Invoice Matcher" in await theirs.call("list_agents")
            sent = [seen.headers for seen in site.world.requests[before:]]
        assert [(seen.get("x-api-key"), seen.get("authorization")) for seen in sent] == [(THEIRS, None)] * len(sent)
        before = len(site.world.requests)
        assert "Invoice Matcher" not in await ours.call("list_agents")
        assert {seen.headers.get("x-api-key") for seen in site.world.requests[before:]} <= {OWN, None}


@pytest.mark.parametrize("door", DOORS)
async def test_a_callers_own_token_counts_for_that_call_and_only_that(site: Site, door: str) -> None:
    site.world.access.key = THEIRS
    token = (site.world.access.exchange(THEIRS) or {})["idToken"]
    async with entering(site.http, door, authorization=f"Bearer {token}") as (speaker, _):
        before = len(site.world.requests)
        assert "Invoice Matcher" in await speaker.call("list_agents")
        sent = [seen.headers for seen in site.world.requests[before:]]
        assert [(seen.get("x-api-key"), seen.get("authorization")) for seen in sent] == [
            (None, f"Bearer {token}")
        ] * len(sent)
    async with entering(site.http, door) as (speaker, _):
        assert "Invoice Matcher" not in await speaker.call("list_agents")
    assert token not in site.server.errors.decode()


@pytest.mark.parametrize("door", DOORS)
async def test_a_callers_workspace_is_the_one_asked(site: Site, door: str) -> None:
    site.world.access.key = OWN
    other = "0a0a0a0a-0000-4000-8000-0a0a0a0a0a0a"
    async with entering(site.http, door, current_workspace_id=other) as (speaker, _):
        before = len(site.world.requests)
        await speaker.call("list_agents")
        assert {seen.headers["current-workspace-id"] for seen in site.world.requests[before:]} == {other}


async def test_on_a_public_address_the_servers_own_key_is_nobodys(tmp_path: Path) -> None:
    async with serving_site(tmp_path, "--host", "0.0.0.0", "--allowed-hosts", "beam.example") as site:  # noqa: S104
        site.world.access.key = OWN
        answer = await site.http.post("/mcp", json={}, headers={"host": "beam.example"})
        assert answer.status_code == 401
        assert not site.world.requests
        async with entering(site.http, "modern", host="beam.example", x_api_key=OWN) as (speaker, _):
            assert "Invoice Matcher" in await speaker.call("list_agents")


async def test_thirty_clients_at_once_share_the_connections_to_beam(site: Site) -> None:
    site.world.access.key = OWN
    async with AsyncExitStack() as stack:
        speakers = [
            (await stack.enter_async_context(entering(site.http, DOORS[number % 3])))[0] for number in range(30)
        ]
        asked, before = len(site.world.requests), site.beam_connections[0]
        said: list[str] = []

        async def call(speaker: Speaker) -> None:
            said.append(await speaker.call("list_tasks"))

        with anyio.fail_after(PATIENCE):
            async with anyio.create_task_group() as tasks:
                for speaker in speakers:
                    tasks.start_soon(call, speaker)
            at_once = site.beam_connections[0]
            for speaker in speakers:
                await call(speaker)
    assert len(said) == 60
    assert all(words.startswith("13 tasks; ") for words in said)
    assert len(site.world.requests) - asked >= 60
    assert at_once - before <= 30
    assert site.beam_connections[0] == at_once


async def test_answers_are_not_held_back_on_their_way_to_the_client(site: Site) -> None:
    took: list[float] = []
    for _ in range(15):
        began = time.perf_counter()
        assert (await site.http.get("/health")).is_success
        took.append(time.perf_counter() - began)
    assert statistics.median(took) < 0.03  # with Nagle's algorithm it is 0.044


async def test_a_port_that_is_taken_or_a_host_that_is_not_ours_is_told_in_one_line(tmp_path: Path) -> None:
    taken = socket.create_server(("127.0.0.1", 0))
    port = str(taken.getsockname()[1])
    refused = {
        ("--port", port): f"BEAM_MCP_PORT (--port): 127.0.0.1:{port} is taken",
        ("--host", "192.0.2.1", "--allowed-hosts", "x"): "BEAM_MCP_HOST (--host): cannot listen on 192.0.2.1:8000 (",
        ("--host", "no host", "--allowed-hosts", "x"): "BEAM_MCP_HOST (--host): there is no host 'no host'",
    }
    with taken:
        for flags, words in refused.items():
            async with started("--transport", "http", *flags, cwd=tmp_path) as server:
                assert await server.ended() == 2
                assert await server.rest() == b""
                complaint = server.errors.decode()
            assert complaint.startswith(f"beam-mcp: {words}"), complaint
            assert complaint.count("\n") == 1
