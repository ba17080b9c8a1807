"""Putting any text a test likes into any place where an agent, a document or a person could have written it."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from beam_mcp.sandbox.stories.plot import branch, question, tool_data
from beam_mcp.sandbox.wire import Json

_TOP = {
    "custom_id": "customId",
    "task_summary": "taskSummary",
    "task_query": "taskQuery",
    "task_objective": "taskObjective",
}
_QUIET = frozenset({"COMPLETED", "QUEUED"})


def plant(body: Json, texts: Mapping[str, Any]) -> Json:
    """A task body with these texts in place; those of nodes go to the unfinished one, else to the last."""
    nodes: list[Json] = body["agentTaskNodes"]
    target = next((node for node in nodes if node["status"] not in _QUIET), nodes[-1] if nodes else None)
    for name, text in texts.items():
        if name in _TOP:
            body[_TOP[name]] = text
        elif name in {"agent_name", "agent_description"}:
            body["agentGraph"]["agent"][name.removeprefix("agent_")] = text
        elif target is not None:
            _NODE_PLACES[name](target, text)
    return body


def check_texts(texts: Mapping[str, Any]) -> None:
    """Fail at once on a name that nothing is planted under."""
    known = {*_TOP, "agent_name", "agent_description", *_NODE_PLACES}
    unknown = set(texts) - known
    if unknown:
        raise ValueError(f"no place called {', '.join(sorted(unknown))}; there are {', '.join(sorted(known))}")


def _in_objective(node: Json, text: Any) -> None:
    node["agentGraphNode"]["objective"] = text


def _in_question(key: str, node: Json, text: Any) -> None:
    asked: list[Json] = node.get("userQuestions") or [question("Is this right?", "confirmation")]
    changed = [{"question": "Suggested", "answer": text}] if key == "foodForThought" else text
    node["userQuestions"] = [{**asked[0], key: changed}, *asked[1:]]


def _in_tool(key: str, node: Json, text: Any) -> None:
    tool: Json = node["agentGraphNode"]["toolConfiguration"] or {"toolName": "Tool", "description": None}
    node["agentGraphNode"]["toolConfiguration"] = {**tool, key: text}


def _in_tool_data(key: str, node: Json, text: Any) -> None:
    node["toolData"] = {**(node.get("toolData") or tool_data()), key: text}


def _in_parameters(node: Json, text: Any) -> None:
    data: Json = node.get("toolData") or {}
    required: Json = data.get("required_parameters") or {"recipient": None}
    _in_tool_data("required_parameters", node, dict.fromkeys(required, text))


def _in_output(node: Json, text: Any) -> None:
    node["output"] = {"value": text if isinstance(text, dict) else {"result": text}}


def _in_tool_output(node: Json, text: Any) -> None:
    _in_tool_data("tool_output", node, [{"error": text}])


def _in_edge(node: Json, text: Any) -> None:
    node["edgeEvaluations"] = [branch("failed", text, selected=True)]


_NODE_PLACES: Mapping[str, Callable[[Json, Any], None]] = {
    "node_objective": _in_objective,
    "question": partial(_in_question, "question"),
    "memory_answer": partial(_in_question, "memoryAnswer"),
    "suggestion": partial(_in_question, "foodForThought"),
    "tool_name": partial(_in_tool, "toolName"),
    "tool_description": partial(_in_tool, "description"),
    "tool_parameter": _in_parameters,
    "tool_output": _in_tool_output,
    "integration_error": partial(_in_tool_data, "integration_error"),
    "edge_reason": _in_edge,
    "output_value": _in_output,
}
