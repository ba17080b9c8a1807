"""Nowhere does a secret come out: each is planted, and every channel of every process is searched for it."""

import os
from pathlib import Path

import pytest

from tests.secrets.planting import GROUPS, KEY
from tests.secrets.searching import GLIMPSE, Capture, Collected, forms, leaks
from tests.secrets.table import SCENARIOS, Scenario, table

TABLE = Path(__file__).with_name("TABLE.md")
POSIX_ONLY = {"children", "endings"}


@pytest.mark.anyio
@pytest.mark.parametrize("scenario", SCENARIOS, ids=[scenario.name for scenario in SCENARIOS])
async def test_no_channel_gives_away_what_was_planted(scenario: Scenario, tmp_path: Path) -> None:
    if scenario.name in POSIX_ONLY and os.name != "posix":
        pytest.skip("programs are scripts there, and signals other than these")
    collected = await scenario.collect(tmp_path)
    assert sorted(capture.channel for capture in collected.captures) == sorted(scenario.channels)
    assert {c.channel: c.home_of for c in collected.captures if c.home_of} == dict(scenario.at_home)
    assert set(collected.secrets) == set(scenario.plants)
    assert all(collected.secrets.values())
    assert leaks(collected) == []


def test_the_table_is_that_of_the_scenarios() -> None:
    if os.environ.get("BEAM_MCP_REWRITE"):
        TABLE.write_text(table(), encoding="utf-8")
    assert TABLE.read_text(encoding="utf-8") == table()


def test_a_secret_is_found_in_every_form_and_where_nothing_was_captured_that_is_said() -> None:
    secrets = {"key": {"a key": KEY}}
    for form, needle in forms(KEY).items():
        capture = Capture("a channel", b"control " + needle + b" end", "control")
        assert leaks(Collected((capture,), secrets)), form
    assert not leaks(Collected((Capture("a channel", b"control", "control"),), secrets))
    assert "not really searched" in leaks(Collected((Capture("a channel", b"", "control"),), secrets))[0]
    at_home = Capture("a channel", b"control " + KEY.encode(), "control", frozenset({"key"}))
    assert not leaks(Collected((at_home,), secrets))


def test_no_two_secrets_begin_alike() -> None:
    every = [text for named in GROUPS.values() for text in named.values()]
    assert len({text[:GLIMPSE] for text in every}) == len(every)
    assert all(len(needle) >= GLIMPSE for text in every for needle in forms(text).values())
