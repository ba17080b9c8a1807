"""What may be asked again and how long to wait first: one pure decision."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from beam_mcp.beam.errors import BeamError, BeamUnavailable, RateLimited

ATTEMPTS = 3
LONGEST_NUMBER = 9  # digits of a Retry-After that can be meant
LONGEST_PAUSE = 10.0  # seconds; a person waits behind this
FIRST_PAUSE = 0.1  # seconds, doubled each time
SPREAD = 1.0  # seconds


def pause(error: BeamError, attempt: int, chance: float) -> float | None:
    """Seconds until a read is repeated whose `attempt`, from 1 on, failed with `error`; None where it is not to be.

    `chance` between 0 and 1 spreads those who failed at the same time.
    """
    match error:
        case RateLimited(retry_after=None) | BeamUnavailable(retry_after=None):
            return FIRST_PAUSE * 2 ** (attempt - 1) + chance * SPREAD
        case RateLimited(retry_after=float(seconds)) | BeamUnavailable(retry_after=float(seconds)):
            return seconds if seconds <= LONGEST_PAUSE else None
        case _:
            return None


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
