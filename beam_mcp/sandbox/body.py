"""A task as Beam sends it: far more than anybody asked for."""

from typing import Any

from beam_mcp.sandbox.agents import agent_body
from beam_mcp.sandbox.files import context_file
from beam_mcp.sandbox.filler import HEAP, stuffed
from beam_mcp.sandbox.graph import graph_body, graph_node, graph_node_id
from beam_mcp.sandbox.planting import plant
from beam_mcp.sandbox.secrets import CANARIES
from beam_mcp.sandbox.task import NodeState, TaskState
from beam_mcp.sandbox.wire import Json, packed, stable_id, stamp


def task_bytes(task: TaskState, workspace: str) -> bytes:
    """The task as it is now, serialised once for each of its versions."""
    if task.rendered is None or task.rendered[0] != task.version:
        task.rendered = (task.version, packed(_shaped(task, workspace)))
    nodes = task.nodes.values()
    weight = task.agent.story.weight * sum(1 for node in nodes if node.status) // len(nodes)
    return stuffed(task.rendered[1], task.size_bytes or weight)


def with_keys(body: bytes, extra: Json) -> bytes:
    """A serialised object with more keys in front, without parsing its megabytes."""
    return packed(extra)[:-1] + b"," + body[1:]


def _shaped(task: TaskState, workspace: str) -> Json:
    body = plant(_task_body(task, workspace), task.texts)
    body.update(task.raw)
    for key in task.absent:
        body.pop(key, None)
    return body


def _task_body(task: TaskState, workspace: str) -> Json:
    agent = agent_body(task.agent, workspace)
    scores = [score for node in task.nodes.values() if (score := node.detail.get("evaluationScore")) is not None]
    return {
        "id": task.id,
        "agentGraphId": task.agent.graph_id,
        "customId": task.custom_id,
        "tokensUsed": task.tokens,
        "totalCost": round(task.tokens * 1e-5, 4),
        "taskSummary": task.summary,
        "taskObjective": task.agent.story.objective,
        "graphState": {"history": HEAP},
        "isViewed": False,
        "canRerunTaskNode": True,
        "status": task.status,
        "averageEvaluationScore": round(sum(scores) / len(scores), 3) if task.over and scores else None,
        **_times(task),
        "agentTaskNodes": [_node_body(task, node) for node in task.nodes.values() if node.status],
        "contextFiles": [context_file(file, task.id, agent, task.created_at) for file in task.files],
        "agentGraph": {
            **graph_body(task.agent),
            "agent": {**agent, "userAccessTokenId": CANARIES["userAccessTokenId"]},
        },
        "initiationDetail": {"type": "api", "mode": "auto", **task.initiation},
        "originalTaskQuery": task.query,
        "taskQuery": task.query,
        "taskState": {"nodeSelections": []},
        "userFeedback": task.feedback,
        "rating": task.rating,
        "creditTransactions": _credits(task),
    }


def _times(task: TaskState) -> Json:
    ended = task.updated_at if task.over else None
    return {
        "createdAt": stamp(task.created_at),
        "updatedAt": stamp(task.updated_at),
        "startedAt": stamp(task.created_at),
        "endedAt": stamp(ended) if ended else None,
        "totalExecutionTime": (ended - task.created_at).total_seconds() if ended else None,
        "mode": str(task.initiation.get("mode", "auto")).upper(),
    }


def _node_body(task: TaskState, node: NodeState) -> Json:
    body: dict[str, Any] = {
        "id": node.id,
        "agentGraphNodeId": graph_node_id(task.agent, node.plan),
        "status": node.status,
        "retriedCountWhenFailure": 0,
        "retriedCountWhenAccuracyIsLow": 0,
        "manualRetryCount": node.retries,
        "isEverConsentRequired": node.plan.consent,
        "agentGraphNode": graph_node(task.agent, node.plan),
        "edgeEvaluations": [],
        "nodeEvaluation": [],
        "userFeedback": None,
        "evaluationScore": None,
        "userQuestions": [],
        "output": None,
        "input": None if node.plan.tool is None else [],
        "toolData": None,
        "rating": None,
        "createdAt": stamp(node.began) if node.began else None,
        "updatedAt": stamp(node.ended) if node.ended else None,
    }
    return {**body, **node.detail}


def _credits(task: TaskState) -> list[Json]:
    return [
        {
            "id": stable_id("credit", node.id),
            "transactionType": "usage",
            "creditsAmount": -1,
            "tokensUsed": 1840,
            "costAmount": 0.0184,
            "usageCategory": "task_execution",
            "agentGraphNodeId": graph_node_id(task.agent, node.plan),
            "toolType": "gpt_tool",
            "modelName": "gpt-4o",
        }
        for node in task.nodes.values()
        if node.ended
    ]
