"""Ages that are too long are told their limit."""

from datetime import UTC, datetime

import pytest

from beam_mcp.beam.errors import BadRequest
from beam_mcp.tools.wanted import moment

NOW = datetime(2026, 11, 22, tzinfo=UTC)


@pytest.mark.parametrize("given", ["99999d", "99999 days", "9" * 5000 + "d"])
def test_an_age_of_too_many_digits_is_told_the_limit(given: str) -> None:
    with pytest.raises(BadRequest, match="at most 9999 days"):
        moment("since", given, NOW)


def test_an_age_within_the_limit_is_counted_back() -> None:
    assert moment("since", "365d", NOW) == "2025-11-22T00:00:00.000Z"
