"""The event loop that servers run on."""

import asyncio
import sys

import pytest

from beam_mcp.cli.loop import run


@pytest.mark.skipif(sys.platform == "win32", reason="there is no uvloop")
def test_servers_run_on_uvloop() -> None:
    loops: list[str] = []

    async def serving() -> None:
        loops.append(type(asyncio.get_running_loop()).__module__)

    run(serving)
    assert loops == ["uvloop"]
