"""What a status means, which step waits, what it asks, and which one failed."""

import json
from typing import Any

import pytest
from inline_snapshot import snapshot

from beam_mcp.beam.node import Asked, Node, filled
from beam_mcp.beam.task import PHASES, Task, phase_of
from beam_mcp.beam.wire import parse


def test_statuses_mean_the_same_in_any_case_and_unknown_ones_mean_nothing() -> None:
    assert {status: phase for phase, statuses in PHASES.items() for status in statuses} == snapshot(
        {
            "QUEUED": "working",
            "IN_PROGRESS": "working",
            "WAITING": "working",
            "USER_INPUT_REQUIRED": "needs_me",
            "USER_CONSENT_REQUIRED": "needs_me",
            "AUTHENTICATION_REQUIRED": "needs_me",
            "INSUFFICIENT_CREDITS": "needs_me",
            "COMPLETED": "done",
            "FAILED": "failed",
            "STOPPED": "failed",
        }
    )
    for phase, statuses in PHASES.items():
        assert {phase_of(status.lower()) for status in statuses} == {phase}
    met = ["pending", "Running", "ERROR", "timeout", "CANCELLED"]
    assert [phase_of(status) for status in met] == ["working", "working", "failed", "failed", "failed"]
    assert [phase_of(status) for status in ("PAUSED_BY_POLICY", "", None, " COMPLETED")] == [None] * 4


def task(*nodes: Any, status: str | None = "IN_PROGRESS") -> Task:
    """A task with these raw steps."""
    return parse(Task, json.dumps({"id": "t", "status": status, "agentTaskNodes": nodes}).encode())


def node(**raw: Any) -> Node:
    """A raw step."""
    return parse(Node, json.dumps({"id": "n", **raw}).encode())


QUESTION = {"question": "Which order?", "parameter": "order"}


def test_the_steps_that_wait_are_those_that_need_a_person_in_any_case() -> None:
    waiting = task(
        {"id": "a", "status": "user_consent_required"},
        {"id": "b", "status": "COMPLETED"},
        {"id": "c", "status": "AUTHENTICATION_REQUIRED"},
    )
    assert [step.id for step in waiting.waiting_nodes()] == ["a", "c"]
    assert waiting.asking_nodes() == []


def test_where_no_step_says_that_it_waits_the_one_with_open_questions_does() -> None:
    steps = ({"id": "a", "status": "NEW_ONE", "userQuestions": [QUESTION]}, {"id": "b", "status": "COMPLETED"})
    assert [step.id for step in task(*steps, status="USER_INPUT_REQUIRED").asking_nodes()] == ["a"]
    done = {"id": "a", "status": "COMPLETED", "userQuestions": [QUESTION]}
    assert [step.id for step in task(done, status="USER_INPUT_REQUIRED").asking_nodes()] == ["a"]
    assert task(done, status="IN_PROGRESS").waiting_nodes() == []
    assert task(done, status="USER_CONSENT_REQUIRED").asking_nodes() == []


def test_several_steps_can_ask_at_once_and_one_without_questions_does_not() -> None:
    asking = {"status": "USER_INPUT_REQUIRED", "userQuestions": [QUESTION]}
    several = task({"id": "a", **asking}, {"id": "b", "status": "USER_INPUT_REQUIRED"}, {"id": "c", **asking})
    assert [step.id for step in several.asking_nodes()] == ["a", "c"]
    assert [step.id for step in several.waiting_nodes()] == ["a", "b", "c"]


def test_the_failing_step_is_the_last_that_failed() -> None:
    failed = task({"id": "a", "status": "FAILED"}, {"id": "b", "status": "error"}, {"id": "c", "status": "COMPLETED"})
    step = failed.failing_node()
    assert step
    assert step.id == "b"
    assert task({"id": "a", "status": "COMPLETED"}).failing_node() is None


def test_the_outcome_is_what_exit_steps_produced_else_the_last_step_that_produced_anything() -> None:
    steps: list[Any] = [{"output": {"value": 1}}, {"output": {"value": {}}}, {"output": None}]
    leaving = {"agentGraphNode": {"isExitNode": True}, "output": {"value": {"a": 2}}}
    assert task(*steps).outcome() == (1,)
    assert task(leaving, *steps, leaving).outcome() == ({"a": 2}, {"a": 2})
    assert task().outcome() == ()


@pytest.mark.parametrize("answer", [None, "", "  ", True, False, [], {}])
def test_a_question_is_open_until_something_was_answered(answer: Any) -> None:
    assert node(userQuestions=[{**QUESTION, "answer": answer}]).open_questions() == (Asked("Which order?", "order"),)


@pytest.mark.parametrize("answer", ["PO-1", 0, 12, ["a"], {"a": 1}])
def test_an_answered_question_is_not_open(answer: Any) -> None:
    assert filled(answer)
    assert node(userQuestions=[{**QUESTION, "answer": answer}]).open_questions() == ()


@pytest.mark.parametrize(
    ("memory", "remembered"), [(True, None), (None, None), (" ", None), ("PO-7", "PO-7"), (7, "7")]
)
def test_only_a_remembered_value_is_offered(memory: Any, remembered: str | None) -> None:
    [asked] = node(userQuestions=[{**QUESTION, "memoryAnswer": memory}]).open_questions()
    assert asked.remembered == remembered


def test_food_for_thought_becomes_hints() -> None:
    food = [{"question": "newest", "answer": "PO-1"}, {"answer": None}, {"answer": 2}, None]
    [asked] = node(userQuestions=[{**QUESTION, "foodForThought": food}]).open_questions()
    assert asked.hints == ("PO-1", "2")


MISSING_INPUT = {"name": "iban", "question": "Which IBAN?", "required": True, "found": False}


def test_missing_required_inputs_are_asked_where_no_question_is_open() -> None:
    inputs = [
        MISSING_INPUT,
        {"name": "currency", "required": True},
        {"name": "note", "required": False},
        {"name": "amount", "required": True, "found": True},
        {"name": "date", "required": True, "answer": "today"},
        {"required": True},
    ]
    asked = (Asked("Which IBAN?", "iban"), Asked("currency", "currency", place=1))
    assert node(input=inputs).open_questions() == asked
    assert node(input=inputs, userQuestions=[]).open_questions() == asked
    assert node(input=inputs, userQuestions=[{**QUESTION, "answer": "PO-1"}]).open_questions() == asked
    assert node(input=inputs, userQuestions=[QUESTION]).open_questions() == (Asked("Which order?", "order"),)


def with_parameter(**raw: Any) -> Asked:
    """The question of a step whose tool describes its parameter so."""
    tool = {"inputParams": [{"paramName": "other", "paramTip": "no"}, {"paramName": "order", **raw}]}
    [asked] = node(userQuestions=[QUESTION], agentGraphNode={"toolConfiguration": tool}).open_questions()
    return asked


def test_a_parameter_of_the_tool_explains_its_question_and_limits_the_answers() -> None:
    options = [{"label": "Open", "value": "1"}, {"label": "Late"}, {"value": 3}, {}, None]
    asked = with_parameter(paramDescription="The order", options=options)
    assert (asked.about, asked.choices, asked.values) == ("The order", ("Open", "Late", "3"), ("1", "Late", "3"))
    assert with_parameter(paramDescription="The order", paramTip="PO-…").about == "PO-…"


def test_options_that_live_elsewhere_limit_nothing() -> None:
    asked = with_parameter(options=[{"label": "Open", "value": "1"}], remoteOptions=True)
    assert (asked.choices, asked.values) == ((), ())
