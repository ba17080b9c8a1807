"""How an agent did in a period, and against the one before."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from starlette.responses import Response

from beam_mcp.sandbox.checks import Checks
from beam_mcp.sandbox.refusals import Refusal, json_answer
from beam_mcp.sandbox.routes.call import Call, Door
from beam_mcp.sandbox.task import TaskState
from beam_mcp.sandbox.wire import Json


async def analytics(call: Call) -> Response:
    """The numbers of one agent from one date to another."""
    checks = Checks(call.query, ("agentId", "startDate", "endDate"))
    agent_id = checks.text("agentId", required=True)
    for name in ("startDate", "endDate"):
        written = checks.text(name, required=True)
        checks.require(f"{name} must be a date like 2026-08-12", fine=len(written) == 10)
    start, end = checks.moment("startDate"), checks.moment("endDate", ends_day=True)
    checks.done()
    agent = call.agent(agent_id)
    if start is None or end is None:
        raise Refusal(400, "startDate and endDate are required")
    tasks = [task for task in call.world.current() if task.agent is agent]
    now, before = _figures(_within(tasks, start, end)), _figures(_within(tasks, start - (end - start), start))
    chart = [_day(tasks, start + timedelta(days=day)) for day in range(max(0, (end - start).days))]
    return json_answer({"currentPeriod": now, "metricsDelta": _delta(now, before), "taskAndEvaluationChart": chart})


def _within(tasks: Sequence[TaskState], start: datetime, end: datetime) -> list[TaskState]:
    return [task for task in tasks if start <= task.created_at < end]


def _figures(tasks: Sequence[TaskState]) -> Json:
    ended = [task for task in tasks if task.over]
    runtimes = [(task.updated_at - task.created_at).total_seconds() for task in ended]
    return {
        "totalTasks": len(tasks),
        "completedTasks": _count(tasks, "COMPLETED"),
        "failedTasks": _count(tasks, "FAILED"),
        "averageEvaluationScore": _mean(_scores(ended)),
        "averageRuntimeSeconds": _mean(runtimes),
        "totalRuntimeSeconds": round(sum(runtimes), 1),
        "positiveFeedbackCount": sum(1 for task in tasks if _rating(task) == "positive"),
        "consentRequiredCount": _count(tasks, "USER_CONSENT_REQUIRED"),
        "negativeFeedbackCount": sum(1 for task in tasks if _rating(task) == "negative"),
    }


def _rating(task: TaskState) -> object:
    return task.rating or task.raw.get("rating")


def _scores(tasks: Sequence[TaskState]) -> list[float]:
    found = [node.detail.get("evaluationScore") for task in tasks for node in task.nodes.values()]
    return [score for score in found if score is not None]


def _count(tasks: Sequence[TaskState], status: str) -> int:
    return sum(1 for task in tasks if task.status.upper() == status)


def _mean(values: Sequence[float]) -> float:
    return round(sum(values) / len(values), 2) if values else 0


def _delta(now: Json, before: Json) -> Json:
    figures = {
        "totalTasksDelta": "totalTasks",
        "completedTasksDelta": "completedTasks",
        "failedTasksDelta": "failedTasks",
        "consentRequiredTasksDelta": "consentRequiredCount",
        "averageRuntimeSecondsDelta": "averageRuntimeSeconds",
        "totalRuntimeSecondsDelta": "totalRuntimeSeconds",
        "averageEvaluationScoreDelta": "averageEvaluationScore",
    }
    return {delta: _percent(now[figure], before[figure]) for delta, figure in figures.items()}


def _percent(now: float, before: float) -> str:
    change = (now - before) / before * 100 if before else (100.0 if now else 0.0)
    return f"{change:+.1f}%"


def _day(tasks: Sequence[TaskState], day: datetime) -> Json:
    mine = _within(tasks, day, day + timedelta(days=1))
    return {
        "date": day.date().isoformat(),
        "completedCount": _count(mine, "COMPLETED"),
        "failedCount": _count(mine, "FAILED"),
        "averageEvaluationScore": _mean(_scores(mine)) or None,
    }


DOORS = (Door("GET", "/agent-tasks/analytics", analytics),)
