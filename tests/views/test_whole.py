"""Raw JSON is valid, whole while it fits, and never larger than a client takes."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic_core import to_json

from beam_mcp.views.whole import ROOM, whole

ATOMS: st.SearchStrategy[Any] = st.none() | st.integers() | st.text(max_size=5)


@st.composite
def huge(draw: st.DrawFn) -> Any:
    """One long string, list or object."""
    atom, times = draw(ATOMS), draw(st.integers(0, 100_000))
    letter = draw(st.sampled_from(["a", '"', "\\", "\x00", "\u202e", "é", "漢", "🙂", "\n"]))
    return draw(st.sampled_from([letter * times * 15, [atom] * times * 3, {str(i): atom for i in range(times)}]))


@settings(max_examples=8)
@given(st.dictionaries(st.text(max_size=5), huge() | ATOMS, min_size=1, max_size=3), st.integers(0, 150))
def test_however_large_it_was_it_is_json_that_fits_and_says_what_is_left_out(data: Any, depth: int) -> None:
    for _ in range(depth):
        data = [data]
    shown = whole(data)
    assert len(to_json(shown)) <= ROOM
    assert (json.loads(shown) == data) != (" left out]" in shown)


@pytest.mark.parametrize(
    ("data", "shown"),
    [
        ({"id": "a", "text": "x" * 2_000_000}, '{"id":"a","text":"xxx'),
        ({"nodes": ["x" * 300] * 10_000, "id": "a"}, '{"nodes":["xxx'),
    ],
)
def test_what_is_small_stays_whole_beside_what_is_cut(data: object, shown: str) -> None:
    text = whole(data)
    assert text.startswith(shown)
    assert json.loads(text)["id"] == "a"
    assert len(text) > ROOM / 5
