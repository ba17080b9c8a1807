"""The card in a chat: what the person sees and decides there, in a host written after the Apps specification."""

from typing import Any

import pytest
from playwright.async_api import Browser, expect

from beam_mcp.sandbox.task import TaskState
from beam_mcp.sandbox.world import World
from tests.tools.chat import Era

from .host import Host, hosting

pytestmark = pytest.mark.anyio

HOUR = 3600.0
WAITING = (
    ("CRM Sync", "AUTHENTICATION_REQUIRED"),
    ("CRM Sync", "INSUFFICIENT_CREDITS"),
    ("Support Triage", "USER_INPUT_REQUIRED"),
    ("Invoice Matcher", "USER_CONSENT_REQUIRED"),
)


@pytest.fixture
def payment(world: World) -> TaskState:
    """A payment that waits for approval."""
    return world.add_task("Payment Runner", age=HOUR)


async def press(host: Host, name: str) -> None:
    """Press a button, and wait for what comes of it."""
    await host.card.get_by_role("button", name=name).first.click()
    await host.settled()


def parameters(task: TaskState) -> dict[str, Any]:
    """With what a payment would run."""
    return task.nodes["pay"].detail["toolData"]["required_parameters"]


@pytest.mark.parametrize("mode", ["legacy", "auto"])
async def test_a_person_approves_in_the_card_and_the_model_is_told(
    browser: Browser, world: World, payment: TaskState, mode: Era
) -> None:
    world.add_task("Invoice Matcher", age=HOUR)
    async with hosting(browser, world, mode=mode) as host:
        await host.draw("approve_step", task=payment.custom_id)
        await expect(host.card.get_by_text("Atelier Brun SARL").first).to_be_visible()
        await expect(host.card.locator("form")).to_have_count(1)
        await host.card.get_by_label("Words for the agent").fill("Go ahead\nand hurry")
        await press(host, "Approve")
        await expect(host.card.get_by_role("status")).to_have_text(
            'Approved "Send payment" of PAY-101. It is now: working.'
        )
        await expect(host.card.locator("form")).to_have_count(0)
        told = await host.heard("ui/update-model-context")
        assert await host.heard("ui/message", least=0) == []
    assert [(act.kind, act.payload.get("feedback")) for act in world.acts] == [("user-consent", "Go ahead\nand hurry")]
    assert "toolParameters" not in world.acts[0].payload
    assert told[0]["content"] == [
        {
            "type": "text",
            "text": 'The person decided in the Beam card:\nApproved "Send payment" of PAY-101. It is now: working.',
        }
    ]


async def test_the_chat_goes_on_when_the_person_says_so(browser: Browser, world: World, payment: TaskState) -> None:
    async with hosting(browser, world) as host:
        await host.draw("get_pending_questions")
        onward = host.card.get_by_role("button", name="Continue in the chat")
        await expect(onward).to_be_hidden()
        await press(host, "Approve")
        await onward.click()
        (said,) = await host.heard("ui/message")
        await expect(onward).to_be_hidden()
    assert said["role"] == "user"
    assert said["content"][0]["text"].startswith('I decided in the Beam card:\nApproved "Send payment" of PAY-101.')
    assert payment.custom_id == "PAY-101"


async def test_every_decision_stays_in_what_the_model_is_told(
    browser: Browser, world: World, payment: TaskState
) -> None:
    second = world.add_task("Payment Runner", age=HOUR)
    async with hosting(browser, world) as host:
        await host.draw("get_pending_questions")
        await press(host, "Approve")
        await press(host, "Reject")
        told = await host.heard("ui/update-model-context", least=2)
        await expect(host.card.locator("form")).to_have_count(0)
    assert {act.kind for act in world.acts} == {"user-consent", "rejection"}
    assert payment.custom_id in told[1]["content"][0]["text"]
    assert second.custom_id in told[1]["content"][0]["text"]


async def test_a_person_answers_questions_in_the_card(browser: Browser, world: World) -> None:
    task = world.add_task("Invoice Matcher", age=HOUR)
    async with hosting(browser, world) as host:
        await host.draw("get_pending_questions", task=task.custom_id)
        fields = host.card.locator("form textarea")
        await expect(fields.first).to_be_visible()
        for index in range(await fields.count()):
            await fields.nth(index).fill("")
        await press(host, "Send")
        assert not world.acts
        assert "decide_in_card" not in host.called
        for index in range(await fields.count()):
            await fields.nth(index).fill(f"Answer {index + 1}")
        await press(host, "Send")
        await expect(host.card.get_by_role("status")).to_contain_text(task.custom_id)
    (act,) = world.acts
    assert "Answer 1" in str(act.payload)


async def test_what_the_person_changes_is_what_the_agent_does(
    browser: Browser, world: World, payment: TaskState
) -> None:
    async with hosting(browser, world) as host:
        await host.draw("approve_step", task=payment.custom_id)
        await host.card.get_by_label("reference").fill("RE-1")
        await press(host, "Approve")
        await host.heard("ui/update-model-context")
    (act,) = world.acts
    assert act.payload["toolParameters"]["reference"] == "RE-1"


async def test_what_the_chat_changed_can_be_put_back_in_the_card(
    browser: Browser, world: World, payment: TaskState
) -> None:
    async with hosting(browser, world) as host:
        await host.draw("approve_step", task=payment.custom_id, parameters={"amount": "1.00", "reference": "RE-1"})
        amount = host.card.get_by_label("amount", exact=True)
        await expect(amount).to_have_value("1.00")
        await expect(host.card.get_by_text("Changed in the chat. It was: 2837.90")).to_be_visible()
        await host.card.get_by_role("button", name="Put back what it was in amount").click()
        await press(host, "Approve")
        await host.heard("ui/update-model-context")
    (act,) = world.acts
    assert (act.payload["toolParameters"]["amount"], act.payload["toolParameters"]["reference"]) == ("2837.90", "RE-1")


async def test_a_field_that_cannot_be_sent_is_said_and_what_was_written_stays(
    browser: Browser, world: World, payment: TaskState
) -> None:
    parameters(payment)["amount"] = 2837.9
    async with hosting(browser, world) as host:
        await host.draw("approve_step", task=payment.custom_id)
        await host.card.get_by_label("amount").fill("a lot")
        await press(host, "Approve")
        await expect(host.card.get_by_role("alert")).to_contain_text("Nothing was sent")
        await expect(host.card.get_by_label("amount")).to_have_value("a lot")
        assert await host.heard("ui/update-model-context", least=0) == []
    assert not world.acts


async def test_an_action_that_changed_is_shown_anew_and_not_approved(
    browser: Browser, world: World, payment: TaskState
) -> None:
    async with hosting(browser, world) as host:
        await host.draw("approve_step", task=payment.custom_id)
        await expect(host.card.get_by_label("iban")).to_have_value("DE89370400440532013000")
        parameters(payment)["iban"] = "XX00"
        payment.touch(world.clock.now())
        await press(host, "Approve")
        await expect(host.card.get_by_role("alert")).to_contain_text("has changed since you saw it. Nothing was sent")
        await expect(host.card.get_by_label("iban")).to_have_value("XX00")
        assert not world.acts
        await press(host, "Approve")
        await host.heard("ui/update-model-context")
    assert len(world.acts) == 1


async def test_what_is_written_in_another_form_stays(browser: Browser, world: World, payment: TaskState) -> None:
    world.add_task("Payment Runner", age=HOUR / 2)
    async with hosting(browser, world) as host:
        await host.draw("get_pending_questions")
        await host.card.get_by_label("Words for the agent").nth(1).fill("Not yet")
        await press(host, "Approve")
        await expect(host.card.locator("form")).to_have_count(1)
        await expect(host.card.get_by_label("Words for the agent")).to_have_value("Not yet")
        await press(host, "Refresh")
        await expect(host.card.get_by_label("Words for the agent")).to_have_value("Not yet")
    assert [act.task_id for act in world.acts] == [payment.id]


async def test_rejecting_takes_no_more_than_the_button(browser: Browser, world: World, payment: TaskState) -> None:
    async with hosting(browser, world) as host:
        await host.draw("get_pending_questions", agent=payment.agent.name)
        await press(host, "Reject")
        (told,) = await host.heard("ui/update-model-context")
    assert told["content"][0]["text"].splitlines()[1].startswith('Rejected "Send payment" of PAY-101.')
    assert [act.kind for act in world.acts] == ["rejection"]


async def test_whatever_can_wait_is_shown_page_by_page(browser: Browser, world: World, payment: TaskState) -> None:
    parameters(payment).update(urgent=True, lines=[{"net": 1}], note="hid\u200bden")
    for agent, status in WAITING:
        world.add_task(agent, status=status, age=HOUR)
    for _ in range(10):
        world.add_task("Invoice Matcher", age=HOUR)
    async with hosting(browser, world) as host:
        await host.draw("get_pending_questions")
        await expect(host.card.get_by_role("heading", name=f"{11 + len(WAITING)} tasks wait for you")).to_be_visible()
        first = host.card.get_by_role("navigation", name="On this page").get_by_role("link").first
        await first.click()
        await host.card.get_by_role("link", name="Next").click()
        await expect(host.card.get_by_text("Page 2 of 2")).to_be_visible()
        await press(host, "Refresh")
        await host.card.get_by_role("link", name="Previous").click()
        await expect(host.card.get_by_text("Page 1 of 2")).to_be_visible()
        await expect(host.card.get_by_label("urgent")).to_have_value("true")


async def test_a_call_that_failed_is_said_in_the_card_too(browser: Browser, world: World) -> None:
    async with hosting(browser, world) as host:
        await host.draw("approve_step", task="NO-1")
        await expect(host.card.get_by_role("alert")).to_contain_text("NO-1")


async def test_nothing_waits_is_said(browser: Browser, world: World) -> None:
    async with hosting(browser, world) as host:
        await host.draw("get_pending_questions")
        await expect(host.card.get_by_role("heading", name="Nothing waits for you")).to_be_visible()
        world.add_task("Payment Runner", age=HOUR)
        await press(host, "Refresh")
        await expect(host.card.locator("form")).to_have_count(1)
