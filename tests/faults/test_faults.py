"""Whatever goes wrong, each call ends with the right result or the right error: every cell of the table, played."""

import os
from pathlib import Path

import pytest

from tests.faults.calls import CALLS
from tests.faults.rows import PARTS, ROWS
from tests.faults.running import different, play_all
from tests.faults.table import matrix

MATRIX = Path(__file__).with_name("MATRIX.md")


@pytest.mark.anyio
@pytest.mark.parametrize("part", PARTS)
async def test_every_call_makes_of_a_fault_what_the_table_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    monkeypatch.setenv("NO_PROXY", "*")  # a proxy of this machine would answer for the name that is unknown
    assert different(await play_all(PARTS[part], tmp_path), PARTS[part]) == {}


def test_the_table_has_more_than_a_thousand_cells_and_no_row_twice() -> None:
    assert len({row.name for row in ROWS}) == len(ROWS)
    assert sum(bool(row.expected(call)) for row in ROWS for call in CALLS) > 1000


def test_the_matrix_is_that_of_the_table() -> None:
    if os.environ.get("BEAM_MCP_REWRITE"):
        MATRIX.write_text(matrix(ROWS), encoding="utf-8")
    assert MATRIX.read_text(encoding="utf-8") == matrix(ROWS)
