"""What all calls of a process share keeps nobody who called, and is closed for good."""

import gc
from pathlib import Path
from weakref import WeakSet

import pytest

from beam_mcp.beam.auth import Identity
from beam_mcp.beam.errors import BeamUnavailable, NotConfigured
from beam_mcp.beam.http import Http
from beam_mcp.sandbox.access import WORKSPACE_ID
from beam_mcp.sandbox.serve import serving
from beam_mcp.sandbox.world import World

from .line import PERSON
from .speaking import settled

pytestmark = pytest.mark.anyio


async def test_certificates_that_cannot_be_read_keep_nobody_who_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "nowhere.pem"))
    http, people = Http("https://127.0.0.1:1"), WeakSet[Identity]()

    async def ask(number: int) -> None:
        person = Identity(key=f"key-of-somebody-{number}", workspace=WORKSPACE_ID)
        people.add(person)
        with pytest.raises(NotConfigured, match="certificates cannot be read"):
            await http.acting_as(person).body("/agent")

    for number in range(3):
        await ask(number)
    await settled()
    gc.collect()
    assert not people
    await http.aclose()


async def test_nothing_is_sent_once_the_connections_are_closed(world: World) -> None:
    async with serving(world) as url:
        http = Http(url)
        beam = http.acting_as(PERSON)
        await beam.body("/agent")
        await http.aclose()
        with pytest.raises(BeamUnavailable, match="closed on this side") as refused:
            await beam.send("POST", "/agent-tasks", json={})
    assert refused.value.sent is False
    assert [seen.method for seen in world.requests] == ["GET"]
