"""Reading tasks: one, many, counted."""

import re
from collections import Counter
from collections.abc import Iterable

from starlette.responses import Response

from beam_mcp.sandbox.body import task_bytes
from beam_mcp.sandbox.checks import Checks
from beam_mcp.sandbox.refusals import json_answer
from beam_mcp.sandbox.routes.call import Call, Door
from beam_mcp.sandbox.task import TaskState
from beam_mcp.sandbox.wire import packed

_LISTING = (
    *("pageNum", "pageSize", "agentId", "statuses", "searchQuery"),
    *("ordering", "startDate", "endDate", "grouping", "isDraftTask"),
)
_ORDERING = re.compile(r"(createdAt|updatedAt):(asc|desc)")
_STATUSES = re.compile(r"[A-Z_]+(,[A-Z_]+)*")


async def get_task(call: Call) -> Response:
    """The whole of one task."""
    return call.task_answer(call.task(call.segment("task_id")))


async def list_tasks(call: Call) -> Response:
    """A page of tasks, always in groups."""
    checks = Checks(call.query, _LISTING)
    page, size = checks.number("pageNum", 1), checks.number("pageSize", 10, most=100)
    grouping = checks.text("grouping", choices=("status", "agent"))
    ordering = checks.text("ordering") or "createdAt:desc"
    checks.require("ordering must look like createdAt:desc", fine=bool(_ORDERING.fullmatch(ordering)))
    found = _ordered(_matching(call, checks), ordering)
    checks.done()
    shown = found[(page - 1) * size : page * size]
    if call.world.shapes.tasks == "flat":
        return _bytes_answer(b'{"tasks":' + _many(call, shown) + b',"totalCount":%d}' % len(found))
    keys = list(dict.fromkeys(_group(task, grouping) for task in shown))
    groups = [_group_bytes(call, key, grouping, shown, found) for key in keys]
    return _bytes_answer(b'{"data":[' + b",".join(groups) + b'],"totalCount":%d}' % len(found))


def _matching(call: Call, checks: Checks) -> list[TaskState]:
    since, until = checks.moment("startDate"), checks.moment("endDate", ends_day=True)
    agent_id, statuses = checks.text("agentId"), checks.text("statuses")
    checks.require(
        "each value in statuses must be upper case", fine=not statuses or bool(_STATUSES.fullmatch(statuses))
    )
    words = checks.text("searchQuery").casefold()
    return [
        task
        for task in (call.world.current() if call.at_home else ())
        if (not agent_id or task.agent.id == agent_id)
        and (not statuses or task.status.upper() in statuses.split(","))
        and (since is None or task.created_at >= since)
        and (until is None or task.created_at <= until)
        and (not words or words in f"{task.custom_id}\n{task.query}\n{task.summary}".casefold())
    ]


def _ordered(tasks: Iterable[TaskState], ordering: str) -> list[TaskState]:
    field, _, way = ordering.partition(":")
    backwards = way == "desc"
    if field == "updatedAt":
        return sorted(tasks, key=lambda task: task.updated_at, reverse=backwards)
    return sorted(tasks, key=lambda task: task.created_at, reverse=backwards)


def _group(task: TaskState, grouping: str) -> str:
    return {"status": task.status, "agent": task.agent.id}.get(grouping, "all")


def _group_bytes(call: Call, key: str, grouping: str, shown: list[TaskState], found: list[TaskState]) -> bytes:
    members = [task for task in shown if _group(task, grouping) == key]
    agent = call.world.agents.get(key)
    head = {
        "groupName": agent.name if agent else {"all": "All tasks"}.get(key, key),
        "groupId": key,
        "groupCount": sum(1 for task in found if _group(task, grouping) == key),
        "groupIcon": f"https://example.com/icons/{agent.prefix.lower()}.png" if agent else None,
    }
    return b'{"tasks":' + _many(call, members) + b"," + packed(head)[1:]


def _many(call: Call, tasks: list[TaskState]) -> bytes:
    return b"[" + b",".join(task_bytes(task, call.world.access.home) for task in tasks) + b"]"


def _bytes_answer(body: bytes) -> Response:
    return Response(body, media_type="application/json; charset=utf-8")


async def count_statuses(call: Call) -> Response:
    """How many tasks are in which status."""
    checks = Checks(call.query, ("agentIds",))
    agents = [agent for agent in checks.text("agentIds").split(",") if agent]
    checks.done()
    tasks = call.world.current() if call.at_home else []
    return json_answer(Counter(task.status for task in tasks if not agents or task.agent.id in agents))


async def latest_executions(call: Call) -> Response:
    """The newest tasks of an agent, only completed ones unless told otherwise."""
    checks = Checks(call.query, ("agentId", "pageNum", "pageSize", "includedStatuses", "searchQuery"))
    agent_id, wanted = checks.text("agentId", required=True), checks.text("includedStatuses") or "completed"
    page, size = checks.number("pageNum", 1), checks.number("pageSize", 5, most=100)
    words = checks.text("searchQuery").casefold()
    checks.done()
    statuses = wanted.upper().split(",")
    tasks = call.world.current() if call.at_home else []
    mine = [task for task in tasks if task.agent.id == agent_id and task.status.upper() in statuses]
    found = _ordered([task for task in mine if words in f"{task.custom_id}\n{task.query}".casefold()], "createdAt:desc")
    shown = found[(page - 1) * size : page * size]
    return _bytes_answer(b'{"tasks":' + _many(call, shown) + b',"totalCount":%d}' % len(found))


DOORS = (
    Door("GET", "/agent-tasks", list_tasks),
    Door("GET", "/agent-tasks/statuses", count_statuses),
    Door("GET", "/agent-tasks/latest-executions", latest_executions),
    Door("GET", "/agent-tasks/{task_id}", get_task),
)
