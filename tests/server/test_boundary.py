"""What is told where calls enter: wrong arguments, forms that do not fit, and nothing of tools that are not there."""

import re
from collections.abc import AsyncIterator
from typing import Any

import pytest
from mcp.shared.exceptions import MCPError
from mcp_types import TextContent

from beam_mcp.sandbox.world import World
from beam_mcp.server.instructions import TOOLS, instructions_for, tools_named
from beam_mcp.server.prompts import prompts
from beam_mcp.tools.toolsets import TOOLSETS
from tests.tools.chat import Chat, Era, Human, chatting

pytestmark = pytest.mark.anyio
both_eras = pytest.mark.parametrize("mode", ["legacy", "auto"])

SETS = {toolset.name: frozenset(verb.name for verb in toolset.tools) for toolset in TOOLSETS}
READING = frozenset(verb.name for toolset in TOOLSETS for verb in toolset.tools if verb.reads_only)


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
async def chat(world: World) -> AsyncIterator[Chat]:
    async with chatting(world) as talk:
        yield talk


async def test_null_for_an_argument_that_may_be_left_out_counts_as_left_out(chat: Chat) -> None:
    nulls: dict[str, Any] = dict.fromkeys(("query", "additional_info", "urls", "files", "mode", "again"))
    words = await chat.ask("create_task", agent="Invoice Matcher", input={"invoice": "7"}, **nulls)
    assert words.startswith("Started ")
    page = dict.fromkeys(("status", "agent", "search", "since", "until", "group_by", "order", "page", "page_size"))
    assert (await chat.ask("list_tasks", **page)) == await chat.ask("list_tasks")
    assert "MKT-102" in await chat.ask("get_task", task="MKT-102", detail=None, page=None)
    assert "MKT-102" in await chat.ask("wait_for_tasks", tasks=["MKT-102"], timeout_seconds=None)


async def test_null_for_an_argument_that_is_needed_is_told_as_missing(chat: Chat) -> None:
    assert await chat.fail("get_task", task=None) == "get_task: task is required. list_tasks() shows the tasks."


async def test_what_is_needed_and_missing_is_told_with_where_to_find_it(world: World) -> None:
    async with chatting(world) as chat:
        assert await chat.fail("get_agent") == "get_agent: agent is required. list_agents() shows the agents."
        assert await chat.fail("wait_for_tasks", tasks=[]) == (
            "wait_for_tasks: tasks is empty. list_tasks() shows the tasks."
        )
    async with chatting(world, toolsets=["inbox"]) as chat:
        assert await chat.fail("answer_questions", task="") == "answer_questions: task is empty."


@pytest.mark.parametrize(
    ("tool", "arguments", "words"),
    [
        ("wait_for_tasks", {"tasks": [f"INV-{n}" for n in range(60)]}, "wait_for_tasks: tasks: 60 given, at most 50."),
        ("wait_for_tasks", {"tasks": ["INV-1", None]}, 'wait_for_tasks: tasks.1 must be text, not "null".'),
        ("get_account", {"x": 1}, "get_account takes no arguments."),
        ("get_agent", {"x": 1, "agent": "crm"}, 'get_agent: "x" is no argument (known: agent).'),
        (
            "answer_questions",
            {"task": "INV-101", "answers": {"po": None}},
            'answer_questions: answers.po must be text, not "null".',
        ),
        (
            "answer_questions",
            {"task": "INV-101", "answers": {"a\nb": {}}},
            'answer_questions: answers.a b must be text, not "{}".',
        ),
        (
            "list_tasks",
            {"page_size": 500},
            'list_tasks: page_size should be less than or equal to 100, not "500".',
        ),
    ],
)
async def test_a_wrong_argument_is_told_by_where_it_is(
    chat: Chat, tool: str, arguments: dict[str, Any], words: str
) -> None:
    assert await chat.fail(tool, **arguments) == words


@both_eras
@pytest.mark.parametrize("content", [{}, {"decision": "maybe"}, {"feedback": "yes"}])
async def test_an_accepted_form_that_does_not_fit_sends_nothing_and_is_told_in_one_line(
    world: World, mode: Era, content: dict[str, Any]
) -> None:
    payment = world.add_task("Payment Runner", age=3600)
    async with chatting(world, mode=mode, human=Human(content=content)) as chat:
        words = await chat.fail("approve_step", task=payment.custom_id)
        assert words == (
            "The form came back incomplete, so nothing was sent. Call approve_step again, or ask in the chat."
        )
        assert not chat.acts()


def test_with_every_tool_the_instructions_are_whole() -> None:
    words = instructions_for(TOOLS)
    assert len(words) <= 1900
    assert TOOLS - tools_named(words) == {"download_file"}


@pytest.mark.parametrize("loaded", [*SETS.values(), READING, frozenset[str]()], ids=[*SETS, "reading", "none"])
def test_the_instructions_name_only_loaded_tools(loaded: frozenset[str]) -> None:
    words = instructions_for(loaded)
    assert tools_named(words) == loaded - {"download_file"}
    assert all(paragraph.strip() for paragraph in words.split("\n\n"))
    assert "it is data" in words


async def test_a_client_is_told_only_of_tools_it_has(world: World) -> None:
    async with chatting(world, read_only=True) as chat:
        words = chat.client.instructions or ""
        assert tools_named(words) <= READING
        assert [prompt.name for prompt in (await chat.client.list_prompts()).prompts] == ["explain_failure"]
    async with chatting(world, toolsets=["inbox"]) as chat:
        assert [prompt.name for prompt in (await chat.client.list_prompts()).prompts] == ["triage_inbox"]


@pytest.mark.parametrize("name", [prompt.name for prompt, _ in prompts()])
async def test_a_prompt_needs_exactly_the_tools_its_words_name(chat: Chat, name: str) -> None:
    needed = {prompt.name: tools for prompt, tools in prompts()}[name]
    arguments = {"delegate": {"goal": "match"}, "explain_failure": {"task": "CON-101"}}.get(name, {})
    (message,) = (await chat.client.get_prompt(name, arguments)).messages
    assert isinstance(message.content, TextContent)
    assert tools_named(message.content.text) == needed


@both_eras
@pytest.mark.parametrize(
    ("name", "arguments", "words"),
    [
        (
            "explain_failure",
            {"task": "CON-101", "tone": "kind"},
            'explain_failure: "tone" is no argument (known: task).',
        ),
        ("triage_inbox", {"tone": "kind"}, "triage_inbox takes no arguments."),
        ("explain_failure", {}, "explain_failure: task is required."),
    ],
)
async def test_a_wrong_argument_of_a_prompt_is_named(
    world: World, mode: Era, name: str, arguments: dict[str, str], words: str
) -> None:
    async with chatting(world, mode=mode) as chat:
        with pytest.raises(MCPError) as refused:
            await chat.client.get_prompt(name, arguments)
    assert (refused.value.code, refused.value.message) == (-32602, words)


async def test_a_tool_that_is_switched_off_is_not_taken_for_another(world: World) -> None:
    async with chatting(world, read_only=True) as chat:
        assert await chat.fail("create_task", agent="crm", query="Hi") == (
            "create_task is switched off here: this server is read-only or offers only some toolsets, or the headers "
            "of this request ask for no more."
        )
        assert "Did you mean get_task?" in await chat.fail("get_tsk")


@both_eras
async def test_a_resource_that_cannot_be_read_names_only_loaded_tools(world: World, mode: Era) -> None:
    uris = ("beam://tasks/NOPE-1", "beam://tasks/NOPE-1/raw", "beam://agents/00000000-0000-4000-8000-000000000000")
    async with chatting(world, mode=mode, toolsets=["account"]) as chat:
        for uri in uris:
            with pytest.raises(MCPError) as refused:
                await chat.client.read_resource(uri)
            assert refused.value.code == -32602
            assert not re.search(r"\w+\(", refused.value.message), refused.value.message
    async with chatting(world, mode=mode) as chat:
        with pytest.raises(MCPError) as refused:
            await chat.client.read_resource(uris[0])
        assert "list_tasks()" in refused.value.message
