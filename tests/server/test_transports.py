"""Every door and every version of the protocol: a real process, a real socket, tools listed and one called."""

import sys
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import httpx2
import pytest
from mcp import Client, StdioServerParameters
from mcp.client.sse import sse_client
from mcp_types import TextContent

from beam_mcp import __version__
from beam_mcp.sandbox.serve import serving
from beam_mcp.sandbox.world import World
from tests.cli.processes import PATIENCE, on, started, surroundings
from tests.cli.wires import LEGACY, MODERN, OverHttp, OverSse, OverStdio, Speaker, Wire, over_sse

pytestmark = pytest.mark.anyio

VERSIONS = (*LEGACY, MODERN)


@pytest.fixture(scope="module")
async def beam() -> AsyncIterator[str]:
    async with serving(World()) as url:
        yield url


@pytest.fixture(scope="module")
async def site(beam: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    """The address of a server that serves Streamable HTTP and SSE."""
    folder = tmp_path_factory.mktemp("site")
    async with started("--transport", "http", "--port", "0", cwd=folder, settings=on(beam)) as server:
        yield await server.address()
        assert server.errors.count(b"\n") == 1, server.errors.decode()


@asynccontextmanager
async def web(site: str) -> AsyncGenerator[httpx2.AsyncClient]:
    async with httpx2.AsyncClient(base_url=site, timeout=PATIENCE, trust_env=False) as http:
        yield http


async def converse(wire: Wire, version: str) -> None:
    """Greet, list the tools, call one."""
    speaker = Speaker(wire, version)
    with anyio.fail_after(PATIENCE):
        greeting = await speaker.greet()
        if version == MODERN:
            assert version in greeting["supportedVersions"]
        else:
            assert greeting["protocolVersion"] == version
            assert greeting["serverInfo"]["name"] == "beam"
            assert greeting["serverInfo"]["version"] == __version__
        assert {"list_agents", "create_task", "wait_for_tasks"} <= set(await speaker.tools())
        assert "Invoice Matcher" in await speaker.call("list_agents")


@pytest.mark.parametrize("version", VERSIONS)
async def test_each_version_lists_and_calls_tools_on_stdio(beam: str, tmp_path: Path, version: str) -> None:
    async with started(cwd=tmp_path, settings=on(beam)) as server:
        await converse(OverStdio(server), version)
        await server.hang_up()
        assert await server.ended() == 0
        assert await server.rest() == b""
        assert server.errors == b""


@pytest.mark.parametrize("version", VERSIONS)
async def test_each_version_lists_and_calls_tools_on_streamable_http(site: str, version: str) -> None:
    async with web(site) as http:
        wire = OverHttp(http)
        await converse(wire, version)
        assert ("mcp-session-id" in wire.headers) is (version != MODERN)


@pytest.mark.parametrize("version", VERSIONS)
async def test_each_version_lists_and_calls_tools_on_sse(site: str, version: str) -> None:
    async with web(site) as http, over_sse(http) as wire:
        await converse(wire, version)


async def test_a_version_nobody_knows_is_answered_with_one_that_we_do(beam: str, tmp_path: Path) -> None:
    async with started(cwd=tmp_path, settings=on(beam)) as server:
        assert (await Speaker(OverStdio(server), "1999-01-01").greet())["protocolVersion"] in LEGACY


def client(door: str, mode: str, beam: str, site: str, folder: Path) -> Client:
    """The official client at one of the doors."""
    if door == "stdio":
        arguments = ["-m", "beam_mcp.cli"]
        settings = surroundings(**on(beam))
        return Client(
            StdioServerParameters(command=sys.executable, args=arguments, env=settings, cwd=folder), mode=mode
        )
    if door == "http":
        return Client(f"{site}/mcp", mode=mode)
    return Client(sse_client(f"{site}/sse"), mode=mode)


@pytest.mark.parametrize("mode", ["auto", "legacy", MODERN])
@pytest.mark.parametrize("door", ["stdio", "http", "sse"])
async def test_the_official_client_gets_along_at_every_door(
    beam: str, site: str, tmp_path: Path, door: str, mode: str
) -> None:
    with anyio.fail_after(PATIENCE):
        async with client(door, mode, beam, site, tmp_path) as chat:
            modern = mode in {MODERN, "auto"}
            assert chat.protocol_version == (MODERN if modern else LEGACY[-1])
            assert "create_task" in [tool.name for tool in (await chat.list_tools()).tools]
            said: list[Any] = (await chat.call_tool("list_agents", {})).content
            assert isinstance(said[0], TextContent)
            assert "Invoice Matcher" in said[0].text


async def test_health_tells_the_version(site: str) -> None:
    async with web(site) as http:
        answer = await http.get("/health")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok", "version": __version__})


async def test_the_sse_transport_serves_no_streamable_http(beam: str, tmp_path: Path) -> None:
    async with started("serve", "--transport", "sse", "--port", "0", cwd=tmp_path, settings=on(beam)) as server:
        async with web(await server.address()) as http:
            assert (await http.post("/mcp", json={})).status_code == 404
            assert (await http.get("/health")).status_code == 200
            async with over_sse(http) as wire:
                assert isinstance(wire, OverSse)
                await converse(wire, LEGACY[0])
        assert server.errors.startswith(b"beam-mcp serves http://127.0.0.1:")
        assert b"/sse\n" in server.errors
