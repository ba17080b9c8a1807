"""Stories of the back office: research, contracts, onboarding."""

from beam_mcp.sandbox.stories.plot import DONE, FAIL, RUN, Beat, Plan, Story, branch, tool_data


def _research(key: str, objective: str, tool: str, finding: str) -> Plan:
    done = {
        "output": {"value": {"finding": finding}},
        "toolData": tool_data(tool_id=f"tool-{key}", tool_output=[{"sources": 34, "kept": 12}]),
        "evaluationScore": 0.91,
    }
    return Plan(key, objective, tool, f"{tool} for market research", on={DONE: done})


MARKET_RESEARCH = Story(
    plans=(
        _research("scope", "Define the market", "Plan research", "Parcel lockers in Germany, Austria, Switzerland"),
        _research("search", "Search sources", "Web search", "34 sources, 12 of them usable"),
        _research("size", "Estimate the market size", "Market model", "€1.9 billion in 2026, growing 11 % a year"),
        _research("rivals", "Compare competitors", "Company lookup", "Three vendors hold 71 % of the market"),
        _research("report", "Write the report", "Write document", "Report of 18 pages with 6 charts"),
    ),
    opening=(
        Beat(0, "QUEUED"),
        Beat(0.5, RUN, {"scope": RUN}),
        Beat(1.5, RUN, {"scope": DONE, "search": RUN}),
        Beat(1.5, RUN, {"search": DONE, "size": RUN}),
        Beat(1.5, RUN, {"size": DONE, "rivals": RUN}),
        Beat(1.5, RUN, {"rivals": DONE, "report": RUN}),
        Beat(1.5, DONE, {"report": DONE}),
    ),
    query="How large is the market for parcel lockers in the DACH region, and who leads it?",
    objective="Size a market and compare its competitors",
    summary="The DACH market for parcel lockers is about €1.9 billion in 2026 (+11 % a year); three vendors hold 71 %.",
    weight=1_600_000,
)

_REVIEWED = {
    "output": {"value": {"contract": "MSA {customer}", "risky_clauses": 2, "recommendation": "negotiate clause 7.2"}},
    "edgeEvaluations": [branch("clauses found", "All 24 clauses could be read", selected=True)],
    "evaluationScore": 0.89,
}
_UNREADABLE = {
    "toolData": tool_data(
        tool_id="tool-clauses",
        tool_output=[{"error": "Clause extraction failed: page 7 of 24 is a scanned image without text", "page": 7}],
    ),
    "edgeEvaluations": [
        branch("clauses found", "No clause list was returned, page 7 could not be read", selected=False),
        branch("extraction failed", "The tool reported an error and retries are used up", selected=True),
    ],
    "evaluationScore": 0.12,
    "retriedCountWhenFailure": 2,
}

CONTRACT_REVIEWER = Story(
    plans=(
        Plan(
            "load",
            "Load the contract",
            "Read document",
            "Reads a document into text",
            on={DONE: {"output": {"value": {"pages": 24, "contract": "MSA {customer}"}}, "evaluationScore": 0.98}},
        ),
        Plan(
            "clauses",
            "Check the clauses",
            "Extract clauses",
            "Lists the clauses of a contract and their risks",
            on={FAIL: _UNREADABLE, DONE: _REVIEWED},
        ),
    ),
    opening=(
        Beat(0, "QUEUED"),
        Beat(0.5, RUN, {"load": RUN}),
        Beat(1, RUN, {"load": DONE, "clauses": RUN}),
        Beat(1.5, FAIL, {"clauses": FAIL}),
    ),
    retried=(Beat(0, RUN, {"clauses": RUN}), Beat(2, DONE, {"clauses": DONE})),
    query="Review the master service agreement with {customer}",
    objective="Find risky clauses in a contract",
    summary="The agreement with {customer} has 2 risky clauses; clause 7.2 (liability) should be negotiated.",
    file="msa-{number}.pdf",
)


def _onboarding(subject: str, first: str, second: str) -> Story:
    return Story(
        plans=(
            Plan("plan", first, "Make checklist", "Writes a checklist", on={DONE: {"output": {"value": {"steps": 9}}}}),
            Plan(
                "invite",
                second,
                "Send invitations",
                "Sends calendar invitations",
                on={DONE: {"output": {"value": {"invited": subject, "date": "Monday, 9:00"}}, "evaluationScore": 0.96}},
            ),
        ),
        opening=(
            Beat(0, "QUEUED"),
            Beat(0.5, RUN, {"plan": RUN}),
            Beat(1, RUN, {"plan": DONE, "invite": RUN}),
            Beat(1.5, DONE, {"invite": DONE}),
        ),
        query=f"Onboard {subject}",
        objective=f"Prepare everything for {subject}",
        summary=f"Onboarding of {subject} is prepared: 9 steps, kick-off on Monday at 9:00.",
    )


EMPLOYEE_ONBOARDING = _onboarding("the new colleague Jana Krüger", "Plan the first week", "Invite the team")
CUSTOMER_ONBOARDING = _onboarding("the customer {customer}", "Plan the rollout", "Invite the customer")
