"""Cards in the chat at each door, in each era: what is sent is what the person decided in what was drawn."""

import re
from pathlib import Path

import pytest
from mcp_types import TextResourceContents

from beam_mcp.sandbox.task import TaskState

from .doors import AtDoor, at_door
from .test_ladder import DOORS, ERAS, payment, raise_amount, sent

pytestmark = pytest.mark.anyio


async def drawn(at: AtDoor, task: TaskState) -> tuple[str, dict[str, str]]:
    """The card for a task, as a host draws it: its word, and the step and mark of its form."""
    (document,) = (await at.client.read_resource("ui://beam/inbox")).contents
    assert isinstance(document, TextResourceContents)
    word = re.search(r'data-word="(\w+)"', document.text)
    assert word
    shown = await at.client.call_tool("show_card", {"word": word[1], "task": task.custom_id})
    html = str(shown.structured_content and shown.structured_content["html"])
    form = re.search(r'data-step="([^"]+)".*?name="mark" value="(\w+)"', html, re.DOTALL)
    assert form, html
    return word[1], {"step_id": form[1], "mark": form[2]}


async def press(at: AtDoor, task: TaskState, card: tuple[str, dict[str, str]], **fields: str) -> str:
    """Press a button of the card; what the card shows then."""
    word, form = card
    asked = {"word": word, "task": task.custom_id, "task_id": task.id, "step_id": form["step_id"]}
    result = await at.client.call_tool("decide_in_card", {**asked, "fields": {"mark": form["mark"], **fields}})
    return str(result.structured_content and result.structured_content["html"])


@DOORS
@ERAS
async def test_by_a_card(door: str, mode: str, tmp_path: Path) -> None:
    async with at_door(door, mode, tmp_path, cards=True) as at:
        accepted, edited, rejected, looked, changed = (payment(at) for _ in range(5))
        words = await at.call("approve_step", task=accepted.custom_id)
        assert "nothing was decided" in words
        assert "the person decides in the card that shows this in the chat" in words
        assert "Approved" in await press(at, accepted, await drawn(at, accepted), choice="approve")
        card = await drawn(at, edited)
        assert "12.00" in await press(at, edited, card, choice="approve", parameter_1="12.00")
        await press(at, rejected, await drawn(at, rejected), choice="reject", feedback="no")
        await drawn(at, looked)
        card = await drawn(at, changed)
        raise_amount(at, changed)
        again = await press(at, changed, card, choice="approve")
        assert "has changed since you saw it" in again
        assert "999999.00" in again
        assert 'You approved "Send payment"' in await at.call("approve_step", task=accepted.custom_id)
        assert [sent(at, task) for task in (accepted, edited, rejected)] == [["user-consent"], ["12.00"], ["rejection"]]
        assert [sent(at, task) for task in (looked, changed)] == [[], []]


@ERAS
async def test_a_client_that_never_draws_the_card_gets_a_page(mode: str, tmp_path: Path) -> None:
    async with at_door("http", mode, tmp_path, cards=True) as at:
        task, other = payment(at), payment(at)
        assert "in the card" in await at.call("approve_step", task=task.custom_id)
        at.push(60)
        words = await at.call("approve_step", task=task.custom_id)
        assert "never drew the card" in words
        assert "/decide/" in words
        assert "/decide/" in await at.call("approve_step", task=other.custom_id)
        await drawn(at, task)
        assert "in the card" in await at.call("approve_step", task=other.custom_id)
        assert at.world.acts == []
