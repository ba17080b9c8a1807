"""Credentials that no header can hold, and a key that an agent wrote down."""

from dataclasses import replace
from typing import Any

import pytest

from beam_mcp.beam.errors import NotConfigured
from beam_mcp.beam.http import Beam
from beam_mcp.beam.task import get_task
from beam_mcp.sandbox.access import SANDBOX_KEY
from beam_mcp.sandbox.world import World

from .line import PERSON
from .test_beam_credentials import chain, read, write

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("mode", ["key", "token", "auto"])
@pytest.mark.parametrize(
    "wrong", [{"key": "keyé-4711-secret"}, {"key": "key\x01-4711-secret"}, {"key": None, "bearer": "tökén-4711-secret"}]
)
async def test_what_no_header_can_hold_is_told_before_it_is_sent_and_not_shown(
    world: World, beam: Beam, mode: Any, wrong: dict[str, Any]
) -> None:
    stranger = beam.http.acting_as(replace(PERSON, mode=mode, **wrong))
    for act in (read(stranger), write(stranger, world)):
        with pytest.raises(NotConfigured, match="has characters that cannot be sent") as refused:
            await act
        assert "4711" not in chain(refused.value)
    assert not world.requests


@pytest.mark.parametrize("size", [0, 100_000])
async def test_a_key_that_an_agent_wrote_down_is_taken_out_of_answers_of_any_size(
    world: World, beam: Beam, size: int
) -> None:
    texts = {"task_query": f"use {SANDBOX_KEY} for it"}
    task = world.add_task("Market Research", status="COMPLETED", texts=texts, size_bytes=size or 1)
    for mode in ("key", "token"):
        found = await get_task(beam.http.acting_as(replace(PERSON, mode=mode)), task.id)
        assert found.task_query == "use [secret] for it"
