"""What an agent's finished tasks tell about the next one: how long it takes and what it costs."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from beam_mcp.beam.http import Beam
from beam_mcp.beam.task import TaskHead, in_utc
from beam_mcp.beam.wire import Wire

SAMPLE = 20  # tasks; each can be a megabyte


class _Executions(Wire):
    tasks: list[TaskHead] | None = None
    data: list[TaskHead] | None = None

    def lacks(self) -> str | None:
        """There may be none so far, but the list must be there."""
        return None if self.tasks is not None or self.data is not None else "list of tasks"


@dataclass(frozen=True)
class Usual:
    """How long an agent's tasks usually take, in seconds, and what they cost; from `count` finished ones."""

    count: int
    p50: float
    p90: float
    cost: float | None

    @classmethod
    def of(cls, finished: Sequence[TaskHead]) -> "Usual | None":
        """None where not one of them says how long it took."""
        lengths = sorted(length for task in finished if (length := seconds_taken(task)) is not None)
        if not lengths:
            return None
        costs = [task.total_cost for task in finished if task.total_cost]
        return cls(
            count=len(lengths),
            p50=_quantile(lengths, 50),
            p90=_quantile(lengths, 90),
            cost=statistics.median(costs) if costs else None,
        )


def seconds_taken(task: TaskHead) -> float | None:
    """Seconds from start to end of a finished task, if Beam gives both.

    Where it names no end, that is its last change, which a later rating moves.
    """
    last = None if task.rating else task.updated_at
    begun, ended = in_utc(task.started_at or task.created_at), in_utc(task.ended_at or last)
    return max(0.0, (ended - begun).total_seconds()) if begun and ended else None


def _quantile(lengths: Sequence[float], percent: int) -> float:
    if len(lengths) == 1:
        return lengths[0]
    return statistics.quantiles(lengths, n=100, method="inclusive")[percent - 1]


async def usual(beam: Beam, agent_id: str) -> Usual | None:
    """From the agent's latest completed tasks (GET /agent-tasks/latest-executions); None for an agent without any."""
    query: dict[str, str | int] = {"agentId": agent_id, "pageNum": 1, "pageSize": SAMPLE}
    found = await beam.get(_Executions, "/agent-tasks/latest-executions", query, rows="tasks")
    done = [task for task in found.tasks or found.data or () if task.phase == "done"]
    return Usual.of(done)
