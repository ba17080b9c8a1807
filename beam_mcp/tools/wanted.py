"""How loosely written arguments are understood: lists, times, statuses, answers."""

import difflib
import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any, cast

from pydantic import BeforeValidator, Field

from beam_mcp.beam.errors import BadRequest
from beam_mcp.beam.task import PHASES, phase_of
from beam_mcp.views.names import named_statuses
from beam_mcp.views.text import quoted

_SPAN = re.compile(r"(\d+) ?(m|h|d|w)(?:in|ins|inutes?|ours?|ays?|eeks?)?(?: ago)?")
MOST_DIGITS = 4  # of an age
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_DAYS = {"today": 0, "yesterday": 1}
_REST_OF_DAY = timedelta(days=1) - timedelta(milliseconds=1)
_A_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")

_DOCUMENTED = frozenset(status for statuses in PHASES.values() for status in statuses)


def _one_is_a_list(given: Any) -> Any:
    """A single name is a list of one; several with commas between them are as many."""
    return [part.strip() for part in given.split(",") if part.strip()] if isinstance(given, str) else given


def _one_link_is_a_list(given: Any) -> Any:
    return [given] if isinstance(given, str) else given


def _as_text(given: Any) -> Any:
    """Answers are text to Beam; a model may write 5 or true where a person said so."""
    if isinstance(given, bool):
        return "true" if given else "false"
    if isinstance(given, list):
        return ", ".join(map(str, cast("list[Any]", given)))
    return str(given) if isinstance(given, int | float) else given


Listed = BeforeValidator(_one_is_a_list)
Whole = BeforeValidator(_one_link_is_a_list)
Answer = Annotated[str, BeforeValidator(_as_text)]
Moment = Annotated[str, Field(description="ISO date or time, or an age such as 24h, 7d")]


def moment(argument: str, given: str | None, now: datetime, *, end_of_day: bool = False) -> str | None:
    """The time meant, as Beam wants it (ISO 8601, UTC); `end_of_day` where a bare day means all of it.

    Raises:
        BadRequest: it is neither a time nor an age.
    """
    if given is None:
        return None
    said = given.strip().lower()
    try:
        if span := _SPAN.fullmatch(said):
            _refuse_long(argument, given, span)
            return _iso(now - timedelta(**{_UNITS[span[2]]: int(span[1])}))
        if said in _DAYS:
            said = (now - timedelta(days=_DAYS[said])).date().isoformat()
        meant = datetime.fromisoformat(said.upper())
        meant = meant.replace(tzinfo=meant.tzinfo or UTC)
        return _iso(meant + _REST_OF_DAY if end_of_day and _A_DAY.fullmatch(said) else meant)
    except (ValueError, OverflowError):
        what = f"{argument}: {quoted(given, 40)} is not a time."
        raise BadRequest(what, 'Write it as 2026-11-22, 2026-11-22T09:30:00Z, or an age such as "24h".') from None


def _refuse_long(argument: str, given: str, span: re.Match[str]) -> None:
    if len(span[1].lstrip("0")) > MOST_DIGITS:
        what = f"{argument}: {quoted(given, 40)} is too long ago."
        raise BadRequest(what, f"Write at most {'9' * MOST_DIGITS} {_UNITS[span[2]]}.")


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
    said = "_".join(word.lower().replace("-", " ").split())
    for phase, statuses in PHASES.items():
        if phase == said:
            return statuses
    if named := named_statuses(word):
        return named
    if said.upper() in _DOCUMENTED or (word.isupper() and phase_of(word) is None):
        return ("_".join(word.upper().split()),)
    known = [*PHASES, *(status.lower() for status in sorted(_DOCUMENTED))]
    near = difflib.get_close_matches(said, known, n=1)
    hint = (
        f"Did you mean {near[0]}?" if near else "Use working, needs_me, done, failed or a Beam status such as QUEUED."
    )
    raise BadRequest(f"status: {quoted(word, 40)} is not known.", hint)
