"""Many big answers at once take little more than one, and what they took goes back to the system."""

import asyncio
import sys
import tracemalloc

import pytest

from beam_mcp.beam.auth import Identity
from beam_mcp.beam.http import Http
from beam_mcp.beam.task_list import Filter, list_tasks
from beam_mcp.sandbox.access import SANDBOX_KEY, WORKSPACE_ID

from .memory import PAGE, read
from .servers import ours
from .upstream import upstream
from .web import site


@pytest.mark.skipif(sys.platform != "linux", reason="only there is it asked for, and its memory told")
def test_a_server_over_http_keeps_little_of_the_big_pages_it_read() -> None:
    with (
        upstream("work", "gzip") as url,
        site(lambda port: ours(url, "--transport", "http", "--port", str(port))) as server,
    ):
        before = server.resident
        for pages in (1, 4, 8, 8):
            asyncio.run(read(server, pages))
        assert server.resident - before < 2.25 * PAGE


@pytest.mark.anyio
async def test_big_answers_that_arrive_together_are_unpacked_one_after_the_other() -> None:
    with upstream("work", "gzip") as url:
        http = Http(url)
        beam = http.acting_as(Identity(SANDBOX_KEY, WORKSPACE_ID))
        tracemalloc.start()
        try:
            pages = await asyncio.gather(*(list_tasks(beam, Filter(page_size=100)) for _ in range(6)))
            peak = tracemalloc.get_traced_memory()[1] / 1e6
        finally:
            tracemalloc.stop()
            await http.aclose()
    assert {len(page.tasks) for page in pages} == {100}
    assert peak < 3 * PAGE  # all six at once are over five
