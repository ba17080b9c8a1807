"""How an agent did over some days, in a few lines."""

from datetime import date
from typing import Self

from beam_mcp.beam.analytics import Analytics, Delta, Period
from beam_mcp.views.names import percent
from beam_mcp.views.text import call, line, named, span
from beam_mcp.views.view import View


class AnalyticsView(View):
    """An agent's figures."""

    agent: str
    since: str
    until: str
    figures: tuple[str, ...]

    @classmethod
    def of(cls, agent: str, found: Analytics, *, since: date, until: date) -> Self:
        """Only figures that Beam gave."""
        period, delta = found.current_period or Period(), found.metrics_delta or Delta()
        return cls(
            agent=line(agent, 60),
            since=since.isoformat(),
            until=until.isoformat(),
            figures=() if period.total_tasks == 0 else tuple(_figures(period, delta)),
            next=(f"{call('list_tasks', agent=line(agent, 60), status=['failed'])} shows what failed.",)
            if period.failed_tasks
            else (),
        )

    def body(self) -> str:
        """A head line and a line a figure."""
        head = f"Agent {named(self.agent)}, {self.since} to {self.until}:"
        return "\n".join([head, *(f"- {figure}" for figure in self.figures)] if self.figures else [head, "no tasks."])


def _figures(period: Period, delta: Delta) -> list[str]:
    runtime = span(period.average_runtime_seconds) if period.average_runtime_seconds is not None else None
    asked = [
        ("tasks", _number(period.total_tasks), delta.total_tasks),
        ("completed", _number(period.completed_tasks), delta.completed_tasks),
        ("failed", _number(period.failed_tasks), delta.failed_tasks),
        ("average evaluation", percent(period.average_evaluation_score), delta.average_evaluation_score),
        ("average run", runtime, delta.average_runtime_seconds),
        ("approvals asked", _number(period.consent_required_count), None),
        ("rated good", _number(period.positive_feedback_count), None),
        ("rated bad", _number(period.negative_feedback_count), None),
    ]
    return [
        f"{name} {figure}" + (f" ({named(line(change, 12))} against the period before)" if change else "")
        for name, figure, change in asked
        if figure is not None
    ]


def _number(given: float | None) -> str | None:
    return None if given is None else f"{given:,.0f}"
