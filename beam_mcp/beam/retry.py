"""What may be asked again and how long to wait first: one pure decision."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from beam_mcp.beam.errors import BeamUnavailable, RateLimited

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


def retry_after(header: str | None, now: datetime | None = None) -> float | None:
    """Seconds asked for by a Retry-After header, in either form of RFC 9110 §10.2.3; None when absent or unreadable."""
    if header is None:
        return None
    if (digits := header.strip()).isdecimal():
        return float(digits) if len(digits) <= LONGEST_NUMBER else None
    try:
        moment = parsedate_to_datetime(header)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)  # the older forms of an HTTP date name no zone; all are in UTC
    return max(0.0, (moment - (now or datetime.now(UTC))).total_seconds())
