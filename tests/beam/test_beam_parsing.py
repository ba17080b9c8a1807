"""Whatever Beam sends is read as far as it can be read."""

import json
import math
from base64 import urlsafe_b64encode
from contextlib import nullcontext, suppress
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from inline_snapshot import snapshot

from beam_mcp.beam.agent import Agent, Graph
from beam_mcp.beam.auth import TokenPair
from beam_mcp.beam.errors import BeamBroken, BeamError
from beam_mcp.beam.task import Task
from beam_mcp.beam.user import User
from beam_mcp.beam.wire import Wire, parse

from .documents import MISSING, OTHER_KINDS, Place, damaged, document, leaves, places, touches

DOCUMENTED = ("create_task", "submit_user_input", "create_structured_task", "list_tasks")
MODELS: tuple[type[Wire], ...] = (Task, Agent, Graph, User, TokenPair)

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


def documented_task(name: str) -> Any:
    """The task in a documented body."""
    body = document(name)
    return body["data"][0]["tasks"][0] if name == "list_tasks" else body


def at(body: Any, place: Place) -> Any:
    """What stands at a place of a raw body; None where there is nothing."""
    for key in place:
        try:
            body = body[key]
        except KeyError:
            return None
    return body


def as_read(value: Any) -> Any:
    """A raw value as the models hold it."""
    return datetime.fromisoformat(value) if isinstance(value, str) and value.startswith("20") else value


@pytest.mark.parametrize("name", DOCUMENTED)
def test_every_field_we_use_is_read_from_where_the_documents_show_it(name: str) -> None:
    raw = documented_task(name)
    for place, value in leaves(parse(Task, json.dumps(raw).encode())):
        assert value == as_read(at(raw, place)), place


def test_only_these_fields_are_in_no_documented_task() -> None:
    task = parse(Task, json.dumps(documented_task("submit_user_input")).encode())
    absent = {".".join(str(part) for part in place) for place, value in leaves(task) if value is None}
    assert absent == snapshot({"startedAt", "endedAt", "agentId", "agentTaskNodes.0.updatedAt"})


@pytest.mark.parametrize("name", DOCUMENTED)
def test_one_damaged_key_anywhere_leaves_all_others_as_they_are(name: str) -> None:
    raw = documented_task(name)
    whole = list(leaves(parse(Task, json.dumps(raw).encode())))
    for place in list(places(raw)):
        others = [(far, value) for far, value in whole if not touches(far, place)]
        for other in OTHER_KINDS if len(others) < len(whole) else (MISSING, None):
            with damaged(raw, place, other):
                body = msgspec.json.encode(raw)
            if place == ("id",) and (isinstance(other, bool) or not isinstance(other, str | int | float)):
                with pytest.raises(BeamBroken):
                    parse(Task, body)
                continue
            read = dict(leaves(parse(Task, body)))
            lost = [far for far, value in others if read.get(far, MISSING) != value]
            assert not lost, (place, other)


@settings(max_examples=30)
@given(choices=st.lists(st.tuples(st.integers(0, 10**6), JSON), min_size=2, max_size=6))
def test_several_damages_at_once_are_survived(choices: list[tuple[int, Any]]) -> None:
    raw = documented_task("submit_user_input")
    for choice, other in choices:
        *way, last = list(places(raw))[choice % len(list(places(raw)))]
        at(raw, tuple(way))[last] = other
    known = raw["id"]
    with suppress(BeamBroken) if not isinstance(known, str) or not known else nullcontext():
        assert parse(Task, json.dumps(raw).encode()).id == known or not isinstance(known, str)


@settings(max_examples=100)
@given(body=JSON, model=st.sampled_from(MODELS), rows=st.sampled_from([None, "nodes"]))
def test_any_json_is_read_or_called_broken(body: Any, model: type[Wire], rows: str | None) -> None:
    with suppress(BeamError):
        parse(model, json.dumps(body).encode(), rows=rows)
    if isinstance(body, dict):
        parse(Graph, json.dumps(body).encode(), rows=rows)


@settings(max_examples=100)
@given(body=st.binary(), model=st.sampled_from(MODELS), rows=st.sampled_from([None, "nodes"]))
def test_any_bytes_are_read_or_called_broken(body: bytes, model: type[Wire], rows: str | None) -> None:
    with suppress(BeamBroken):
        parse(model, body, rows=rows)


@settings(max_examples=200)
@given(body=st.binary(max_size=30), cut=st.integers(0, 400))
def test_a_torn_body_is_called_broken(body: bytes, cut: int) -> None:
    torn = json.dumps(documented_task("create_structured_task")).encode()[:cut] + b"\x00" + body
    with pytest.raises(BeamBroken):
        parse(Task, torn)


@pytest.mark.parametrize("root", ["null", "true", "7", '"text"', "[]", "[[]]", "", " ", "<html></html>"])
def test_a_root_of_another_kind_is_called_broken(root: str) -> None:
    with pytest.raises(BeamBroken):
        parse(Task, root.encode())


def read(body: str) -> Task:
    """A task from raw JSON."""
    return parse(Task, body.encode())


def test_numbers_that_are_none_count_as_absent() -> None:
    task = read('{"id":"t","totalCost":NaN,"tokensUsed":1e999,"averageEvaluationScore":-Infinity}')
    assert (task.id, task.total_cost, task.tokens_used, task.average_evaluation_score) == ("t", None, None, None)


def test_numbers_beyond_all_measure_do_no_harm() -> None:
    digits = "9" * 400
    task = read(f'{{"id":"t","customId":{digits},"totalCost":{digits},"createdAt":{digits},"tokensUsed":12}}')
    assert (task.id, task.total_cost, task.created_at, task.tokens_used) == ("t", None, None, 12)
    assert read(f'{{"id":"t","other":{"9" * 5000}}}').id == "t"


def test_nesting_is_followed_as_deep_as_is_safe() -> None:
    assert read('{"id":"t","other":' + "[" * 150 + "]" * 150 + "}").id == "t"
    for half in ("", r"\ud83d"):
        deep = '{"id":"t","half":"' + half + '","other":' + "[" * 100_000 + "]" * 100_000 + "}"
        with pytest.raises(
            BeamBroken, match=r"nested too deeply to be read \(200,0\d\d bytes\)\. Look at it in"
        ) as told:
            read(deep)
        assert "BEAM_API_URL" not in str(told.value)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        (r"cut \ud83d", "cut \ufffd"),
        (r"\uDE00 \uD83D\uDE00 end", "\ufffd \U0001f600 end"),
        (r"\\ud83d is no half", r"\ud83d is no half"),
        (r"\\\ud83d", "\\\ufffd"),
        (r"\ud83d\ud83d\ude00", "\ufffd\U0001f600"),
        (r"zero\u0000byte", "zero\0byte"),
    ],
)
def test_half_a_character_as_javascript_leaves_it_costs_only_itself(written: str, meant: str) -> None:
    task = read(f'{{"id":"t","taskSummary":"{written}","agentTaskNodes":[{{"output":{{"value":"{written}"}}}}]}}')
    assert task.task_summary == meant
    assert task.outcome() == (meant,)


def test_bytes_that_are_no_utf8_and_a_byte_order_mark_cost_only_themselves() -> None:
    assert parse(Task, b'{"id":"t","taskSummary":"caf\xe9"}').task_summary == "caf\ufffd"
    assert parse(Task, b'\xef\xbb\xbf{"id":"t"}').id == "t"


def test_of_a_key_that_comes_twice_the_last_counts() -> None:
    assert read('{"id":"a","id":"b"}').id == "b"
    assert read('{"id":"a","totalCost":"bad","totalCost":5}').total_cost == 5
    assert read('{"id":"a","agentGraph":{"agent":5},"agentGraph":7}').agent_graph is None
    assert read('{"id":"a","agentTaskNodes":[1,2],"agentTaskNodes":["x"]}').nodes == []


def test_bad_entries_of_a_list_are_left_out_and_the_good_ones_keep_their_order() -> None:
    task = read('{"id":"t","agentTaskNodes":[null,{"id":"a"},5,"x",{"id":"b","status":[]},[],{"id":"c"}]}')
    assert [(node.id, node.status) for node in task.nodes] == [("a", None), ("b", None), ("c", None)]


def test_moments_are_utc_where_they_name_no_zone_and_absurd_ones_are_absent() -> None:
    assert read('{"id":"t","updatedAt":"2025-01-02T03:04:05"}').changed_at == datetime(2025, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert read('{"id":"t","updatedAt":"2025-01-02T03:04:05+02:00"}').changed_at == datetime(
        2025, 1, 2, 1, 4, 5, tzinfo=UTC
    )
    assert read('{"id":"t","updatedAt":"yesterday"}').changed_at is None
    assert read('{"id":"t","updatedAt":"0001-01-01T00:00:00+02:00"}').changed_at is None


@pytest.mark.parametrize("name", ["idToken", "accessToken", "access_token", "token"])
@pytest.mark.parametrize("empty", [None, "", True, [], {}])
def test_a_token_is_found_under_any_name_although_others_are_empty(name: str, empty: Any) -> None:
    names = dict.fromkeys(["idToken", "accessToken", "access_token", "token"], empty)
    body = {**names, name: "the token", "refreshToken": None, "refresh_token": "r", "expiresIn": None, "expires_in": 5}
    pair = parse(TokenPair, json.dumps(body).encode())
    assert (pair.token, pair.refresh_token, pair.expires_in) == ("the token", "r", 5)


@example(token="a." + urlsafe_b64encode(b'{"exp":' + b"9" * 400 + b"}").decode() + ".c", now=0.0)
@example(token="a." + urlsafe_b64encode(b'{"exp":NaN}').decode() + ".c", now=0.0)
@given(token=st.text() | st.from_regex(r"[\w-]*\.[\w-]*\.[\w-]*"), now=st.floats(0, 1e10))
def test_a_lifetime_is_told_of_any_token(token: str, now: float) -> None:
    assert not math.isnan(TokenPair(token=token or "x").lifetime(now))
