"""Keys, tokens, workspaces, refusals and the ledger of writes."""

import base64
import json
from typing import TYPE_CHECKING, Any

import pytest

from beam_mcp.sandbox.access import SANDBOX_KEY, SANDBOX_WORKSPACE_NAME, WORKSPACE_ID

if TYPE_CHECKING:
    from .conftest import Caller

pytestmark = pytest.mark.anyio
WORKSPACE = {"current-workspace-id": WORKSPACE_ID}


async def token(beam: "Caller") -> Any:
    """The answer to a good key."""
    answer = await beam.http.post("/auth/access-token", json={"apiKey": SANDBOX_KEY})
    assert answer.status_code == 201
    return answer.json()


@pytest.mark.parametrize("headers", [{}, {"x-api-key": "wrong"}, {"authorization": "Bearer nonsense"}])
async def test_a_missing_or_wrong_credential_is_a_401(beam: "Caller", headers: dict[str, str]) -> None:
    answer = await beam.http.get("/agent", headers={**WORKSPACE, **headers})
    assert answer.status_code == 401
    assert answer.json() == {"statusCode": 401, "message": "Unauthorized", "error": "Unauthorized"}


async def test_a_workspace_must_be_named_and_a_foreign_one_looks_empty(beam: "Caller") -> None:
    task = beam.world.add_task("Invoice Matcher")
    key = {"x-api-key": SANDBOX_KEY}
    assert (await beam.http.get("/agent", headers=key)).status_code == 400
    assert (await beam.http.get("/agent", headers={**key, "current-workspace-id": "mine"})).status_code == 400
    foreign = {**key, "current-workspace-id": "00000000-0000-4000-8000-000000000000"}
    assert (await beam.http.get("/agent", headers=foreign)).json() == {"agents": [], "count": 0}
    assert (await beam.http.get("/agent-tasks", headers=foreign)).json() == {"data": [], "totalCount": 0}
    assert (await beam.http.get(f"/agent-tasks/{task.id}", headers=foreign)).status_code == 404


async def test_the_account_is_told_without_a_workspace(beam: "Caller") -> None:
    me = (await beam.http.get("/v2/user/me", headers={"x-api-key": SANDBOX_KEY})).json()
    [workspace] = me["workspaces"]
    assert (workspace["id"], workspace["name"]) == (WORKSPACE_ID, SANDBOX_WORKSPACE_NAME)
    assert workspace["creditBalance"]["totalCredits"] == 1000


async def test_a_token_opens_doors_until_the_world_says_it_is_too_old(beam: "Caller") -> None:
    tokens = await token(beam)
    assert tokens["expiresIn"] == 3600
    headers = {**WORKSPACE, "authorization": f"Bearer {tokens['idToken']}"}
    assert (await beam.http.get("/agent", headers=headers)).status_code == 200
    beam.world.clock.push(3601)
    assert (await beam.http.get("/agent", headers=headers)).status_code == 401
    fresh = await beam.http.post("/auth/refresh-token", json={"refreshToken": tokens["refreshToken"]})
    assert fresh.status_code == 201
    headers["authorization"] = f"Bearer {fresh.json()['idToken']}"
    assert (await beam.http.get("/agent", headers=headers)).status_code == 200
    assert (beam.world.access.exchanges, beam.world.access.refreshes) == (1, 1)


@pytest.mark.parametrize("field", ["idToken", "accessToken", "access_token", "token"])
async def test_a_token_may_come_under_any_name_and_tell_its_age_only_inside(beam: "Caller", field: str) -> None:
    beam.world.access.token_field, beam.world.access.announces_lifetime = field, False
    tokens = await token(beam)
    assert set(tokens) == {field, "refreshToken"}
    payload = tokens[field].split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    assert claims["exp"] - beam.world.clock.now().timestamp() == pytest.approx(3600, abs=5)


async def test_reading_and_writing_may_want_different_credentials(beam: "Caller") -> None:
    beam.world.access.reads, beam.world.access.refused_status = {"token"}, 403
    assert (await beam.send("GET", "/agent")).status_code == 403
    headers = {**WORKSPACE, "authorization": f"Bearer {(await token(beam))['idToken']}"}
    assert (await beam.http.get("/agent", headers=headers)).status_code == 200
    assert (await beam.create("Invoice Matcher"))["status"] == "QUEUED"
    beam.world.access.writes = {"token"}
    assert (await beam.send("POST", "/agent-tasks/retry", {"taskId": "x"})).status_code == 403


async def test_a_wrong_key_or_refresh_token_buys_nothing(beam: "Caller") -> None:
    assert (await beam.http.post("/auth/access-token", json={"apiKey": "no"})).status_code == 401
    assert (await beam.http.post("/auth/access-token", json={})).status_code == 400
    assert (await beam.http.post("/auth/refresh-token", json={"refreshToken": "no"})).status_code == 401


FILE = {"data": "aGVsbG8=", "mimeType": "text/plain", "fileName": "a.txt", "fileSize": "5"}


@pytest.mark.parametrize(
    "wrong",
    [
        {"taskQuery": "text"},
        {"taskQuery": {}},
        {"taskQuery": {"query": 7}},
        {"taskQuery": {"query": "x", "more": "y"}},
        {"agentId": 5},
        {"parsingUrls": "https://example.com"},
        {"encodedContextFiles": [{**FILE, "fileSize": 5}]},
        {"encodedContextFiles": [{**FILE, "fileSize": "6"}]},
        {"encodedContextFiles": [{**FILE, "data": "data:text/plain;base64,aGVsbG8="}]},
        {"surprise": True},
        {"input": {}, "taskQuery": {"query": "both forms"}},
    ],
)
async def test_a_creation_that_is_not_quite_right_is_refused_and_nothing_happens(
    beam: "Caller", wrong: dict[str, Any]
) -> None:
    body = {"agentId": beam.world.agent("CRM Sync").id, "taskQuery": {"query": "x"}, **wrong}
    answer = await beam.send("POST", "/agent-tasks", body)
    assert answer.status_code == 400
    assert answer.json()["statusCode"] == 400
    assert isinstance(answer.json()["message"], list)
    assert not beam.world.acts
    assert not beam.world.tasks


async def test_broken_json_unknown_ids_and_unknown_paths_are_refused_as_nest_does(beam: "Caller") -> None:
    headers = {"x-api-key": SANDBOX_KEY, **WORKSPACE}
    assert (await beam.http.post("/agent-tasks", content=b"{", headers=headers)).status_code == 400
    assert (await beam.http.post("/agent-tasks", content=b"[]", headers=headers)).status_code == 400
    body = {"agentId": WORKSPACE_ID, "taskQuery": {"query": "x"}}
    assert (await beam.send("POST", "/agent-tasks", body)).status_code == 404
    assert (await beam.send("GET", f"/agent-tasks/{WORKSPACE_ID}")).json()["error"] == "Not Found"
    assert (await beam.send("GET", "/no/such/path")).json()["message"] == "Cannot GET /no/such/path"
    assert (await beam.send("PUT", "/agent")).status_code == 404


async def test_decisions_that_do_not_fit_are_refused(beam: "Caller") -> None:
    asking = await beam.task((await beam.create("Invoice Matcher"))["id"], after=3)
    read, match = asking["agentTaskNodes"]
    inputs = [{"question": "Which purchase order does this invoice belong to?", "answer": "PO-1"}]
    assert (await beam.decide("PATCH", "user-input", asking, read, userInputs=inputs)).status_code == 409
    other = [{"question": "Another question?", "answer": "PO-1"}]
    assert (await beam.decide("PATCH", "user-input", asking, match, userInputs=other)).status_code == 400
    assert (await beam.decide("PATCH", "user-input", asking, match, userInputs=[])).status_code == 400
    assert (await beam.decide("PATCH", "user-input", asking, {"id": "x"}, userInputs=inputs)).status_code == 404
    assert (await beam.send("POST", "/agent-tasks/retry", {"taskId": asking["id"]})).status_code == 409

    paying = await beam.task((await beam.create("Payment Runner"))["id"], after=2)
    node, task = paying["agentTaskNodes"][1], {"taskId": paying["id"]}
    for wrong in ({"consent": False}, {"consent": True, "toolId": "x"}, {"consent": True, "toolParameters": {"x": 1}}):
        assert (await beam.decide("POST", "user-consent", paying, node, **task, **wrong)).status_code == 400
    assert (await beam.decide("POST", "user-consent", paying, node, consent=True)).status_code == 400
    assert (await beam.decide("POST", "rejection", paying, node, **task)).status_code == 400
    feedback = {"taskId": paying["id"], "taskNodeFeedbackAsText": "no node"}
    assert (await beam.send("POST", "/agent-tasks/retry", feedback)).status_code == 400
    assert [act.kind for act in beam.world.acts] == ["create", "create"]


async def test_the_ledger_holds_every_write_that_was_carried_out(beam: "Caller") -> None:
    asking = await beam.task((await beam.create("Invoice Matcher"))["id"], after=3)
    inputs = [{"question": "Which purchase order does this invoice belong to?", "answer": "PO-1", "parameter": "x"}]
    await beam.decide("PATCH", "user-input", asking, asking["agentTaskNodes"][1], userInputs=inputs)
    await beam.send("POST", f"/agent-tasks/{asking['id']}/abort")
    await beam.send("POST", "/agent-tasks/retry", {"taskId": asking["id"]})
    assert [(act.kind, act.task_id) for act in beam.world.acts] == [
        ("create", asking["id"]),
        ("user-input", asking["id"]),
        ("abort", asking["id"]),
        ("retry", asking["id"]),
    ]
    assert beam.world.acts[1].payload["userInputs"] == inputs


async def test_a_file_sent_with_a_task_comes_back_over_a_signed_link_without_credentials(beam: "Caller") -> None:
    task = await beam.create("CRM Sync", encodedContextFiles=[FILE], parsingUrls=["https://example.com"])
    [file] = task["contextFiles"]
    agent = task["agentGraph"]["agentId"]
    for path in (
        f"/context/agent/{agent}/file/{file['id']}/download",
        f"/agent/{agent}/context/file/{file['id']}/download",
    ):
        url = (await beam.get(path))["downloadUrl"]
        assert "X-Signature=" in url
        assert (await beam.http.get(url)).content == b"hello"
        assert (await beam.http.get(url.split("?")[0])).status_code == 403
    assert (await beam.send("GET", f"/context/agent/{agent}/file/{WORKSPACE_ID}/download")).status_code == 404


async def test_every_request_is_remembered_with_what_it_carried(beam: "Caller") -> None:
    await beam.send("GET", "/agent", pageSize=3)
    await beam.create("Invoice Matcher")
    first, second = beam.world.requests
    assert (first.method, first.path, first.query, first.body) == ("GET", "/agent", {"pageSize": "3"}, None)
    assert first.headers["x-api-key"] == SANDBOX_KEY
    assert second.body["taskQuery"] == {"query": "Please do it"}
