# ruff: noqa: E501 - the words stand as they are said
"""The words for an empty workspace, one task, a hundred; for agents, figures and the account; with tools switched off."""

import pytest
from inline_snapshot import snapshot

from beam_mcp.sandbox.world import World

from .chat import Chat, chatting

pytestmark = pytest.mark.anyio

HOUR = 3600.0


async def test_an_empty_workspace(chat: Chat) -> None:
    assert await chat.ask("list_tasks") == snapshot("""\
No tasks in workspace 5a4d6f78-0b0e-4c1a-9d2e-7be2a11d5a4d.
Next: list_agents() shows who can do work here.\
""")
    assert await chat.ask("list_tasks", status="failed", search="Q3") == snapshot("""\
No tasks (status "failed", search "Q3") in workspace 5a4d6f78-0b0e-4c1a-9d2e-7be2a11d5a4d.
Next: list_tasks() shows all tasks.\
""")
    assert await chat.ask("list_tasks", page=2) == snapshot("""\
Page 2 is past the end.
Next: list_tasks() shows all tasks.\
""")
    assert await chat.ask("get_pending_questions") == snapshot(
        """\
Nothing waits for you in workspace 5a4d6f78-0b0e-4c1a-9d2e-7be2a11d5a4d.
Next: list_tasks() shows all tasks.\
"""
    )
    assert await chat.ask("get_pending_questions", agent="CRM Sync") == snapshot(
        """\
Nothing from agent CRM Sync waits for you in workspace 5a4d6f78-0b0e-4c1a-9d2e-7be2a11d5a4d.
Next: get_pending_questions() shows all that waits.\
"""
    )
    assert await chat.ask("get_pending_questions", page=2) == snapshot(
        """\
Nothing waits for you in workspace 5a4d6f78-0b0e-4c1a-9d2e-7be2a11d5a4d.
Next: get_pending_questions() shows all that waits.\
"""
    )


async def test_a_workspace_without_agents() -> None:
    async with chatting(World(agents=False)) as chat:
        assert await chat.ask("list_agents") == snapshot(
            "Workspace 5a4d6f78-0b0e-4c1a-9d2e-7be2a11d5a4d has no agents that this key can see: check BEAM_WORKSPACE_ID."
        )
        assert await chat.fail("create_task", agent="Invoice Matcher", query="Hi") == snapshot(
            'agent: no agent "Invoice Matcher" in workspace 5a4d6f78-0b0e-4c1a-9d2e-7be2a11d5a4d. The key sees no agents there at all: check BEAM_WORKSPACE_ID.'
        )
        assert "no agents can be seen" in await chat.ask("get_account")


async def test_one_task(world: World, chat: Chat) -> None:
    world.add_task("Invoice Matcher", age=HOUR)
    assert await chat.ask("list_tasks") == snapshot("""\
1 task; it needs you:
- INV-101, agent Invoice Matcher, needs your answer, changed 1 h ago: "Match invoice RE-2026-4501 of Atelier Brun SARL over €2,837.90 to its…"
Next: get_pending_questions() shows what is asked.\
""")
    assert await chat.ask("get_pending_questions") == snapshot("""\
1 task waits for you (1 question):
INV-101, agent Invoice Matcher, waits 1 h
Question at step "Match to purchase order":
1. "Which purchase order does this invoice belong to?" (parameter purchase_order; suggested "PO-2291", "PO-2274")
Next: answer_questions(task="INV-101", answers={"purchase_order": "…"})\
""")


async def test_a_hundred_tasks(world: World, chat: Chat) -> None:
    world.fill(100, size_bytes=0)
    world.add_task("Payment Runner", status="USER_CONSENT_REQUIRED", age=5)
    first = await chat.ask("list_tasks")
    assert [first.splitlines()[n] for n in (0, 1, -2, -1)] == snapshot(
        [
            "101 tasks, 20 on page 1; 1 of these needs you:",
            '- PAY-101, agent Payment Runner, needs your approval, changed just now: "Pay invoice RE-2026-4501 of Atelier Brun SARL"',
            "More: list_tasks(page=2, page_size=20)",
            "Next: get_pending_questions() shows what is asked.",
        ]
    )
    last = await chat.ask("list_tasks", page=6)
    assert last.splitlines()[0] == snapshot("101 tasks, 1 on page 6:")
    assert last.splitlines()[-1] == snapshot('Next: get_task(task="MKT-101")')
    assert await chat.ask("list_tasks", page=7) == snapshot("""\
Page 7 is past the end.
Next: list_tasks() shows all tasks.\
""")
    assert "More: " not in last


async def test_the_way_to_the_next_page_keeps_what_was_asked_for(world: World, chat: Chat) -> None:
    world.fill(30, size_bytes=0)
    words = await chat.ask(
        "list_tasks", status=["done"], agent="market", since="24h", group_by="agent", order="oldest", page_size=10
    )
    assert words.splitlines()[0] == snapshot('30 tasks (status "done", agent "market", since "24h"), 10 on page 1:')
    assert words.splitlines()[-2] == snapshot(
        'More: list_tasks(status=["done"], agent="market", since="24h", group_by="agent", order="oldest", page=2, page_size=10)'
    )


async def test_tasks_in_groups(world: World, chat: Chat) -> None:
    for status in ("COMPLETED", "FAILED", "USER_CONSENT_REQUIRED", "PAUSED_BY_POLICY"):
        world.add_task("Payment Runner", status=status, age=HOUR)
        world.clock.push(1)
    world.add_task("Invoice Matcher", age=HOUR)
    assert await chat.ask("list_tasks", group_by="status") == snapshot("""\
5 tasks; 2 of these need you:
needs your answer (1 task):
- INV-101, agent Invoice Matcher, needs your answer, changed 1 h ago: "Match invoice RE-2026-4501 of Atelier Brun SARL over €2,837.90 to its…"
status "PAUSED_BY_POLICY" (1 task):
- PAY-104, agent Payment Runner, status "PAUSED_BY_POLICY", changed 1 h ago: "Pay invoice RE-2026-4504 of Vela Office Supply BV"
needs your approval (1 task):
- PAY-103, agent Payment Runner, needs your approval, changed 1 h ago: "Pay invoice RE-2026-4503 of Hofmann & Söhne KG"
failed (1 task):
- PAY-102, agent Payment Runner, failed, changed 1 h ago: "Pay invoice RE-2026-4502 of Kestrel Components Ltd"
done (1 task):
- PAY-101, agent Payment Runner, done, changed 1 h ago: "Paid 2837.90 EUR to Atelier Brun SARL for invoice RE-2026-4501 (PMT-1…"
Next: get_pending_questions() shows what is asked.\
""")
    assert await chat.ask("list_tasks", group_by="agent") == snapshot("""\
5 tasks; 2 of these need you:
Invoice Matcher (1 task):
- INV-101, agent Invoice Matcher, needs your answer, changed 1 h ago: "Match invoice RE-2026-4501 of Atelier Brun SARL over €2,837.90 to its…"
Payment Runner (4 tasks):
- PAY-104, agent Payment Runner, status "PAUSED_BY_POLICY", changed 1 h ago: "Pay invoice RE-2026-4504 of Vela Office Supply BV"
- PAY-103, agent Payment Runner, needs your approval, changed 1 h ago: "Pay invoice RE-2026-4503 of Hofmann & Söhne KG"
- PAY-102, agent Payment Runner, failed, changed 1 h ago: "Pay invoice RE-2026-4502 of Kestrel Components Ltd"
- PAY-101, agent Payment Runner, done, changed 1 h ago: "Paid 2837.90 EUR to Atelier Brun SARL for invoice RE-2026-4501 (PMT-1…"
Next: get_pending_questions() shows what is asked.\
""")


async def test_what_beam_calls_by_two_words_is_one_group(world: World, chat: Chat) -> None:
    for status in ("COMPLETED", "completed", "failed"):
        world.add_task("Payment Runner", status=status, age=HOUR)
    told = await chat.ask("list_tasks", group_by="status")
    assert {line for line in told.splitlines() if line.endswith("):")} == {"failed (1 task):", "done (2 tasks):"}


async def test_everything_that_waits_for_a_person_riskiest_first(world: World, chat: Chat) -> None:
    for age, agent in enumerate(("Lead Enricher", "CRM Sync", "Support Triage", "Invoice Matcher", "Payment Runner")):
        world.add_task(agent, age=HOUR * (5 - age))
    world.add_task("Invoice Matcher", status="USER_INPUT_REQUIRED", age=HOUR, raw={"agentTaskNodes": []})
    assert await chat.ask("get_pending_questions") == snapshot("""\
6 tasks wait for you (1 approval, 6 questions, 1 sign-in, 1 credit stop):
PAY-101, agent Payment Runner, waits 1 h
Approval: run "Send payment" with amount="2837.90", currency="EUR", iban="DE89370400440532013000", recipient="Atelier Brun SARL", reference="RE-2026-4501".
approve_step(task="PAY-101") or reject_step(task="PAY-101", reason="…")
SUP-101, agent Support Triage, waits 3 h
Questions at step "Draft the reply":
1. "Which service level does Baltic Freight OÜ have?" (parameter service_level; remembered "Premium, 4 hours", kept unless you answer)
2. "Do we replace the item or refund it?" (parameter remedy; suggested "Replace it", "Refund it")
Questions at step "Prepare the compensation":
3. "What is the order number?" (parameter order_number)
4. "credit_limit" (parameter credit_limit)
answer_questions(task="SUP-101", answers={"remedy": "…", "order_number": "…", "credit_limit": "…"})
INV-101, agent Invoice Matcher, waits 2 h
Question at step "Match to purchase order":
1. "Which purchase order does this invoice belong to?" (parameter purchase_order; suggested "PO-2291", "PO-2274")
answer_questions(task="INV-101", answers={"purchase_order": "…"})
INV-102, agent Invoice Matcher, waits 1 h
Question:
Beam shows none that is open.
the person looks at INV-102 in the Beam app.
CRM-101, agent CRM Sync, waits 4 h
Sign-in at step "Write contacts to Salesforce": connect salesforce in the Beam app.
retry_task(task="CRM-101") once that is done.
LEA-101, agent Lead Enricher, waits 5 h
Credits at step "Enrich the lead": the workspace has run out; top up in the Beam app.
retry_task(task="LEA-101") once that is done.
Next: approve_step(task="PAY-101") or reject_step(task="PAY-101", reason="…")\
""")


async def test_an_inbox_of_many_pages(world: World, chat: Chat) -> None:
    for number in range(23):
        world.add_task("Invoice Matcher", age=HOUR - number)
    first = await chat.ask("get_pending_questions", agent="invoice")
    assert first.splitlines()[0] == snapshot(
        "23 tasks from agent Invoice Matcher wait for you (23 questions), 10 on this page:"
    )
    assert first.splitlines()[-2:] == snapshot(
        [
            'More: get_pending_questions(agent="invoice", page=2)',
            'Next: answer_questions(task="INV-101", answers={"purchase_order": "…"})',
        ]
    )
    last = await chat.ask("get_pending_questions", page=3)
    assert (last.splitlines()[0], last.count("answer_questions("), "More: " in last) == snapshot(
        ("23 tasks wait for you (23 questions), 3 on this page:", 4, False)
    )
    assert await chat.ask("get_pending_questions", page=4) == snapshot("""\
Page 4 is past the end: 23 tasks in all.
Next: get_pending_questions() shows all that waits.\
""")
