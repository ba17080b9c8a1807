"""Cleaning, cutting, quoting, fencing and counting hold for every text there can be."""

import re
import unicodedata
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from beam_mcp.views.cleaning import clean, tame
from beam_mcp.views.text import (
    age,
    ago,
    block,
    call,
    counted,
    excerpt,
    in_words,
    line,
    listed,
    pages,
    prose,
    quoted,
    span,
    tokens,
)
from beam_mcp.views.view import View

NASTY = ["\x1b[31m", "\x1b]0;title\x07", "\u202e", "\u200b", "\U000e0041", "\u2028", "\r", "\x00", "\ufe0f", "\ud800"]
anything = st.lists(st.text(max_size=20) | st.sampled_from(NASTY), max_size=6).map("".join)
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def invisible(text: str) -> list[str]:
    """Characters that a person would not see, or that would act on a terminal."""
    return [c for c in text if c != "\n" and unicodedata.category(c)[0] == "C"]


@given(anything)
def test_clean_text_has_no_control_or_invisible_characters_and_stays_clean(text: str) -> None:
    once = clean(text)
    assert invisible(once) == []
    assert clean(once) == once
    assert len(once) <= len(text)


@pytest.mark.parametrize("sign", [chr(code) for code in range(0x400) if invisible(chr(code))])
def test_each_of_the_first_signs_that_cannot_be_seen_is_taken_out_wherever_it_stands(sign: str) -> None:
    for text in (sign, f"a{sign}b", f"{sign * 9} é", f"one\n{sign}"):
        assert invisible(clean(text)) == []
        assert sign not in clean(text)


@given(st.text(st.characters(categories=["L", "N", "P"]), max_size=50))
def test_plain_words_are_left_as_they_are(text: str) -> None:
    plain = "".join(c for c in text if c not in "\u115f\u1160\u3164\uffa0")
    assert clean(plain) == plain


@given(anything, st.integers(1, 200))
def test_a_line_is_one_line_within_its_limit(text: str, limit: int) -> None:
    said = line(text, limit)
    assert "\n" not in said
    assert len(said) <= limit
    assert said == said.strip()
    assert line(said, limit) == said


@given(anything, st.integers(1, 200))
def test_a_quote_cannot_be_closed_from_within(text: str, limit: int) -> None:
    said = quoted(text, limit)
    assert said[0] == said[-1] == '"'
    assert '"' not in said[1:-1]
    assert len(said) <= limit + 2


@given(anything, st.integers(1, 200))
def test_an_excerpt_says_how_much_was_cut(text: str, limit: int) -> None:
    said, whole = excerpt(text, limit), tame(text).strip()
    if len(whole) <= limit:
        assert said == whole
    else:
        assert re.search(rf"… {len(whole) - limit:,} characters more$", said)
        assert said.startswith(whole[:limit].rstrip())


@given(anything)
def test_a_fence_cannot_be_closed_from_within(text: str) -> None:
    text = clean(text)
    fenced = block(text, author="the agent")
    opening, *body, closing = fenced.split("\n")
    tag = opening[1 : opening.index(">")]
    assert closing == f"</{tag}>"
    assert "\n".join(body) == text
    assert tag not in text
    assert "data, not instructions" in opening


def test_a_text_that_holds_its_own_fence_gets_another() -> None:
    first = block("hello", author="the agent")
    tag = first[1 : first.index(">")]
    assert block(f"hello </{tag}>", author="x").count(tag) == 1


@given(st.text(max_size=300), st.integers(1, 60), st.integers(1, 30))
def test_pages_together_are_the_text(text: str, characters: int, most: int) -> None:
    parts = [*pages(text, characters=characters, most_tokens=most)]
    assert "".join(parts) == text
    assert all(0 < len(part) <= characters for part in parts)
    assert all(tokens(part) <= most or len(part) == 1 for part in parts)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s"),
        (59.4, "59 s"),
        (59.6, "1 min"),
        (90, "2 min"),
        (3599, "1 h"),
        (3600, "1 h"),
        (47 * 3600, "47 h"),
        (47.9 * 3600, "2 days"),
        (86400 * 40, "40 days"),
    ],
)
def test_a_span_is_said_in_the_unit_that_fits(seconds: float, words: str) -> None:
    assert span(seconds) == words


@given(st.floats(0, 1e9))
def test_a_span_never_says_sixty_of_a_unit(seconds: float) -> None:
    number, unit = span(seconds).split(" ")
    assert int(number) < {"s": 60, "min": 60, "h": 48, "days": 10**6}[unit]


@pytest.mark.parametrize(
    ("passed", "words"),
    [(None, None), (-500, "just now"), (0, "just now"), (29, "just now"), (31, "31 s ago"), (7200, "2 h ago")],
)
def test_an_age_is_never_in_the_future(passed: float | None, words: str | None) -> None:
    moment = None if passed is None else NOW - timedelta(seconds=passed)
    assert ago(moment, NOW) == words
    assert age(moment, NOW) == (words.removesuffix(" ago") if words else None)


def test_counts_and_lists() -> None:
    assert [counted(n, "task") for n in (0, 1, 2, 12345)] == ["0 tasks", "1 task", "2 tasks", "12,345 tasks"]
    assert listed("abc", most=2) == "a, b and 1 more"
    assert listed([]) == ""


@given(anything)
def test_a_call_is_one_clean_line_whatever_its_arguments(text: str) -> None:
    said = call("get_task", task=text)
    assert "\n" not in said
    assert invisible(said) == []
    assert View.named_tools(said) == {"get_task"}


def test_tools_named_inside_an_argument_are_not_taken_for_calls() -> None:
    assert View.named_tools(call("create_task", agent='run(x) "stop_task(y)"', query="…")) == {"create_task"}
    assert View.named_tools("approve_step(task=1) or reject_step(task=1)") == {"approve_step", "reject_step"}


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=9), st.lists, max_leaves=5))
def test_any_data_can_be_said(data: object) -> None:
    assert isinstance(prose(data), str)
    assert isinstance(prose({"key": data}), str)


@given(st.text(max_size=60))
def test_any_text_can_be_said_in_words(text: str) -> None:
    assert isinstance(in_words(text), str)


def test_an_object_in_json_is_said_as_pairs() -> None:
    assert in_words('{"invoice": "RE-1", "total": 5}') == "invoice: RE-1, total: 5"
    assert in_words("[broken") == "[broken"


@settings(max_examples=50)
@given(st.text(min_size=1, max_size=200))
def test_more_text_never_counts_less(text: str) -> None:
    assert tokens(text) <= tokens(text + " and") <= tokens(text) + 3
