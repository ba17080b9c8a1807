"""Reading past what no model has a place for changes nothing but the cost."""

import json
import tracemalloc
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from beam_mcp.beam.agent import Agent, Graph
from beam_mcp.beam.auth import TokenPair
from beam_mcp.beam.errors import BeamBroken, BeamError
from beam_mcp.beam.sieve import Unsifted, sifted
from beam_mcp.beam.task import Task
from beam_mcp.beam.task_list import HeadEntry, Page, TaskEntry
from beam_mcp.beam.user import User
from beam_mcp.beam.wire import Wire, parse

from .documents import OTHER_KINDS, damaged, document, places

MODELS: tuple[type[Wire], ...] = (Task, Agent, Graph, User, TokenPair, Page[HeadEntry], Page[TaskEntry])
DOCUMENTED = ("create_task", "submit_user_input", "create_structured_task", "list_tasks")
# With it in front a body does not pass the sieve, so that it is read as a whole.
UNSIFTED = b"\xef\xbb\xbf"

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner) | st.dictionaries(st.sampled_from(["id", "data", "tasks", "token"]) | st.text(), inner)
    ),
)


def outcome(model: type[Wire], body: bytes) -> Any:
    """What becomes of a body: a model's data, or the kind of error."""
    try:
        return parse(model, body).model_dump()
    except BeamError as error:
        return type(error)


@settings(max_examples=100)
@given(st.sampled_from(DOCUMENTED), st.integers(0, 10**6), st.sampled_from(OTHER_KINDS) | JSON)
def test_a_body_reads_the_same_with_and_without_the_sieve_however_it_is_damaged(name: str, at: int, by: Any) -> None:
    raw = document(name)
    everywhere = list(places(raw))
    with damaged(raw, everywhere[at % len(everywhere)], by):
        body = json.dumps(raw).encode()
    model = Page[TaskEntry] if name == "list_tasks" else Task
    assert outcome(model, body) == outcome(model, UNSIFTED + body)


@settings(max_examples=100)
@given(body=JSON, model=st.sampled_from(MODELS))
def test_any_json_reads_the_same_with_and_without_the_sieve(body: Any, model: type[Wire]) -> None:
    written = json.dumps(body).encode()
    assert outcome(model, written) == outcome(model, UNSIFTED + written)


def test_keys_that_no_model_has_are_left_out_at_any_depth() -> None:
    raw: dict[str, Any] = {"id": "t", "secret": 1, "agentTaskNodes": [{"id": "n", "secret": {}, "output": {"x": 1}}]}
    assert sifted(Task, json.dumps(raw).encode()) == {"id": "t", "agentTaskNodes": [{"id": "n", "output": {}}]}


def test_a_value_whose_shape_beam_does_not_promise_is_kept_whole() -> None:
    value = {"any": [{"thing": None}, 1.5, "x"]}
    raw = {"id": "t", "agentTaskNodes": [{"output": {"value": value}}]}
    assert parse(Task, json.dumps(raw).encode()).outcome() == (value,)


@pytest.mark.parametrize(
    "body", [b"", b"[]", b'{"id":', b'{"agentTaskNodes":{}}', b'{"id":"\\ud83d"}', UNSIFTED + b"{}"]
)
def test_what_does_not_pass_the_sieve_is_left_to_somebody_more_patient(body: bytes) -> None:
    with pytest.raises(Unsifted):
        sifted(Task, body)


def test_a_page_of_megabytes_costs_no_more_memory_than_what_is_read_of_it() -> None:
    heavy = {"history": ["x" * 100, 1.5, {"deep": [None]}] * 500}
    tasks = [{"id": str(index), "status": "COMPLETED", "graphState": heavy} for index in range(20)]
    body = json.dumps({"data": [{"tasks": tasks}], "totalCount": 20}).encode()
    page = Page[HeadEntry]
    parse(page, b'{"data":[]}')  # what is made once is made now
    tracemalloc.start()
    try:
        read = parse(page, body)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert len(body) > 1_000_000
    assert len((read.data or [])[0].tasks or []) == 20
    assert peak < len(body) / 10


def test_a_body_nested_deeper_than_is_safe_is_called_broken() -> None:
    for deep in ("[" * 100_000 + "]" * 100_000, '{"a":' * 100_000 + "1" + "}" * 100_000):
        with pytest.raises(BeamBroken):
            parse(Task, f'{{"id":"t","other":{deep}}}'.encode())
