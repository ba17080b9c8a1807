"""Gathering a big inbox: pages come ahead of being needed, and the first tasks are told on the way."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from beam_mcp.beam.http import Http
from beam_mcp.sandbox.serve import serving
from beam_mcp.sandbox.world import World
from beam_mcp.tools.gathering import MOST_WAITING, PAGE_SIZE
from beam_mcp.tools.office import Office
from tests.beam.tapped import tapped

from .chat import PERSON, Chat, Progress, chat_in, chatting

pytestmark = pytest.mark.anyio

TASKS = 45


@pytest.fixture
def world() -> World:
    """A workspace where much waits."""
    world = World(populated=False)
    world.fill(TASKS, agent_name="Onboarding Helper", status="USER_INPUT_REQUIRED", size_bytes=20_000)
    return world


@pytest.fixture
async def chat(world: World) -> AsyncIterator[Chat]:
    """A conversation about it."""
    async with chatting(world) as found:
        yield found


def pages(world: World) -> list[int]:
    """The pages of the list that were asked for, in that order."""
    return [int(seen.query["pageNum"]) for seen in world.requests if seen.path == "/agent-tasks"]


def listed(numbers: range) -> list[dict[str, Any]]:
    """Waiting tasks as Beam lists them."""
    return [{"id": f"t{n}", "customId": f"T-{n}", "status": "USER_INPUT_REQUIRED"} for n in numbers]


async def test_each_page_is_read_once_and_none_past_the_end(world: World, chat: Chat) -> None:
    assert f"{TASKS} tasks wait for you" in await chat.ask("get_pending_questions")
    assert sorted(pages(world)) == [1, 2, 3, 4, 5]


async def test_one_page_is_awaited_while_the_next_is_on_its_way_and_never_more(world: World) -> None:
    async with serving(world) as url, tapped(url) as wire:
        office = Office(Http(wire.url), PERSON)
        try:
            async with chat_in(office, world) as chat:
                await chat.ask("get_pending_questions")
            assert len(wire.open) == 2  # a further connection is opened only where all others are busy
        finally:
            await office.http.aclose()


async def test_the_first_tasks_are_named_while_later_pages_come_in(world: World, chat: Chat) -> None:
    approval = world.add_task("Invoice Matcher", status="USER_CONSENT_REQUIRED", age=200.0).custom_id
    progress = Progress()
    await chat.hear(progress, "get_pending_questions")
    assert len(progress.sentences) == 4
    assert progress.sentences[0].startswith(f"Read 10 waiting tasks so far, first: {approval}, agent Invoice Matcher; ")
    assert all(sentence.count(", agent ") == 3 for sentence in progress.sentences)


async def test_a_beam_that_does_not_say_how_many_there_are_is_asked_until_a_page_is_not_full(chat: Chat) -> None:
    body = {"data": [{"tasks": listed(range(PAGE_SIZE - 1))}]}
    chat.world.faults.add("status", "^/agent-tasks$", code=200, body={"data": [{"tasks": listed(range(10, 20))}]})
    chat.world.faults.add("status", "^/agent-tasks$", code=200, body=body, times=None)
    assert f"{2 * PAGE_SIZE - 1} tasks wait for you" in await chat.ask("get_pending_questions")
    assert len(pages(chat.world)) <= 3


async def test_a_beam_that_does_not_turn_pages_is_not_asked_for_ever(world: World, chat: Chat) -> None:
    body = {"data": [{"tasks": listed(range(PAGE_SIZE))}], "totalCount": MOST_WAITING}
    world.faults.add("status", "^/agent-tasks$", code=200, body=body, times=None)
    assert f"{PAGE_SIZE} tasks wait for you" in await chat.ask("get_pending_questions")
    assert len(pages(world)) <= 3
