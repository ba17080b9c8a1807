"""Looking at the way to Beam says what is wrong with it, in bounded time, and never breaks itself."""

from pathlib import Path
from typing import Any

import anyio
import pytest

from beam_mcp.beam.http import Http
from beam_mcp.beam.probe import Probe, probe
from beam_mcp.sandbox.serve import serving
from beam_mcp.sandbox.world import World
from tests.faults.addresses import addresses

pytestmark = pytest.mark.anyio

PATIENCE = 30.0  # seconds for all


async def found(url: str) -> Probe:
    """What a look says."""
    http = Http(url)
    try:
        return await probe(http)
    finally:
        await http.aclose()


async def test_each_kind_of_trouble_is_told_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "*")
    said: dict[str, str | None] = {}

    async def look(name: str, url: str) -> None:
        said[name] = (await found(url)).trouble

    with anyio.fail_after(PATIENCE):
        async with addresses(tmp_path) as urls, anyio.create_task_group() as tasks:
            for name, url in urls.items():
                tasks.start_soon(look, name, url)
    assert said == {
        "unknown name": "name",
        "refused": "refused",
        "untrusted certificate": "certificate",
        "expired certificate": "certificate",
        "no TLS": "tls",
        **dict.fromkeys(("cut at once", "not HTTP", "endless headers", "packed twice", "broken packing"), "cut"),
    }


@pytest.mark.parametrize(
    ("fault", "trouble", "status"),
    [
        ({"kind": "status", "code": 500}, None, 500),
        ({"kind": "html_502"}, None, 502),
        ({"kind": "not_json", "acts": False}, None, 200),
        ({"kind": "redirect", "to": "https://files.example/"}, None, 302),
        ({"kind": "cut_before"}, "cut", 0),
        ({"kind": "cut_mid_body"}, "cut", 0),
        ({"kind": "gzip_bomb", "megabytes": 100}, "cut", 0),
        ({"kind": "endless_body"}, "cut", 0),
    ],
)
async def test_an_odd_answer_is_told_as_it_is(fault: dict[str, Any], trouble: str | None, status: int) -> None:
    world = World(populated=False)
    world.faults.add(times=None, **fault)
    async with serving(world) as url:
        with anyio.fail_after(PATIENCE):
            look = await found(url)
    assert (look.trouble, look.status) == (trouble, status)
