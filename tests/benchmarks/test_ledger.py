"""What a model pays stays within the budgets, and does not grow unnoticed."""

import pytest

from beam_mcp.views.text import tokens

from .ledger import ALL_DEFINITIONS, BUDGETS, KEPT, LESS, Entry, definitions, differences, kept_rows, over_budget, page
from .ledger_calls import Answer, answers

pytestmark = pytest.mark.anyio

REWRITE = "python -m tests.benchmarks.ledger --write"
BIG = 20_000  # tokens of raw JSON, from which on a hundredth is enough for any answer


@pytest.fixture(scope="module")
async def said() -> list[Answer]:
    """Every answer as it is today; hearing them takes some seconds, so all tests share them."""
    return await answers(raw=False)


@pytest.fixture(scope="module")
async def counted(said: list[Answer]) -> list[Entry]:
    """The ledger as it is today, without the raw side."""
    return [*await definitions(), *map(Entry.of, said)]


async def test_what_a_model_pays_is_what_the_ledger_says(counted: list[Entry]) -> None:
    changed = differences(kept_rows(KEPT.read_text("utf-8")), {entry.name: entry.tokens for entry in counted})
    assert not changed, "\n".join([f"If this was meant, keep it in the same commit: {REWRITE}", *changed])


async def test_every_answer_keeps_the_budget_of_its_kind(counted: list[Entry]) -> None:
    assert {entry.kind for entry in counted} == {*BUDGETS, "definition"}
    assert not over_budget(counted)


async def test_all_definitions_together_keep_theirs_also_where_cards_are_shown(counted: list[Entry]) -> None:
    together = {entry.name: entry.tokens for entry in counted if entry.name.startswith("all tools")}
    assert len(together) == 2
    assert max(together.values()) <= ALL_DEFINITIONS, together


async def test_every_tool_is_called(counted: list[Entry]) -> None:
    tools = {e.name for e in counted if e.kind == "definition" and not e.name.startswith("all")}
    answered = {e.name.partition("(")[0] for e in counted if e.kind not in {"definition", "error"}}
    assert tools == answered


async def test_our_own_estimate_of_tokens_is_close(said: list[Answer]) -> None:
    long = [answer for answer in said if answer.tokens > 30]
    guessed, exact = sum(tokens(answer.words) for answer in long), sum(answer.tokens for answer in long)
    assert abs(guessed / exact - 1) <= 0.15
    assert [a.name for a in long if not 0.65 <= tokens(a.words) / a.tokens <= 1.35] == []


def test_the_kept_answers_cost_a_hundredth_of_beams_raw_json_wherever_that_is_big() -> None:
    rows = [line.strip("| ").split(" | ") for line in KEPT.read_text("utf-8").splitlines() if line.startswith("| ")]
    raw = {row[0]: (int(row[2]), int(row[3].replace(",", ""))) for row in rows if len(row) == 6 and row[2].isdecimal()}
    big = {name: 1 - ours / theirs for name, (ours, theirs) in raw.items() if theirs >= BIG}
    assert len(big) > 100
    assert {name: less for name, less in big.items() if less < LESS} == {}


def test_a_difference_says_what_grew_shrank_came_and_went() -> None:
    before, now = {"a": 1, "b": 2, "c": 3, "d": 4}, {"a": 2, "b": 1, "c": 3, "e": 5}
    assert differences(before, now) == ["came: e (5)", "grew: a 1 → 2", "shrank: b 2 → 1", "went: d (4)"]


def test_a_page_is_read_as_it_was_written() -> None:
    entries = [
        Entry("get_task", "definition", 1234),
        Entry('get_task(task="X")', "error", 12),
        Entry("list_tasks()", "list", 900, 20_000, 90_000),
        Entry("get_account()", "account", 201, 190, 480),
    ]
    assert kept_rows(page(entries)) == {entry.name: entry.tokens for entry in entries}
    assert over_budget(entries) == ["get_account(): 201 > 200"]
