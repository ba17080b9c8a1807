"""What a client can read, pick, complete and subscribe to, in both protocol eras."""

import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import httpx2
import pytest
from anyio.abc import TaskStatus
from mcp import Client
from mcp.client.session import IncomingMessage
from mcp.client.sse import sse_client
from mcp.client.streamable_http import streamable_http_client
from mcp.client.subscriptions import Subscription
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
from beam_mcp.sandbox.serve import serving
from beam_mcp.sandbox.world import World
from beam_mcp.server.build import build
from beam_mcp.tools.toolsets import TOOLSETS
from tests.cli.processes import PATIENCE, on, started
from tests.server.sharing import shared
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


@pytest.mark.parametrize("door", ["sse", "legacy", "auto"])
async def test_a_raw_task_of_megabytes_is_cut_to_what_the_official_client_takes(door: str) -> None:
    async with shared(lends=True) as site:
        task = site.world.add_task("Market Research", status="COMPLETED", size_bytes=3_000_000)
        base = str(site.http.base_url).rstrip("/")
        wire = sse_client(f"{base}/sse") if door == "sse" else streamable_http_client(f"{base}/mcp")
        async with Client(wire, mode="legacy" if door == "sse" else door) as client:
            text = await read(client, f"beam://tasks/{task.custom_id}/raw")
    assert json.loads(text)["id"] == task.id
    assert "characters left out]" in text


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
        with anyio.fail_after(PATIENCE):
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
        with anyio.fail_after(PATIENCE):
            async for event in events:
                assert getattr(event, "uri", None) == uri
                break


@pytest.mark.filterwarnings("ignore::mcp.MCPDeprecationWarning")
@pytest.mark.parametrize("uri", ["beam://zzz", "beam://inbox", "beam://agents/Invoice%20Matcher", "beam://tasks/"])
async def test_only_tasks_can_be_subscribed_to(uri: str) -> None:
    async with office_for(World()) as office, Client(build(office), mode="legacy") as client:
        with pytest.raises(MCPError) as refused:
            await client.session.subscribe_resource(uri)  # pyright: ignore[reportDeprecated]
    assert refused.value.code == -32602
    assert refused.value.message == "Only tasks can be watched: beam://tasks/INV-107."


async def test_who_may_not_see_a_task_hears_nothing_of_it_when_somebody_else_listens(tmp_path: Path) -> None:
    world = World(populated=False, speed=0)
    heard: set[str] = set()

    async def overhear(base: str, uri: str, *, task_status: TaskStatus[None]) -> None:
        async with listening(base, "key-of-a-stranger", uri) as events:
            task_status.started()
            async for event in events:
                heard.add(str(event))

    async with (
        serving(world) as url,
        started("--transport", "http", "--port", "0", cwd=tmp_path, settings=on(url)) as server,
        anyio.create_task_group() as strangers,
    ):
        base = await server.address()
        uri = f"beam://tasks/{world.add_task('Market Research').custom_id}"
        await strangers.start(overhear, base, uri)
        async with listening(base, SANDBOX_KEY, uri) as events:
            with anyio.fail_after(PATIENCE):
                # By the second change the stranger would long have heard of the first.
                for seconds in (1, 10):
                    world.clock.push(seconds)
                    assert getattr(await anext(events), "uri", None) == uri
        strangers.cancel_scope.cancel()
    assert not heard


@asynccontextmanager
async def listening(base: str, key: str, uri: str) -> AsyncGenerator[Subscription]:
    """Somebody who listens over HTTP with a key of their own."""
    headers = {"x-api-key": key}
    async with (
        httpx2.AsyncClient(headers=headers, timeout=PATIENCE, trust_env=False) as http,
        Client(streamable_http_client(f"{base}/mcp", http_client=http)) as client,
        client.listen(resource_subscriptions=[uri]) as events,
    ):
        yield events
