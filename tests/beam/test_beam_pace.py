"""How long to pause between two looks at tasks."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beam_mcp.beam.pace import AHEAD, EVERY, FIRST_PAUSE, GROWTH, LEAST_PAUSE, SLOWEST, Pace

Steps = st.lists(st.sampled_from(["poll", "nudge", "refused"]), max_size=60)
MINUTES = 600.0


@given(jitters=st.lists(st.floats(0, 1), min_size=1, max_size=40))
def test_pauses_grow_to_the_usual_pace_and_are_spread(jitters: list[float]) -> None:
    pace = Pace()
    for number, jitter in enumerate(jitters):
        pace.begin(100.0, jitter=jitter)
        middle = min(FIRST_PAUSE * GROWTH**number, EVERY)
        assert pace.poll_at - 100.0 == pytest.approx(middle * (0.95 + 0.05 * jitter))


@pytest.mark.parametrize("nudged", [True, False])
def test_ten_minutes_hold_a_look_in_five_seconds_however_often_a_stream_nudges(*, nudged: bool) -> None:
    pace, now, looks = Pace(), 0.0, 0
    while now < MINUTES:
        pace.begin(now, jitter=0.0)
        looks += 1
        now = min(pace.nudge_at, pace.poll_at) if nudged else pace.poll_at
    assert looks <= MINUTES / 5 - 10  # so many may be read by themselves at first


def test_a_nudge_after_a_quiet_time_is_followed_at_once_and_a_crowd_of_them_is_not() -> None:
    pace = Pace()
    pauses: list[float] = []
    now = 1000.0
    for _ in range(12):
        pace.begin(now, jitter=0.0)
        pauses.append(pace.nudge_at - now)
        now = pace.nudge_at
    assert pauses[:AHEAD] == [LEAST_PAUSE] * AHEAD
    assert pauses[-1] == pytest.approx(EVERY)


@given(steps=Steps)
def test_the_pace_halves_whenever_beam_asks_for_less_and_comes_back_with_its_answers(steps: list[str]) -> None:
    pace, now = Pace(), 0.0
    for step in steps:
        pace.begin(now, jitter=1.0)
        before = pace.every
        if step == "refused":
            pace.slow_down(now, None)
            assert pace.every == min(2 * before, SLOWEST)
            assert pace.poll_at == pace.not_before == now + pace.every
        else:
            pace.answered()
            assert EVERY <= pace.every <= before
        now = max(pace.not_before, pace.nudge_at if step == "nudge" else pace.poll_at)
    for _ in range(60):
        pace.begin(now, jitter=1.0)
        pace.answered()
        now = pace.poll_at
    assert pace.every == EVERY


@given(asked=st.floats(0, 1e6))
def test_what_beam_asks_for_is_waited_for(asked: float) -> None:
    pace = Pace()
    pace.begin(50.0, jitter=0.5)
    pace.slow_down(50.0, asked)
    assert pace.poll_at == pace.not_before == 50.0 + asked


def test_what_is_newly_awaited_is_looked_at_soon_again_unless_beam_asked_for_less() -> None:
    pace = Pace()
    for _ in range(9):
        pace.begin(0.0, jitter=1.0)
    pace.start_anew()
    assert pace.pause == FIRST_PAUSE
    pace.slow_down(0.0, None)
    pace.start_anew()
    assert pace.pause == 2 * EVERY
