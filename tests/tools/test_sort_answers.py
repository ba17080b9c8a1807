"""Whatever is answered to whatever is asked: a step gets all its answers or none, and none is made up."""

from contextlib import suppress
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from beam_mcp.beam.errors import Ambiguous, BeamError
from beam_mcp.beam.task import Task
from beam_mcp.tools.answering import open_questions, sort_answers, understood
from beam_mcp.views.questions import shown_choices

words = st.text(max_size=12) | st.sampled_from(["cc", "Cost centre?", "cost centre", "1", "#2", "2.", "", "  ", "①"])
options = st.lists(st.fixed_dictionaries({"label": words | st.none(), "value": words | st.none()}), max_size=3)


@st.composite
def questions(draw: st.DrawFn) -> dict[str, Any]:
    """One question as Beam may send it."""
    return {
        "question": draw(words),
        "parameter": draw(words | st.none()),
        "memoryAnswer": draw(words | st.none() | st.booleans() | st.integers()),
        "answer": draw(st.none() | words),
    }


@st.composite
def nodes(draw: st.DrawFn) -> dict[str, Any]:
    """One step as Beam may send it."""
    asked = draw(st.lists(questions(), max_size=3))
    params = [{"paramName": q["parameter"], "options": draw(options)} for q in asked]
    return {
        "id": draw(st.sampled_from(["a", "b", "c"])),
        "status": draw(st.sampled_from(["USER_INPUT_REQUIRED", "COMPLETED", "USER_CONSENT_REQUIRED"])),
        "userQuestions": asked,
        "agentGraphNode": {"toolConfiguration": {"inputParams": params}},
    }


tasks = st.lists(nodes(), max_size=3, unique_by=lambda node: node["id"]).map(
    lambda made: Task.model_validate({"id": "t", "status": "USER_INPUT_REQUIRED", "agentTaskNodes": made})
)


@settings(max_examples=150)
@given(task=tasks, data=st.data())
def test_a_step_gets_all_its_answers_or_none_and_only_given_or_remembered_ones(task: Task, data: st.DataObject) -> None:
    asked = open_questions(task)
    names = [str(q.number) for q in asked] + [q.asked.question for q in asked]
    keys = words | st.sampled_from(names) if names else words
    given_answers: dict[str, str] = data.draw(st.dictionaries(keys, words, max_size=6))
    try:
        steps = sort_answers(task, understood(task, given_answers))
    except BeamError:
        return  # nothing is sent then
    for step in steps:
        of_step = {q.asked for q in asked if q.node_id == step.node_id}
        assert set(step.given) == of_step
        for question, answer in step.given.items():
            allowed = set(given_answers.values()) | {question.remembered} | set(question.values)
            assert answer in allowed
            assert answer.strip()
    assert len({step.node_id for step in steps}) == len(steps)


@settings(max_examples=60)
@given(task=tasks)
def test_what_is_chosen_for_a_question_answers_that_one_whatever_the_others_are_called(task: Task) -> None:
    chosen = {question: f"answer {question.number}" for question in open_questions(task)}
    sent = {(step.node_id, asked): said for step in sort_answers(task, chosen) for asked, said in step.given.items()}
    assert sent == {(question.node_id, question.asked): said for question, said in chosen.items()}


labels = words | st.sampled_from(
    ["yes", "Yes", "yes (2)", "y" * 70, "y" * 71, "y" * 400 + "a", "y" * 400 + "b", "\u200b"]
)
pairs = st.lists(st.fixed_dictionaries({"label": labels, "value": labels}), min_size=1, max_size=5)


@settings(max_examples=200)
@given(pairs=pairs, data=st.data())
def test_a_choice_said_as_it_was_shown_is_that_one_or_asked_back_never_another(
    pairs: list[dict[str, str]], data: st.DataObject
) -> None:
    asks = {"question": "Which?", "parameter": "which"}
    tool = {"toolConfiguration": {"inputParams": [{"paramName": "which", "options": pairs}]}}
    node = {"id": "a", "status": "USER_INPUT_REQUIRED", "userQuestions": [asks], "agentGraphNode": tool}
    task = Task.model_validate({"id": "t", "status": "USER_INPUT_REQUIRED", "agentTaskNodes": [node]})
    [question] = open_questions(task)
    for limit in (60, 300):
        shown = shown_choices(question.asked.choices, limit)
        assert len(set(shown)) == len(question.asked.choices)
    if shown:
        picked = data.draw(st.integers(0, len(shown) - 1))
        with suppress(Ambiguous):
            said = understood(task, {"which": shown_choices(question.asked.choices)[picked]})
            assert said == {question: question.asked.values[picked]}
