# ruff: noqa: E501 - the words stand as they are said
"""What a hurried person or a careless model gets to hear: what is wrong, and what to do instead."""

import pytest
from inline_snapshot import snapshot

from beam_mcp.sandbox.access import WORKSPACE_ID
from beam_mcp.sandbox.world import World

from .chat import Chat

pytestmark = pytest.mark.anyio

HOUR = 3600.0


@pytest.fixture
def world() -> World:
    """A task in each state that somebody may mistake for another."""
    made = World(populated=False)
    for agent in ("Invoice Matcher", "Support Triage", "Payment Runner", "CRM Sync", "Contract Reviewer"):
        made.add_task(agent, age=HOUR)
    made.add_task("Market Research", status="COMPLETED", age=HOUR)
    made.add_task("Follow-up Scheduler", status="IN_PROGRESS", age=HOUR)
    return made


async def test_tasks_that_cannot_be_found(chat: Chat) -> None:
    other = "11111111-2222-3333-4444-555555555555"
    mistakes = {
        "unknown": "INV-999",
        "too short a prefix": "1e71",
        "unknown UUID": "00000000-0000-0000-0000-000000000000",
        "not a task's link": f"https://app.beam.ai/{WORKSPACE_ID}/{other}",
        "a link of another workspace": f"https://app.beam.ai/{other}/{other}/tasks/{other}",
        "any link": "https://example.com/tasks/INV-101",
        "blank": "  ",
    }
    assert {name: await chat.fail("get_task", task=task) for name, task in mistakes.items()} == snapshot(
        {
            "unknown": 'No task "INV-999" in workspace 5a4d6f78-0b0e-4c1a-9d2e-7be2a11d5a4d, as far as Beam\'s search and its newest tasks tell. list_tasks() finds it by status, agent, words or time.',
            "too short a prefix": 'No task "1e71" in workspace 5a4d6f78-0b0e-4c1a-9d2e-7be2a11d5a4d, as far as Beam\'s search and its newest tasks tell. list_tasks() finds it by status, agent, words or time.',
            "unknown UUID": 'No task "00000000-0000-0000-0000-000000000000" in workspace 5a4d6f78-0b0e-4c1a-9d2e-7be2a11d5a4d. list_tasks() finds it by status, agent, words or time.',
            "not a task's link": "task: this link leads to an agent, not to a task. list_tasks() shows its tasks.",
            "a link of another workspace": "task: the link leads to another workspace, 11111111-2222-3333-4444-555555555555. This server works in workspace 5a4d6f78-0b0e-4c1a-9d2e-7be2a11d5a4d: change BEAM_WORKSPACE_ID to work there.",
            "any link": 'task: "https://example.com/tasks/INV-101" is no link to a Beam agent or task. Use its name or id instead.',
            "blank": "task: it is empty. Name the task.",
        }
    )


async def test_agents_that_cannot_be_found(chat: Chat) -> None:
    mistakes = {"unknown": "zebra", "nearly": "invoce matching", "several": "onboarding", "part of several": "e"}
    assert {name: await chat.fail("create_task", agent=a, query="Hi") for name, a in mistakes.items()} == snapshot(
        {
            "unknown": 'agent: no agent "zebra" in workspace 5a4d6f78-0b0e-4c1a-9d2e-7be2a11d5a4d. There are: Invoice Matcher, Support Triage, Market Research, Payment Runner, CRM Sync, Contract Reviewer and 5 more. list_agents() shows them all.',
            "nearly": 'agent: no agent "invoce matching" in workspace 5a4d6f78-0b0e-4c1a-9d2e-7be2a11d5a4d. Did you mean Invoice Matcher?',
            "several": 'agent: "onboarding" fits 2 agents: Onboarding Helper (id b382a7e2-a04f-5d3d-9cde-cb04d38d3f23), Onboarding Helper (id 614a75fb-4d54-5c9b-9bdd-7725ec57256d). Use the id of the one meant.',
            "part of several": 'agent: no agent "e" in workspace 5a4d6f78-0b0e-4c1a-9d2e-7be2a11d5a4d. There are: Invoice Matcher, Support Triage, Market Research, Payment Runner, CRM Sync, Contract Reviewer and 5 more. list_agents() shows them all.',
        }
    )


async def test_work_that_cannot_be_started(chat: Chat) -> None:
    agent = "Invoice Matcher"
    mistakes = {
        "neither form": await chat.fail("create_task", agent=agent),
        "both forms": await chat.fail("create_task", agent=agent, query="a", input={"a": 1}),
        "blank": await chat.fail("create_task", agent=agent, query="  "),
        "info with input": await chat.fail("create_task", agent=agent, input={"a": 1}, additional_info="b"),
        "urls with input": await chat.fail("create_task", agent=agent, input={"a": 1}, urls=["https://a.example"]),
        "mode with query": await chat.fail("create_task", agent=agent, query="a", mode="manual"),
        "hook with query": await chat.fail("create_task", agent=agent, query="a", webhook_url="https://a.example"),
        "no web address": await chat.fail("create_task", agent=agent, query="a", urls="example.com"),
        "no hook": await chat.fail("create_task", agent=agent, input={"a": 1}, webhook_url="hook"),
        "a file without a folder": await chat.fail("create_task", agent=agent, query="a", files=["/etc/hostname"]),
    }
    assert mistakes == snapshot(
        {
            "neither form": "create_task takes either query or input; neither was given. query is the work in words.",
            "both forms": "create_task takes either query or input; both were given. query is the work in words.",
            "blank": "query: it is empty. Say in words what the agent is to do.",
            "info with input": "additional_info: Beam takes it with query only. Put it into input. Nothing was started.",
            "urls with input": "urls: Beam takes it with query only. Put it into input. Nothing was started.",
            "mode with query": "mode: Beam takes it with input only. Leave it out. Nothing was started.",
            "hook with query": "webhook_url: Beam takes it with input only. Leave it out. Nothing was started.",
            "no web address": 'urls: "example.com" is no web address. Begin it with https://.',
            "no hook": 'webhook_url: "hook" is no web address. Begin it with https://.',
            "a file without a folder": "files: \"/etc/hostname\" is outside the allowed folders. No folder is allowed. Allow a folder with BEAM_MCP_FILES in this server's entry of the client's config.",
        }
    )
    assert chat.acts() == []


async def test_lists_that_cannot_be_made(chat: Chat) -> None:
    mistakes = {
        "unknown word": await chat.fail("list_tasks", status="open"),
        "typing error": await chat.fail("list_tasks", status=["faild"]),
        "a word for a time": await chat.fail("list_tasks", since="last spring"),
        "no such month": await chat.fail("list_tasks", until="2026-13-01"),
        "the wrong way round": await chat.fail("list_tasks", since="2026-01-05", until="2026-01-01"),
        "figures the wrong way round": await chat.fail("get_agent_analytics", agent="crm", since="1d", until="3d"),
    }
    assert mistakes["figures the wrong way round"].endswith("Swap them.")
    del mistakes["figures the wrong way round"]
    assert mistakes == snapshot(
        {
            "unknown word": 'status: "open" is not known. Use working, needs_me, done, failed or a Beam status such as QUEUED.',
            "typing error": 'status: "faild" is not known. Did you mean failed?',
            "a word for a time": 'since: "last spring" is not a time. Write it as 2026-11-22, 2026-11-22T09:30:00Z, or an age such as "24h".',
            "no such month": 'until: "2026-13-01" is not a time. Write it as 2026-11-22, 2026-11-22T09:30:00Z, or an age such as "24h".',
            "the wrong way round": 'since: "2026-01-05" is after until, "2026-01-01". Swap them.',
        }
    )


async def test_answers_that_cannot_be_sent(chat: Chat) -> None:
    one, two = "INV-101", "SUP-101"
    mistakes = {
        "nearly the parameter": await chat.fail("answer_questions", task=one, answers={"purchase": "PO-1"}),
        "not asked": await chat.fail("answer_questions", task=one, answers={"colour": "red"}),
        "nothing": await chat.fail("answer_questions", task=one, answers={}),
        "blank": await chat.fail("answer_questions", task=one, answers={"purchase_order": " "}),
        "no such number": await chat.fail("answer_questions", task=one, answers={"2": "PO-1"}),
        "twice": await chat.fail("answer_questions", task=one, answers={"1": "PO-1", "purchase_order": "PO-2"}),
        "in part": await chat.fail("answer_questions", task=two, answers={"order_number": "10-1"}),
        "to an approval": await chat.fail("answer_questions", task="PAY-101", answers={"approve": "yes"}),
        "to a finished task": await chat.fail("answer_questions", task="MKT-101", answers={"a": "b"}),
        "to a failed task": await chat.fail("answer_questions", task="CON-101", answers={"a": "b"}),
        "to a sign-in": await chat.fail("answer_questions", task="CRM-101", answers={"a": "b"}),
        "to a working task": await chat.fail("answer_questions", task="FUP-101", answers={"a": "b"}),
    }
    assert mistakes == snapshot(
        {
            "nearly the parameter": 'answers: "purchase" is not asked; did you mean "purchase_order"? Asked are: 1. purchase_order "Which purchase order does this invoice belong to?".',
            "not asked": 'answers: "colour" is not asked. Asked are: 1. purchase_order "Which purchase order does this invoice belong to?".',
            "nothing": 'answers: still missing 1. purchase_order "Which purchase order does this invoice belong to?". Nothing was sent: Beam takes all answers of a step at once.',
            "blank": 'answers: the answer to 1. purchase_order "Which purchase order does this invoice belong to?" is empty. Give a value.',
            "no such number": 'answers: "2" is not asked. Asked are: 1. purchase_order "Which purchase order does this invoice belong to?".',
            "twice": 'answers: 1. purchase_order "Which purchase order does this invoice belong to?" is answered twice. Give each answer once.',
            "in part": 'answers: still missing 4. credit_limit "credit_limit". Nothing was sent: Beam takes all answers of a step at once.',
            "to an approval": 'PAY-101 asks no question now: needs your approval. Nothing was sent. get_pending_questions(task="PAY-101") shows what it waits for.',
            "to a finished task": 'MKT-101 asks no question now: done. Nothing was sent. get_task(task="MKT-101") shows the result.',
            "to a failed task": 'CON-101 asks no question now: failed. Nothing was sent. get_task(task="CON-101") shows where it stands.',
            "to a sign-in": 'CRM-101 asks no question now: needs you to sign in. Nothing was sent. get_pending_questions(task="CRM-101") shows what it waits for.',
            "to a working task": 'FUP-101 asks no question now: working. Nothing was sent. get_task(task="FUP-101") shows where it stands.',
        }
    )
    assert chat.acts() == []


async def test_decisions_that_cannot_be_made(chat: Chat) -> None:
    mistakes = {
        "nothing to approve": await chat.fail("approve_step", task="INV-101"),
        "nothing to reject": await chat.fail("reject_step", task="MKT-101"),
        "no such parameter": await chat.fail("approve_step", task="PAY-101", parameters={"amuont": 1}),
        "nobody to ask": await chat.ask("approve_step", task="PAY-101"),
        "a made-up code": await chat.ask("approve_step", task="PAY-101", confirm="12345678"),
    }
    assert mistakes == snapshot(
        {
            "nothing to approve": 'INV-101 waits for no approval: needs your answer. Nothing was decided. get_task(task="INV-101") shows where it stands.',
            "nothing to reject": 'MKT-101 waits for no approval: done. Nothing was decided. get_task(task="MKT-101") shows where it stands.',
            "no such parameter": 'parameters: "amuont" is not among those of the action. They are: amount, currency, iban, recipient, reference.',
            "nobody to ask": """\
PAY-101, agent Payment Runner: nothing was decided, this client cannot show the person a form.
Approval at step "Send the payment": run "Send payment", which "Sends money from the company account by SEPA transfer. This cannot be undone." with amount="2837.90", currency="EUR", iban="DE89370400440532013000", recipient="Atelier Brun SARL", reference="RE-2026-4501". Target: "Atelier Brun SARL (recipient)". Why: "Total of invoice RE-2026-4501; The invoice is in euros; Printed on the invoice and equal to the supplier record; Name of the supplier on the invoice"
Next: the person decides on PAY-101 in the Beam app.\
""",
            "a made-up code": """\
PAY-101, agent Payment Runner: nothing was decided, a word in the chat is not enough here.
Approval at step "Send the payment": run "Send payment", which "Sends money from the company account by SEPA transfer. This cannot be undone." with amount="2837.90", currency="EUR", iban="DE89370400440532013000", recipient="Atelier Brun SARL", reference="RE-2026-4501". Target: "Atelier Brun SARL (recipient)". Why: "Total of invoice RE-2026-4501; The invoice is in euros; Printed on the invoice and equal to the supplier record; Name of the supplier on the invoice"
Next: the person decides on PAY-101 in the Beam app.\
""",
        }
    )
    assert chat.acts() == []


async def test_steering_that_cannot_be_done(chat: Chat) -> None:
    mistakes = {
        "retry at work": await chat.fail("retry_task", task="FUP-101"),
        "retry while it asks": await chat.fail("retry_task", task="INV-101"),
        "retry what is done": await chat.ask("retry_task", task="MKT-101"),
        "feedback without a step": await chat.fail("retry_task", task="CON-101", feedback="skip page 7"),
        "no such step": await chat.fail("retry_task", task="CON-101", step="9"),
        "several steps": await chat.fail("retry_task", task="CON-101", step="the"),
        "stop what is over": await chat.fail("stop_task", task="CON-101"),
    }
    assert mistakes == snapshot(
        {
            "retry at work": 'FUP-101 is at work already: working. get_task(task="FUP-101") shows where it stands.',
            "retry while it asks": 'INV-101 waits for the person: needs your answer. Nothing was sent. get_pending_questions(task="INV-101") shows what it asks.',
            "retry what is done": """\
Beam was told to run MKT-101 again. It is now: queued.
Next: wait_for_tasks(tasks=["MKT-101"])\
""",
            "feedback without a step": 'feedback: Beam takes it for a step only. Name the step: 1 "Load the contract", 2 "Check the clauses".',
            "no such step": 'step: "9" is no step of this task. Use the number: 1 "Load the contract", 2 "Check the clauses".',
            "several steps": 'step: "the" fits 2 steps. Use the number: 1 "Load the contract", 2 "Check the clauses".',
            "stop what is over": 'CON-101 is over already: failed. Nothing was sent. get_task(task="CON-101") shows where it stands.',
        }
    )
    assert [act.kind for act in chat.acts()] == ["retry"]


async def test_files_that_cannot_be_saved(chat: Chat) -> None:
    mistakes = {
        "of nothing": await chat.fail("download_file", file="a.pdf"),
        "of both": await chat.fail("download_file", file="a.pdf", task="INV-101", agent="crm"),
        "unknown": await chat.fail("download_file", file="a.pdf", task="INV-101"),
        "of a task without files": await chat.fail("download_file", file="a.pdf", task="MKT-101"),
        "an agent's by name": await chat.fail("download_file", file="a.pdf", agent="crm"),
        "to nowhere": await chat.fail("download_file", file="invoice-RE-2026-4501.pdf", task="INV-101"),
    }
    assert mistakes == snapshot(
        {
            "of nothing": "download_file takes either task or agent. Name the one the file belongs to.",
            "of both": "download_file takes either task or agent. Name the one the file belongs to.",
            "unknown": 'file: INV-101 has no file "a.pdf". It has "invoice-RE-2026-4501.pdf".',
            "of a task without files": 'file: MKT-101 has no file "a.pdf". It has no files.',
            "an agent's by name": "file: Beam lists no files of an agent by name. Give the file's id, or the task it is in.",
            "to nowhere": "No folder is allowed for downloads. Allow a folder with BEAM_MCP_FILES in this server's entry of the client's config.",
        }
    )


async def test_a_task_that_cannot_be_waited_for(chat: Chat) -> None:
    assert await chat.fail("wait_for_tasks", tasks=["INV-101", "INV-999"]) == snapshot(
        'No task "INV-999" in workspace 5a4d6f78-0b0e-4c1a-9d2e-7be2a11d5a4d, as far as Beam\'s search and its newest tasks tell. list_tasks() finds it by status, agent, words or time.'
    )


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("get_task", {}),
        ("get_task", {"task": "INV-101", "details": "steps"}),
        ("get_task", {"task": "INV-101", "detail": "all"}),
        ("get_task", {"task_id": "INV-101"}),
        ("get_task", {"task": "INV-101", "page": 0}),
        ("list_tasks", {"page_size": 500}),
        ("list_tasks", {"order": "latest"}),
        ("create_task", {"agent": "crm", "query": "a", "wait_seconds": 9999}),
        ("rate_task", {"task": "MKT-101"}),
        ("rate_task", {"task": "MKT-101", "rating": "good"}),
        ("wait_for_tasks", {"tasks": []}),
        ("answer_questions", {"task": "INV-101", "answers": "PO-1"}),
        ("get_tsk", {"task": "INV-101"}),
        ("frobnicate", {}),
    ],
)
async def test_wrong_arguments_and_tools_are_told_in_one_line(
    chat: Chat, tool: str, arguments: dict[str, object]
) -> None:
    words = await chat.fail(tool, **arguments)
    assert "\n" not in words
    assert "pydantic" not in words
    assert "https://" not in words
    assert any(name in words for name in (tool, "get_task"))


async def test_the_words_of_a_made_up_argument_name_the_right_one(chat: Chat) -> None:
    assert "did you mean detail" in await chat.fail("get_task", task="INV-101", details="steps")
    assert "did you mean task" in await chat.fail("get_task", task_id="INV-101")
    assert "Did you mean get_task" in await chat.fail("get_tsk", task="INV-101")
