"""The benchmarks run: what they measure is told by nobody's test, since a busy machine would fail it."""

from pathlib import Path

import pytest

from .rows import machine, row, table, written
from .small_calls import over_stdio
from .upstream import upstream


def test_one_round_of_a_benchmark_finds_a_ratio_of_two_durations() -> None:
    with upstream("work", "gzip") as url:
        found = over_stdio(url, rounds=1, calls=5)
    assert found["other"] > 0
    assert found["ratio"] == pytest.approx(found["ours"] / found["other"])
    assert found["unit"] == "ms"
    assert found["met"] is (found["ratio"] <= 1.3)


def test_a_promise_is_kept_up_to_its_limit_on_its_own_side() -> None:
    assert [row("a", ours, 10, "ms", most=1.5)["met"] for ours in (1, 15, 16)] == [True, True, False]
    assert [row("a", ours, 10, "calls/s", least=0.8)["met"] for ours in (7, 8, 100)] == [False, True, True]
    assert row("a", 5, 10, "ms")["met"] is None


def test_results_are_kept_with_date_and_machine(tmp_path: Path) -> None:
    rows = [row("page", 57.0, 1368.0, "ms", most=0.1), row("task", 20.0, 115.0, "ms", most=0.1)]
    written(rows, tmp_path / "results.md")
    kept = (tmp_path / "results.md").read_text(encoding="utf-8")
    assert machine() in kept
    assert table(rows) in kept
    assert "| page | 57 | 1,368 | ms | 0.04 | 0.10 | yes |" in kept
    assert "| task | 20 | 115 | ms | 0.17 | 0.10 | **no** |" in kept
    assert (tmp_path / "results.json").exists()
