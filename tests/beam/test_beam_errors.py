"""What goes wrong is told by meaning, in words that say what happened and what to do."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from inline_snapshot import snapshot

from beam_mcp.beam.errors import BeamError, detail_of
from beam_mcp.beam.http import Beam
from beam_mcp.beam.new_task import NewTask, create_task
from beam_mcp.beam.retry import retry_after
from beam_mcp.beam.task import get_task
from beam_mcp.beam.task_list import Filter, list_tasks
from beam_mcp.sandbox.access import WORKSPACE_ID
from beam_mcp.sandbox.world import World

from .line import calls, client

pytestmark = pytest.mark.anyio


async def failure(world: World, beam: Beam, code: int, body: Any = None, **headers: str) -> BeamError:
    """What a read says when Beam answers so, without being repeated."""
    headers.setdefault("retry-after", "11")
    world.faults.add("status", "^/agent-tasks", code=code, body=body, headers=headers)
    with pytest.raises(BeamError) as refused:
        await list_tasks(beam, Filter())
    return refused.value


async def test_every_status_has_its_meaning_and_its_words(world: World, beam: Beam) -> None:
    said: dict[int, tuple[str, str, str]] = {}
    for code in (400, 401, 403, 404, 409, 418, 422, 429, 500, 502, 503, 504):
        error = await failure(world, beam, code, {"statusCode": code, "message": "Beam's words"})
        said[code] = (type(error).__name__, error.what.replace(WORKSPACE_ID, "W"), error.advice)
        assert str(error) == f"{error.what} {error.advice}"
    assert said == snapshot(
        {
            400: (
                "BadRequest",
                'Beam refused the request (HTTP 400): "Beam\'s words".',
                "Correct the arguments and call again.",
            ),
            401: (
                "Unauthorized",
                'Beam did not accept the API key: "Beam\'s words".',
                "Run `beam-mcp login`, or set BEAM_API_KEY to a valid key, or try BEAM_AUTH=token.",
            ),
            403: (
                "Forbidden",
                'Beam does not allow this key to do that in workspace W: "Beam\'s words".',
                "Check BEAM_WORKSPACE_ID and the role of the key's owner there.",
            ),
            404: (
                "NotFound",
                'Beam has no such thing in workspace W: "Beam\'s words".',
                "It may live in another workspace.",
            ),
            409: (
                "Conflict",
                'Beam refused because the task has moved on: "Beam\'s words".',
                "Look at it with get_task().",
            ),
            418: (
                "BadRequest",
                'Beam refused the request (HTTP 418): "Beam\'s words".',
                "Correct the arguments and call again.",
            ),
            422: (
                "BadRequest",
                'Beam refused the request (HTTP 422): "Beam\'s words".',
                "Correct the arguments and call again.",
            ),
            429: (
                "RateLimited",
                'Beam says there were too many requests: "Beam\'s words".',
                "Wait 11 s before the next call.",
            ),
            500: (
                "BeamUnavailable",
                'Beam has a problem of its own (HTTP 500): "Beam\'s words".',
                "Try again in a minute.",
            ),
            502: (
                "BeamUnavailable",
                'Beam has a problem of its own (HTTP 502): "Beam\'s words".',
                "Try again in a minute.",
            ),
            503: (
                "BeamUnavailable",
                'Beam has a problem of its own (HTTP 503): "Beam\'s words".',
                "Try again in a minute.",
            ),
            504: (
                "BeamUnavailable",
                'Beam has a problem of its own (HTTP 504): "Beam\'s words".',
                "Try again in a minute.",
            ),
        }
    )


async def test_beams_own_words_are_found_in_any_form_of_body(world: World, beam: Beam) -> None:
    bodies: list[Any] = [
        {"statusCode": 400, "message": "one", "error": "Bad Request"},
        {"statusCode": 400, "message": ["one", "two", 3]},
        {"error": "plain"},
        {"error": {"message": "inner"}},
        {"error": {"code": 7}},
        {"errors": ["x"]},
        [],
        {},
        "plain text",
        "",
        "  <html><body>502 Bad Gateway</body></html>",
        '{"message": "cut of',
    ]
    said = [(await failure(world, beam, 400, body)).what for body in bodies]
    assert said == snapshot(
        [
            'Beam refused the request (HTTP 400): "one".',
            'Beam refused the request (HTTP 400): "one; two".',
            'Beam refused the request (HTTP 400): "plain".',
            'Beam refused the request (HTTP 400): "inner".',
            "Beam refused the request (HTTP 400).",
            "Beam refused the request (HTTP 400).",
            "Beam refused the request (HTTP 400).",
            "Beam refused the request (HTTP 400).",
            'Beam refused the request (HTTP 400): "plain text".',
            "Beam refused the request (HTTP 400).",
            "Beam refused the request (HTTP 400).",
            "Beam refused the request (HTTP 400).",
        ]
    )
    world.faults.add("html_502", "^/agent-tasks", headers={"retry-after": "11"})
    with pytest.raises(BeamError) as page:
        await list_tasks(beam, Filter())
    assert page.value.what == snapshot("Beam has a problem of its own (HTTP 502).")


async def test_words_of_any_length_are_cut_and_a_flood_is_not_read(world: World, beam: Beam) -> None:
    for body in ("word " * 1_000_000, {"message": "word " * 10_000}):
        error = await failure(world, beam, 400, body)
        assert len(str(error)) < 300
        assert 'word…".' in error.what


@given(body=st.binary() | st.text().map(str.encode))
def test_any_error_body_yields_a_short_detail(body: bytes) -> None:
    assert len(detail_of(body)) <= 200


async def test_a_wait_that_beam_asks_for_is_told(world: World, beam: Beam) -> None:
    error = await failure(world, beam, 429, **{"retry-after": "42"})
    assert (error.retry_after, error.advice) == (42, "Wait 42 s before the next call.")
    moment = format_datetime(datetime.now(UTC) + timedelta(seconds=100), usegmt=True)
    error = await failure(world, beam, 503, **{"retry-after": moment})
    assert error.retry_after
    assert 90 < error.retry_after <= 100
    assert len(calls(world)) == 2


@given(seconds=st.integers(0, 10**6), spaces=st.text(" \t", max_size=2))
def test_seconds_to_wait_are_read(seconds: int, spaces: str) -> None:
    assert retry_after(f"{spaces}{seconds}{spaces}") == seconds


MOMENTS = st.integers(946_684_800, 4_102_444_800).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))


@given(moment=MOMENTS, now=MOMENTS, form=st.sampled_from(["gmt", "zone", "unknown zone", "asctime"]))
def test_a_date_to_wait_for_is_read_in_every_form(moment: datetime, now: datetime, form: str) -> None:
    written = {
        "gmt": format_datetime(moment, usegmt=True),
        "zone": format_datetime(moment),
        "unknown zone": format_datetime(moment.replace(tzinfo=None)),
        "asctime": moment.ctime(),
    }[form]
    assert retry_after(written, now) == max(0, (moment - now).total_seconds())


@example("Fri, 31 Dec 9999 23:59:59 -0100")
@example("Mon, 01 Jan 0001 00:00:00 +0100")
@example("9" * 5000)
@example("²")
@example("0\x1f")
@given(header=st.text() | st.from_regex(r"\w+, \d+ \w+ \d+ \d+:\d+:\d+ .*"))
def test_any_header_is_read_or_ignored(header: str) -> None:
    wait = retry_after(header)
    assert wait is None or wait >= 0


def test_no_header_asks_for_no_wait() -> None:
    assert retry_after(None) is None


async def test_an_address_where_nobody_answers_is_named_without_credentials() -> None:
    async with client("http://127.0.0.1:9") as beam:
        with pytest.raises(BeamError) as nobody:
            await get_task(beam, "t")
        assert (type(nobody.value).__name__, nobody.value.what, nobody.value.advice) == snapshot(
            (
                "BeamUnavailable",
                "Beam could not be reached at 127.0.0.1 (it refuses connections).",
                "Check the network and BEAM_API_URL.",
            )
        )
        with pytest.raises(BeamError) as nobody:
            await create_task(beam, NewTask("a", query="x"))
        assert type(nobody.value).__name__ == "BeamUnavailable"
        assert not nobody.value.sent
