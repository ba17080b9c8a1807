"""What the chat proposed, on a page in a real browser: seen, taken, put back, or changed while the page is open."""

import pytest
from playwright.async_api import Browser, expect

from beam_mcp.desk.desk import Proposed
from beam_mcp.sandbox.task import TaskState
from beam_mcp.sandbox.world import World
from tests.server.paged import paged

from .visiting import visiting

pytestmark = pytest.mark.anyio

SCRIPT = pytest.mark.parametrize("script", [True, False], ids=["with script", "without script"])


@pytest.fixture
def payment(world: World) -> TaskState:
    """A payment that waits for approval."""
    return world.add_task("Payment Runner", age=3600)


@SCRIPT
async def test_what_the_chat_changed_is_marked_and_what_it_was_stands_beside_it(
    browser: Browser, world: World, payment: TaskState, *, script: bool
) -> None:
    async with paged(world) as pages, visiting(browser, pages, script=script) as visit:
        step = f"{payment.id} {payment.nodes['pay'].id}"
        pages.caller.person.proposed[step] = Proposed({"amount": "1.00", "currency": "CHF"}, "")
        await visit.see(pages.decision(payment))
        amount = visit.page.get_by_label("amount", exact=True)
        await expect(amount).to_have_value("1.00")
        was = visit.page.get_by_text("Changed in the chat. It was: 2837.90")
        await expect(was).to_be_visible()
        if script:
            await visit.button("Put back what it was in amount").click()
            await expect(was).to_be_hidden()
            await expect(amount).to_have_value("2837.90")
        else:
            await amount.fill("2837.90")
        await visit.button("Approve").click()
        await expect(visit.page.get_by_role("status").filter(has_text="Approved")).to_be_visible()
    sent = pages.acts()[0][1]["toolParameters"]
    assert (sent["amount"], sent["currency"]) == ("2837.90", "CHF")


async def test_an_inbox_shows_what_the_chat_proposes_meanwhile(
    browser: Browser, world: World, payment: TaskState
) -> None:
    async with paged(world) as pages, visiting(browser, pages) as visit:
        await visit.page.clock.install()
        await visit.see(pages.inbox())
        for amount in ("1.00", "2.00"):
            pages.caller.person.proposed[f"{payment.id} {payment.nodes['pay'].id}"] = Proposed({"amount": amount}, "")
            await visit.page.clock.run_for(76_000)
            await expect(visit.page.get_by_label("amount", exact=True)).to_have_value(amount)
