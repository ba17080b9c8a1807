"""Deciding on a page in a real browser: by keyboard, without script, with it, and never by accident."""

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, expect

from beam_mcp.sandbox.task import TaskState
from beam_mcp.sandbox.world import World
from tests.server.paged import paged, required, wanting

from .browsing import browsing
from .visiting import visiting

pytestmark = pytest.mark.anyio

HOUR = 3600.0
SCRIPT = pytest.mark.parametrize("script", [True, False], ids=["with script", "without script"])


@pytest.fixture(scope="module")
async def browser() -> AsyncIterator[Browser]:
    """One browser for all tests here; each has a window of its own."""
    async with browsing() as found:
        yield found


@pytest.fixture
def world() -> World:
    """Agents, but no tasks yet."""
    return World(populated=False)


@pytest.fixture
def payment(world: World) -> TaskState:
    """A payment that waits for approval."""
    return world.add_task("Payment Runner", age=HOUR)


@SCRIPT
async def test_the_whole_job_is_done_by_keyboard(
    browser: Browser, world: World, payment: TaskState, *, script: bool
) -> None:
    async with paged(world) as pages, visiting(browser, pages, script=script) as visit:
        await visit.see(pages.decision(payment))
        reached: list[str] = []
        while not reached or not reached[-1].startswith("Approve"):
            await visit.page.keyboard.press("Tab")
            reached.append(await visit.focused())
            if reached[-1] == "feedback":
                await visit.page.keyboard.type("Go ahead")
            assert len(reached) < 20
        await visit.page.keyboard.press("Enter")
        told = visit.page.get_by_role("status").filter(has_text="Approved")
        await expect(told).to_have_text('Approved "Send payment" of PAY-101. It is now: working.')
        await expect(told).to_be_focused()
    assert reached == [*(f"parameter_{n}" for n in range(1, 6)), "feedback", "Approve: Send payment for PAY-101"]
    assert [given.get("feedback") for _, given in pages.acts()] == ["Go ahead"]


@SCRIPT
async def test_enter_in_a_field_sends_nothing(browser: Browser, world: World, *, script: bool) -> None:
    task = wanting(world, {"express": True, "note": "x"})
    async with paged(world) as pages, visiting(browser, pages, script=script) as visit:
        await visit.see(pages.decision(task))
        await visit.page.get_by_label("express").focus()
        await visit.page.keyboard.press("Enter")
        await visit.page.keyboard.press("Escape")
        await visit.page.get_by_label("note", exact=True).press("Enter")
        await expect(visit.page.get_by_label("note", exact=True)).to_have_value("\nx")
        # On a Mac, Enter in a list sends the form, as it does everywhere in a field of one line.
        line = "form => form.append(Object.assign(document.createElement('input'), {id: 'line'}))"
        await visit.page.locator("form").evaluate(line)
        await visit.page.locator("#line").press("Enter")
        await expect(visit.page.locator("#line")).to_be_focused()
        assert [request.method for request in visit.requests].count("POST") == 0
        assert not pages.acts()


@SCRIPT
async def test_our_own_form_says_truly_where_it_comes_from(
    browser: Browser, world: World, payment: TaskState, *, script: bool
) -> None:
    async with paged(world) as pages, visiting(browser, pages, script=script) as visit:
        await visit.see(pages.decision(payment))
        await visit.button("Approve").click()
        await expect(visit.page.get_by_role("status").filter(has_text="Approved")).to_be_visible()
        (sent,) = [request for request in visit.requests if request.method == "POST"]
        headers = await sent.all_headers()
    assert headers["origin"] == pages.base
    assert headers["sec-fetch-site"] == "same-origin"
    assert headers["content-type"].startswith("application/x-www-form-urlencoded")
    assert "cookie" not in headers


@SCRIPT
async def test_what_nobody_touched_goes_through_a_browser_unchanged(
    browser: Browser, world: World, *, script: bool
) -> None:
    odd = {
        "lines": "\n\nfirst\n last \n\n",
        "one break": "\n",
        "tabs": "\ta\tb\t",
        "breaks": "one\r\ntwo\rthree\u2028four",
        "unseen": "pay\u200bpal \u202efdp.exe\x1b[31m \ufeffx\x00y",
        "blank": "   ",
        "markup": "</textarea><b>\"'<&amp;>&nbsp;</b>",
        "data": {"a": ["\u200b", {"b": 1.10}], "c": None, "d": "x\ty"},
        "false": False,
        "composed": "a\u0301 e\u0301",
    }
    task = wanting(world, odd)
    async with paged(world) as pages, visiting(browser, pages, script=script) as visit:
        await visit.see(pages.decision(task))
        await visit.button("Approve").click()
        await expect(visit.page.get_by_role("status").filter(has_text="Approved")).to_be_visible()
    assert [kind for kind, _ in pages.acts()] == ["user-consent"]
    assert "toolParameters" not in pages.acts()[0][1]


@SCRIPT
async def test_what_cannot_be_sent_is_said_at_its_field_which_has_the_focus(
    browser: Browser, world: World, *, script: bool
) -> None:
    task = wanting(world, {"note": "As agreed", "amount": 12})
    async with paged(world) as pages, visiting(browser, pages, script=script) as visit:
        await visit.see(pages.inbox() if script else pages.decision(task))
        await visit.page.get_by_label("amount").fill("a lot")
        await visit.page.get_by_label("note").fill("Mine")
        await visit.button("Approve").click()
        await expect(visit.page.get_by_role("alert")).to_contain_text('amount: "a lot" is not a number.')
        amount = visit.page.get_by_label("amount", exact=True)
        await expect(amount).to_be_focused()
        await expect(amount).to_have_value("a lot")
        await expect(amount).to_have_attribute("aria-invalid", "true")
        await expect(amount).to_have_accessible_description(
            'amount: "a lot" is not a number. Write it like 1250 or 1250.50. Nothing was sent.'
        )
        await expect(visit.page.get_by_label("note", exact=True)).to_have_value("Mine")
        await amount.fill("13")
        await visit.button("Approve").click()
        await expect(visit.page.get_by_role("status").filter(has_text="Approved")).to_be_visible()
    sent = pages.acts()[0][1]["toolParameters"]
    assert (sent["note"], sent["amount"]) == ("Mine", 13)


async def test_an_action_that_changed_is_shown_anew_in_the_inbox_itself(browser: Browser, world: World) -> None:
    task = wanting(world, {"amount": 12, "iban": "DE1"})
    other = world.add_task("Invoice Matcher", age=HOUR)
    async with paged(world) as pages, visiting(browser, pages) as visit:
        await visit.see(pages.inbox())
        await visit.page.get_by_label("amount").fill("11")
        await visit.page.get_by_label("Which purchase order").fill("PO-7")
        required(task, "go")["iban"] = "DE2"
        task.touch(task.updated_at)
        await visit.button("Approve").click()
        alert = visit.page.get_by_role("alert")
        await expect(alert).to_contain_text("has changed since you saw it. Nothing was sent")
        await expect(alert).to_be_focused()
        await expect(visit.page.get_by_label("iban", exact=True)).to_have_value("DE2")
        await expect(visit.page.get_by_label("amount", exact=True)).to_have_value("11")
        await expect(visit.page.get_by_role("button", name="Put back what it was in amount")).to_be_visible()
        await expect(visit.page.get_by_label("Which purchase order")).to_have_value("PO-7")
        await visit.button("Approve").click()
        await expect(visit.page.get_by_role("status").filter(has_text="Approved")).to_be_focused()
        await expect(visit.page.get_by_role("heading", level=1)).to_have_text("1 task waits for you")
        # What was written into the other form is still there.
        await expect(visit.page.get_by_label("Which purchase order")).to_have_value("PO-7")
        await expect(visit.page).to_have_title("1 waits for you · Beam")
    assert pages.acts()[0][1]["toolParameters"] == {"amount": 11, "iban": "DE2"}
    assert other.custom_id == "INV-101"


async def test_an_edit_is_marked_and_can_be_put_back(browser: Browser, world: World, payment: TaskState) -> None:
    async with paged(world) as pages, visiting(browser, pages) as visit:
        await visit.see(pages.decision(payment))
        iban = visit.page.get_by_label("iban", exact=True)
        back = visit.page.get_by_role("button", name="Put back what it was in iban")
        await expect(back).to_have_count(0)
        await iban.fill("DE00")
        await expect(back).to_be_visible()
        await back.click()
        await expect(iban).to_have_value("DE89370400440532013000")
        await expect(iban).to_be_focused()
        await expect(back).to_have_count(0)


async def test_a_suggestion_fills_the_answer(browser: Browser, world: World) -> None:
    task = world.add_task("Invoice Matcher", age=HOUR)
    async with paged(world) as pages, visiting(browser, pages) as visit:
        await visit.see(pages.decision(task))
        answer = visit.page.get_by_label("Which purchase order")
        await expect(answer).to_have_value("PO-2291")
        await visit.page.get_by_role("group", name="Suggested answers").get_by_role("button", name="PO-2274").click()
        await expect(answer).to_have_value("PO-2274")
        await visit.button("Send the answer").click()
        await expect(visit.page.get_by_role("status").filter(has_text="Answered")).to_be_visible()
    assert "PO-2274" in str(pages.acts())


async def test_pressing_twice_sends_once(browser: Browser, world: World, payment: TaskState) -> None:
    world.faults.add("latency", "user-consent", seconds=0.3)
    async with paged(world) as pages, visiting(browser, pages) as visit:
        await visit.see(pages.decision(payment))
        await visit.button("Approve").dblclick()
        await expect(visit.page.get_by_role("status").filter(has_text="Approved")).to_be_visible()
        assert [request.method for request in visit.requests].count("POST") == 1
    assert len(pages.acts()) == 1


async def test_the_inbox_looks_by_itself_while_nobody_works_in_it(browser: Browser, world: World) -> None:
    async with paged(world) as pages, visiting(browser, pages) as visit:
        await visit.page.clock.install()
        await visit.see(pages.inbox())
        heading = visit.page.get_by_role("heading", level=1)
        await expect(heading).to_have_text("Nothing waits for you")
        world.add_task("Invoice Matcher", age=HOUR)
        await visit.page.clock.run_for(76_000)
        await expect(heading).to_have_text("1 task waits for you")
        await expect(visit.page.locator("#told-quietly")).to_have_text("1 task waits for you")
        await visit.page.get_by_label("Which purchase order").fill("PO-7")
        await visit.page.get_by_label("Which purchase order").blur()
        world.add_task("Payment Runner", age=HOUR)
        asked = len(visit.requests)
        await visit.page.clock.run_for(300_000)
        assert len(visit.requests) == asked
        await expect(heading).to_have_text("1 task waits for you")
        await expect(visit.page.get_by_label("Which purchase order")).to_have_value("PO-7")


async def test_an_inbox_that_cannot_look_any_more_says_so_until_it_can(browser: Browser, world: World) -> None:
    async with paged(world) as pages, visiting(browser, pages) as visit:
        await visit.page.clock.install()
        address = pages.inbox()
        await visit.see(address)
        told = visit.page.get_by_role("alert")
        await visit.page.route("**/inbox/**", lambda route: route.abort())
        await visit.page.clock.run_for(200_000)
        await expect(told).to_have_count(1)
        await expect(told).to_contain_text("what you see may have changed")
        await visit.page.unroute("**/inbox/**")
        await visit.page.clock.run_for(76_000)
        await expect(told).to_have_count(0)
        pages.links.people.clear()
        await visit.page.clock.run_for(76_000)
        await expect(told).to_contain_text("This address leads to no decision")


async def test_without_an_answer_the_page_says_that_nobody_knows(
    browser: Browser, world: World, payment: TaskState
) -> None:
    async with paged(world) as pages, visiting(browser, pages) as visit:
        await visit.see(pages.decision(payment))
        await visit.page.get_by_label("Words for the agent").fill("Kept")
        await visit.page.route("**/decide/**", lambda route: route.abort())
        await visit.button("Approve").click()
        await expect(visit.page.get_by_role("alert")).to_contain_text("whether this was done is not known")
        await expect(visit.page.get_by_label("Words for the agent")).to_have_value("Kept")
        await visit.page.unroute("**/decide/**")
        pages.clock.push(9 * HOUR)
        await visit.button("Approve").click()
        await expect(visit.page.get_by_role("alert")).to_contain_text("Get a new one where this one came from")
        await expect(visit.page.get_by_label("Words for the agent")).to_have_value("Kept")
    assert not pages.acts()
