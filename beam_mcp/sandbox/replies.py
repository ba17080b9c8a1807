"""What people may do to a task, and when Beam refuses it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from beam_mcp.sandbox.refusals import Refusal
from beam_mcp.sandbox.stories.plot import ASK, CONSENT, CREDITS, RUN, SIGN_IN, STOP, WAIT
from beam_mcp.sandbox.task import NodeState, TaskState
from beam_mcp.sandbox.wire import Json

_RATED = frozenset({"rating", "userFeedback"})


def held_node(task: TaskState, node_id: str, status: str) -> NodeState:
    """The node that is in exactly this status, or a refusal."""
    node = task.node(node_id)
    if node is None:
        raise Refusal(404, f"Task node {node_id} not found")
    if node.status != status:
        raise Refusal(409, f"Task node is not in status {status} (it is {node.status})")
    return node


def answer(task: TaskState, node_id: str, inputs: list[Json], now: datetime) -> None:
    """Answer questions of a node; it goes on when none is left open."""
    node = held_node(task, node_id, ASK)
    planted = task.texts.get("question")
    asked = [(entry, _asking(node, entry, planted)) for entry in inputs]
    unknown = [entry["question"] for entry, question in asked if question is None]
    if unknown:
        raise Refusal(400, [f"Unknown question: {text}" for text in unknown])
    for entry, question in asked:
        _record(task, question or {}, entry["answer"])
    if any(_open(question) for question in _questions(node)):
        task.touch(now)
    else:
        task.settle(node, now)


def _questions(node: NodeState) -> list[Json]:
    return [*(node.detail.get("userQuestions") or []), *(node.detail.get("input") or [])]


def _asking(node: NodeState, entry: Json, planted: object) -> Json | None:
    """The question an answer belongs to: by its verbatim text; an input without text goes by its name."""
    for question in _questions(node):
        if planted is not None and entry["question"] == planted:
            return question
        text = question.get("question")
        names = {question.get("parameter"), question.get("name")} - {None}
        if entry["question"] == text or (text is None and {entry["question"], entry.get("parameter")} & names):
            return question
    return None


def _record(task: TaskState, question: Json, answered: str) -> None:
    question["answer"] = answered
    if "found" in question:
        question.update(value=answered, found=bool(answered))
    task.facts[str(question.get("parameter") or question.get("name"))] = answered


def _open(question: Json) -> bool:
    if "found" in question:
        return bool(question["required"]) and not question["found"]
    return not question["answer"]


def consent(task: TaskState, node_id: str, tool_id: str, edits: Mapping[str, Any], now: datetime) -> None:
    """Approve the action of a node, maybe with other parameters."""
    node = held_node(task, node_id, CONSENT)
    data: Json = node.detail.setdefault("toolData", {})
    if tool_id and tool_id != data.get("tool_id"):
        raise Refusal(400, f"Tool {tool_id} is not the tool of this node")
    required: Json = data.get("required_parameters") or {}
    optional: Json = data.get("optional_parameters") or {}
    unknown = [name for name in edits if name not in required and name not in optional]
    if unknown:
        raise Refusal(400, [f"toolParameters.property {name} should not exist" for name in unknown])
    for name, value in edits.items():
        (required if name in required else optional)[name] = value
    for name, value in required.items():
        task.facts[f"approved_{name}"] = str(value)
    task.settle(node, now)


def reject(task: TaskState, node_id: str, feedback: list[str], now: datetime) -> None:
    """Refuse the action of a node, which ends the task."""
    node = held_node(task, node_id, CONSENT)
    node.detail["userFeedback"] = "; ".join(feedback) or None
    task.end(STOP, now)


def retry(task: TaskState, node_id: str, feedback: str, now: datetime) -> None:
    """Run a task again that ended or got stuck."""
    if not task.over and task.status not in {SIGN_IN, CREDITS}:
        raise Refusal(409, f"Task can not be retried in status {task.status}")
    node = task.node(node_id) if node_id else None
    if node_id and node is None:
        raise Refusal(404, f"Task node {node_id} not found")
    if node and feedback:
        node.detail["userFeedback"] = feedback
    task.again(node, now)


def starve(task: TaskState, now: datetime) -> None:
    """Leave a retried task where it was: there are still no credits for it."""
    task.agenda = []
    for node in task.nodes.values():
        if node.status == RUN:
            node.enter(CREDITS, now, task.facts)
    task.status = CREDITS
    task.touch(now)


def abort(task: TaskState, reason: str, now: datetime) -> None:
    """Stop a task that is not over yet."""
    if task.over:
        raise Refusal(409, f"Task is already in status {task.status}")
    task.end(STOP, now)
    task.initiation["abortReason"] = reason


def release(task: TaskState, node_id: str, now: datetime) -> None:
    """Let a waiting node go on at once."""
    task.settle(held_node(task, node_id, WAIT), now)


def rate(task: TaskState, rating: str, node_id: str, feedback: str, now: datetime) -> None:
    """Say whether an output was good."""
    if node_id:
        node = task.node(node_id)
        if node is None:
            raise Refusal(404, f"Task node {node_id} not found")
        node.detail.update(rating=rating, userFeedback=feedback or None)
    else:
        task.rating, task.feedback = rating, feedback or None
        # A rating the body was made to lack or to carry from the start gives way to the real one.
        task.raw = {key: value for key, value in task.raw.items() if key not in _RATED}
        task.absent = tuple(key for key in task.absent if key not in _RATED)
    task.touch(now)
