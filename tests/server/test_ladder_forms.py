"""Forms as clients really treat them: at once, never, twice, with an error; and what the chat would add to them."""

import re
from pathlib import Path
from typing import Any

import anyio
import httpx2
import pytest

from beam_mcp.sandbox.task import TaskState
from beam_mcp.tools.person import SOONEST

from .doors import AtDoor, Reader, at_door
from .test_ladder import DOORS, ERAS, HOUR, asked_in_vain, payment, sent

pytestmark = pytest.mark.anyio


@ERAS
async def test_a_client_that_never_shows_its_forms_is_sent_no_more(mode: str, tmp_path: Path) -> None:
    human = Reader(never=True)
    async with at_door("http", mode, tmp_path, human=human) as at:
        first, second, third = (payment(at) for _ in range(3))
        for task in (first, second):
            await asked_in_vain(at, human, task)
            at.push(60)
            assert "/decide/" in await at.call("approve_step", task=task.custom_id)
        words = await at.call("approve_step", task=third.custom_id)
        assert "nobody answers the forms" in words
        assert "/decide/" in words
        assert len(human.seen) == 2
        assert at.world.acts == []


async def one_left_open(at: AtDoor, human: Reader) -> tuple[TaskState, TaskState]:
    """A task whose form nobody answered when it was asked about twice, and another; people answer from now on."""
    left, other = payment(at), payment(at)
    await asked_in_vain(at, human, left)
    at.push(60)
    await at.call("approve_step", task=left.custom_id)
    human.never = False
    return left, other


@ERAS
async def test_one_form_that_is_left_open_costs_no_other_task_its_form(mode: str, tmp_path: Path) -> None:
    human = Reader(content={"decision": "approve"}, never=True)
    async with at_door("http", mode, tmp_path, human=human) as at:
        left, other = await one_left_open(at, human)
        assert "Approved" in await at.call("approve_step", task=other.custom_id)
        assert [sent(at, task) for task in (left, other)] == [[], ["user-consent"]]


@ERAS
async def test_who_answered_another_form_may_be_asked_again_about_the_one_left_open(mode: str, tmp_path: Path) -> None:
    human = Reader(content={"decision": "approve"}, never=True)
    async with at_door("http", mode, tmp_path, human=human) as at:
        left, other = await one_left_open(at, human)
        await at.call("approve_step", task=other.custom_id)
        words = await at.call("approve_step", task=left.custom_id)
    assert "nobody has answered it yet" in words
    assert "/decide/" in words
    assert [sent(at, task) for task in (left, other)] == [[], ["user-consent"]]


@ERAS
async def test_a_form_that_is_open_is_heard_though_the_same_is_asked_again(mode: str, tmp_path: Path) -> None:
    class Slow(Reader):
        async def meanwhile(self) -> None:
            self.reading.set()
            await asked_again.wait()

    human, asked_again = Slow(content={"decision": "approve"}), anyio.Event()
    async with at_door("http", mode, tmp_path, human=human) as at:
        task = payment(at)
        heard: list[str] = []

        async def ask() -> None:
            heard.append(await at.call("approve_step", task=task.custom_id))

        async with anyio.create_task_group() as calls:
            calls.start_soon(ask)
            await human.reading.wait()
            at.push(60)
            assert "nobody has answered it yet" in await at.call("approve_step", task=task.custom_id)
            asked_again.set()
        assert "Approved" in heard[0]
        assert sent(at, task) == ["user-consent"]


@DOORS
@ERAS
async def test_what_the_chat_would_change_stands_on_the_page_to_be_taken_or_left(
    door: str, mode: str, tmp_path: Path
) -> None:
    async with at_door(door, mode, tmp_path) as at, httpx2.AsyncClient(trust_env=False) as browser:
        task = payment(at)
        words = await at.call(
            "approve_step", task=task.custom_id, parameters={"amount": "1.00"}, feedback="Only a part for now"
        )
        assert 'amount="1.00"' in words
        assert 'Words for the agent: "Only a part for now"' in words
        link = re.search(r"http://127\.0\.0\.1:\d+/decide/[\w-]+", words)
        assert link
        page = (await browser.get(link[0])).text
        assert "1.00" in page
        assert "2837.90" in page
        assert "Only a part for now" in page


@ERAS
async def test_words_of_the_chat_go_along_only_as_the_person_saw_and_left_them(mode: str, tmp_path: Path) -> None:
    human = Reader(content={"decision": "approve", "feedback": ""})
    async with at_door("http", mode, tmp_path, human=human) as at:
        task = payment(at)
        await at.call("approve_step", task=task.custom_id, feedback="Release all the others too")
        assert human.seen[0].requested_schema["properties"]["feedback"]["default"] == "Release all the others too"
        assert 'Words for the agent: "Release all the others too"' in human.seen[0].message
        assert "feedback" not in at.world.acts[0].payload


@ERAS
async def test_who_closes_a_form_after_deciding_elsewhere_is_told_what_stands(mode: str, tmp_path: Path) -> None:
    class Elsewhere(Reader):
        async def meanwhile(self) -> None:
            task.settle(task.nodes["pay"], at.world.clock.now())

    human = Elsewhere("decline")
    async with at_door("http", mode, tmp_path, human=human) as at:
        task = payment(at)
        assert "waits for no approval" in await at.call("approve_step", task=task.custom_id)


class Program(Reader):
    """No person: it answers without looking."""

    async def meanwhile(self) -> None:
        """Nothing."""


@DOORS
@ERAS
@pytest.mark.parametrize("action", ["accept", "decline", "cancel"])
async def test_a_form_that_comes_back_at_once_was_seen_by_nobody(
    door: str, mode: str, action: Any, tmp_path: Path
) -> None:
    for _ in range(9):
        program = Program(action, {"decision": "approve"}, seconds=0)
        async with at_door(door, mode, tmp_path, human=program) as at:
            task, began = payment(at), anyio.current_time()
            words = await at.call("approve_step", task=task.custom_id)
            if anyio.current_time() - began > SOONEST.total_seconds() and "sooner" not in words:
                continue  # the machine stood still for as long as a person reads
            assert "sooner than anybody can read it" in words
            assert "/decide/" in words
            await at.call("approve_step", task=task.custom_id)
            assert len(program.seen) == 1
            assert sent(at, task) == []
            return
    pytest.fail("this machine is never as fast as a program")


async def test_a_client_that_answers_a_form_with_an_error_gets_the_next_way(tmp_path: Path) -> None:
    class Broken(Reader):
        async def meanwhile(self) -> None:
            raise RuntimeError("no window")

    broken = Broken()
    async with at_door("http", "legacy", tmp_path, human=broken) as at:
        task = payment(at)
        words = await at.call("approve_step", task=task.custom_id)
        assert "refused to show a form" in words
        assert "/decide/" in words
        assert "/decide/" in await at.call("approve_step", task=task.custom_id)
        assert len(broken.seen) == 1
        assert sent(at, task) == []


@DOORS
@ERAS
async def test_questions_are_answered_in_a_form_however_long_it_takes(door: str, mode: str, tmp_path: Path) -> None:
    human = Reader(content={"answer_1": "PO-2291"}, seconds=5 * HOUR)
    async with at_door(door, mode, tmp_path, human=human) as at:
        task = at.world.add_task("Invoice Matcher", age=HOUR)
        words = await at.call("answer_questions", task=task.custom_id)
        assert words.startswith(f"Answered {task.custom_id}:")
        assert [act.payload["userInputs"][0]["answer"] for act in at.world.acts] == ["PO-2291"]
        field = human.seen[0].requested_schema["properties"]["answer_1"]
        assert field["default"] == "PO-2291"


@DOORS
@ERAS
async def test_questions_are_said_with_the_call_that_answers_them_where_nobody_can_be_asked(
    door: str, mode: str, tmp_path: Path
) -> None:
    async with at_door(door, mode, tmp_path) as at:
        task = at.world.add_task("Invoice Matcher", age=HOUR)
        words = await at.call("answer_questions", task=task.custom_id)
        assert "Which purchase order" in words
        assert f'answer_questions(task="{task.custom_id}", answers={{"purchase_order": "…"}})' in words
        assert at.world.acts == []


async def test_an_answer_form_that_comes_back_at_once_is_not_taken_for_a_persons(tmp_path: Path) -> None:
    program = Program(content={"answer_1": "PO-2291"}, seconds=0)
    async with at_door("http", "auto", tmp_path, human=program) as at:
        task = at.world.add_task("Invoice Matcher", age=HOUR)
        words = await at.call("answer_questions", task=task.custom_id)
        assert "sooner than anybody can read it" in words
        assert "ask in the chat" in words
        assert at.world.acts == []
