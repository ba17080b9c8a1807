"""An answer reaches Beam as the person meant it, whatever the options and questions are called."""

from typing import Any

import pytest

from beam_mcp.sandbox.task import TaskState
from beam_mcp.sandbox.world import World
from tests.server.paged import Paged, paged

from .chat import Chat, Era, Human, chatting

pytestmark = pytest.mark.anyio

LONG = "Refund to the payment method that the customer used when ordering, "


def task_asking(world: World, *questions: tuple[str, str], **options: list[tuple[str, str]]) -> TaskState:
    """A task that asks these (question, parameter) at one step; options are (label, value) by parameter."""
    params = [
        {"paramName": name, "options": [{"label": label, "value": value} for label, value in pairs]}
        for name, pairs in options.items()
    ]
    node = {
        "id": "node-1",
        "status": "USER_INPUT_REQUIRED",
        "agentGraphNode": {"objective": "Ask", "toolConfiguration": {"toolName": "Tool", "inputParams": params}},
        "userQuestions": [{"question": question, "parameter": parameter} for question, parameter in questions],
    }
    return world.add_task("CRM Sync", status="USER_INPUT_REQUIRED", raw={"agentTaskNodes": [node]})


def sent(world: World) -> list[tuple[str, str]]:
    """What was sent, as (question, answer)."""
    patched: list[Any] = [seen.body for seen in world.requests if seen.method == "PATCH"]
    return [(one["question"], one["answer"]) for body in patched for one in body["userInputs"]]


async def on_page(pages: Paged, task: TaskState, *picked: int | str) -> list[list[str]]:
    """Answer on the page, choices by position; the options that were shown for each question come back."""
    page = await pages.see(f"{pages.base}/decide/{pages.links.to_decision(pages.caller, task.id, 'node-1').token}")
    shown = page.form.options
    fields = {
        f"answer_{number}": pick if isinstance(pick, str) else shown[f"answer_{number}"][pick]
        for number, pick in enumerate(picked, 1)
    }
    await pages.send(page, "answer", **fields)
    return list(shown.values())


SWAPPED = [("1", "3"), ("2", "2"), ("3", "1")]
SAME_LABELS = [("Refund", "full"), ("Refund", "half"), ("Refund (2)", "none")]
CUT_ALIKE = [(LONG + "in full", "full"), (LONG + "half of it", "half")]
BLANK_APART = [("In  full ", "full"), ("In full", "half")]
NEVER_SHOWN_APART = [("word " * 100 + "in full", "full"), ("word " * 100 + "half of it", "half")]
UNSEEN = [("\u200b", "full"), ("\u2060", "half")]
CASES = [SWAPPED, SAME_LABELS, CUT_ALIKE, BLANK_APART, NEVER_SHOWN_APART, UNSEEN]


@pytest.mark.parametrize("options", CASES)
@pytest.mark.parametrize("pick", [0, 1, -1])
async def test_the_option_picked_on_the_page_is_the_one_sent(
    world: World, options: list[tuple[str, str]], pick: int
) -> None:
    task = task_asking(world, ("How?", "how"), how=options)
    async with paged(world) as pages:
        [shown] = await on_page(pages, task, pick)
    assert len(set(shown)) == len(options)
    assert sent(world) == [("How?", options[pick][1])]


@pytest.mark.parametrize("mode", ["legacy", "auto"])
@pytest.mark.parametrize("options", CASES)
@pytest.mark.parametrize("pick", [0, 1, -1])
async def test_the_option_picked_in_a_form_is_the_one_sent(
    world: World, mode: Era, options: list[tuple[str, str]], pick: int
) -> None:
    task = task_asking(world, ("How?", "how"), how=options)

    class Picking(Human):
        async def meanwhile(self) -> None:
            self.content = {"answer_1": self.seen[-1].requested_schema["properties"]["answer_1"]["enum"][pick]}

    human = Picking()
    async with chatting(world, mode=mode, human=human) as chat:
        await chat.call("answer_questions", task=task.custom_id)
    assert len(set(human.seen[0].requested_schema["properties"]["answer_1"]["enum"])) == len(options)
    assert sent(world) == [("How?", options[pick][1])]


@pytest.mark.parametrize(
    ("options", "said", "value"),
    [
        (SWAPPED, "3", "1"),
        (SWAPPED, "1", "3"),
        ([("yes", "a"), ("Yes", "b"), ("c", "YES")], "Yes", "b"),
        ([("yes", "a"), ("Yes", "b"), ("c", "YES")], "c", "YES"),
        ([("a", "B"), ("b", "A")], "A", "B"),
        (CUT_ALIKE, LONG + "half of it", "half"),
        (SAME_LABELS, "half", "half"),
        (SAME_LABELS, "FULL", "full"),
        ([("Refund", "full"), ("Refund", "full")], "Refund", "full"),
        ([('Say "yes"', "y"), ("Say no", "n")], "Say 'yes'", "y"),
    ],
)
async def test_a_choice_said_in_the_chat_is_a_label_before_a_value_and_exact_before_alike(
    world: World, chat: Chat, options: list[tuple[str, str]], said: str, value: str
) -> None:
    task = task_asking(world, ("How?", "how"), how=options)
    await chat.call("answer_questions", task=task.custom_id, answers={"how": said})
    assert sent(world) == [("How?", value)]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (SAME_LABELS, "Refund"),
        (SAME_LABELS, "Refund (2)"),
        (CUT_ALIKE, f"{LONG[:59]}…"),
        (NEVER_SHOWN_APART, ("word " * 60)[:299] + "…"),
        ([("yes", "full"), ("Yes", "half")], "YES"),
    ],
)
async def test_a_choice_that_fits_several_options_is_asked_back_with_their_values(
    world: World, chat: Chat, options: list[tuple[str, str]], said: str
) -> None:
    task = task_asking(world, ("How?", "how"), how=options)
    words = await chat.fail("answer_questions", task=task.custom_id, answers={"how": said})
    assert "fits several choices" in words
    assert '"half"' in words
    assert sent(world) == []


async def test_options_that_a_cut_would_make_alike_are_told_apart_in_the_chat(world: World, chat: Chat) -> None:
    task = task_asking(world, ("How?", "how"), how=CUT_ALIKE)
    words = await chat.ask("get_task", task=task.custom_id)
    assert "in full" in words
    assert "half of it" in words


SWAPPING = (("Whom to pay?", "#2"), ("Whom to refuse?", "#1"))
ANSWERED = [("Whom to pay?", "Alice"), ("Whom to refuse?", "Mallory")]


async def test_questions_called_like_the_number_of_another_are_not_swapped_on_the_page(world: World) -> None:
    task = task_asking(world, *SWAPPING)
    async with paged(world) as pages:
        await on_page(pages, task, "Alice", "Mallory")
    assert sent(world) == ANSWERED


@pytest.mark.parametrize("mode", ["legacy", "auto"])
async def test_questions_called_like_the_number_of_another_are_not_swapped_in_a_form(world: World, mode: Era) -> None:
    task = task_asking(world, *SWAPPING)
    human = Human(content={"answer_1": "Alice", "answer_2": "Mallory"})
    async with chatting(world, mode=mode, human=human) as chat:
        await chat.call("answer_questions", task=task.custom_id)
    assert sent(world) == ANSWERED


@pytest.mark.parametrize("change", ["question", "parameter", "options", "one more"])
async def test_an_answer_to_a_question_that_changed_while_the_form_was_open_is_not_sent(
    world: World, change: str
) -> None:
    task = world.add_task("Invoice Matcher", age=60)
    detail = next(node.detail for node in task.nodes.values() if node.detail.get("userQuestions"))

    class Slow(Human):
        async def meanwhile(self) -> None:
            asked = detail["userQuestions"]
            options = [{"label": "PO-2291", "value": "iban"}]
            match change:
                case "question":
                    asked[0]["question"] = "Which IBAN may be charged?"
                case "parameter":
                    asked[0]["parameter"] = "iban"
                case "options":
                    params = [{"paramName": asked[0]["parameter"], "options": options}]
                    detail["agentGraphNode"] = {"toolConfiguration": {"inputParams": params}}
                case _:
                    asked.append({"question": "Which IBAN may be charged?", "parameter": "iban"})
            task.touch(world.clock.now())

    async with chatting(world, mode="legacy", human=Slow(content={"answer_1": "PO-2291"})) as chat:
        words = await chat.fail("answer_questions", task=task.custom_id)
    assert f"{task.custom_id} asks something else now. Nothing was sent." in words
    assert f'get_pending_questions(task="{task.custom_id}")' in words
    assert not [seen for seen in world.requests if seen.method == "PATCH"]


async def test_a_form_filled_in_after_somebody_else_answered_is_told_so(world: World) -> None:
    task = world.add_task("Invoice Matcher", age=60)
    elsewhere: list[Chat] = []

    class Slow(Human):
        async def meanwhile(self) -> None:
            await elsewhere[0].ask("answer_questions", task=task.custom_id, answers={"1": "PO-1"})

    async with chatting(world) as other, chatting(world, mode="legacy", human=Slow(content={"answer_1": "2"})) as chat:
        elsewhere.append(other)
        words = await chat.fail("answer_questions", task=task.custom_id)
    assert "asks no question now: working" in words
    assert len(world.acts) == 1
