"""How loosely written arguments are understood: lists, times, statuses, answers."""

import difflib
import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any, cast

from pydantic import BeforeValidator, Field

from beam_mcp.beam.errors import BadRequest
from beam_mcp.beam.task import PHASES, phase_of
from beam_mcp.views.text import quoted

_SPAN = re.compile(r"(\d{1,4}) ?(m|min|h|d|w)")
_UNITS = {"m": "minutes", "min": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def _one_is_a_list(given: Any) -> Any:
    return [given] if isinstance(given, str) else given


def _as_text(given: Any) -> Any:
    """Answers are text to Beam; a model may write 5 or true where a person said so."""
    if isinstance(given, bool):
        return "true" if given else "false"
    if isinstance(given, list):
        return ", ".join(map(str, cast("list[Any]", given)))
    return str(given) if isinstance(given, int | float) else given


Listed = BeforeValidator(_one_is_a_list)
Answer = Annotated[str, BeforeValidator(_as_text)]
Moment = Annotated[str, Field(description="ISO date or time, or an age such as 24h, 7d")]


def moment(argument: str, given: str | None, now: datetime) -> str | None:
    """The time meant, as Beam wants it (ISO 8601, UTC).

    Raises:
        BadRequest: it is neither a time nor an age.
    """
    if given is None:
        return None
    if span := _SPAN.fullmatch(given.strip().lower()):
        return _iso(now - timedelta(**{_UNITS[span[2]]: int(span[1])}))
    try:
        meant = datetime.fromisoformat(given.strip())
    except ValueError:
        what = f"{argument}: {quoted(given, 40)} is not a time."
        raise BadRequest(what, 'Write it as 2026-11-22, 2026-11-22T09:30:00Z, or an age such as "24h".') from None
    return _iso(meant if meant.tzinfo else meant.replace(tzinfo=UTC))


def day(argument: str, given: str | None, now: datetime) -> date | None:
    """The day meant, in UTC.

    Raises:
        BadRequest: it is neither a time nor an age.
    """
    meant = moment(argument, given, now)
    return datetime.fromisoformat(meant).date() if meant else None


def _iso(meant: datetime) -> str:
    return meant.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def statuses_of(given: Iterable[str]) -> tuple[str, ...]:
    """Beam's statuses for a list of words or statuses; capitals nobody has documented are Beam's to judge.

    Raises:
        BadRequest: a word that is neither.
    """
    found: dict[str, None] = {}
    for word in given:
        found |= dict.fromkeys(_statuses_of(word.strip()))
    return tuple(found)


def _statuses_of(word: str) -> tuple[str, ...]:
    for phase, statuses in PHASES.items():
        if phase == word.lower().replace(" ", "_"):
            return statuses
    if word.isupper() or phase_of(word):
        return (word.upper(),)
    known = [*PHASES, *(status.lower() for statuses in PHASES.values() for status in statuses)]
    near = difflib.get_close_matches(word.lower(), known, n=1)
    hint = (
        f"Did you mean {near[0]}?" if near else "Use working, needs_me, done, failed or a Beam status such as QUEUED."
    )
    raise BadRequest(f"status: {quoted(word, 40)} is not known.", hint)
