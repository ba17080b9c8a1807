"""Attacks through every place and channel: none does what it tries, and the table says what became of each."""

from collections.abc import Sequence

import pytest

from tests.cli.processes import ROOT
from tests.foreign.corpus import CORPUS, HARMLESS, KINDS
from tests.foreign.fields import every_place
from tests.foreign.play import outputs, play
from tests.foreign.table import CHANNELS, EVERY, KEPT, OVER_HTTP, TURNS, table

pytestmark = pytest.mark.anyio


HALVES = (TURNS[: len(TURNS) // 2], TURNS[len(TURNS) // 2 :])


@pytest.mark.parametrize("turns", HALVES, ids=["one half", "the other"])
async def test_no_attack_does_what_it_tries_at_any_place_in_any_channel(turns: Sequence[int]) -> None:
    played = await play(CORPUS, turns, EVERY)
    assert played.wrong == []
    assert played.channels == CHANNELS


async def test_none_does_over_http_either() -> None:
    played = await play(CORPUS, OVER_HTTP, 1, "http")
    assert played.wrong == []
    assert played.channels <= CHANNELS


async def test_the_table_of_attacks_is_current() -> None:
    assert KEPT.read_text(encoding="utf-8") == table(await outputs(CORPUS)), "python -m tests.foreign writes it anew"


def test_the_corpus_is_large_and_nothing_stands_in_it_twice() -> None:
    assert len({attack.text for attack in CORPUS}) == len(CORPUS) >= 150
    assert all(len(texts) >= 8 for _, texts in KINDS.values())
    assert not {attack.text for attack in CORPUS} & {*HARMLESS.values()}
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert f"[{len(CORPUS)} attacks](tests/foreign/TABLE.md)" in readme


def test_the_places_are_found_in_the_models_so_that_a_new_field_is_attacked_as_well() -> None:
    known = {place.rpartition(".")[2] for place in every_place()}
    assert {"name", "description", "customId", "objective", "memoryAnswer", "integration_error", "mimeType"} <= known
    assert {"groupName", "instructions", "reason", "key", "value", "downloadUrl", "email"} <= known
    assert len([*every_place()]) == len({*every_place()}) > 100
