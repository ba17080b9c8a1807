"""What a benchmark finds: rows of ours beside another's, as a table and as a file with date and machine."""

import json
import os
import platform
import statistics
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, TypedDict, TypeVar

PACKAGES = ("mcp", "pydantic", "httpx2", "anyio", "uvicorn", "uvloop", "httptools", "msgspec")

Turn = TypeVar("Turn", bound=tuple[float, ...])


class Row(TypedDict):
    """One promise: `ours` and `other` are middles in `unit`, `ratio` is ours by the other, `met` compares it."""

    promise: str
    ours: float
    other: float
    unit: str
    ratio: float
    limit: float | None
    met: bool | None


def row(promise: str, ours: float, other: float, unit: str, *, most: float | None = None, least: float = 0) -> Row:
    """A row whose ratio must be at most `most`, or at least `least`; told for information where neither is given."""
    ratio = ours / other if other else float("inf")
    limit = most if most is not None else least or None
    met = None if limit is None else ratio <= limit if most is not None else ratio >= limit
    return Row(promise=promise, ours=ours, other=other, unit=unit, ratio=ratio, limit=limit, met=met)


def median(samples: Iterable[float]) -> float:
    """The middle one."""
    return statistics.median(list(samples))


def middle(turns: Iterable[Turn]) -> Turn:
    """The turn whose first figure beside its second is the middle one.

    A shared machine is half as fast from one second to the next, so only what was measured within one is compared.
    """
    ranked = sorted(turns, key=lambda turn: turn[0] / turn[1])
    return ranked[len(ranked) // 2]


def table(rows: Sequence[Mapping[str, Any]]) -> str:
    """Rows as a Markdown table."""
    head = ("promise", "ours", "other", "unit", "ratio", "limit", "met")
    lines = [[_said(name, found.get(name)) for name in head] for found in rows]
    return "\n".join(_line(cells) for cells in (head, ["---"] * len(head), *lines))


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _said(name: str, found: Any) -> str:
    if isinstance(found, bool):
        return "yes" if found else "**no**"
    if isinstance(found, float):
        return f"{found:.2f}" if name in {"ratio", "limit"} or found < 10 else f"{found:,.0f}"
    return "" if found is None else str(found)


def machine() -> str:
    """What it was measured on, in a line."""
    found = [f"{name} {here}" for name in PACKAGES if (here := _version(name))]
    processor = f"{_processor()}, {os.cpu_count()} cores, {platform.system()} {platform.machine()}"
    return f"{processor}, Python {platform.python_version()}; {', '.join(found)}"


def written(rows: Sequence[Mapping[str, Any]], file: Path) -> None:
    """Keep the rows: a table to read in `file`, and beside it the same as JSON."""
    when = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    file.write_text(f"# Measured {when}\n\n{machine()}.\n\n{table(rows)}\n", encoding="utf-8")
    kept = {"date": when, "machine": machine(), "rows": list(rows)}
    file.with_suffix(".json").write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _processor() -> str:
    described = Path("/proc/cpuinfo")
    lines = described.read_text(encoding="utf-8").splitlines() if described.exists() else []
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "CPU unknown")
