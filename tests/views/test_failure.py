"""The cause of a failure: what Beam recorded, read with care, and nothing made up."""

import json
from typing import Any

import pytest

from beam_mcp.beam.task import Task
from beam_mcp.beam.wire import parse
from beam_mcp.views.evidence import EvidenceView
from beam_mcp.views.failure import FailureView
from beam_mcp.views.text import tokens


def step(name: str = "Check it", tool: str = "Checker", **parts: Any) -> dict[str, Any]:
    """A failed step."""
    graph = {"objective": name, "toolConfiguration": {"toolName": tool}}
    return {"id": name, "status": "FAILED", "agentGraphNode": graph, **parts}


def failure(*steps: dict[str, Any]) -> FailureView:
    """How a task that failed in these steps is explained."""
    body = {"id": "t", "customId": "T-1", "status": "FAILED", "agentTaskNodes": steps}
    return FailureView.of(parse(Task, json.dumps(body).encode()))


def put_out(*said: Any) -> dict[str, Any]:
    """What a tool put out."""
    return {"tool_output": list(said)}


@pytest.mark.parametrize("score", [0.2, 20])
@pytest.mark.parametrize("said", ["All 12 rows were written", '{"status": "ok", "error": null}', "Done with 0 errors"])
def test_a_success_that_was_rated_low_is_no_tool_error(score: float, said: str) -> None:
    view = failure(step(toolData=put_out(said), evaluationScore=score))
    assert view.cause == "its result was rated too low"


def test_what_reads_like_an_error_is_told_first() -> None:
    view = failure(step(toolData=put_out("Opened the file", "Error: page 7 is unreadable")))
    assert view.text() == (
        'Why at step "Check it": its tool "Checker" reported an error: '
        '"Error: page 7 is unreadable; Opened the file". The agent\'s builder can mend it.'
    )


def test_an_unknown_cause_names_no_mender_and_no_retry() -> None:
    view = failure(step())
    assert view.text() == 'Why at step "Check it": Beam gives no cause.'
    assert view.next_steps("T-1") == ('get_task(task="T-1", detail="failure") shows the evidence.',)


def test_a_missing_input_is_given_with_a_retry_of_its_step() -> None:
    view = failure(step(input=[{"name": "vat", "question": "Which VAT number?", "required": True, "found": False}]))
    assert view.next_steps("T-1")[0].startswith('retry_task(task="T-1", step="Check it", feedback="…")')


def test_a_broken_integration_is_to_be_connected_again() -> None:
    view = failure(step(toolData={"integration_identifier": "salesforce", "integration_error": "401"}))
    assert view.text().endswith('"salesforce" does not work: "401". Connect it again in the Beam app.')


def test_every_failed_branch_is_named_within_the_budget() -> None:
    long = "Error: " + "the contract could not be read, " * 40
    view = failure(*(step(f"Branch {name}", toolData=put_out(long)) for name in "ABC"))
    assert all(f'"Branch {name}"' in view.text() for name in "ABC")
    assert tokens("\n".join((view.text(), *view.next_steps("T-1")))) <= 250


def test_the_evidence_loses_what_signs_its_links() -> None:
    said = "Error: https://files.example/a.pdf?X-Amz-Signature=cAnArY is gone"
    body = {"id": "t", "status": "FAILED", "agentTaskNodes": [step(toolData=put_out(said))]}
    task = parse(Task, json.dumps(body).encode())
    view = EvidenceView.of(task, page=1)
    assert "cAnArY" not in view.body()
    assert "https://files.example/a.pdf?[removed]" in view.evidence
