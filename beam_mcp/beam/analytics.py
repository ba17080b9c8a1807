"""How an agent did over some days."""

from datetime import date

from beam_mcp.beam.http import Beam
from beam_mcp.beam.wire import Wire


class Period(Wire):
    """The figures of a period."""

    total_tasks: float | None = None
    completed_tasks: float | None = None
    failed_tasks: float | None = None
    average_evaluation_score: float | None = None
    average_runtime_seconds: float | None = None
    positive_feedback_count: float | None = None
    negative_feedback_count: float | None = None
    consent_required_count: float | None = None


class Delta(Wire):
    """How they changed against the period before, as Beam writes it ("+15.5%")."""

    total_tasks: str | None = None
    completed_tasks: str | None = None
    failed_tasks: str | None = None
    average_evaluation_score: str | None = None
    average_runtime_seconds: str | None = None


class Analytics(Wire):
    """An agent's figures, and how they moved."""

    current_period: Period | None = None
    metrics_delta: Delta | None = None

    def lacks(self) -> str | None:
        """Figures are what it is about."""
        return None if self.current_period else "figures"


async def get_analytics(beam: Beam, agent_id: str, *, since: date, until: date) -> Analytics:
    """The figures between two days (GET /agent-tasks/analytics)."""
    query: dict[str, str | int] = {"agentId": agent_id, "startDate": since.isoformat(), "endDate": until.isoformat()}
    return await beam.get(Analytics, "/agent-tasks/analytics", query)
