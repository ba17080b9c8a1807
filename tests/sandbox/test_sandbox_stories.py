"""Each agent's story, from the first request to the end."""

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from .conftest import Caller

pytestmark = pytest.mark.anyio


def held(task: Any) -> list[Any]:
    """The nodes of a task that share its status."""
    return [node for node in task["agentTaskNodes"] if node["status"] == task["status"]]


def answers(*pairs: tuple[str, str]) -> list[dict[str, str]]:
    """userInputs of these questions and answers."""
    return [{"question": question, "answer": answer} for question, answer in pairs]


async def test_invoice_matcher_asks_one_question_and_finishes_with_the_answer(beam: "Caller") -> None:
    created = await beam.create("Invoice Matcher")
    assert created["status"] == "QUEUED"
    assert created["customId"] == "INV-101"
    assert created["updatesUrl"] == f"/agent-tasks/{created['id']}/updates"
    assert (await beam.task(created["id"], after=1))["status"] == "IN_PROGRESS"

    asking = await beam.task(created["id"], after=2)
    assert asking["status"] == "USER_INPUT_REQUIRED"
    assert [node["status"] for node in asking["agentTaskNodes"]] == ["COMPLETED", "USER_INPUT_REQUIRED"]
    [node] = held(asking)
    [question] = node["userQuestions"]
    assert question["question"] == "Which purchase order does this invoice belong to?"
    assert question["parameter"] == "purchase_order"
    assert question["memoryAnswer"] is None
    assert "PO-2291" in [pair["answer"] for pair in question["foodForThought"]]

    inputs = answers((question["question"], "PO-7777"))
    answered = await beam.decide("PATCH", "user-input", asking, node, userInputs=inputs)
    assert answered.status_code == 200
    assert answered.json()["status"] == "IN_PROGRESS"
    done = await beam.task(created["id"], after=2)
    assert done["status"] == "COMPLETED"
    assert "PO-7777" in done["taskSummary"]
    assert done["agentTaskNodes"][-1]["output"]["value"]["matched_amount"].startswith("€")
    assert done["averageEvaluationScore"] > 0.8
    assert done["tokensUsed"] > 0
    assert done["totalCost"] > 0


async def test_support_triage_holds_two_nodes_and_waits_until_both_are_answered(beam: "Caller") -> None:
    task = await beam.task((await beam.create("Support Triage"))["id"], after=2)
    reply, refund = held(task)
    assert [question["memoryAnswer"] for question in reply["userQuestions"]] == ["Premium, 4 hours", True, None]
    assert [question["answer"] for question in reply["userQuestions"]] == [None, "German", None]
    assert refund["userQuestions"] is None
    missing = [entry["name"] for entry in refund["input"] if entry["required"] and not entry["found"]]
    assert missing == ["order_number", "credit_limit"]

    inputs = answers(("What is the order number?", "10-9"), ("credit_limit", "€50"))
    half = (await beam.decide("PATCH", "user-input", task, refund, userInputs=inputs)).json()
    assert half["status"] == "USER_INPUT_REQUIRED"
    assert [node["id"] for node in held(half)] == [reply["id"]]

    service, _, remedy = [question["question"] for question in reply["userQuestions"]]
    one = await beam.decide("PATCH", "user-input", task, reply, userInputs=answers((service, "Premium")))
    assert one.json()["status"] == "USER_INPUT_REQUIRED"
    both = await beam.decide("PATCH", "user-input", task, reply, userInputs=answers((remedy, "Refund it")))
    assert both.json()["status"] == "IN_PROGRESS"
    done = await beam.task(task["id"], after=2)
    assert done["status"] == "COMPLETED"
    assert "Refund it" in done["taskSummary"]
    assert "10-9" in done["taskSummary"]


async def test_market_research_goes_through_five_nodes_and_ends_in_a_body_of_megabytes(beam: "Caller") -> None:
    created = await beam.create("Market Research")
    half = await beam.task(created["id"], after=4)
    assert half["status"] == "IN_PROGRESS"
    assert 1 < len(half["agentTaskNodes"]) < 5
    done = await beam.send("GET", f"/agent-tasks/{created['id']}")
    beam.world.clock.push(4)
    done = await beam.send("GET", f"/agent-tasks/{created['id']}")
    assert done.json()["status"] == "COMPLETED"
    assert len(done.json()["agentTaskNodes"]) == 5
    assert 1_000_000 < len(done.content) < 3_000_000
    assert "content-encoding" in done.headers


async def test_payment_runner_pays_what_was_approved_and_not_what_was_planned(beam: "Caller") -> None:
    task = await beam.task((await beam.create("Payment Runner"))["id"], after=2)
    assert task["status"] == "USER_CONSENT_REQUIRED"
    [node] = held(task)
    tool, data = node["agentGraphNode"]["toolConfiguration"], node["toolData"]
    assert tool["toolName"] == "Send payment"
    assert tool["requiresConsent"] is True
    assert set(data["required_parameters"]) == {"amount", "currency", "iban", "recipient"}
    assert set(data["reasoning"]) == set(data["required_parameters"])

    edits = {"amount": "12.00", "reference": "partial"}
    more = {"taskId": task["id"], "consent": True, "toolId": data["tool_id"], "toolParameters": edits}
    approved = await beam.decide("POST", "user-consent", task, node, **more)
    assert approved.status_code == 201
    done = await beam.task(task["id"], after=1.5)
    assert done["status"] == "COMPLETED"
    assert done["agentTaskNodes"][-1]["output"]["value"]["amount"] == "12.00"
    assert "12.00 EUR" in done["taskSummary"]


async def test_a_rejected_payment_is_stopped_and_stays_so(beam: "Caller") -> None:
    task = await beam.task((await beam.create("Payment Runner"))["id"], after=2)
    [node] = held(task)
    rejected = await beam.decide("POST", "rejection", task, node, taskId=task["id"], userFeedback=["Wrong IBAN"])
    assert rejected.status_code == 201
    stopped = await beam.task(task["id"], after=1000)
    assert stopped["status"] == "STOPPED"
    assert stopped["agentTaskNodes"][-1]["userFeedback"] == "Wrong IBAN"
    again = await beam.decide("POST", "rejection", task, node, taskId=task["id"], userFeedback=[])
    assert again.status_code == 409


async def test_crm_sync_wants_a_sign_in_and_fails_on_the_integration_after_a_retry(beam: "Caller") -> None:
    task = await beam.task((await beam.create("CRM Sync"))["id"], after=2)
    assert task["status"] == "AUTHENTICATION_REQUIRED"
    [node] = held(task)
    assert node["toolData"]["integration_identifier"] == "salesforce"
    assert node["agentGraphNode"]["toolConfiguration"]["originalTool"]["isIntegrationConnected"] is False
    retried = await beam.send("POST", "/agent-tasks/retry", {"taskId": task["id"], "taskNodeId": node["id"]})
    assert (retried.status_code, retried.content) == (201, b"")
    failed = await beam.task(task["id"], after=2)
    assert failed["status"] == "FAILED"
    [node] = held(failed)
    assert node["toolData"]["integration_error"] is True
    assert "INVALID_SESSION_ID" in node["toolData"]["tool_output"][0]["error"]
    assert node["manualRetryCount"] == 1


@pytest.mark.parametrize("whole", [True, False])
async def test_contract_reviewer_fails_with_a_cause_and_completes_after_a_retry(beam: "Caller", *, whole: bool) -> None:
    task = await beam.task((await beam.create("Contract Reviewer"))["id"], after=3)
    assert task["status"] == "FAILED"
    [node] = held(task)
    assert "page 7" in node["toolData"]["tool_output"][0]["error"]
    assert any("page 7" in branch["reason"] for branch in node["edgeEvaluations"])
    only = {} if whole else {"taskNodeId": node["id"], "taskNodeFeedbackAsText": "Use OCR"}
    retried = await beam.send("POST", "/agent-tasks/retry", {"taskId": task["id"], **only})
    assert (retried.status_code, retried.content) == (201, b"")
    assert (await beam.task(task["id"]))["status"] == "IN_PROGRESS"
    assert (await beam.task(task["id"], after=2))["status"] == "COMPLETED"


async def test_lead_enricher_runs_out_of_credits_until_somebody_tops_up(beam: "Caller") -> None:
    task = await beam.task((await beam.create("Lead Enricher"))["id"], after=2)
    assert task["status"] == "INSUFFICIENT_CREDITS"
    await beam.send("POST", "/agent-tasks/retry", {"taskId": task["id"]})
    assert (await beam.task(task["id"], after=5))["status"] == "INSUFFICIENT_CREDITS"
    beam.world.credits.total += 1000
    await beam.send("POST", "/agent-tasks/retry", {"taskId": task["id"]})
    assert (await beam.task(task["id"], after=5))["status"] == "COMPLETED"


async def test_follow_up_waits_two_days_or_until_it_is_released(beam: "Caller") -> None:
    first, second = await beam.create("Follow-up Scheduler"), await beam.create("Follow-up Scheduler")
    waiting = await beam.task(first["id"], after=2)
    assert waiting["status"] == "WAITING"
    [node] = held(waiting)
    assert node["agentGraphNode"]["nodeType"] == "waitingNode"
    assert node["agentGraphNode"]["nodeConfigurations"]["timeToWaitUnit"] == "days"
    agent = waiting["agentGraph"]["agentId"]
    released = await beam.send("POST", f"/agent-tasks/{node['id']}/cancel-wait", agentId=agent)
    assert released.status_code == 201
    assert (await beam.task(first["id"], after=2))["status"] == "COMPLETED"
    assert (await beam.task(second["id"]))["status"] == "WAITING"
    assert (await beam.task(second["id"], after=2 * 86400))["status"] == "COMPLETED"


async def test_two_agents_share_one_name_and_both_work(beam: "Caller") -> None:
    agents = (await beam.get("/agent", searchQuery="onboarding"))["agents"]
    assert len({agent["id"] for agent in agents}) == len({agent["description"] for agent in agents}) == 2
    for agent in agents:
        body = {"agentId": agent["id"], "taskQuery": {"query": "Go"}}
        created = (await beam.send("POST", "/agent-tasks", body)).json()
        assert (await beam.task(created["id"], after=3))["status"] == "COMPLETED"


async def test_a_structured_task_of_the_german_agent_says_its_outcome_only_in_the_output(beam: "Caller") -> None:
    agent = beam.world.agent("Belegprüfung")
    body = {"agentId": agent.id, "input": {"beleg": "R-1"}, "mode": "manual", "webhookUrl": "https://example.com/hook"}
    created = await beam.send("POST", "/agent-tasks", body)
    assert created.status_code == 201
    assert set(created.json()) == {"id", "agentId", "status", "url", "createdAt"}
    assert created.json()["status"] == "pending"
    done = await beam.task(created.json()["id"], after=1)
    assert done["taskSummary"] is None
    assert done["taskQuery"] == '{"beleg":"R-1"}'
    assert done["agentTaskNodes"][-1]["output"]["value"]["ergebnis"] == "gültig"
    assert "category" not in done["agentGraph"]["agent"]
    assert done["agentGraph"]["agent"]["description"] is None


async def test_a_task_can_be_stopped_once_and_rated(beam: "Caller") -> None:
    task = await beam.create("Market Research")
    stopped = await beam.send("POST", f"/agent-tasks/{task['id']}/abort", {"reason": "not needed"})
    assert (stopped.status_code, stopped.content) == (201, b"")
    assert (await beam.task(task["id"], after=60))["status"] == "STOPPED"
    assert (await beam.send("POST", f"/agent-tasks/{task['id']}/abort", {"reason": "again"})).status_code == 409
    path = f"/agent-tasks/execution/{task['id']}/output-rating"
    rated = await beam.send("PATCH", path, {"rating": "negative", "userFeedback": "Too slow"})
    assert rated.json()["rating"] == "negative"
    assert (await beam.send("PATCH", path, {"rating": "great"})).status_code == 400


async def test_updated_at_moves_with_every_change(beam: "Caller") -> None:
    created = await beam.create("Market Research")
    seen = [created["updatedAt"]] + [(await beam.task(created["id"], after=2))["updatedAt"] for _ in range(3)]
    assert seen == sorted(set(seen))
