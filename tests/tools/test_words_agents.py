# ruff: noqa: E501 - the words stand as they are said
"""The words for agents, figures, the account and what was done; with all tools and with some switched off."""

import pytest
from inline_snapshot import snapshot

from beam_mcp.sandbox.world import World

from .chat import Chat, chatting

pytestmark = pytest.mark.anyio

HOUR = 3600.0


async def test_agents(chat: Chat) -> None:
    assert await chat.ask("list_agents") == snapshot("""\
11 agents:
- Invoice Matcher: "Matches supplier invoices to orders." [category Finance]
- Support Triage: "Sorts support tickets, drafts replies." [category Support]
- Market Research: "Sizes a market, compares competitors." [category Research]
- Payment Runner: "Pays invoices once somebody approved." [category Finance]
- CRM Sync: "Keeps Salesforce equal to our contacts." [category Sales]
- Contract Reviewer: "Finds risky clauses in contracts." [category Legal]
- Lead Enricher: "Adds public facts to a lead." [category Sales]
- Follow-up Scheduler: "Writes to prospects and follows up." [category Sales]
- Onboarding Helper (id b382a7e2-a04f-5d3d-9cde-cb04d38d3f23): "Prepares new colleagues' first week." [category HR]
- Onboarding Helper (id 614a75fb-4d54-5c9b-9bdd-7725ec57256d): "Prepares rollouts for new customers."
- Belegprüfung: no description
Next: create_task(agent="Invoice Matcher", query="…") starts work.\
""")
    assert await chat.ask("list_agents", query="invoice") == snapshot("""\
1 agent for "invoice":
- Invoice Matcher: "Matches supplier invoices to orders." [category Finance]
Next: create_task(agent="Invoice Matcher", query="…") starts work.\
""")
    assert await chat.ask("list_agents", query="zebra") == snapshot("""\
No agent matches "zebra" in workspace 5a4d6f78-0b0e-4c1a-9d2e-7be2a11d5a4d.
Next: list_agents() shows all.\
""")
    assert await chat.ask("list_agents", page=9) == snapshot("""\
Page 9 is past the end.
Next: list_agents() shows all.\
""")


async def test_many_agents_come_in_pages(world: World, chat: Chat) -> None:
    for number in range(40):
        world.add_agent(f"Clerk {number}")
    words = await chat.ask("list_agents", query="clerk")
    assert (words.splitlines()[0], words.splitlines()[-2:]) == snapshot(
        (
            '40 agents for "clerk", 20 on page 1:',
            ['More: list_agents(query="clerk", page=2)', 'Next: create_task(agent="Clerk 0", query="…") starts work.'],
        )
    )


async def test_one_agent_that_stops_for_approval_and_one_with_finished_tasks(world: World, chat: Chat) -> None:
    assert await chat.ask("get_agent", agent="payment") == snapshot("""\
Agent Payment Runner, category Finance: "Pays invoices once somebody approved."
Instructions: "Pay the invoice after a person has approved it. Never guess amounts, names or dates."
Its usual time is not known yet.
Stops for approval at step 2.
2 steps:
1. "Prepare the payment" (tool Look up bank details)
2. "Send the payment" (tool Send payment, asks for approval)
Next: create_task(agent="Payment Runner", query="…") starts work.\
""")
    for _ in range(3):
        world.add_task("CRM Sync", status="COMPLETED", age=HOUR)
    assert await chat.ask("get_agent", agent="crm") == snapshot("""\
Agent CRM Sync, category Sales: "Keeps Salesforce equal to our contacts."
Instructions: "Keep Salesforce equal to our contact list. Never guess amounts, names or dates."
Usually 6 s, cost 0.04 (last 3 finished tasks).
2 steps:
1. "Collect changed contacts" (tool Read contacts)
2. "Write contacts to Salesforce" (tool Upsert Salesforce records, its integration is not connected)
Next: create_task(agent="CRM Sync", query="…") starts work.\
""")


async def test_an_agent_of_which_little_is_known(chat: Chat) -> None:
    assert await chat.ask("get_agent", agent="belegprüfung") == snapshot("""\
Agent Belegprüfung: no description
Instructions: "Belege auf Pflichtangaben prüfen. Never guess amounts, names or dates."
Its usual time is not known yet.
1 step:
1. "Beleg prüfen" (tool Pflichtangaben prüfen)
Next: create_task(agent="Belegprüfung", query="…") starts work.\
""")


async def test_figures(world: World, chat: Chat) -> None:
    nothing = await chat.ask("get_agent_analytics", agent="crm", since="2026-01-01", until="2026-01-31")
    assert nothing == snapshot("""\
Agent CRM Sync, 2026-01-01 to 2026-01-31:
no tasks.\
""")
    for status in ("COMPLETED", "FAILED"):
        world.add_task("CRM Sync", status=status, age=HOUR)
    some = await chat.ask("get_agent_analytics", agent="crm")
    assert some.splitlines()[1:] == snapshot(
        [
            "- tasks 2",
            "- completed 1",
            "- failed 1",
            "- average evaluation 96 %",
            "- average run 8 s",
            "- approvals asked 0",
            "- rated good 0",
            "- rated bad 0",
            'Next: list_tasks(agent="CRM Sync", status=["failed"]) shows what failed.',
        ]
    )


async def test_starting_once_twice_and_by_input(world: World, chat: Chat) -> None:
    world.add_task("Invoice Matcher", status="COMPLETED", age=HOUR)
    assert await chat.ask("create_task", agent="invoice", query="Match RE-1") == snapshot("""\
Started INV-102 with agent Invoice Matcher, queued: "Match RE-1". It usually takes 10 s, cost 0.06.
Next: wait_for_tasks(tasks=["INV-102"]), or go on and look later.\
""")
    assert await chat.ask("create_task", agent="Invoice Matcher", query="Match RE-1") == snapshot("""\
Not started again: the same work was given to agent Invoice Matcher just now as INV-102, queued. To start it once more, add again=true.
Next: wait_for_tasks(tasks=["INV-102"]), or go on and look later.\
""")
    started = await chat.ask("create_task", agent="invoice", input={"invoice": "RE-1", "total": 5})
    assert started.replace(world.acts[-1].task_id, "<id>") == snapshot("""\
Started <id> with agent Invoice Matcher, queued: "invoice: RE-1, total: 5". It usually takes 10 s, cost 0.06.
Next: wait_for_tasks(tasks=["<id>"]), or go on and look later.\
""")


async def test_what_was_decided_steered_and_rated(world: World, chat: Chat) -> None:
    for agent in ("Payment Runner", "Contract Reviewer", "Lead Enricher", "Follow-up Scheduler", "Support Triage"):
        world.add_task(agent, age=HOUR)
    done = world.add_task("Market Research", status="COMPLETED", age=HOUR)
    assert await chat.ask("answer_questions", task="SUP-101", answers={"remedy": "Refund it"}) == snapshot("""\
Answered SUP-101: "Which service level does Baltic Freight OÜ have?" → "Premium, 4 hours"; "Do we replace the item or refund it?" → "Refund it". It is now: needs your answer.
Questions at step "Prepare the compensation":
1. "What is the order number?" (parameter order_number)
2. "credit_limit" (parameter credit_limit)
Next: answer_questions(task="SUP-101", answers={"order_number": "…", "credit_limit": "…"})\
""")
    assert await chat.ask("reject_step", task="PAY-101", reason="Too high") == snapshot("""\
Rejected "Send payment" of PAY-101. It is now: stopped.
Next: get_task(task="PAY-101")\
""")
    assert await chat.ask("retry_task", task="CON-101", step="2", feedback="Skip page 7") == snapshot("""\
Beam was told to run CON-101 again from step "Check the clauses". It is now: working.
Next: wait_for_tasks(tasks=["CON-101"])\
""")
    assert await chat.ask("retry_task", task="LEA-101") == snapshot("""\
Beam was told to run LEA-101 again. It is now: needs credits.
Next: get_pending_questions(task="LEA-101") shows what it wants.\
""")
    assert await chat.ask("stop_task", task="FUP-101", reason="Not needed") == snapshot(
        "Beam was told to stop FUP-101. It is now: stopped."
    )
    assert await chat.ask("rate_task", task=done.custom_id, rating="positive", comment="Good") == snapshot(
        "Rated MKT-101 positive."
    )
    assert await chat.ask("rate_task", task=done.custom_id, rating="negative", step="report") == snapshot(
        'Rated MKT-101 at step "Write the report" negative.'
    )


def _an_hour_ago(world: World, agent: str) -> str:
    """The name of a task begun then, a second after the one before."""
    world.clock.push(1)
    return world.add_task(agent, age=HOUR).custom_id


async def test_the_last_line_names_only_tools_that_are_loaded(world: World) -> None:
    agents = ("Invoice Matcher", "Payment Runner", "CRM Sync", "Contract Reviewer")
    asking, paying, signing, failed = (_an_hour_ago(world, agent) for agent in agents)
    async with chatting(world, read_only=True) as chat:
        assert await chat.ask("get_pending_questions") == snapshot("""\
3 tasks wait for you (1 approval, 1 question, 1 sign-in):
PAY-101, agent Payment Runner, waits 1 h
Approval at step "Send the payment": run "Send payment", which "Sends money from the company account by SEPA transfer. This cannot be undone." with amount="2837.90", currency="EUR", iban="DE89370400440532013000", recipient="Atelier Brun SARL", reference="RE-2026-4501". Why: "Total of invoice RE-2026-4501; The invoice is in euros; Printed on the invoice and equal to the supplier record; Name of the supplier on the invoice"
the person decides on PAY-101 in the Beam app.
INV-101, agent Invoice Matcher, waits 1 h
Question at step "Match to purchase order":
1. "Which purchase order does this invoice belong to?" (parameter purchase_order; suggested "PO-2291", "PO-2274")
CRM-101, agent CRM Sync, waits 1 h
Sign-in at step "Write contacts to Salesforce": connect salesforce in the Beam app.
Next: the person decides on PAY-101 in the Beam app.\
""")
        assert (await chat.ask("get_task", task=asking)).splitlines()[-1] == snapshot(
            '1. "Which purchase order does this invoice belong to?" (parameter purchase_order; suggested "PO-2291", "PO-2274")'
        )
        assert (await chat.ask("get_task", task=paying)).splitlines()[-1] == snapshot(
            "Next: the person decides on PAY-101 in the Beam app."
        )
        assert (await chat.ask("get_task", task=signing)).splitlines()[-1] == snapshot(
            'Sign-in at step "Write contacts to Salesforce": connect salesforce in the Beam app.'
        )
        assert (await chat.ask("get_task", task=failed)).splitlines()[-1] == snapshot(
            'Next: get_task(task="CON-101", detail="failure") shows the evidence.'
        )
        assert (await chat.ask("list_agents")).splitlines()[-1] == snapshot("- Belegprüfung: no description")
    async with chatting(world, toolsets=["tasks"]) as chat:
        assert (await chat.ask("get_task", task=asking)).splitlines()[-1] == snapshot(
            '1. "Which purchase order does this invoice belong to?" (parameter purchase_order; suggested "PO-2291", "PO-2274")'
        )
        assert (await chat.ask("get_task", task=asking)).splitlines()[-1] == snapshot(
            "INV-101: no change since 12:00 UTC, needs your answer."
        )
        assert (await chat.ask("list_tasks")).splitlines()[-1] == snapshot('Next: get_task(task="CRM-101")')
        assert (await chat.ask("list_tasks", search="nothing")).splitlines()[-1] == snapshot(
            "Next: list_tasks() shows all tasks."
        )
