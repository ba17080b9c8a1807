"""The links to the pages: each leads one person to one decision, which is made once, or to their inbox."""

from dataclasses import replace

import anyio
import pytest
from mcp.server.mcpserver import Context

from beam_mcp.beam.auth import THE_REQUEST, Identity
from beam_mcp.beam.http import Beam
from beam_mcp.sandbox.task import TaskState
from beam_mcp.sandbox.world import World
from beam_mcp.server.html import Notice
from beam_mcp.server.links import Links
from beam_mcp.tools.office import Caller, InChat

from .paged import Paged, Seen, paged

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
        assert "<title>Decided · Beam</title>" in told
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
        somebody = Identity("theirs", pages.caller.workspace, source=THE_REQUEST)
        theirs = replace(pages.caller, beam=pages.office.http.acting_as(somebody))
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
            assert "such as the chat or beam-mcp inbox, or decide in the Beam app." in late
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
        assert "Decided" not in lost
        assert "<title>Not known yet · Beam</title>" in lost
        assert "Look at the task in the Beam app, or ask in the chat for a new link." in lost
        assert not (await pages.see(address)).forms
        anew = pages.decision(payment)
        assert anew != address
        assert (await pages.send(await pages.see(anew), "approve")).status == 200
    assert len(pages.acts()) == 1


async def test_the_inbox_of_a_command_is_good_as_long_as_it_runs(world: World, payment: TaskState) -> None:
    async with paged(world) as pages:
        address = pages.inbox()
        for _ in range(3):
            assert "It is good as long as the command that opened it runs." in await pages.see(address)
            pages.clock.push(7 * HOUR)  # its forms are good again from each look on
        page = await pages.see(address)
        pages.clock.push(7 * HOUR)
        assert "Approved" in await pages.send(page, "approve")
    assert payment.custom_id == "PAY-101"


def signing_in(pages: Paged, who: Identity) -> Caller:
    """The same person by a login, which is `who` from now on."""

    async def login() -> Beam:
        return pages.office.http.acting_as(who)

    return replace(pages.caller, office=replace(pages.office, login=login))


@pytest.mark.parametrize("key", [None, "somebody-else"])
async def test_links_end_with_the_login_they_were_made_by(world: World, payment: TaskState, key: str | None) -> None:
    async with paged(world) as pages:
        now = pages.caller.beam.identity
        form = (await pages.see(pages.decision(payment))).form
        for who, status in ((now, 200), (replace(now, key=key), 404)):
            caller = signing_in(pages, who)
            links = (pages.links.to_inbox(caller), pages.links.to_decision(caller, payment.id, "pay"))
            for place, link in zip(("inbox", "decide"), links, strict=True):
                link.caller = caller
                assert (await pages.see(f"{pages.base}/{place}/{link.token}")).status == status
        sent = await pages.http.post(f"{pages.base}/decide/{links[1].token}", data=form.fields | {"choice": "approve"})
        assert sent.status_code == 404
        assert not pages.acts()


async def test_a_link_by_credentials_that_came_along_does_not_depend_on_a_login(
    world: World, payment: TaskState
) -> None:
    async with paged(world) as pages:
        own = replace(pages.caller.beam.identity, source=THE_REQUEST)
        caller = replace(signing_in(pages, Identity()), beam=pages.office.http.acting_as(own))
        link = pages.links.to_inbox(caller)
        assert (await pages.see(f"{pages.base}/inbox/{link.token}")).status == 200
    assert payment.custom_id == "PAY-101"


async def test_many_links_drive_out_the_oldest_of_the_same_person_and_no_inbox(world: World) -> None:
    links = Links()
    async with paged(world) as pages:
        theirs = replace(pages.caller, beam=pages.office.http.acting_as(Identity("theirs", pages.caller.workspace)))
        kept, inbox = links.to_decision(theirs, "task", "step"), links.to_inbox(pages.caller)
        first, second = (links.to_decision(pages.caller, "task", f"{n}") for n in range(2))
        for number in range(2, 300):
            links.to_decision(pages.caller, "task", f"{number}")
        assert links.to_decision(pages.caller, "task", "0") is first  # asked for again, so not the oldest any more
        links.to_decision(pages.caller, "task", "300")
        assert links.find(second.token) is None
        for link in (kept, inbox, first):
            assert links.find(link.token) is link


async def test_links_whose_time_is_over_are_not_kept(world: World) -> None:
    links = Links()
    async with paged(world) as pages:
        *_, old = [links.to_decision(pages.caller, "task", f"{number}") for number in range(200)]
        pages.clock.push(4 * HOUR)
        good = links.to_decision(pages.caller, "task", "good")
        pages.clock.push(4 * HOUR)
        new = links.to_decision(pages.caller, "task", "199")
        assert new.token != old.token
        (drawer,) = links.people.values()
        assert list(drawer.decisions) == [good.token, new.token]


async def test_a_link_does_not_keep_the_request_it_was_asked_by(world: World) -> None:
    async with paged(world) as pages:
        one = pages.caller
        chatting = InChat(one.beam, one.person, one.conversation, one.office, Context())
        for link in (pages.links.to_decision(chatting, "task", "step"), pages.links.to_inbox(chatting)):
            assert type(link.caller) is Caller
