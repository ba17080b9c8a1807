"""The streams of updates that Beam offers: a word that something changed, never what."""

from collections.abc import AsyncGenerator
from urllib.parse import quote

import httpx2

from beam_mcp.beam.errors import BeamUnavailable, of_status
from beam_mcp.beam.http import Beam
from beam_mcp.beam.transport import CONNECT_SECONDS, MOST_STREAMS, TRY_AGAIN, transport_errors


async def updates(beam: Beam, task_id: str) -> AsyncGenerator[None]:
    """One item when a task's stream is open, and one for each event; ends when Beam closes it.

    What an event says is not passed on: the GET is the truth (API.md, Errors and limits). It may be silent for long.

    Raises:
        BeamError: there is no such stream, or it broke.
    """
    http = beam.http
    if http.streams >= MOST_STREAMS:
        raise BeamUnavailable("Too many streams of updates are open.", TRY_AGAIN)
    http.streams += 1
    path = f"/agent-tasks/{quote(task_id, safe='')}/updates"
    quiet = httpx2.Timeout(None, connect=min(CONNECT_SECONDS, http.timeout))
    try:
        with transport_errors(http.client.base_url.host):
            async with http.client.sse(path, headers=await beam.signed(), timeout=quiet) as source:
                if not source.response.is_success:
                    raise of_status(source.response.status_code, "", workspace=None)
                yield
                async for _ in source:
                    yield
    finally:
        http.streams -= 1
