"""The grammar of a story: its nodes, its beats, and what a node shows in each status."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from beam_mcp.sandbox.wire import Json, as_list, as_object

RUN, DONE = "IN_PROGRESS", "COMPLETED"
ASK, CONSENT, WAIT = "USER_INPUT_REQUIRED", "USER_CONSENT_REQUIRED", "WAITING"
SIGN_IN, CREDITS = "AUTHENTICATION_REQUIRED", "INSUFFICIENT_CREDITS"
FAIL, STOP = "FAILED", "STOPPED"


@dataclass(frozen=True)
class Plan:
    """One node of an agent's graph, and what its execution shows on entering a status."""

    key: str
    objective: str
    tool: str | None = None
    describes: str = ""
    kind: str = "executionNode"
    consent: bool = False
    integration: str | None = None
    settings: Json | None = None
    on: Mapping[str, Json] = field(default_factory=dict[str, Json])


@dataclass(frozen=True)
class Beat:
    """What happens `after` seconds from the beat before it; `status` is the task's from then on."""

    after: float
    status: str
    nodes: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True)
class Story:
    """All that can happen to a task of one agent; texts may hold {facts}."""

    plans: tuple[Plan, ...]
    opening: tuple[Beat, ...]
    query: str
    objective: str
    summary: str | None
    resumed: tuple[Beat, ...] = ()
    retried: tuple[Beat, ...] = ()
    file: str | None = None
    weight: int = 0
    costs_credits: float = 0.0


def question(
    text: str,
    parameter: str,
    *,
    answer: str | None = None,
    memory: str | bool | None = None,
    suggestions: Mapping[str, str] = MappingProxyType({}),
) -> Json:
    """One entry of userQuestions."""
    pairs = [{"question": asked, "answer": suggested} for asked, suggested in suggestions.items()]
    return {"question": text, "answer": answer, "parameter": parameter, "memoryAnswer": memory, "foodForThought": pairs}


def needed(name: str, text: str | None, *, value: str | None = None, reasoning: str | None = None) -> Json:
    """One entry of input, found when it has a value."""
    found = value is not None
    entry = {"id": f"input-{name}", "name": name, "value": value, "question": text}
    return {**entry, "reasoning": reasoning, "found": found, "required": True, "answer": None}


def tool_data(**parts: Any) -> Json:
    """A toolData with every documented key."""
    empty: Json = {
        "tool_id": "tool-generic",
        "tool_parameters": [],
        "tool_output": [],
        "required_parameters": {},
        "optional_parameters": {},
        "reasoning": {},
        "filled_prompt": "",
        "skip_param_extraction": [],
        "integration_identifier": None,
        "integration_error": False,
    }
    return {**empty, **parts}


def branch(name: str, reason: str, *, selected: bool) -> Json:
    """One entry of edgeEvaluations."""
    return {
        "target_node_id": None,
        "eval_criteria": f"Is this the case: {name}?",
        "branch_name": name,
        "reason": reason,
        "selected": selected,
    }


def usual(status: str) -> Json:
    """What a node shows when its plan says nothing about a status it was forced into."""
    patches: dict[str, Json] = {
        DONE: {"output": {"value": {"result": "Done as asked"}}, "evaluationScore": 0.9},
        ASK: {"userQuestions": [question("Which cost centre should this be booked to?", "cost_centre")]},
        CONSENT: {"toolData": tool_data(required_parameters={"recipient": "team@example.com"})},
        SIGN_IN: {"toolData": tool_data(integration_identifier="gmail", integration_error=True)},
        FAIL: {"toolData": tool_data(tool_output=[{"error": "The tool gave up after 3 attempts"}])},
        "ERROR": {"toolData": tool_data(tool_output=[{"error": "Unexpected error in node execution"}])},
        "TIMEOUT": {"toolData": tool_data(tool_output=[{"error": "Node timed out after 900 seconds"}])},
    }
    return patches.get(status.upper(), {})


def filled(value: Any, facts: Mapping[str, str]) -> Any:
    """A copy of a JSON value with every {fact} in its strings replaced."""
    if isinstance(value, str):
        for name, fact in facts.items():
            value = value.replace("{" + name + "}", fact)
        return value
    if (items := as_list(value)) is not None:
        return [filled(item, facts) for item in items]
    if (entries := as_object(value)) is not None:
        return {key: filled(item, facts) for key, item in entries.items()}
    return value
