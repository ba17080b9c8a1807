"""The links to the pages: each leads one person to one decision, which is made once, or to their inbox."""

from dataclasses import replace

import anyio
import pytest

from beam_mcp.beam.auth import Identity
from beam_mcp.sandbox.task import TaskState
from beam_mcp.sandbox.world import World
from beam_mcp.server.html import Notice

from .paged import Seen, paged

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


async def test_looking_decides_nothing_however_often_and_by_whomever(world: World, payment: TaskState) -> None:
    async with paged(world) as pages:
        address = pages.decision(payment)
        for _ in range(3):
            assert (await pages.see(address + "?choice=approve")).status == 200
        assert (await pages.http.head(address)).status_code == 200
        assert (await pages.http.get(address, headers={"sec-purpose": "prefetch"})).status_code == 200
        assert not pages.acts()
        assert (await pages.send(await pages.see(address), "approve")).status == 200
        assert [kind for kind, _ in pages.acts()] == ["user-consent"]


async def test_what_was_decided_once_is_only_told_after_that(world: World, payment: TaskState) -> None:
    async with paged(world) as pages:
        address = pages.decision(payment)
        page = await pages.see(address)
        done = await pages.send(page, "approve", feedback="Go\nahead")
        again = await pages.send(page, "reject")
        later = await pages.see(address)
    for told in (done, again, later):
        assert "Approved &#34;Send payment&#34; of PAY-101." in told
        assert not told.forms
    assert [(kind, given.get("feedback")) for kind, given in pages.acts()] == [("user-consent", "Go\nahead")]
    assert "toolParameters" not in pages.acts()[0][1]


async def test_two_tabs_at_the_same_moment_decide_once(world: World, payment: TaskState) -> None:
    answers: list[Seen] = []
    async with paged(world) as pages:
        page = await pages.see(pages.decision(payment))

        async def send(choice: str) -> None:
            answers.append(await pages.send(page, choice))

        async with anyio.create_task_group() as both:
            both.start_soon(send, "approve")
            both.start_soon(send, "approve")
    assert len(pages.acts()) == 1
    assert [answer.status for answer in answers] == [200, 200]
    assert all("Approved &#34;Send payment&#34;" in answer for answer in answers)


async def test_two_tabs_do_not_repeat_what_may_have_happened(world: World, payment: TaskState) -> None:
    answers: list[Seen] = []
    async with paged(world) as pages:
        page = await pages.see(pages.decision(payment))
        world.faults.add("cut_before", "user-consent", method="POST")

        async def send() -> None:
            answers.append(await pages.send(page, "approve"))

        async with anyio.create_task_group() as both:
            both.start_soon(send)
            both.start_soon(send)
        assert not pages.acts()
    assert all('role="alert"' in answer for answer in answers)


async def test_what_is_somebody_elses_is_neither_shown_nor_led_to(world: World, payment: TaskState) -> None:
    async with paged(world) as pages:
        theirs = replace(pages.caller, beam=pages.office.http.acting_as(Identity("theirs", pages.caller.workspace)))
        foreign, mine = pages.links.to_inbox(theirs).token, pages.inbox().rpartition("/")[2]
        page = await pages.see(f"{pages.decision(payment)}?from={foreign}")
        assert foreign not in page
        data = page.form.fields | {"choice": "approve"}
        done = await pages.http.post(f"{pages.decision(payment)}?from={foreign}", data=data)
        assert done.headers["location"].startswith("../decide/")
        used = pages.links.to_decision(theirs, payment.id, "any")
        used.outcome = Notice("done", "Theirs alone")
        assert "Theirs alone" not in await pages.see(f"{pages.base}/inbox/{mine}?told={used.token}")


async def test_a_link_leads_to_one_decision_and_nowhere_else(world: World, payment: TaskState) -> None:
    world.add_task("Invoice Matcher", age=HOUR)
    async with paged(world) as pages:
        address = pages.decision(payment)
        token, inbox = address.rpartition("/")[2], pages.inbox().rpartition("/")[2]
        page = await pages.see(address)
        assert "INV-" not in page
        assert "/inbox/" not in page
        for wrong in (f"/inbox/{token}", f"/decide/{inbox}", "/decide/guessed", "/inbox/"):
            assert (await pages.see(pages.base + wrong)).status == 404
        done = await pages.send(page, "approve")
        assert "/inbox/" not in done


async def test_a_link_that_is_too_old_leads_nowhere_and_says_what_to_do(world: World, payment: TaskState) -> None:
    async with paged(world) as pages:
        address = pages.decision(payment)
        page = await pages.see(address)
        assert "It is good for 8 h more." in page
        pages.clock.push(8 * HOUR)
        for late in (await pages.see(address), await pages.send(page, "approve")):
            assert late.status == 404
            assert "Ask for a new one in the chat, or decide in the Beam app." in late
        assert not pages.acts()


async def test_deciding_in_the_inbox_leads_back_to_what_else_waits(world: World, payment: TaskState) -> None:
    world.add_task("Invoice Matcher", age=HOUR)
    async with paged(world) as pages:
        page = await pages.see(pages.inbox())
        assert "<title>2 wait for you · Beam</title>" in page
        done = await pages.send(page, "reject", feedback="Twice paid")
        assert done.answer.url.path == page.answer.url.path
        assert "Rejected &#34;Send payment&#34; of PAY-101." in done
        assert "<title>1 waits for you · Beam</title>" in done
        last = await pages.send(done, "answer", answer_1="PO-1")
        assert "Nothing waits for you" in last
    assert payment.custom_id == "PAY-101"
    assert [kind for kind, _ in pages.acts()] == ["rejection", "user-input"]


async def test_a_long_inbox_has_pages(world: World) -> None:
    for age in range(12):
        world.add_task("Payment Runner", age=HOUR + age)
    async with paged(world) as pages:
        address = pages.inbox()
        first, second = await pages.see(address), await pages.see(address + "?page=2")
        assert (len(first.forms), len(second.forms)) == (10, 2)
        assert "Page 2 of 2" in second
        for odd in ("0", "-1", "x", "99999999", "²", "٣٣٣٣٣"):
            assert len((await pages.see(f"{address}?page={odd}")).forms) == 10
        beyond = await pages.see(address + "?page=9")
        assert "nothing on this page any more" in beyond
        assert "?page=2" in beyond
        back = await pages.send(second, "approve")
        assert dict(back.answer.url.params)["page"] == "2"


async def test_a_decision_whose_answer_was_lost_is_not_offered_again_by_the_same_link(
    world: World, payment: TaskState
) -> None:
    async with paged(world) as pages:
        address = pages.decision(payment)
        page = await pages.see(address)
        world.faults.add("cut_before", "user-consent", method="POST")
        lost = await pages.send(page, "approve")
        assert 'role="alert"' in lost
        assert not lost.forms
        assert not (await pages.see(address)).forms
        anew = pages.decision(payment)
        assert anew != address
        assert (await pages.send(await pages.see(anew), "approve")).status == 200
    assert len(pages.acts()) == 1
