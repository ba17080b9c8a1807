"""What already happened in a workspace before anybody came: a dozen tasks, no two of them alike."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Past:
    """One task of the past days: when, whose, how it stands, and what its body lacks."""

    hours_ago: float
    agent: str
    status: str
    absent: tuple[str, ...] = ()
    raw: Mapping[str, Any] = field(default_factory=dict[str, Any])
    size_bytes: int = 0


PAST: tuple[Past, ...] = (
    Past(0.4, "Invoice Matcher", "USER_INPUT_REQUIRED", absent=("rating", "userFeedback")),
    Past(
        2.1, "Payment Runner", "USER_CONSENT_REQUIRED", raw={"averageEvaluationScore": None, "originalTaskQuery": None}
    ),
    Past(3, "Invoice Matcher", "COMPLETED", raw={"rating": "positive", "userFeedback": "Exactly right"}),
    Past(5.5, "Support Triage", "PAUSED_BY_POLICY", absent=("totalCost", "creditTransactions", "endedAt")),
    Past(9, "Belegprüfung", "completed", absent=("startedAt", "endedAt", "totalExecutionTime", "mode", "contextFiles")),
    Past(20, "CRM Sync", "AUTHENTICATION_REQUIRED", raw={"contextFiles": None, "taskState": None}),
    Past(26, "Market Research", "COMPLETED", size_bytes=3_000_000),
    Past(31, "Contract Reviewer", "FAILED", absent=("canRerunTaskNode", "taskObjective"), raw={"graphState": None}),
    Past(
        49,
        "Invoice Matcher",
        "CANCELLED",
        raw={"taskQuery": None, "originalTaskQuery": None, "creditTransactions": None},
    ),
    Past(52, "Lead Enricher", "INSUFFICIENT_CREDITS", absent=("initiationDetail", "isViewed")),
    Past(
        74,
        "Market Research",
        "TIMEOUT",
        absent=("averageEvaluationScore", "taskSummary"),
        raw={"tokensUsed": None, "totalCost": None},
        size_bytes=120_000,
    ),
    Past(97, "Payment Runner", "STOPPED", raw={"rating": "negative", "userFeedback": "Wrong recipient"}),
    Past(120, "Follow-up Scheduler", "COMPLETED", absent=("agentGraphId",), raw={"someNewKey": {"from": "the future"}}),
)
