"""Deciding on a page: what is shown, what is sent, and that nothing else ever is."""

import re
from pathlib import Path
from typing import Any

import httpx2
import pytest

from beam_mcp.desk.desk import Proposed
from beam_mcp.sandbox.access import SANDBOX_KEY
from beam_mcp.sandbox.stories.plot import ASK, CONSENT, Beat, Plan, Story, question, tool_data
from beam_mcp.sandbox.task import TaskState
from beam_mcp.sandbox.world import World

from .doors import at_door
from .paged import Seen, paged, required, wanting

pytestmark = pytest.mark.anyio

HOUR = 3600.0


@pytest.fixture
def world() -> World:
    """Agents, but no tasks yet."""
    return World(populated=False)


@pytest.fixture
def payment(world: World) -> TaskState:
    """A payment that waits for approval."""
    return world.add_task("Payment Runner", age=HOUR)


async def test_the_agent_the_task_the_tool_its_target_every_parameter_and_why_are_shown(
    world: World, payment: TaskState
) -> None:
    async with paged(world) as pages:
        page = await pages.see(pages.decision(payment))
    main = page.html.partition("<main>")[2]
    shown = ("Payment Runner", "PAY-101", "Send payment", "Sends money", "2837.90 EUR", "Atelier Brun SARL (recipient)")
    places = [main.index(words) for words in (*shown, "Total of invoice", 'name="parameter_1"', "Approve:")]
    assert places == sorted(places)
    assert page.form.buttons == ["approve", "reject"]
    assert [text for name, text in page.form.fields.items() if name.startswith("parameter_")] == [
        "2837.90",
        "EUR",
        "DE89370400440532013000",
        "Atelier Brun SARL",
        "RE-2026-4501",
    ]
    assert "PAY-101 waits for you · Beam</title>" in page
    assert SANDBOX_KEY not in page


async def test_only_what_was_edited_is_sent_otherwise(world: World) -> None:
    given = {"amount": 120.5, "express": False, "address": {"city": "Hamburg"}, "note": "As agreed"}
    task = wanting(world, given)
    async with paged(world) as pages:
        page = await pages.see(pages.decision(task))
        edits = {
            "parameter_1": "99",
            "parameter_2": "true",
            "parameter_3": '{"city": "Bremen"}',
            "parameter_4": "New\n",
        }
        assert (await pages.send(page, "approve", **edits)).status == 200
    sent = pages.acts()[0][1]["toolParameters"]
    assert {name: text for name, text in sent.items() if name in given} == {
        "amount": 99,
        "express": True,
        "address": {"city": "Bremen"},
        "note": "New\n",
    }


async def test_what_nobody_touched_stays_exactly_as_it_was(world: World) -> None:
    odd: dict[str, Any] = {
        "lines": "\n\nfirst\n last \n\n",
        "tabs": "\ta\tb\t",
        "breaks": "one\r\ntwo\rthree\u2028four",
        "unseen": "pay\u200bpal \u202efdp.exe\x1b[31m",
        "blank": "   ",
        "quotes": "</textarea>\"'<&amp;>",
        "data": {"a": ["\u200b", {"b": 1.10}], "c": None},
        "many": [],
        "number": 1e21,
    }
    task = wanting(world, odd)
    async with paged(world) as pages:
        page = await pages.see(pages.decision(task))
        assert "character of it cannot be shown" in page
        # A select without anything chosen is the parser's affair, not this test's.
        assert (await pages.send(page, "approve")).status == 200
    assert "toolParameters" not in pages.acts()[0][1]


async def test_what_cannot_be_sent_stands_there_again_beside_why(world: World) -> None:
    task = wanting(world, {"amount": 120.5, "note": "As agreed"})
    async with paged(world) as pages:
        page = await pages.see(pages.decision(task))
        again = await pages.send(page, "approve", parameter_1="much", parameter_2="<b>more</b>", feedback="Please")
        assert again.status == 409
        assert "amount: &#34;much&#34; is not a number." in again
        fields = again.form.fields
        assert (fields["parameter_1"], fields["parameter_2"], fields["feedback"]) == ("much", "<b>more</b>", "Please")
        wrong = again.html.partition('name="parameter_1"')[2].partition(">")[0]
        assert "aria-invalid" in wrong
        assert "autofocus" in wrong
        assert not pages.acts()
        done = await pages.send(again, "approve", parameter_1="7")
        assert done.status == 200
    sent = pages.acts()[0][1]
    assert (sent["toolParameters"]["amount"], sent["toolParameters"]["note"]) == (7, "<b>more</b>")


async def test_an_action_that_changed_meanwhile_is_shown_anew_with_the_edits_that_still_fit(world: World) -> None:
    task = wanting(world, {"amount": 120.5, "iban": "DE1", "note": "As agreed"})
    async with paged(world) as pages:
        page = await pages.see(pages.decision(task))
        now = required(task, "go")
        now["iban"] = "DE2"
        task.touch(task.updated_at)
        edits = {"parameter_1": "99", "parameter_2": "DE1 000", "parameter_3": "As agreed", "feedback": "Slowly"}
        again = await pages.send(page, "approve", **edits)
        assert again.status == 409
        assert "has changed since you saw it. Nothing was sent" in again
        assert not pages.acts()
        fields = again.form.fields
        assert [fields[name] for name in edits] == ["99", "DE2", "As agreed", "Slowly"]
        assert '<q class="lost">DE1 000</q>' in again
        done = await pages.send(again, "approve")
        assert done.status == 200
    sent = pages.acts()[0][1]["toolParameters"]
    assert (sent["amount"], sent["iban"], sent["note"]) == (99, "DE2", "As agreed")


async def test_questions_are_answered_together_or_not_at_all(world: World) -> None:
    task = world.add_task("Support Triage", status="USER_INPUT_REQUIRED", age=HOUR)
    async with paged(world) as pages:
        page = await pages.see(pages.decision(task))
        assert "1. Which service level" in page
        assert "Beam remembers" in page
        again = await pages.send(page, "answer", answer_1="  ", answer_2="Refund it")
        assert again.status == 409
        assert "Question 1 is not answered yet. Nothing was sent" in again
        assert again.form.fields["answer_2"] == "Refund it"
        assert not pages.acts()
        assert (await pages.send(again, "answer", answer_1="Basic")).status == 200
    assert [kind for kind, _ in pages.acts()] == ["user-input"]


async def test_a_form_cannot_do_what_its_step_does_not_wait_for(world: World, payment: TaskState) -> None:
    question = world.add_task("Invoice Matcher", age=HOUR)
    async with paged(world) as pages:
        for task, choice in ((payment, "answer"), (question, "approve"), (question, "reject")):
            page = await pages.see(pages.decision(task))
            assert (await pages.send(page, choice, answer_1="PO-1")).status == 409
        other = (await pages.see(pages.decision(payment))).form.fields
        page = await pages.see(pages.decision(question))
        assert (await pages.send(page, "approve", mark=other["mark"])).status == 409
        assert not pages.acts()


async def test_an_answer_to_an_action_answers_no_other_step(world: World) -> None:
    data = {"toolData": tool_data(required_parameters={"note": "x"})}
    asked = {"userQuestions": [question("Which level?", "level", memory="Basic")]}
    plans = (Plan("go", "Go", "Go", consent=True, on={CONSENT: data}), Plan("ask", "Ask", "Ask", on={ASK: asked}))
    story = Story(plans, (Beat(0, CONSENT, {"go": CONSENT, "ask": ASK}),), "Do both", "Do both", "Done.")
    task = world.add_task(world.add_agent("Both", story=story).name, age=HOUR)
    async with paged(world) as pages:
        page = await pages.see(pages.decision(task))
        assert (await pages.send(page, "answer")).status == 409
        assert not pages.acts()


@pytest.mark.parametrize(
    ("agent", "status", "words"),
    [
        ("CRM Sync", "AUTHENTICATION_REQUIRED", "Sign in to <bdi>salesforce</bdi>"),
        ("Lead Enricher", "INSUFFICIENT_CREDITS", "Credits have run out"),
    ],
)
async def test_what_only_the_app_can_do_is_shown_without_a_form(
    world: World, agent: str, status: str, words: str
) -> None:
    world.add_task(agent, status=status, age=HOUR)
    async with paged(world) as pages:
        page = await pages.see(pages.inbox())
    assert words in page
    assert "in the Beam app" in page
    assert not page.forms


async def test_a_task_that_waits_at_no_step_is_shown_all_the_same(world: World) -> None:
    world.add_task("Lead Enricher", status="INSUFFICIENT_CREDITS", age=HOUR, raw={"agentTaskNodes": []})
    async with paged(world) as pages:
        page = await pages.see(pages.inbox())
    assert "1 task waits for you" in page
    assert "Credits have run out" in page


async def test_what_beam_does_not_tell_now_is_said(world: World, payment: TaskState) -> None:
    async with paged(world) as pages:
        for address in (pages.decision(payment), pages.inbox()):
            world.faults.add("status", code=400)
            page = await pages.see(address)
            assert page.status == 502
            assert "This could not be read just now" in page
            assert 'role="alert"' in page
            assert len((await pages.see(address)).forms) == 1


async def test_one_task_that_cannot_be_read_does_not_take_the_others_away(world: World, payment: TaskState) -> None:
    other = world.add_task("Invoice Matcher", age=HOUR)
    async with paged(world) as pages:
        address = pages.inbox()
        world.faults.add("status", f"/agent-tasks/{other.id}$", method="GET", times=None, code=400)
        page = await pages.see(address)
        assert page.status == 200
        assert len(page.forms) == 1
        assert "<bdi>INV-101</bdi> waits as well, but could not be read just now." in page
        assert "Approved" in await pages.send(page, "approve")
        alone = await pages.see(address)
        assert "INV-101" in alone
        assert "nothing on this page any more" not in alone
    assert payment.custom_id == "PAY-101"


async def test_what_the_chat_proposed_stands_in_the_form_and_what_was_there_beside_it(tmp_path: Path) -> None:
    async with at_door("http", "auto", tmp_path) as at, httpx2.AsyncClient(trust_env=False) as http:
        task = at.world.add_task("Payment Runner", age=HOUR)
        words = await at.call(
            "approve_step", task=task.custom_id, parameters={"amount": "1.00", "currency": "CHF"}, feedback="Half of it"
        )
        address = re.findall(r"http://127\.0\.0\.1:\d+/decide/\w[\w-]+", words)[0]
        page = Seen(await http.get(address))
        assert page.form.fields["parameter_1"] == "1.00"
        assert page.form.fields["feedback"] == "Half of it"
        assert 'Changed in the chat. It was: <q class="lost">2837.90</q>' in page
        assert "Proposed in the chat; change or empty them if you like." in page
        assert page.html.count("It was:") == 2
        sent = page.form.fields | {"choice": "approve", "parameter_2": "EUR", "feedback": "All yours"}
        assert (await http.post(address, data=sent)).status_code == 303
        (act,) = at.world.acts
    assert act.payload["toolParameters"]["amount"] == "1.00"
    assert act.payload["toolParameters"]["currency"] == "EUR"
    assert act.payload["feedback"] == "All yours"


async def test_what_a_person_wrote_over_a_proposal_stands_there_again(world: World) -> None:
    task = wanting(world, {"amount": 120.5, "express": False, "address": {"city": "Hamburg"}, "note": ""})
    async with paged(world) as pages:
        (node,) = task.nodes
        edits = {"amount": 99, "express": "perhaps", "address": {"city": "Bremen"}, "note": "New"}
        pages.caller.person.proposed[f"{task.id} {task.nodes[node].id}"] = Proposed(edits, "As agreed")
        page = await pages.see(pages.decision(task))
        assert page.form.fields["parameter_3"] == '{\n  "city": "Bremen"\n}'
        assert "Changed in the chat. It was: empty" in page
        assert "<option selected>perhaps</option>" in page
        again = await pages.send(page, "approve", parameter_1="many", parameter_4="", feedback="")
        assert again.status == 409
        assert again.form.fields["parameter_1"] == "many"
        assert again.form.fields["feedback"] == ""
        assert 'data-was="99" data-original="120.5"' in again
        assert again.html.count("It was:") == 3
        assert not pages.acts()
        pages.caller.person.proposed.clear()
        done = await pages.send(await pages.see(pages.decision(task)), "approve")
        assert "Approved" in done
    assert "toolParameters" not in pages.acts()[0][1]


async def test_characters_that_nobody_sees_never_reach_the_page(world: World) -> None:
    unseen = "a\u202eb\u200bc\u2066d\x1b[31me\x1b]8;;https://evil.example\x07f\x00g\U000e0041h"
    wanting(world, {"recipient": unseen, unseen: [unseen]}, tool=unseen, describes=unseen, why=unseen)
    everywhere = {"task_query": unseen, "agent_name": unseen, "node_objective": unseen, "custom_id": unseen}
    asked = {"question": unseen, "memory_answer": unseen}
    world.add_task("Support Triage", age=HOUR, texts=everywhere | asked)
    world.add_task("Invoice Matcher", age=HOUR, texts=everywhere | {"suggestion": unseen})
    world.add_task("CRM Sync", status="AUTHENTICATION_REQUIRED", age=HOUR, texts=everywhere | {"tool_name": unseen})
    async with paged(world) as pages:
        page = await pages.see(pages.inbox())
        assert "abcdefgh" in page
        assert not set("\u202e\u200b\u2066\x1b\x07\x00\U000e0041") & set(page.html)
        assert (await pages.send(page, "approve", feedback="ok")).status == 200
