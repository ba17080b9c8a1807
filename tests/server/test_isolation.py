"""Several people on one server over real HTTP, in turn and at once: nothing that one did is seen by another."""

import json
import re
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import anyio
import httpx2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

from beam_mcp.sandbox.access import WORKSPACE_ID
from tests.cli.processes import PATIENCE
from tests.cli.wires import MODERN, WHO, Json, Speaker

from .sharing import ACCEPT, ANNA, BERT, EMPTY, STRANGER, Shared, dashed, shared
from .test_transports_web import DOORS, entering

pytestmark = pytest.mark.anyio

HERE = {"current_workspace_id": WORKSPACE_ID}
PEOPLE: dict[str, dict[str, str]] = {
    "anna": {"x_api_key": ANNA, **HERE},
    "bert": {"x_api_key": BERT, **HERE},
    "anna elsewhere": {"x_api_key": ANNA, "current_workspace_id": EMPTY},
    "nobody": {"x_api_key": STRANGER, **HERE},
    "anna's key as a token": {"authorization": f"Bearer {ANNA}", **HERE},
}
SEES = {"anna", "bert"}  # what the sandbox tells anything


@pytest.fixture(scope="module")
async def site() -> AsyncIterator[Shared]:
    async with shared(decides_in_chat=True) as found:
        yield found


@asynccontextmanager
async def everybody(site: Shared, door: str) -> AsyncGenerator[dict[str, Speaker]]:
    """All of them at this door."""
    async with AsyncExitStack() as stack:
        yield {
            name: (await stack.enter_async_context(entering(site.http, door, **headers)))[0]
            for name, headers in PEOPLE.items()
        }


@pytest.mark.parametrize("door", DOORS)
async def test_what_one_has_seen_is_told_to_nobody_who_may_not_see_it(site: Shared, door: str) -> None:
    """Names of agents, ids of tasks by customId, completions: all are kept for a while, each person's apart."""
    task = site.world.add_task("Market Research", age=3600)
    name, secret, unchanged = task.custom_id, "Market Research", f"{task.custom_id}: no change since"
    completing = {"ref": {"type": "ref/prompt", "name": "delegate"}, "argument": {"name": "agent", "value": "mark"}}

    async def sees(speaker: Speaker) -> list[bool]:
        told = [
            await speaker.call("list_agents", query="market"),
            await speaker.call("get_agent", agent="market research"),
            await speaker.call("list_tasks"),
            await speaker.call("get_task", task=name),
            json.dumps(await speaker.answer("resources/read", {"uri": f"beam://tasks/{name}"})),
            json.dumps(await speaker.answer("resources/read", {"uri": f"beam://tasks/{name}/raw"})),
            json.dumps(await speaker.ask("completion/complete", completing)),
        ]
        return [secret in words or unchanged in words for words in told]

    async with everybody(site, door) as people:
        for who in (*people, "anna"):
            assert await sees(people[who]) == [who in SEES] * 7, who


@pytest.mark.parametrize("door", ["legacy", "sse"])
async def test_what_one_was_told_is_news_to_the_other(site: Shared, door: str) -> None:
    task = site.world.add_task("Payment Runner", age=3600)
    async with everybody(site, door) as people:
        first = await people["anna"].call("get_task", task=task.custom_id)
        again = await people["anna"].call("get_task", task=task.custom_id)
        others = await people["bert"].call("get_task", task=task.custom_id)
    assert "o change since" in again
    assert (others, "o change since" in first) == (first, False)


async def test_a_session_id_made_up_for_somebody_elses_conversation_brings_nothing(site: Shared) -> None:
    """Requests of 2026 have no sessions, and may name any."""
    task = site.world.add_task("Payment Runner", age=3600)
    told = list[str]()
    for who in ("anna", "bert", "anna"):
        async with entering(site.http, "modern", **PEOPLE[who], mcp_session_id="of-us-all") as (speaker, _):
            told.append(await speaker.call("get_task", task=task.custom_id))
    assert ["o change since" in words for words in told] == [False, False, True]


@pytest.mark.parametrize("door", DOORS)
async def test_the_same_work_of_two_people_is_two_tasks(site: Shared, door: str) -> None:
    query = f"Find out what the market at {door} wants."
    before = len(site.world.tasks)
    async with everybody(site, door) as people:
        mine = await people["anna"].call("create_task", agent="market research", query=query)
        theirs = await people["bert"].call("create_task", agent="market research", query=query)
        same = await people["anna"].call("create_task", agent="market research", query=query)
        for who in people.keys() - SEES:
            await people[who].call("create_task", agent="market research", query=query)
    names = [re.findall(r"\b[A-Z]{3}-\d+\b", words)[0] for words in (mine, theirs, same)]
    assert (names[0] == names[2], names[0] == names[1], len(site.world.tasks) - before) == (True, False, 2)


async def test_a_page_belongs_to_who_was_sent_it_and_acts_in_their_name(site: Shared) -> None:
    task = site.world.add_task("Payment Runner", age=3600)
    links: dict[str, str] = {}
    async with everybody(site, "modern") as people:
        for who in people:
            said = await people[who].call("approve_step", task=task.custom_id)
            if found := re.findall(r"/decide/[\w-]+", said):
                links[who] = found[0]
        assert links.keys() == SEES
        assert len(set(links.values())) == 2
    page = await site.http.get(links["bert"])
    form = {"mark": re.findall(r'name="mark" value="(\w+)"', page.text)[0], "choice": "approve"}
    before = len(site.world.requests)
    assert (await site.http.post(links["bert"], data=form)).status_code == 303
    assert {seen.headers.get("x-api-key") for seen in site.world.requests[before:]} == {BERT}
    assert "Decided" in (await site.http.get(links["bert"])).text
    assert "Decided" not in (await site.http.get(links["anna"])).text


async def test_the_code_of_one_is_worth_nothing_to_another_and_guesses_are_counted_apart(site: Shared) -> None:
    task = site.world.add_task("Payment Runner", age=3600)
    async with everybody(site, "modern") as people:
        codes = {
            who: (await people[who].call("approve_step", task=task.custom_id)).split('confirm="')[1].split('"')[0]
            for who in SEES
        }
        acts = len(site.world.acts)
        for _ in range(5):
            await people["bert"].call("approve_step", task=task.custom_id, confirm=codes["anna"])
        refused = await people["bert"].call("approve_step", task=task.custom_id, confirm=codes["bert"])
        assert ("too many wrong codes" in refused, len(site.world.acts)) == (True, acts)
        await people["anna"].call("approve_step", task=task.custom_id, confirm=codes["anna"])
        assert len(site.world.acts) == acts + 1


async def test_a_question_that_is_open_on_2026_07_28_is_answered_by_nobody_else(site: Shared) -> None:
    """The state that the client carries from round to round is sealed for who was asked."""
    task = site.world.add_task("Payment Runner", age=3600)
    meta: Json = {
        "io.modelcontextprotocol/protocolVersion": MODERN,
        "io.modelcontextprotocol/clientInfo": WHO,
        "io.modelcontextprotocol/clientCapabilities": {"elicitation": {"form": {}}},
    }
    headers = ACCEPT | {"mcp-protocol-version": MODERN, "mcp-method": "tools/call", "mcp-name": "approve_step"}

    async def call(who: str, **more: Any) -> Json:
        params: Json = {"name": "approve_step", "arguments": {"task": task.custom_id}, "_meta": meta, **more}
        asked: Json = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}
        answer = await site.http.post("/mcp", json=asked, headers=headers | dashed(PEOPLE[who]))
        return answer.json()

    asked = (await call("anna"))["result"]
    [name] = asked["inputRequests"]
    site.push(5)
    answers = {name: {"action": "accept", "content": {"decision": "approve", "feedback": ""}}}
    acts = len(site.world.acts)
    for who in PEOPLE.keys() - {"anna"}:
        refused = await call(who, requestState=asked["requestState"], inputResponses=answers)
        assert refused["error"]["message"] == "Invalid or expired requestState", who
    assert len(site.world.acts) == acts
    await call("anna", requestState=asked["requestState"], inputResponses=answers)
    assert len(site.world.acts) == acts + 1


async def test_who_waits_at_once_waits_each_for_what_they_may_see(site: Shared) -> None:
    """Waits share looks and kept streams, each person's apart."""
    task = site.world.add_task("Market Research")
    heard: dict[str, str] = {}
    before = len(site.world.requests)
    async with everybody(site, "legacy") as people:

        async def wait(who: str) -> None:
            heard[who] = await people[who].call("wait_for_tasks", tasks=[task.id], timeout_seconds=60)

        with anyio.fail_after(PATIENCE):
            async with anyio.create_task_group() as waits:
                for who in people:
                    waits.start_soon(wait, who)
                asked = site.world.requests
                await site.world.until(lambda: any("updates" in seen.path for seen in asked[before:]))
                site.world.clock.push(3600)
    assert {who for who, words in heard.items() if f"{task.custom_id}: " in words or "Market" in words} == SEES
    listening = {seen.headers.get("x-api-key") for seen in site.world.requests[before:] if "updates" in seen.path}
    assert listening <= {ANNA, BERT}


@pytest.mark.filterwarnings("ignore::mcp.MCPDeprecationWarning")
async def test_a_subscription_tells_who_subscribed_and_ends_with_their_word_alone(site: Shared) -> None:
    world = site.world
    task = world.add_task("Market Research")
    uri = f"beam://tasks/{task.custom_id}"
    heard: dict[str, list[str]] = {"anna": [], "bert": []}
    async with AsyncExitStack() as stack:
        sessions: dict[str, Client] = {}
        for who, messages in heard.items():

            async def note(message: Any, heard_by: list[str] = messages) -> None:
                heard_by.append(str(message))

            http = await stack.enter_async_context(
                httpx2.AsyncClient(headers=dashed(PEOPLE[who]), timeout=PATIENCE, trust_env=False)
            )
            wire = streamable_http_client(f"{str(site.http.base_url).rstrip('/')}/mcp", http_client=http)
            sessions[who] = await stack.enter_async_context(Client(wire, mode="legacy", message_handler=note))
        await sessions["anna"].session.subscribe_resource(uri)  # pyright: ignore[reportDeprecated]
        await sessions["bert"].session.unsubscribe_resource(uri)  # pyright: ignore[reportDeprecated]
        with anyio.fail_after(PATIENCE):
            while not any(uri in said for said in heard["anna"]):
                world.clock.push(30)
                await sessions["anna"].session.send_ping()  # pyright: ignore[reportDeprecated]
    assert not any(uri in said for said in heard["bert"])


STEPS = st.lists(st.tuples(st.sampled_from(sorted(PEOPLE)), st.sampled_from(["agents", "task", "start"])), max_size=8)


async def test_in_whatever_order_they_come_nobody_sees_more_than_they_may(site: Shared) -> None:
    task = site.world.add_task("Market Research")

    async def walk(steps: list[tuple[str, str]], query: str) -> None:
        started: dict[str, str] = {}
        for who, what in steps:
            async with entering(site.http, "modern", **PEOPLE[who]) as (speaker, _):
                if what == "agents":
                    assert ("Market Research" in await speaker.call("list_agents", query="market")) is (who in SEES)
                elif what == "task":
                    assert ("Market Research" in await speaker.call("get_task", task=task.custom_id)) is (who in SEES)
                else:
                    words = await speaker.call("create_task", agent="market research", query=query)
                    found = re.findall(r"\b[A-Z]{3}-\d+\b", words)
                    assert bool(found) is (who in SEES)
                    if found:
                        assert started.setdefault(who, found[0]) == found[0]
        assert len(set(started.values())) == len(started)

    @given(STEPS, st.uuids())
    @settings(max_examples=12)
    def interleaved(steps: list[tuple[str, str]], query: Any) -> None:
        anyio.from_thread.run(walk, steps, f"Work {query}")

    await anyio.to_thread.run_sync(interleaved)
