"""What a row of the table is, and how the table is shown; its rows are in rows.py, its columns in calls.py."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from tests.faults.calls import CALLS, Call, Kind

PATIENT, HURRIED = 30.0, 5.0  # seconds that a call may take
NOT_ASKED = "–"

LEGEND = """\
# What becomes of each call when something goes wrong

Written by `tests/faults/test_faults.py`, which plays every cell for real; `BEAM_MCP_REWRITE=1 pytest tests/faults`
writes it anew. The rows are said in `rows.py`, the calls in `calls.py`.

* `right`: the answer is the same as without the fault; `right ×2`: after so many requests.
* `BeamUnavailable ×3`: this error (`beam_mcp/beam/errors.py`), after so many requests.
* `done`: a write that Beam carried out once and that is told as done, though its own answer may have been lost.
* `unknown`: a write that Beam did not carry out, where no answer says so: `MayHaveHappened`, and what to look at.
* Any other error of a write: Beam did not carry it out, and the error says so. No write is ever sent twice.
* “once”: only the first request of the call meets the fault, otherwise all do. Beam acts where its answer suffers on
  the way (slow, cut mid-body, truncated, endless, a bomb), otherwise only where the row says so.
* “–”: no case of its own. An empty answer is Beam's documented yes to retry_task and stop_task; the bytes of a download
  may be anything; until_news reads by the calls above.
"""
TITLES: Mapping[Kind, str] = {"read": "Reads", "other": "Tokens, downloads, waiting", "write": "Writes"}


@dataclass(frozen=True)
class Row:
    """A fault: what the sandbox is asked to do, or an address instead of Beam's; and what becomes of calls.

    `read` and `write` say it for all calls of the kind, `but` for a single one; empty where the row is about others.
    """

    name: str
    fault: Mapping[str, Any] | str
    read: str = ""
    write: str = ""
    but: Mapping[str, str] = field(default_factory=dict[str, str])
    limit: float = PATIENT

    def expected(self, call: Call) -> str:
        """What becomes of a call, in the words of the legend."""
        return self.but.get(call.name, {"read": self.read, "write": self.write}.get(call.kind, ""))

    def at(self, other: str) -> "Row":
        """The same, where it points to another host that is there."""
        if isinstance(self.fault, str) or "to" not in self.fault:
            return self
        return replace(self, fault={**self.fault, "to": other + self.fault["to"]})


def matrix(rows: Sequence[Row]) -> str:
    """The whole table as Markdown."""
    return LEGEND + "".join(f"\n## {title}\n\n{_part(rows, kind)}" for kind, title in TITLES.items())


def _part(rows: Sequence[Row], kind: Kind) -> str:
    calls = [call for call in CALLS if call.kind == kind]
    lines = [["fault", *(call.name for call in calls)], ["---"] * (len(calls) + 1), *_cells(rows, calls)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _cells(rows: Sequence[Row], calls: Sequence[Call]) -> Iterator[list[str]]:
    for row in rows:
        if any(map(row.expected, calls)):
            yield [row.name, *(row.expected(call) or NOT_ASKED for call in calls)]
