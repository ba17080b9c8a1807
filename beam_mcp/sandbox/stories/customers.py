"""Stories of sales and support: tickets, the CRM, leads and follow-ups."""

from beam_mcp.sandbox.stories.plot import (
    ASK,
    CREDITS,
    DONE,
    FAIL,
    RUN,
    SIGN_IN,
    WAIT,
    Beat,
    Plan,
    Story,
    branch,
    needed,
    question,
    tool_data,
)

SUPPORT_TRIAGE = Story(
    plans=(
        Plan(
            "classify",
            "Classify the ticket",
            "Classify text",
            "Sorts a ticket by topic and urgency",
            on={DONE: {"output": {"value": {"topic": "damaged delivery", "urgency": "high"}}, "evaluationScore": 0.93}},
        ),
        Plan(
            "reply",
            "Draft the reply",
            "Write e-mail",
            "Drafts an answer to the customer",
            on={
                ASK: {
                    "userQuestions": [
                        question(
                            "Which service level does {customer} have?", "service_level", memory="Premium, 4 hours"
                        ),
                        question("In which language should we answer?", "language", answer="German", memory=True),
                        question(
                            "Do we replace the item or refund it?",
                            "remedy",
                            suggestions={"In stock, arrives on Friday": "Replace it", "Costs {amount}": "Refund it"},
                        ),
                    ]
                },
                DONE: {"output": {"value": {"draft": "Dear {customer}, we are sorry …"}}, "evaluationScore": 0.86},
            },
        ),
        Plan(
            "refund",
            "Prepare the compensation",
            "Create credit note",
            "Creates a credit note in the shop system",
            on={
                ASK: {
                    "userQuestions": None,
                    "input": [
                        needed("customer", "Who is it?", value="{customer}", reasoning="Sender"),
                        needed("order_number", "What is the order number?", reasoning="Not in the ticket"),
                        needed("credit_limit", None, reasoning="No policy found for this customer"),
                    ],
                },
                DONE: {"output": {"value": {"credit_note": "CN-{number}", "order": "{order_number}"}}},
            },
        ),
    ),
    opening=(
        Beat(0, "QUEUED"),
        Beat(1, RUN, {"classify": RUN}),
        Beat(1, ASK, {"classify": DONE, "reply": ASK, "refund": ASK}),
    ),
    resumed=(Beat(0, RUN, {"reply": RUN, "refund": RUN}), Beat(2, DONE, {"reply": DONE, "refund": DONE})),
    query="Ticket {ticket} of {customer}: the parcel arrived damaged",
    objective="Sort the ticket, draft an answer and prepare the compensation",
    summary="Ticket {ticket} of {customer}: reply drafted ({remedy}), credit note CN-{number}, order {order_number}.",
)

CRM_SYNC = Story(
    plans=(
        Plan(
            "collect",
            "Collect changed contacts",
            "Read contacts",
            "Reads contacts that changed since the last run",
            on={DONE: {"output": {"value": {"changed": 42}}, "evaluationScore": 0.99}},
        ),
        Plan(
            "upsert",
            "Write contacts to Salesforce",
            "Upsert Salesforce records",
            "Creates or updates contacts in Salesforce",
            integration="salesforce",
            on={
                SIGN_IN: {"toolData": tool_data(tool_id="tool-sf", integration_identifier="salesforce")},
                FAIL: {
                    "toolData": tool_data(
                        tool_id="tool-sf",
                        integration_identifier="salesforce",
                        integration_error=True,
                        tool_output=[{"error": "INVALID_SESSION_ID: Session expired or invalid", "status": 401}],
                    )
                },
            },
        ),
    ),
    opening=(
        Beat(0, "QUEUED"),
        Beat(1, RUN, {"collect": RUN}),
        Beat(1, SIGN_IN, {"collect": DONE, "upsert": SIGN_IN}),
    ),
    retried=(Beat(0, RUN, {"upsert": RUN}), Beat(2, FAIL, {"upsert": FAIL})),
    query="Sync the contacts that changed this week to Salesforce",
    objective="Keep Salesforce equal to our contact list",
    summary="42 contacts were written to Salesforce.",
)

LEAD_ENRICHER = Story(
    plans=(
        Plan(
            "enrich",
            "Enrich the lead",
            "Company lookup",
            "Looks up company size, industry and decision makers",
            on={
                DONE: {
                    "output": {"value": {"company": "{customer}", "employees": 180, "industry": "Logistics"}},
                    "evaluationScore": 0.81,
                }
            },
        ),
    ),
    opening=(Beat(0, "QUEUED"), Beat(1, RUN, {"enrich": RUN}), Beat(1, CREDITS, {"enrich": CREDITS})),
    retried=(Beat(0, RUN, {"enrich": RUN}), Beat(2, DONE, {"enrich": DONE})),
    query="Enrich the lead {customer}",
    objective="Add what is publicly known about a lead",
    summary="{customer}: 180 employees, logistics, two decision makers found.",
    costs_credits=50,
)

FOLLOW_UP = Story(
    plans=(
        Plan(
            "mail",
            "Send the first e-mail",
            "Send e-mail",
            "Sends an e-mail from the sales mailbox",
            on={DONE: {"output": {"value": {"sent_to": "{customer}"}}, "evaluationScore": 0.95}},
        ),
        Plan(
            "pause",
            "Wait two days for an answer",
            kind="waitingNode",
            settings={
                "waitType": "time_based",
                "timeToWaitValue": 2,
                "timeToWaitUnit": "days",
                "onTimeout": "continue",
            },
            on={DONE: {"edgeEvaluations": [branch("no answer", "Nothing arrived in the mailbox", selected=True)]}},
        ),
        Plan(
            "remind",
            "Send the follow-up",
            "Send e-mail",
            "Sends an e-mail from the sales mailbox",
            on={DONE: {"output": {"value": {"follow_up_sent": True, "to": "{customer}"}}, "evaluationScore": 0.92}},
        ),
    ),
    opening=(
        Beat(0, "QUEUED"),
        Beat(1, RUN, {"mail": RUN}),
        Beat(1, WAIT, {"mail": DONE, "pause": WAIT}),
        Beat(172_800, RUN, {"pause": DONE, "remind": RUN}),
        Beat(1.5, DONE, {"remind": DONE}),
    ),
    resumed=(Beat(0, RUN, {"pause": DONE, "remind": RUN}), Beat(1.5, DONE, {"remind": DONE})),
    query="Follow up with {customer} about our offer",
    objective="Write to a prospect and follow up if there is no answer",
    summary="{customer} got the first e-mail and one follow-up.",
)
