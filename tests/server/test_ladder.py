"""Each way to reach a person, at each door, in each era, whatever they do: what is sent is what they decided."""

import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import anyio
import httpx2
import pytest

from beam_mcp.sandbox.task import TaskState

from .doors import AtDoor, Reader, at_door

pytestmark = pytest.mark.anyio

HOUR = 3600.0
DOORS = pytest.mark.parametrize("door", ["stdio", "http", "sse"])
ERAS = pytest.mark.parametrize("mode", ["legacy", "auto"])


def payment(at: AtDoor) -> TaskState:
    """A payment that waits for approval."""
    return at.world.add_task("Payment Runner", age=HOUR)


def sent(at: AtDoor, task: TaskState) -> list[Any]:
    """What Beam was told about a task: approved as it was, approved with another amount, or rejected."""
    return [
        act.payload["toolParameters"]["amount"] if "toolParameters" in act.payload else act.kind
        for act in at.world.acts
        if act.task_id == task.id
    ]


def raise_amount(at: AtDoor, task: TaskState) -> None:
    """The agent changes what it wants to do."""
    task.nodes["pay"].detail["toolData"]["required_parameters"]["amount"] = "999999.00"
    task.touch(at.world.clock.now())


@DOORS
@ERAS
async def test_by_a_form(door: str, mode: str, tmp_path: Path) -> None:
    human = Reader()
    async with at_door(door, mode, tmp_path, human=human) as at:
        accepted, edited, declined, cancelled, changed, unanswered = (payment(at) for _ in range(6))
        human.content = {"decision": "approve"}
        assert "Approved" in await at.call("approve_step", task=accepted.custom_id)
        human.content = {"decision": "approve", "parameter_1": "12.00"}
        assert 'amount="12.00"' in await at.call("approve_step", task=edited.custom_id)
        human.action = "decline"
        assert "declined" in await at.call("approve_step", task=declined.custom_id)
        human.action = "cancel"
        assert "closed it" in await at.call("approve_step", task=cancelled.custom_id)
        await _changed_meanwhile(at, human, changed)
        await _never_answered(at, human, unanswered)
        assert [sent(at, task) for task in (accepted, edited)] == [["user-consent"], ["12.00"]]
        assert [sent(at, task) for task in (declined, cancelled, changed, unanswered)] == [[], [], [], []]


async def _changed_meanwhile(at: AtDoor, human: Reader, task: TaskState) -> None:
    human.action, human.content = "accept", {"decision": "approve"}
    looked: Callable[[], Awaitable[None]] = human.meanwhile

    async def change_once() -> None:
        await looked()
        if task.nodes["pay"].detail["toolData"]["required_parameters"]["amount"] == "999999.00":
            human.action = "decline"  # it is another question now: that is what the newer era shows anew
        raise_amount(at, task)

    human.meanwhile = change_once  # pyright: ignore[reportAttributeAccessIssue]
    words = await at.call("approve_step", task=task.custom_id)
    del human.meanwhile
    assert "nothing was decided" in words
    assert "999999.00" in words


async def _never_answered(at: AtDoor, human: Reader, task: TaskState) -> None:
    human.never = True
    await asked_in_vain(at, human, task)
    if at.clock is None:
        return  # a real clock is not waited for
    at.push(60)
    forms = len(human.seen)
    words = await at.call("approve_step", task=task.custom_id)
    assert "nobody has answered it yet" in words
    assert "/decide/" in words
    assert len(human.seen) == forms


async def asked_in_vain(at: AtDoor, human: Reader, task: TaskState) -> None:
    human.reading = anyio.Event()
    async with anyio.create_task_group() as calls:
        calls.start_soon(lambda: at.client.call_tool("approve_step", {"task": task.custom_id}))
        await human.reading.wait()
        calls.cancel_scope.cancel()


@DOORS
@ERAS
async def test_by_a_page(door: str, mode: str, tmp_path: Path) -> None:
    async with at_door(door, mode, tmp_path) as at, httpx2.AsyncClient(trust_env=False) as browser:
        accepted, edited, rejected, looked, changed = (payment(at) for _ in range(5))
        assert (await _on_page(at, browser, accepted, choice="approve")).status_code == 303
        assert (await _on_page(at, browser, edited, choice="approve", parameter_1="12.00")).status_code == 303
        assert (await _on_page(at, browser, rejected, choice="reject", feedback="no")).status_code == 303
        assert "Payment Runner" in (await browser.get(await _link(at, looked))).text
        refused = await _on_page(at, browser, changed, change=True, choice="approve")
        assert refused.status_code == 409
        assert "has changed since you saw it" in refused.text
        assert "999999.00" in refused.text
        said = await at.call("approve_step", task=accepted.custom_id)
        assert 'You approved "Send payment"' in said
        assert [sent(at, task) for task in (accepted, edited, rejected)] == [["user-consent"], ["12.00"], ["rejection"]]
        assert [sent(at, task) for task in (looked, changed)] == [[], []]


async def _link(at: AtDoor, task: TaskState) -> str:
    words = await at.call("approve_step", task=task.custom_id)
    found = re.search(r"http://127\.0\.0\.1:\d+/decide/\S+", words)
    assert found, words
    return found[0]


async def _on_page(
    at: AtDoor, browser: httpx2.AsyncClient, task: TaskState, *, change: bool = False, **fields: str
) -> httpx2.Response:
    link = await _link(at, task)
    mark = re.search(r'name="mark" value="(\w+)"', (await browser.get(link)).text)
    assert mark
    if change:
        raise_amount(at, task)
    return await browser.post(link, data={"mark": mark[1], **fields})


@DOORS
@ERAS
async def test_by_a_word_in_the_chat_where_that_is_allowed(door: str, mode: str, tmp_path: Path) -> None:
    async with at_door(door, mode, tmp_path, settings={"BEAM_MCP_CONSENT": "chat"}) as at:
        accepted, edited, guessed, changed = (payment(at) for _ in range(4))
        await at.call("approve_step", task=accepted.custom_id, confirm=await _code(at, accepted))
        change = {"amount": "12.00"}
        code = await _code(at, edited, parameters=change)
        await at.call("approve_step", task=edited.custom_id, parameters=change, confirm=code)
        other = await _code(at, changed)
        assert "not for this action" in await at.call("approve_step", task=guessed.custom_id, confirm=other)
        raise_amount(at, changed)
        assert "not for this action" in await at.call("approve_step", task=changed.custom_id, confirm=other)
        assert [sent(at, task) for task in (accepted, edited)] == [["user-consent"], ["12.00"]]
        assert [sent(at, task) for task in (guessed, changed)] == [[], []]


async def _code(at: AtDoor, task: TaskState, **arguments: Any) -> str:
    words = await at.call("approve_step", task=task.custom_id, **arguments)
    found = re.search(r'confirm="(\w+)"', words)
    assert found, words
    return found[1]
