"""What people do to tasks: answer, approve, reject, retry, rate, stop, release."""

from typing import Any

from starlette.responses import Response

from beam_mcp.sandbox import replies
from beam_mcp.sandbox.checks import Checks
from beam_mcp.sandbox.refusals import Refusal, json_answer
from beam_mcp.sandbox.routes.call import Call, Door
from beam_mcp.sandbox.task import TaskState
from beam_mcp.sandbox.wire import Json, as_list, as_object


async def user_input(call: Call) -> Response:
    """Answer what a node asks."""
    task, checks = call.task(call.segment("task_id")), Checks(call.fields, ("taskNodeId", "userInputs"))
    node_id, inputs = checks.text("taskNodeId", required=True), _inputs(checks)
    checks.done()
    replies.answer(task, node_id, inputs, call.world.clock.now())
    return _acted(call, "user-input", task, 200)


def _inputs(checks: Checks) -> list[Json]:
    sent = as_list(checks.data.get("userInputs"))
    if not sent:
        checks.complain("userInputs must be an array" if sent is None else "userInputs should not be empty")
    return [_input(checks, index, item) for index, item in enumerate(sent or [])]


def _input(checks: Checks, index: int, item: Any) -> Json:
    inner = Checks(as_object(item) or {}, ("question", "answer", "parameter"), f"userInputs.{index}.")
    parts = {"question": inner.text("question", required=True), "answer": inner.text("answer", required=True)}
    parts["parameter"] = inner.text("parameter")
    checks.problems += inner.problems
    return parts


async def user_consent(call: Call) -> Response:
    """Approve what a node wants to do."""
    task = call.task(call.segment("task_id"))
    checks = Checks(call.fields, ("taskNodeId", "taskId", "consent", "feedback", "toolId", "toolParameters"))
    node_id, tool_id = _decided_node(checks, task), checks.text("toolId")
    checks.text("feedback")
    checks.require("consent must be true", fine=call.fields.get("consent") is True)
    edits = as_object(call.fields.get("toolParameters") or {})
    checks.require("toolParameters must be an object", fine=edits is not None)
    checks.done()
    replies.consent(task, node_id, tool_id, edits or {}, call.world.clock.now())
    return _acted(call, "user-consent", task, 201)


async def rejection(call: Call) -> Response:
    """Refuse what a node wants to do."""
    task = call.task(call.segment("task_id"))
    checks = Checks(call.fields, ("taskNodeId", "taskId", "userFeedback"))
    node_id, feedback = _decided_node(checks, task), checks.texts("userFeedback", required=True)
    checks.done()
    replies.reject(task, node_id, feedback, call.world.clock.now())
    return _acted(call, "rejection", task, 201)


def _decided_node(checks: Checks, task: TaskState) -> str:
    checks.require("taskId must be the task of the path", fine=checks.text("taskId", required=True) == task.id)
    return checks.text("taskNodeId", required=True)


async def retry(call: Call) -> Response:
    """Run a task again; the answer is an empty 201."""
    known = ("taskId", "taskNodeId", "taskNodeFeedbackAsText", "taskNodeFeedbackPerKeys")
    checks, now = Checks(call.fields, known), call.world.clock.now()
    task_id, node_id = checks.text("taskId", required=True), checks.text("taskNodeId")
    feedback = checks.text("taskNodeFeedbackAsText")
    checks.require("taskNodeFeedbackAsText needs taskNodeId", fine=not feedback or node_id != "")
    checks.done()
    task = call.task(task_id)
    replies.retry(task, node_id, feedback, now)
    if task.agent.story.costs_credits > call.world.credits.left:
        replies.starve(task, now)
    call.world.act("retry", task, call.fields)
    return Response(status_code=201)


async def output_rating(call: Call) -> Response:
    """Rate an output."""
    task = call.task(call.segment("task_id"))
    checks = Checks(call.fields, ("rating", "taskNodeId", "userFeedback", "expectedOutput"))
    rating = checks.text("rating", required=True, choices=("positive", "negative"))
    node_id, feedback = checks.text("taskNodeId"), checks.text("userFeedback")
    checks.text("expectedOutput")
    checks.done()
    replies.rate(task, rating, node_id, feedback, call.world.clock.now())
    return _acted(call, "output-rating", task, 200)


async def abort(call: Call) -> Response:
    """Stop a task; the answer may be empty."""
    task = call.task(call.segment("task_id"))
    fields = call.fields if call.body is not None else {}
    checks = Checks(fields, ("reason",))
    reason = checks.text("reason")
    checks.done()
    replies.abort(task, reason, call.world.clock.now())
    call.world.act("abort", task, fields)
    return Response(status_code=201) if call.world.shapes.empty_abort else call.task_answer(task, 201)


async def cancel_wait(call: Call) -> Response:
    """Release a node that waits for time to pass."""
    checks, node_id = Checks(call.query, ("agentId",)), call.segment("task_id")
    agent_id = checks.text("agentId", required=True)
    checks.done()
    call.agent(agent_id)
    task = next((task for task in call.world.current() if task.node(node_id)), None)
    if task is None or task.agent.id != agent_id:
        raise Refusal(404, f"Task node {node_id} not found")
    replies.release(task, node_id, call.world.clock.now())
    call.world.act("cancel-wait", task, {"taskNodeId": node_id})
    return json_answer({"success": True}, 201)


def _acted(call: Call, kind: str, task: TaskState, status: int) -> Response:
    call.world.act(kind, task, call.fields)
    return call.task_answer(task, status)


DOORS = (
    Door("PATCH", "/agent-tasks/execution/{task_id}/user-input", user_input),
    Door("POST", "/agent-tasks/execution/{task_id}/user-consent", user_consent),
    Door("POST", "/agent-tasks/execution/{task_id}/rejection", rejection),
    Door("POST", "/agent-tasks/retry", retry),
    Door("PATCH", "/agent-tasks/execution/{task_id}/output-rating", output_rating),
    Door("POST", "/agent-tasks/{task_id}/abort", abort),
    Door("POST", "/agent-tasks/{task_id}/cancel-wait", cancel_wait),
)
