"""What may be asked again and how long to wait first: one pure decision."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TypeVar

from beam_mcp.beam.errors import BeamUnavailable, RateLimited

R = TypeVar("R")

ATTEMPTS = 3
LONGEST_NUMBER = 9  # digits of a Retry-After that can be meant
LONGEST_PAUSE = 10.0  # seconds; a person waits behind this


def pause(error: Exception) -> bool | float:
    """Whether a read that failed with `error` may be repeated: no, yes with back-off, or after so many seconds."""
    match error:
        case RateLimited(retry_after=None) | BeamUnavailable(retry_after=None):
            return True
        case RateLimited(retry_after=float(seconds)) | BeamUnavailable(retry_after=float(seconds)):
            return seconds if seconds <= LONGEST_PAUSE else False
        case _:
            return False


async def again(read: Callable[[], Awaitable[R]], failed: Exception, *, attempts: int) -> R:
    """What a read brings that has `failed` once: tried up to `attempts` times in all, each after its pause.

    Raises:
        BeamError: of the last attempt, or one that may not be repeated.
    """
    # Nearly every read succeeds at once: the library is loaded for those that do not.
    import stamina  # noqa: PLC0415

    # What came of it all is told; that something was tried again is no news to anybody.
    stamina.instrumentation.set_on_retry_hooks(())
    failures = [failed]
    async for attempt in stamina.retry_context(on=pause, attempts=attempts, timeout=None):
        with attempt:
            if failures:
                raise failures.pop()
            return await read()
    raise AssertionError("a retry context ends with a result or an error")


def retry_after(header: str | None, now: datetime | None = None) -> float | None:
    """Seconds asked for by a Retry-After header, in either form of RFC 9110 §10.2.3; None when absent or unreadable."""
    if header is None:
        return None
    if (digits := header.strip()).isdecimal():
        return float(digits) if len(digits) <= LONGEST_NUMBER else None
    moment = http_date(header)
    return None if moment is None else max(0.0, (moment - (now or datetime.now(UTC))).total_seconds())


def http_date(header: str | None) -> datetime | None:
    """The moment that a header names (RFC 9110 §5.6.7), in UTC; None when absent or unreadable."""
    try:
        moment = parsedate_to_datetime(header or "")
        # The older forms name no zone; all are in UTC.
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):  # the latter for what no calendar holds
        return None
