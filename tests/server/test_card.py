"""The card on the wire: who is offered it, and what its tools do and refuse."""

import re
from typing import Any

import pytest
from mcp.server.apps import APP_MIME_TYPE
from mcp.shared.exceptions import MCPError
from mcp_types import TextResourceContents

from beam_mcp.sandbox.task import TaskState
from beam_mcp.sandbox.world import World
from beam_mcp.server.card import BOUND, NAMES, URI
from beam_mcp.server.card import tools as card_tools
from tests.tools.chat import Chat, Clock, Era, Said, chat_in, chatting, office_for

pytestmark = pytest.mark.anyio

HOUR = 3600.0
ERAS = pytest.mark.parametrize("mode", ["legacy", "auto"])
MARK = re.compile(r'name="mark" value="(\w+)"')


@pytest.fixture
def world() -> World:
    """Agents, but no tasks yet."""
    return World(populated=False)


@pytest.fixture
def payment(world: World) -> TaskState:
    """A payment that waits for approval."""
    return world.add_task("Payment Runner", age=HOUR)


async def document(chat: Chat) -> str:
    """The card's document as the host reads it."""
    (found,) = (await chat.client.read_resource(URI)).contents
    assert isinstance(found, TextResourceContents)
    assert found.mime_type == APP_MIME_TYPE
    assert found.meta == {"ui": {"prefersBorder": True}}
    return found.text


async def word(chat: Chat) -> str:
    """What only the card's document carries."""
    found = re.search(r'data-word="(\w{64})"', await document(chat))
    assert found
    return found[1]


async def decide(chat: Chat, task: TaskState, **more: Any) -> Said:
    """Approve in the card what it shows of a task."""
    shown = await chat.call("show_card", word=await word(chat), task=task.id)
    fields = {"choice": "approve", "mark": MARK.findall(shown.data["html"])[0], **more.pop("fields", {})}
    step = re.findall(r'data-step="([\w-]+)"', shown.data["html"])[0]
    sent = {"word": await word(chat), "task_id": task.id, "step_id": step, "fields": fields} | more
    return await chat.call("decide_in_card", **sent)


@ERAS
async def test_only_a_client_that_draws_cards_is_offered_the_card(world: World, mode: Era) -> None:
    async with office_for(world) as office:
        async with chat_in(office, world, mode=mode) as chat:
            tools = {tool.name for tool in (await chat.client.list_tools()).tools}
            with pytest.raises(MCPError, match="There is no resource"):
                await document(chat)
        async with chat_in(office, world, mode=mode, draws_cards=True) as chat:
            with_card = (await chat.client.list_tools()).tools
            assert "data-word" in await document(chat)
            # A model that looks through what can be read finds no word there.
            assert URI not in {str(resource.uri) for resource in (await chat.client.list_resources()).resources}
    assert not NAMES & tools
    assert {tool.name for tool in with_card} == tools | NAMES
    visible: dict[str, dict[str, Any]] = {tool.name: (tool.meta or {}).get("ui", {}) for tool in with_card}
    assert {name: visible[name] for name in BOUND} == {name: {"resourceUri": URI} for name in BOUND}
    assert {name: visible[name]["visibility"] for name in NAMES} == {name: ["app"] for name in NAMES}
    assert {name for name, ui in visible.items() if ui} == BOUND | NAMES


def test_one_of_the_tools_only_reads_and_the_other_cannot_be_taken_back() -> None:
    show, decide = card_tools()
    for tool, reads in ((show, True), (decide, False)):
        hints = tool.annotations
        assert hints
        assert (hints.read_only_hint, hints.destructive_hint, hints.idempotent_hint) == (reads, not reads, reads)
        assert (tool.title, hints.open_world_hint) == (hints.title, True)
        assert tool.input_schema["additionalProperties"] is False
    assert show.input_schema["required"] == ["word"]
    assert decide.input_schema["required"] == ["word", "task_id", "step_id", "fields"]


async def test_the_server_says_that_it_has_cards_where_its_protocol_can(world: World) -> None:
    async with chatting(world) as chat:
        assert "io.modelcontextprotocol/ui" in (chat.client.server_capabilities.extensions or {})


@ERAS
@pytest.mark.parametrize("name", sorted(NAMES))
async def test_for_any_other_client_the_tools_of_the_card_do_not_exist(world: World, mode: Era, name: str) -> None:
    async with office_for(world) as office:
        async with chat_in(office, world, mode=mode, draws_cards=True) as chat:
            known = await word(chat)
        async with chat_in(office, world, mode=mode) as chat:
            said = await chat.fail(name, word=known)
    assert f'There is no tool "{name}".' in said


@pytest.mark.parametrize("less", [{"read_only": True}, {"toolsets": ["tasks", "agents"]}])
async def test_without_both_tools_it_belongs_to_there_is_no_card(world: World, less: dict[str, Any]) -> None:
    async with chatting(world, draws_cards=True, **less) as chat:
        tools = (await chat.client.list_tools()).tools
        assert not NAMES & {tool.name for tool in tools}
        assert not [tool.name for tool in tools if tool.meta]
        assert URI not in {str(resource.uri) for resource in (await chat.client.list_resources()).resources}
        assert "There is no tool" in await chat.fail("show_card", word="")
        with pytest.raises(MCPError):
            await chat.client.read_resource(URI)
        assert "io.modelcontextprotocol/ui" not in (chat.client.server_capabilities.extensions or {})


@ERAS
async def test_a_decision_in_the_card_is_carried_out_once(world: World, payment: TaskState, mode: Era) -> None:
    async with chatting(world, mode=mode, draws_cards=True) as chat:
        said = await decide(chat, payment, fields={"feedback": "Go ahead"})
        again = await decide(chat, payment) if MARK.search(said.data["html"]) else None
    assert said.text == 'Approved "Send payment" of PAY-101. It is now: working.'
    assert said.data["decided"]
    assert not said.is_error
    assert again is None
    assert [(act.kind, act.payload.get("feedback")) for act in chat.acts()] == [("user-consent", "Go ahead")]


@ERAS
async def test_a_caller_without_the_word_of_the_document_decides_nothing(
    world: World, payment: TaskState, mode: Era
) -> None:
    async with chatting(world, mode=mode, draws_cards=True) as chat:
        for guess in ("", "0" * 64, "wörd", "\ud800"):
            shown = await chat.call("show_card", word=guess, task=payment.custom_id)
            assert shown.is_error
            assert not MARK.search(shown.data["html"])
            assert shown.data["stale"]
            assert shown.text.endswith("get_pending_questions() shows what waits.")
            said = await decide(chat, payment, word=guess)
            assert said.is_error
            assert not said.data["decided"]
        assert not chat.acts()
        missing = await chat.call("show_card", task=payment.custom_id)
        assert missing.is_error
        assert not missing.data["stale"]


async def test_the_word_is_another_one_for_another_process(world: World) -> None:
    words: list[str] = []
    for _ in range(2):
        async with chatting(world, draws_cards=True) as chat:
            words += [await word(chat), await word(chat)]
    assert words[0] == words[1]
    assert words[2] == words[3]
    assert words[0] != words[2]


async def test_what_was_not_seen_is_not_decided(world: World, payment: TaskState) -> None:
    async with chatting(world, draws_cards=True) as chat:
        said = await decide(chat, payment, fields={"mark": "00000000"})
        assert said.is_error
        assert not said.data["decided"]
        assert "has changed since you saw it" in said.data["html"]
        assert MARK.search(said.data["html"])
        assert not chat.acts()


@pytest.mark.parametrize(
    "odd", [{"page": 0}, {"unknown": 1}, {"fields": {"choice": "delete"}}, {"fields": {"choice": 1}}]
)
async def test_what_no_card_of_ours_sends_does_nothing(world: World, payment: TaskState, odd: dict[str, Any]) -> None:
    async with chatting(world, draws_cards=True) as chat:
        said = await decide(chat, payment, **odd)
        assert said.is_error
        assert "nothing was done" in said.data["html"]
        assert not chat.acts()


async def test_the_card_shows_the_inbox_one_agent_or_one_task(world: World, payment: TaskState) -> None:
    world.add_task("Support Triage", age=HOUR)
    async with chatting(world, draws_cards=True) as chat:
        known = await word(chat)
        inbox = (await chat.call("show_card", word=known)).data["html"]
        one = (await chat.call("show_card", word=known, agent="Payment Runner")).data["html"]
        task = (await chat.call("show_card", word=known, task=payment.custom_id)).data["html"]
        unknown = await chat.call("show_card", word=known, task="NO-1")
    assert len(set(re.findall(r'data-task="([\w-]+)"', inbox))) == 2
    assert set(re.findall(r'data-task="([\w-]+)"', one + task)) == {payment.id}
    assert unknown.is_error
    assert "NO-1" in unknown.data["html"]


async def test_a_card_that_was_never_drawn_costs_the_client_this_way(world: World, payment: TaskState) -> None:
    async with chatting(world, draws_cards=True) as chat:
        clock = chat.office.clock
        assert isinstance(clock, Clock)
        for _ in range(2):
            assert "in the card" in await chat.ask("approve_step", task=payment.custom_id)
            clock.push(60)
            await chat.call("show_card", word=await word(chat))
        assert "in the card" in await chat.ask("approve_step", task=payment.custom_id)
        clock.push(60)
        await chat.call("show_card", word="a guess of the model's")
        assert "in the card" not in await chat.ask("approve_step", task=payment.custom_id)


async def test_what_came_of_a_decision_is_told_also_where_the_rest_cannot_be_read(
    world: World, payment: TaskState
) -> None:
    async with chatting(world, draws_cards=True) as chat:
        world.faults.add("status", "^/agent-tasks$", method="GET", times=None, code=400)
        said = await decide(chat, payment)
        assert (await chat.call("show_card", word=await word(chat))).is_error
    assert said.data["decided"]
    assert "Approved" in said.data["html"]
    assert [act.kind for act in world.acts] == ["user-consent"]


@ERAS
async def test_the_chat_hears_the_same_whether_a_card_is_drawn_or_not(
    world: World, payment: TaskState, mode: Era
) -> None:
    async with office_for(world) as office:
        async with chat_in(office, world, mode=mode) as chat:
            plain = [await chat.ask("get_pending_questions"), await chat.ask("approve_step", task=payment.custom_id)]
        async with chat_in(office, world, mode=mode, draws_cards=True) as chat:
            drawn = [await chat.ask("get_pending_questions"), await chat.ask("approve_step", task=payment.custom_id)]
    assert plain[0] == drawn[0]
    assert plain[1].splitlines()[:-1] == drawn[1].splitlines()[:-1]
    assert drawn[1].splitlines()[-1] == (
        "Next: the person decides in the card that shows this in the chat; "
        'wait_for_tasks(tasks=["PAY-101"]) tells what they decided.'
    )


@ERAS
async def test_what_the_chat_proposed_stands_in_the_card_and_what_was_there_beside_it(
    world: World, payment: TaskState, mode: Era
) -> None:
    async with chatting(world, mode=mode, draws_cards=True) as chat:
        await chat.ask("approve_step", task=payment.custom_id, parameters={"amount": "1.00"}, feedback="Only this once")
        shown = (await chat.call("show_card", word=await word(chat), task=payment.id)).data["html"]
    assert "\n1.00</textarea>" in shown
    assert 'Changed in the chat. It was: <q class="lost">2837.90</q>' in shown
    assert "\nOnly this once</textarea>" in shown
