"""Waiting through bad weather: what was not delivered was not told, and Beam is not pressed when it asks for less."""

from functools import partial

import pytest

from beam_mcp.sandbox.world import World

from .chat import Chat, asked, chatting

pytestmark = pytest.mark.anyio


async def test_news_that_nobody_received_is_told_the_next_time(world: World, chat: Chat) -> None:
    done = world.add_task("Market Research", status="COMPLETED", age=60).custom_id
    working = world.add_task("Invoice Matcher", status="IN_PROGRESS", age=60).custom_id
    world.faults.add("latency", "/latest-executions$", seconds=2.0)
    looks_up = partial(asked, world, "/latest-executions")
    await chat.give_up("wait_for_tasks", looks_up, tasks=[done, working], timeout_seconds=20)
    words = await chat.ask("wait_for_tasks", tasks=[done, working], timeout_seconds=5)
    assert words.startswith(f"{done}, agent Market Research, done")


async def test_a_first_look_that_beam_refuses_for_now_is_waited_out(world: World, chat: Chat) -> None:
    task = world.add_task("Market Research", status="COMPLETED", age=60)
    await chat.ask("list_tasks")
    world.faults.add("status", f"/{task.id}$", code=429, headers={"Retry-After": "1"})
    words = await chat.ask("wait_for_tasks", tasks=[task.custom_id], timeout_seconds=15)
    assert words.startswith(f"{task.custom_id}, agent Market Research, done")


async def test_each_look_is_one_request_whatever_beam_answers(world: World) -> None:
    task = world.add_task("Market Research", status="IN_PROGRESS", age=60)
    world.faults.add("status", "/updates$", code=404, times=None)
    async with chatting(world) as chat:
        await chat.ask("list_tasks")
        world.faults.add("status", f"/{task.id}$", code=503, after=1, times=None)
        await chat.ask("wait_for_tasks", tasks=[task.custom_id], timeout_seconds=4)
    assert 2 <= len([seen for seen in world.requests if seen.path.endswith(task.id)]) <= 4
