"""Beam's answers with attacks at every place, and what each of them must hold so that it is shown at all."""

import itertools
import json
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from beam_mcp.beam.agent import Agent, Graph
from beam_mcp.beam.analytics import Analytics
from beam_mcp.beam.task import Task
from beam_mcp.beam.task_list import HeadEntry
from beam_mcp.beam.user import User
from beam_mcp.sandbox.access import WORKSPACE_ID
from beam_mcp.sandbox.world import World
from tests.foreign.corpus import Attack
from tests.foreign.fields import Give, every_place, filled

Json = dict[str, Any]

STATES: Mapping[str, str | None] = {
    "asks": "USER_INPUT_REQUIRED",
    "wants": "USER_CONSENT_REQUIRED",
    "sign-in": "AUTHENTICATION_REQUIRED",
    "works": "IN_PROGRESS",
    "done": "COMPLETED",
    "failed": "FAILED",
    "odd": None,  # where the statuses themselves are foreign
}
LONGEST = 1_500  # characters of an attack that stands at every place at once; whole floods have tests of their own
WHEN = "2026-11-22T10:00:00.000Z"
ORDER = {place: number for number, place in enumerate(every_place())}


def uid(*parts: object) -> str:
    """An id, the same each time."""
    return str(uuid5(NAMESPACE_URL, repr(parts)))


def giving(attacks: Sequence[Attack], turn: int) -> Give:
    """Which attack stands at a place in this turn; in as many turns as there are attacks each stands everywhere."""
    return lambda place: attacks[(ORDER[place] + turn) % len(attacks)].text[:LONGEST]


def task_body(give: Give, turn: int, state: str) -> Json:
    """A task in this state."""
    body, status = filled(Task, give), STATES[state]
    [node] = body["agentTaskNodes"]
    body |= {"id": uid(turn, state), "createdAt": WHEN, "updatedAt": WHEN, "totalCost": 0.02}
    node |= {"id": uid(turn, state, "node"), "evaluationScore": 0.4 if turn % 3 else None}
    if status:
        body["status"] = node["status"] = status
    body["agentGraph"] |= {"agentId": uid("agent", turn)}
    body["agentGraph"]["agent"] |= {"id": uid("agent", turn)}
    for asked in (*node["userQuestions"], *node["input"]):
        asked |= {"answer": None, "required": True, "found": False}
    if turn % 2:
        node["userQuestions" if turn % 4 == 1 else "input"] = []
        node["agentGraphNode"]["toolConfiguration"]["inputParams"] = []
        data = node["toolData"]
        data |= {"integration_error": None, "tool_output": [{"error": data["tool_output"]}]}
        node["output"] = {"value": {data["tool_id"][:50]: node["output"]["value"]}}
    else:
        # What a parameter's own description adds is shown where its name is the question's.
        node["userQuestions"][0]["parameter"] = give(
            "Task.agentTaskNodes[].agentGraphNode.toolConfiguration.inputParams[].paramName"
        )
    return body


def serve(world: World, path: str, body: object, *, code: int = 200, headers: Mapping[str, str] | None = None) -> None:
    """Let Beam answer this from now on; halves of characters go out as Beam would send them."""
    text = body if isinstance(body, str) else json.dumps(body, ensure_ascii=False)
    text = text.encode("utf-8", "replace" if isinstance(body, str) else "backslashreplace").decode()
    world.faults.add("status", path, method="GET", code=code, body=text, headers=headers or {}, times=None)


def serve_turn(world: World, attacks: Sequence[Attack], turn: int) -> None:
    """Everything that Beam can be asked for, in this turn."""
    give = giving(attacks, turn)
    world.faults.clear()
    for state in STATES:
        serve(world, f"^/agent-tasks/{uid(turn, state)}$", task_body(give, turn, state))
    agent = filled(Agent, give) | {"id": uid("agent", turn)}
    serve(world, f"^/agent/{agent['id']}$", agent)
    graph = filled(Graph, give)
    graph["nodes"][0]["toolConfiguration"] |= {"requiresConsent": True}
    serve(world, f"^/agent-graphs/{agent['id']}$", {"graph": graph})
    figures = {"currentPeriod": {"totalTasks": 3, "completedTasks": 2, "failedTasks": 1, "averageEvaluationScore": 0.5}}
    figures["currentPeriod"]["averageRuntimeSeconds"] = 3
    serve(world, "^/agent-tasks/analytics$", filled(Analytics, give) | figures)
    user = filled(User, give)
    theirs = user["workspaces"]
    if turn // 2 % 3:  # else ours is none of them, and they are told to choose from
        user["workspaces"] = [theirs[0] | {"id": WORKSPACE_ID}, *theirs][: 1 + turn % 2]
    serve(world, "^/v2/user/me$", user)
    attack = attacks[turn].text[:LONGEST]
    bodies: list[object] = [{"message": attack}, {"message": [attack, attack]}, {"error": {"message": attack}}, attack]
    serve(world, f"^/agent-tasks/{uid(turn, 'broken')}$", bodies[turn % 4], code=(400, 403, 409, 422, 200)[turn % 5])


def serve_lists(world: World, attacks: Sequence[Attack], turns: Sequence[int]) -> None:
    """The lists, with so many attacks in each."""
    world.faults.clear()
    gives = [giving(attacks, turn) for turn in turns]
    groups: list[Json] = []
    for turn, give in zip(turns, gives, strict=True):
        group = filled(HeadEntry, give)
        group["tasks"][0] |= {"id": uid("listed", turn), "createdAt": WHEN}
        group["tasks"][0] |= {"status": [*STATES.values()][turn % 6]}
        groups.append({"groupName": group["groupName"], "groupCount": 1, "tasks": group["tasks"]})
    waiting = [task_body(give, turn, ("asks", "wants")[turn % 2]) for turn, give in zip(turns, gives, strict=True)]
    serve(world, "^/agent-tasks$", {"data": groups, "totalCount": len(groups)})
    agents = [filled(Agent, give) | {"id": uid("agent", turn)} for turn, give in zip(turns, gives, strict=True)]
    serve(world, "^/agent$", {"agents": agents, "count": len(agents) + 1})
    for task in waiting:
        serve(world, f"^/agent-tasks/{task['id']}$", task)


def serve_inbox(world: World, attacks: Sequence[Attack], turns: Sequence[int], first: int = 0) -> None:
    """What waits, with so many attacks in it; of the three kinds of waiting, one after the other from the `first`."""
    world.faults.clear()
    kinds = itertools.islice(itertools.cycle(("asks", "wants", "sign-in")), first, None)
    tasks = [task_body(giving(attacks, t), t, kind) for t, kind in zip(turns, kinds, strict=False)]
    serve(world, "^/agent-tasks$", {"data": [{"groupName": "All", "tasks": tasks}], "totalCount": len(tasks)})
    for task in tasks:
        serve(world, f"^/agent-tasks/{task['id']}$", task)


def serve_working(world: World, attacks: Sequence[Attack], turns: Sequence[int]) -> None:
    """Tasks at work, each of them at the one step that tells what it does."""
    world.faults.clear()
    for turn in turns:
        serve(world, f"^/agent-tasks/{uid(turn, 'works')}$", task_body(giving(attacks, turn), turn, "works"))
