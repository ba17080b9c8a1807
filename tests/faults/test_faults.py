"""Whatever goes wrong, each call ends with the right result or the right error: every cell of the table, played."""

import os
from functools import partial
from pathlib import Path

import anyio
import pytest

from tests.faults.calls import CALLS
from tests.faults.rows import ROWS
from tests.faults.running import Found, different, play_all
from tests.faults.table import Row, matrix

MATRIX = Path(__file__).with_name("MATRIX.md")


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Found:
    """What became of every cell; all are played at once, since most of the time is waiting."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NO_PROXY", "*")  # a proxy of this machine would answer for the name that is unknown
        return anyio.run(partial(play_all, tmp_path_factory.mktemp("faults")))


@pytest.mark.parametrize("row", ROWS, ids=[row.name for row in ROWS])
def test_every_call_makes_of_a_fault_what_the_table_says(found: Found, row: Row) -> None:
    assert different(found, [row]) == {}


def test_the_table_has_every_cell_and_no_row_twice(found: Found) -> None:
    cells = {(row.name, call.name) for row in ROWS for call in CALLS if row.expected(call)}
    assert len({row.name for row in ROWS}) == len(ROWS)
    assert set(found) == cells
    assert len(cells) > 1000


def test_the_matrix_is_that_of_the_table() -> None:
    if os.environ.get("BEAM_MCP_REWRITE"):
        MATRIX.write_text(matrix(ROWS), encoding="utf-8")
    assert MATRIX.read_text(encoding="utf-8") == matrix(ROWS)
