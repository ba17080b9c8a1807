"""The port of the pages on this machine: where it cannot be opened, there is no link, and nothing is left open."""

import socket

import pytest

from beam_mcp.beam.task import Task
from beam_mcp.cli.loopback import Loopback
from beam_mcp.sandbox.world import World
from beam_mcp.server.links import Links
from tests.server.paged import Paged, paged

pytestmark = pytest.mark.anyio


async def link(pages: Paged, door: Loopback) -> str | None:
    """The link to some decision."""
    return await door.link(pages.caller, Task(id="task"), "step")  # pyright: ignore[reportArgumentType]


async def test_a_port_that_is_taken_gives_no_link(anyio_backend: str) -> None:
    assert anyio_backend
    with socket.create_server(("127.0.0.1", 0)) as taken:
        async with paged(World(populated=False)) as pages:
            door = Loopback(Links(), taken.getsockname()[1])
            assert await link(pages, door) is None
            await door.aclose()


async def test_a_port_that_does_not_open_in_time_gives_no_link_and_is_closed_again() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    async with paged(World(populated=False)) as pages:
        impatient, patient = Loopback(Links(), port, patience=0), Loopback(Links(), port)
        assert await link(pages, impatient) is None
        found = await link(pages, patient)
        assert found
        assert found.startswith(f"http://127.0.0.1:{port}/decide/")
        assert (await pages.see(found.replace("/decide/", "/inbox/"))).status == 404
        await impatient.aclose()
        await patient.aclose()
