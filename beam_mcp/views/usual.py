"""How long an agent's tasks usually take, in words, and when it is worth looking again."""

from datetime import datetime

from beam_mcp.beam.history import Usual
from beam_mcp.beam.task import TaskHead, in_utc
from beam_mcp.views.names import cost
from beam_mcp.views.text import span

SOONEST, LATEST = 20.0, 600.0  # seconds; when to look again, whatever is usual


def usual_words(usual: Usual | None) -> str | None:
    """ "usually 3-6 min, cost 0.05"; None when nothing is known."""
    if usual is None or usual.p90 < 1:
        return None
    short, long = span(usual.p50), span(usual.p90)
    time = f"usually {short}" if short == long else f"usually {_range(short, long)}"
    price = cost(usual.cost)
    return f"{time}, {price}" if price else time


def _range(short: str, long: str) -> str:
    """Two lengths of time with the unit said once where it is the same."""
    number, _, unit = short.partition(" ")
    return f"{number}–{long}" if long.endswith(f" {unit}") else f"{short} to {long}"


def look_again(task: TaskHead, usual: Usual | None, now: datetime) -> str:
    """When to look again: about when it is usually done, the later the longer overdue; else in a minute or two."""
    begun = in_utc(task.started_at or task.created_at)
    if (task.status or "").upper() == "WAITING":
        return span(LATEST)  # until a set time, which Beam does not say
    if usual is None or begun is None:
        return "a minute or two"
    left = usual.p50 - (now - begun).total_seconds()
    return span(min(LATEST, max(SOONEST, left if left > 0 else max(usual.p90, -left) / 4)))
