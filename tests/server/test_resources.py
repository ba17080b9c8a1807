"""What a client can read, pick, complete and subscribe to, in both protocol eras."""

import json

import anyio
import pytest
from mcp import Client
from mcp.client.session import IncomingMessage
from mcp.shared.exceptions import MCPError
from mcp_types import (
    PromptReference,
    ResourceTemplateReference,
    ResourceUpdatedNotification,
    TextContent,
    TextResourceContents,
)

from beam_mcp.sandbox.access import SANDBOX_KEY
from beam_mcp.sandbox.secrets import CANARIES
from beam_mcp.sandbox.world import World
from beam_mcp.server.build import build
from beam_mcp.server.instructions import INSTRUCTIONS
from beam_mcp.tools.toolsets import TOOLSETS
from tests.tools.chat import Era, office_for

pytestmark = pytest.mark.anyio
both_eras = pytest.mark.parametrize("mode", ["legacy", "auto"])


async def read(client: Client, uri: str) -> str:
    (contents,) = (await client.read_resource(uri)).contents
    assert isinstance(contents, TextResourceContents)
    return contents.text


@both_eras
async def test_the_inbox_a_task_and_an_agent_are_read_as_compact_text(mode: Era) -> None:
    world = World()
    async with office_for(world) as office, Client(build(office), mode=mode) as client:
        assert (await read(client, "beam://inbox")).startswith("4 tasks wait for you")
        assert (await read(client, "beam://tasks/MKT-102")).startswith("MKT-102, agent Market Research, done")
        assert (await read(client, "beam://agents/Invoice%20Matcher")).startswith("Agent Invoice Matcher")
        assert [r.uri for r in (await client.list_resources()).resources] == ["beam://inbox"]


@both_eras
async def test_a_whole_task_is_read_as_json_without_any_secret(mode: Era) -> None:
    world = World()
    task = world.add_task("Invoice Matcher", age=10)
    async with office_for(world) as office, Client(build(office), mode=mode) as client:
        for uri in (f"beam://tasks/{task.custom_id}/raw", "beam://agents/Invoice%20Matcher/raw"):
            text = await read(client, uri)
            assert json.loads(text)["id"] in {task.id, task.agent.id}
            assert not [name for name, canary in CANARIES.items() if canary in text]
            assert SANDBOX_KEY not in text
        assert json.loads(await read(client, f"beam://tasks/{task.custom_id}/raw"))["tokensUsed"] >= 0


@both_eras
@pytest.mark.parametrize(
    ("uri", "words"),
    [
        ("beam://tasks/NOPE-1", 'No task "NOPE-1" in workspace'),
        ("beam://elsewhere", 'There is no resource "beam://elsewhere"'),
        ("file:///etc/passwd", "There is no resource"),
    ],
)
async def test_a_resource_that_is_not_there_is_the_clients_to_correct(mode: Era, uri: str, words: str) -> None:
    async with office_for(World()) as office, Client(build(office), mode=mode) as client:
        with pytest.raises(MCPError) as refused:
            await client.read_resource(uri)
    assert refused.value.code == -32602
    assert words in refused.value.message


@both_eras
async def test_prompts_speak_in_the_words_of_the_tools(mode: Era) -> None:
    tools = {verb.name for toolset in TOOLSETS for verb in toolset.tools}
    async with office_for(World()) as office, Client(build(office), mode=mode) as client:
        names = [prompt.name for prompt in (await client.list_prompts()).prompts]
        assert names == ["delegate", "triage_inbox", "explain_failure"]
        failed = await client.get_prompt("explain_failure", {"task": "CON-101"})
        given = await client.get_prompt("delegate", {"goal": "match the invoices", "agent": "Invoice Matcher"})
    (message,) = failed.messages
    assert isinstance(message.content, TextContent)
    assert message.content.text.startswith('Why did the Beam task CON-101 fail? Look with get_task(task="CON-101")')
    (message,) = given.messages
    assert isinstance(message.content, TextContent)
    assert "Give it to the agent Invoice Matcher." in message.content.text
    assert {word for word in message.content.text.split() if word in tools} <= tools


@both_eras
@pytest.mark.parametrize(("name", "arguments"), [("nope", {}), ("explain_failure", {})])
async def test_a_wrong_prompt_is_the_clients_to_correct(mode: Era, name: str, arguments: dict[str, str]) -> None:
    async with office_for(World()) as office, Client(build(office), mode=mode) as client:
        with pytest.raises(MCPError) as refused:
            await client.get_prompt(name, arguments)
    assert refused.value.code == -32602


@both_eras
async def test_agents_tasks_and_statuses_are_completed(mode: Era) -> None:
    async with office_for(World()) as office, Client(build(office), mode=mode) as client:
        agents = await client.complete(PromptReference(name="delegate"), {"name": "agent", "value": "con"})
        template = ResourceTemplateReference(uri="beam://tasks/{task}")
        tasks = await client.complete(template, {"name": "task", "value": "inv"})
        statuses = await client.complete(PromptReference(name="delegate"), {"name": "status", "value": ""})
    assert agents.completion.values == ["Contract Reviewer"]
    assert tasks.completion.values == ["INV-103", "INV-102", "INV-101"]
    assert statuses.completion.values == ["working", "needs_me", "done", "failed"]


async def test_without_a_key_nothing_is_completed_and_nobody_is_bothered() -> None:
    world = World()
    async with office_for(world) as office:
        world.access.reads = set()
        async with Client(build(office)) as client:
            found = await client.complete(PromptReference(name="delegate"), {"name": "agent", "value": ""})
    assert found.completion.values == []


@pytest.mark.filterwarnings("ignore::mcp.MCPDeprecationWarning")
async def test_a_subscribed_task_tells_its_changes_in_the_older_protocols() -> None:
    world = World(populated=False)
    task = world.add_task("Invoice Matcher")
    told = anyio.Event()
    uris: list[str] = []

    async def hear(message: IncomingMessage) -> None:
        if isinstance(message, ResourceUpdatedNotification):
            uris.append(str(message.params.uri))
            told.set()

    async with office_for(world) as office, Client(build(office), mode="legacy", message_handler=hear) as client:
        # The SDK's client only speaks the newest way without a warning; older clients still subscribe like this.
        await client.session.subscribe_resource(f"beam://tasks/{task.custom_id}")  # pyright: ignore[reportDeprecated]
        world.clock.push(10)
        with anyio.fail_after(10):
            await told.wait()
        await client.session.unsubscribe_resource(f"beam://tasks/{task.custom_id}")  # pyright: ignore[reportDeprecated]
    assert set(uris) == {f"beam://tasks/{task.custom_id}"}


async def test_a_listened_task_tells_its_changes_on_2026_07_28() -> None:
    world = World(populated=False)
    task = world.add_task("Invoice Matcher")
    uri = f"beam://tasks/{task.custom_id}"
    async with (
        office_for(world) as office,
        Client(build(office)) as client,
        client.listen(resource_subscriptions=[uri]) as events,
    ):
        world.clock.push(10)
        with anyio.fail_after(10):
            async for event in events:
                assert getattr(event, "uri", None) == uri
                break


def test_the_instructions_are_short_and_name_every_tool_but_the_plainest() -> None:
    assert len(INSTRUCTIONS) <= 1900
    tools = {verb.name for toolset in TOOLSETS for verb in toolset.tools}
    assert {tool for tool in tools if tool not in INSTRUCTIONS} == {"download_file"}
