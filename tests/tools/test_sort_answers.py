"""Whatever is answered to whatever is asked: a step gets all its answers or none, and none is made up."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from beam_mcp.beam.errors import BeamError
from beam_mcp.beam.task import Task
from beam_mcp.tools.answering import open_questions, sort_answers

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


@settings(max_examples=150, deadline=None)
@given(task=tasks, data=st.data())
def test_a_step_gets_all_its_answers_or_none_and_only_given_or_remembered_ones(task: Task, data: st.DataObject) -> None:
    asked = open_questions(task)
    names = [str(q.number) for q in asked] + [q.asked.question for q in asked]
    keys = words | st.sampled_from(names) if names else words
    given_answers: dict[str, str] = data.draw(st.dictionaries(keys, words, max_size=6))
    try:
        steps = sort_answers(task, given_answers)
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


@settings(max_examples=60, deadline=None)
@given(task=tasks)
def test_answering_every_number_answers_every_question(task: Task) -> None:
    asked = open_questions(task)
    plain = [q for q in asked if not q.asked.choices]
    if len(plain) != len(asked) or any(q.answers_to(f"#{other.number}") for q in asked for other in asked):
        return
    steps = sort_answers(task, {f"#{q.number}": f"answer {q.number}" for q in asked})
    assert sum(len(step.given) for step in steps) == len({(q.node_id, q.asked) for q in asked})
