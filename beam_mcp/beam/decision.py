"""A person's decision on what a step wants to do: consent, perhaps with changed parameters, or rejection."""

from collections.abc import Container, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from beam_mcp.beam.errors import MayHaveHappened, Overtaken
from beam_mcp.beam.http import Beam
from beam_mcp.beam.lost import look_for
from beam_mcp.beam.node import Node, ToolData
from beam_mcp.beam.task import Task, get_task, phase_of

LOOK = "Look at it with get_task()."
ADVICE = "Look with get_task() before deciding once more."


@dataclass(frozen=True)
class Action:
    """What a step wants to do, and whom it would do it for; two of them are equal when nothing about it changed."""

    task_id: str
    node_id: str
    tool_id: str | None
    tool: str | None
    parameters: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, task: Task, node: Node) -> "Action":
        """The action for which this step waits."""
        data = node.tool_data or ToolData()
        named = f"{node.tool.tool_function_name} {node.tool.tool_name}"
        given = tuple(sorted((name, repr(value)) for name, value in parameters_of(node).items()))
        return cls(task.id or "", node.id or "", data.tool_id, named, given)


def parameters_of(node: Node) -> dict[str, Any]:
    """Every parameter the step's tool would be called with, required ones first; unnamed ones by their number."""
    known = _declared(node)
    other = _named((node.tool_data or ToolData()).tool_parameters)
    return known | {name: value for name, value in other.items() if name not in known and value not in known.values()}


def sent_parameters(node: Node, parameters: Mapping[str, Any], edited: Container[str]) -> dict[str, Any]:
    """Those of `parameters` that go to Beam where any was edited: the declared ones, or all where none is declared."""
    declared = _declared(node) or parameters
    return {name: value for name, value in parameters.items() if name in declared or name in edited}


def _declared(node: Node) -> dict[str, Any]:
    data = node.tool_data or ToolData()
    given = {**(data.required_parameters or {}), **(data.optional_parameters or {})}
    return {name: value for name, value in given.items() if value is not None}


def _named(parameters: Any) -> dict[str, Any]:
    """`tool_parameters`, whose inner form is not documented: pairs of name and value, objects, or bare values.

    Entries that only declare a name hold no value to show.
    """
    match parameters:
        case {"name": str(name) | int(name), **rest}:
            return {str(name): rest["value"]} if rest.get("value") is not None else {}
        case {**pairs}:
            return {str(name): value for name, value in pairs.items() if value is not None}
        case [*items]:
            found: dict[str, Any] = {}
            for number, item in enumerate(items, 1):
                found |= _named(item) if isinstance(item, dict) else {f"parameter {number}": item}
            return found
        case None | "":
            return {}
        case bare:
            return {"parameter 1": bare}


def waiting_for_consent(task: Task) -> list[Node]:
    """The steps that wait for a person's consent."""
    return [node for node in task.waiting_nodes() if _wants_consent(node, task)]


def _wants_consent(node: Node, task: Task) -> bool:
    status = node.status if phase_of(node.status) == "needs_me" else task.status
    return (status or "").upper() == "USER_CONSENT_REQUIRED"


async def consent(beam: Beam, action: Action, *, changed: dict[str, Any] | None, feedback: str | None) -> Task:
    """Let the step do it (POST user-consent), sent once; `changed` are all its parameters where any was edited.

    Raises:
        MayHaveHappened: the reply was lost and the step still waits.
        Conflict, BadRequest: Beam did not take the decision.
        Overtaken: somebody else's was first.
    """
    body: dict[str, Any] = {"taskNodeId": action.node_id, "taskId": action.task_id, "consent": True}
    if feedback:
        body["feedback"] = feedback
    if changed is not None:
        body |= {"toolParameters": changed} | ({"toolId": action.tool_id} if action.tool_id else {})
    return await _decide(beam, action, "user-consent", body, ends=False)


async def reject(beam: Beam, action: Action, *, reasons: list[str]) -> Task:
    """Refuse it, which ends the task (POST rejection), sent once.

    Raises:
        MayHaveHappened: the reply was lost and the step still waits.
        Conflict, BadRequest: Beam did not take the decision.
    """
    body = {"taskNodeId": action.node_id, "taskId": action.task_id, "userFeedback": reasons}
    return await _decide(beam, action, "rejection", body, ends=True)


async def _decide(beam: Beam, action: Action, what: str, body: dict[str, Any], *, ends: bool) -> Task:
    path = f"/agent-tasks/execution/{quote(action.task_id, safe='')}/{what}"
    try:
        return await beam.write(Task, "POST", path, json=body)
    except MayHaveHappened as error:
        lost = error

    async def decided() -> Task | None:
        task = await get_task(beam, action.task_id)
        return None if action.node_id in {node.id for node in waiting_for_consent(task)} else task

    now = await look_for(decided, lost=lost, unseen="The step still waits for a decision.", advice=ADVICE)
    if (now.phase == "failed") != ends:
        decision = "stopped" if now.phase == "failed" else "approved"
        raise Overtaken(f"The step was {decision} by somebody else meanwhile. Your decision was not taken.", LOOK)
    return now
