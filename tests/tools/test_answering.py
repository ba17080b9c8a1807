"""Answering what agents ask: under which names, all or nothing, and what becomes of it."""

from typing import Any

import anyio
import pytest

from beam_mcp.sandbox.task import TaskState
from beam_mcp.sandbox.world import Act, World

from .chat import Chat, Era, Human, chat_in, chatting, office_for

pytestmark = pytest.mark.anyio

HOUR = 3600.0
QUESTION = "Which purchase order does this invoice belong to?"


@pytest.fixture
def invoice(world: World) -> TaskState:
    """A task that asks one question."""
    return world.add_task("Invoice Matcher", age=HOUR)


@pytest.fixture
def ticket(world: World) -> TaskState:
    """A task whose two steps ask two questions each, one of them remembered."""
    return world.add_task("Support Triage", age=HOUR)


def sent(acts: list[Act]) -> list[dict[str, str]]:
    """What was sent for each step, by parameter."""
    return [{one["parameter"]: one["answer"] for one in act.payload["userInputs"]} for act in acts]


def asking(world: World, *questions: dict[str, Any], params: list[dict[str, Any]] | None = None) -> TaskState:
    """A task that asks just these questions."""
    tool = {"toolName": "Tool", "inputParams": params or []}
    node = {
        "id": "node-1",
        "status": "USER_INPUT_REQUIRED",
        "agentGraphNode": {"objective": "Ask", "toolConfiguration": tool},
        "userQuestions": list(questions),
    }
    return world.add_task("CRM Sync", status="USER_INPUT_REQUIRED", raw={"agentTaskNodes": [node]})


@pytest.mark.parametrize(
    "key",
    [
        "purchase_order",
        "Purchase_Order",
        " purchase_order ",
        QUESTION,
        QUESTION.lower().rstrip("?"),
        f"  {QUESTION.replace(' ', '  ')} ",
        "1",
        "#1",
        "1.",
        "1)",
        " # 1 ",
    ],
)
async def test_an_answer_finds_its_question_by_parameter_text_or_number(
    chat: Chat, invoice: TaskState, key: str
) -> None:
    words = await chat.ask("answer_questions", task=invoice.custom_id, answers={key: "PO-2291"})
    assert "It is now: working." in words
    assert sent(chat.acts()) == [{"purchase_order": "PO-2291"}]


async def test_two_steps_are_answered_in_one_call_under_mixed_names(chat: Chat, ticket: TaskState) -> None:
    answers = {"remedy": "Refund it", "#3": "10-4711", "credit_limit": 500, "1": "Gold"}
    words = await chat.ask("answer_questions", task=ticket.custom_id, answers=answers)
    assert "It is now: working." in words
    assert sent(chat.acts("user-input")) == [
        {"service_level": "Gold", "remedy": "Refund it"},
        {"order_number": "10-4711", "credit_limit": "500"},
    ]


async def test_one_of_two_steps_can_be_answered_alone_and_the_rest_is_asked_again(
    chat: Chat, ticket: TaskState
) -> None:
    words = await chat.ask("answer_questions", task=ticket.custom_id, answers={"order_number": "1", "credit_limit": 2})
    assert '1. "Which service level' in words
    assert sent(chat.acts()) == [{"order_number": "1", "credit_limit": "2"}]


async def test_what_beam_remembers_is_sent_unless_it_is_answered(chat: Chat, ticket: TaskState) -> None:
    await chat.ask("answer_questions", task=ticket.custom_id, answers={"remedy": "Replace it"})
    assert sent(chat.acts()) == [{"service_level": "Premium, 4 hours", "remedy": "Replace it"}]


async def test_no_answers_at_all_keep_everything_that_is_remembered(world: World, chat: Chat) -> None:
    remembered = {"question": "How?", "parameter": "how", "memoryAnswer": "By post"}
    task = asking(world, remembered)
    words = await chat.call("answer_questions", task=task.custom_id, answers={})
    assert world.requests[-2 if words.is_error else -1].method in {"PATCH", "GET"}
    patched = [seen.body for seen in world.requests if seen.method == "PATCH"]
    assert patched[0]["userInputs"] == [{"question": "How?", "answer": "By post", "parameter": "how"}]


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        ({"order_number": "1"}, "still missing"),
        ({"remedy": "Refund it", "order_number": "1"}, "still missing"),
        ({"remedy": "Refund it", "colour": "red"}, "is not asked"),
        ({"remedy": "Refund it", "5": "x"}, "is not asked"),
        ({"remedy": "Refund it", "2": "Replace it"}, "is answered twice"),
        ({"remedy": "  "}, "is empty"),
        ({"servicelevel": "Gold"}, 'did you mean "service_level"?'),
        ({"Do we refund the item or replace it": "x"}, 'did you mean "Do we replace'),
    ],
)
async def test_a_wrong_or_partial_answer_sends_nothing_at_all(
    chat: Chat, ticket: TaskState, answers: dict[str, str], words: str
) -> None:
    assert words in await chat.fail("answer_questions", task=ticket.custom_id, answers=answers)
    assert chat.acts() == []
    assert not [seen for seen in chat.world.requests if seen.method == "PATCH"]


async def test_a_parameter_that_two_questions_share_is_asked_back_and_the_call_offers_numbers(
    world: World, chat: Chat
) -> None:
    task = asking(
        world,
        {"question": "Cost centre of the goods?", "parameter": "cc"},
        {"question": "Of the freight?", "parameter": "cc"},
    )
    assert 'answers={"1": "…", "2": "…"}' in await chat.ask("get_task", task=task.custom_id)
    words = await chat.fail("answer_questions", task=task.custom_id, answers={"cc": "4711"})
    assert '"cc" fits several questions' in words
    assert "Use the number" in words
    assert not [seen for seen in world.requests if seen.method == "PATCH"]


@pytest.mark.parametrize("given", ["Bank transfer", "bank TRANSFER", "sepa", "SEPA"])
async def test_a_choice_is_taken_by_its_label_or_value_and_sent_as_its_value(
    world: World, chat: Chat, given: str
) -> None:
    options = [{"label": "Bank transfer", "value": "SEPA"}, {"label": "Card", "value": "CARD"}]
    params = [{"paramName": "how", "options": options, "paramTip": "How we pay"}]
    task = asking(world, {"question": "How do we pay?", "parameter": "how"}, params=params)
    assert 'one of "Bank transfer", "Card"' in await chat.ask("get_task", task=task.custom_id)
    await chat.call("answer_questions", task=task.custom_id, answers={"how": given})
    patched = [seen.body for seen in world.requests if seen.method == "PATCH"]
    assert patched[0]["userInputs"][0]["answer"] == "SEPA"


async def test_a_choice_too_long_to_show_is_taken_as_it_was_shown(world: World, chat: Chat) -> None:
    label = "The very first of all the many ways to pay an invoice by bank transfer from the main account"
    params = [{"paramName": "how", "options": [{"label": label, "value": "SEPA"}]}]
    task = asking(world, {"question": "How do we pay?", "parameter": "how"}, params=params)
    shown = (await chat.ask("get_task", task=task.custom_id)).split('one of "')[1].split('"')[0]
    assert shown != label
    await chat.call("answer_questions", task=task.custom_id, answers={"how": shown})
    patched = [seen.body for seen in world.requests if seen.method == "PATCH"]
    assert patched[0]["userInputs"][0]["answer"] == "SEPA"


async def test_what_is_no_choice_is_refused_with_the_choices(world: World, chat: Chat) -> None:
    params = [{"paramName": "how", "options": [{"label": "Bank transfer", "value": "SEPA"}, {"label": "Card"}]}]
    task = asking(world, {"question": "How do we pay?", "parameter": "how"}, params=params)
    words = await chat.fail("answer_questions", task=task.custom_id, answers={"how": "Cash"})
    assert words.endswith('Choose one of "Bank transfer", "Card".')
    assert not [seen for seen in world.requests if seen.method == "PATCH"]


@pytest.mark.parametrize(
    ("given", "value"),
    [(5, "5"), (2.5, "2.5"), (True, "true"), (False, "false"), (["a", "b"], "a, b"), ("Straße 7 – ½", "Straße 7 – ½")],
)
async def test_numbers_truths_and_lists_are_sent_as_text(
    chat: Chat, invoice: TaskState, given: object, value: str
) -> None:
    await chat.ask("answer_questions", task=invoice.custom_id, answers={"purchase_order": given})
    assert sent(chat.acts()) == [{"purchase_order": value}]


async def test_the_question_goes_back_letter_for_letter(world: World, chat: Chat) -> None:
    odd = "  Which\u00a0order?\u200b \n(the “new” one)\t"
    task = world.add_task("Invoice Matcher", age=HOUR, texts={"question": odd})
    await chat.ask("answer_questions", task=task.custom_id, answers={"1": "PO-1"})
    assert chat.acts()[0].payload["userInputs"][0]["question"] == odd


async def test_a_question_that_was_answered_elsewhere_is_told_as_that(chat: Chat, invoice: TaskState) -> None:
    await chat.ask("answer_questions", task=invoice.custom_id, answers={"1": "PO-1"})
    words = await chat.fail("answer_questions", task=invoice.custom_id, answers={"1": "PO-2"})
    assert "asks no question now: working. You answered " in words
    assert '→ "PO-1" just now, and that stands; nothing more was sent.' in words
    assert len(chat.acts()) == 1


async def test_of_two_chats_that_answer_at_the_same_moment_one_is_told_it_came_too_late(world: World) -> None:
    task = world.add_task("Invoice Matcher", age=HOUR)
    world.faults.add("latency", "user-input", times=2, seconds=0.2)
    results: list[bool] = []
    async with office_for(world) as office, chat_in(office, world) as one, chat_in(office, world, mode="legacy") as two:

        async def answer(chat: Chat, order: str) -> None:
            said = await chat.call("answer_questions", task=task.custom_id, answers={"1": order})
            assert not said.is_error or "asks no question now" in said
            results.append(said.is_error)

        async with anyio.create_task_group() as both:
            both.start_soon(answer, one, "PO-1")
            both.start_soon(answer, two, "PO-2")
    assert sorted(results) == [False, True]
    assert len(world.acts) == 1


async def test_an_answer_whose_reply_was_lost_is_told_as_sent_when_it_arrived(chat: Chat, invoice: TaskState) -> None:
    chat.world.faults.add("cut_after", "user-input")
    words = await chat.ask("answer_questions", task=invoice.custom_id, answers={"1": "PO-1"})
    assert "It is now: working." in words
    assert len(chat.acts()) == 1


async def test_an_answer_that_may_have_been_lost_is_said_to_be_that_and_never_sent_twice(
    chat: Chat, invoice: TaskState
) -> None:
    chat.world.faults.add("cut_before", "user-input")
    words = await chat.fail("answer_questions", task=invoice.custom_id, answers={"1": "PO-1"})
    assert "still waits" in words
    assert "get_task" in words
    assert len([seen for seen in chat.world.requests if seen.method == "PATCH"]) <= 1
    assert chat.acts() == []


@pytest.mark.parametrize("mode", ["legacy", "auto"])
async def test_without_answers_and_without_forms_the_questions_are_told(world: World, mode: Era) -> None:
    task = world.add_task("Invoice Matcher", age=HOUR)
    async with chatting(world, mode=mode) as chat:
        words = await chat.ask("answer_questions", task=task.custom_id)
    assert "nothing was sent, this client cannot show the person a form" in words
    assert (
        words.splitlines()[-1] == f'Next: answer_questions(task="{task.custom_id}", answers={{"purchase_order": "…"}})'
    )
    assert world.acts == []


@pytest.mark.parametrize("mode", ["legacy", "auto"])
async def test_the_person_fills_in_a_form_with_a_field_for_each_question(world: World, mode: Era) -> None:
    task = world.add_task("Support Triage", age=HOUR)
    human = Human(content={"answer_1": "Gold", "answer_2": "Refund it", "answer_3": "10-1", "answer_4": "500"})
    async with chatting(world, mode=mode, human=human) as chat:
        words = await chat.ask("answer_questions", task=task.custom_id)
        acts = chat.acts()
    assert "It is now: working." in words
    assert [seen.message for seen in human.seen] == [
        f"Agent Support Triage asks 4 questions for task {task.custom_id}."
    ]
    fields = human.seen[0].requested_schema["properties"]
    assert list(fields) == ["answer_1", "answer_2", "answer_3", "answer_4"]
    assert fields["answer_1"]["default"] == "Premium, 4 hours"
    assert sent(acts) == [
        {"service_level": "Gold", "remedy": "Refund it"},
        {"order_number": "10-1", "credit_limit": "500"},
    ]


@pytest.mark.parametrize("mode", ["legacy", "auto"])
@pytest.mark.parametrize(
    ("action", "words"),
    [("decline", "was shown a form and declined to fill it in"), ("cancel", "was shown a form and closed it")],
)
async def test_a_form_that_is_not_filled_in_sends_nothing_and_says_why(
    world: World, mode: Era, action: Any, words: str
) -> None:
    task = world.add_task("Invoice Matcher", age=HOUR)
    async with chatting(world, mode=mode, human=Human(action)) as chat:
        said = await chat.ask("answer_questions", task=task.custom_id)
    assert words in said
    assert QUESTION in said
    assert world.acts == []


async def test_answers_given_in_the_chat_show_no_form(world: World) -> None:
    task, human = world.add_task("Invoice Matcher", age=HOUR), Human()
    async with chatting(world, human=human) as chat:
        await chat.ask("answer_questions", task=task.custom_id, answers={"1": "PO-1"})
    assert human.seen == []
    assert len(world.acts) == 1


async def test_a_number_of_thousands_of_digits_is_no_question(chat: Chat, world: World) -> None:
    task = world.add_task("Invoice Matcher", status="USER_INPUT_REQUIRED", age=60.0)
    assert "is not asked" in await chat.fail("answer_questions", task=task.custom_id, answers={"9" * 5000: "a"})
