"""How long to pause between two looks at a task."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beam_mcp.beam.follow import FIRST_PAUSE, GROWTH, LONGEST_PAUSE, SLOWEST, WHILE_NUDGED, Pace


@given(jitters=st.lists(st.floats(0, 1), min_size=1, max_size=40))
def test_pauses_grow_to_a_limit_and_are_spread(jitters: list[float]) -> None:
    pace = Pace()
    for number, jitter in enumerate(jitters):
        middle = min(FIRST_PAUSE * GROWTH**number, LONGEST_PAUSE)
        assert pace.next(nudged=False, jitter=jitter) == pytest.approx(middle * (0.8 + 0.4 * jitter))


@given(steps=st.lists(st.sampled_from(["look", "nudged", "slower"]), max_size=30), jitter=st.floats(0, 1))
def test_pauses_never_shrink_and_double_whenever_beam_asks_for_less(steps: list[str], jitter: float) -> None:
    pace, last = Pace(), 0.0
    for step in steps:
        if step == "nudged":
            assert pace.next(nudged=True, jitter=jitter) == WHILE_NUDGED
        elif step == "slower":
            before = pace.pause
            pace.slow_down(None)
            assert min(2 * before, SLOWEST) <= pace.pause <= SLOWEST
            assert pace.pause >= LONGEST_PAUSE
        else:
            pause = pace.next(nudged=False, jitter=jitter)
            assert pause >= last
            last = pause


@given(asked=st.floats(0, 1e6))
def test_what_beam_asks_for_is_the_least_it_gets(asked: float) -> None:
    pace = Pace()
    pace.slow_down(asked)
    assert pace.least >= asked
