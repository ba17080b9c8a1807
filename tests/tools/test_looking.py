# ruff: noqa: E501 - the words stand as they are said
"""Looking at a task: what changed, what Beam leaves out, many steps, long outputs."""

import re
from typing import Any

import pytest
from inline_snapshot import snapshot

from beam_mcp.sandbox.world import World

from .chat import Chat

pytestmark = pytest.mark.anyio

HOUR = 3600.0


def put(world: World, agent: str, status: str, **more: Any) -> str:
    """A task that has stood like this for an hour."""
    return world.add_task(agent, status=status, age=HOUR, **more).custom_id


async def test_a_task_that_changes_between_two_looks_is_told_in_full_again(world: World, chat: Chat) -> None:
    task = world.add_task("Invoice Matcher").custom_id
    assert "queued" in await chat.ask("get_task", task=task)
    world.clock.push(1)
    assert "working" in await chat.ask("get_task", task=task)
    world.clock.push(2)
    assert "needs your answer" in await chat.ask("get_task", task=task)
    assert "no change since 12:00 UTC" in await chat.ask("get_task", task=task)


async def test_a_task_of_which_beam_says_next_to_nothing(world: World, chat: Chat) -> None:
    keys = "customId taskSummary taskObjective taskQuery originalTaskQuery agentTaskNodes totalCost createdAt updatedAt"
    empty: dict[str, Any] = dict.fromkeys(
        f"{keys} averageEvaluationScore startedAt endedAt agentGraph contextFiles".split()
    )
    nothing = world.add_task("Invoice Matcher", status="COMPLETED", raw=empty)
    failed = world.add_task("Invoice Matcher", status="FAILED", raw=empty)
    asking = world.add_task("Invoice Matcher", status="USER_INPUT_REQUIRED", raw=empty)
    working = world.add_task("Invoice Matcher", status="IN_PROGRESS", raw=empty)
    unknown = world.add_task("Invoice Matcher", status="COMPLETED", raw=empty | {"status": None})
    words = [await chat.ask("get_task", task=task.id) for task in (nothing, failed, asking, working, unknown)]
    assert words == snapshot(
        [
            """\
1e714da4-21c6-5b88-bf5f-1e68e4b28e42, agent unknown, done
It left no result in words.\
""",
            """\
b32b651b-a6af-55cd-b380-d5a518ace482, agent unknown, failed
Why: Beam names no failed step.
Next: get_task(task="b32b651b-a6af-55cd-b380-d5a518ace482", detail="failure") shows the evidence.\
""",
            """\
61a289a4-6ae9-5021-bc69-c33b39a3a6dc, agent unknown, needs your answer
Question:
Beam shows none that is open.
Next: the person looks at 61a289a4-6ae9-5021-bc69-c33b39a3a6dc in the Beam app.\
""",
            """\
db52e082-8a71-5bfe-9df4-167d959cba89, agent unknown, working
Next: wait_for_tasks(tasks=["db52e082-8a71-5bfe-9df4-167d959cba89"]) waits for the next change; or look again in a minute or two.\
""",
            """\
c0d49e6d-b1b5-590d-99ab-383933da849c, agent unknown, status unknown
Next: wait_for_tasks(tasks=["c0d49e6d-b1b5-590d-99ab-383933da849c"]) waits for the next change; or look again in a minute or two.\
""",
        ]
    )


@pytest.mark.parametrize("detail", ["steps", "output", "failure"])
async def test_details_of_a_task_whose_values_are_all_null_are_no_crash(world: World, chat: Chat, detail: str) -> None:
    nulls: dict[str, Any] = {"agentTaskNodes": [{"id": None, "status": None}, {}], "taskSummary": None}
    task = put(world, "Invoice Matcher", "FAILED", raw=nulls)
    assert task in await chat.ask("get_task", task=task, detail=detail)


async def test_a_hundred_steps_come_forty_to_a_page(world: World, chat: Chat) -> None:
    step = {"status": "COMPLETED", "agentGraphNode": {"objective": "Read a page"}}
    task = put(
        world, "Invoice Matcher", "COMPLETED", raw={"agentTaskNodes": [{"id": str(n), **step} for n in range(100)]}
    )
    first = await chat.ask("get_task", task=task, detail="steps")
    last = await chat.ask("get_task", task=task, detail="steps", page=3)
    assert first.splitlines()[0] == snapshot("INV-101, done, 100 steps:")
    assert first.splitlines()[-2:] == snapshot(
        ['More: get_task(task="INV-101", detail="steps", page=2)', 'Next: get_task(task="INV-101", detail="output")']
    )
    assert (len(first.splitlines()), last.splitlines()[1:2], len(last.splitlines())) == snapshot(
        (43, ['81. "Read a page": done'], 22)
    )


async def test_a_long_output_comes_in_pages_that_lose_nothing(world: World, chat: Chat) -> None:
    long = "".join(f"{n:07d}\n" for n in range(5000))
    task = put(world, "Onboarding Helper", "COMPLETED", texts={"output_value": long, "task_summary": "Numbers"})
    pages = [await chat.ask("get_task", task=task, detail="output", page=page) for page in range(1, 8)]
    whole = "".join(fenced(page) for page in pages[:-1])
    assert whole == f"Numbers\n\nresult: {long}".strip()
    assert [page.splitlines()[0] for page in pages] == snapshot(
        [
            "ONB-101, done, output of 40,016 characters, page 1 of 6:",
            "ONB-101, done, output of 40,016 characters, page 2 of 6:",
            "ONB-101, done, output of 40,016 characters, page 3 of 6:",
            "ONB-101, done, output of 40,016 characters, page 4 of 6:",
            "ONB-101, done, output of 40,016 characters, page 5 of 6:",
            "ONB-101, done, output of 40,016 characters, page 6 of 6:",
            "ONB-101, done: no output on page 7.",
        ]
    )
    assert [page.splitlines()[-1] for page in pages[:-1]] == snapshot(
        [
            'More: get_task(task="ONB-101", detail="output", page=2)',
            'More: get_task(task="ONB-101", detail="output", page=3)',
            'More: get_task(task="ONB-101", detail="output", page=4)',
            'More: get_task(task="ONB-101", detail="output", page=5)',
            'More: get_task(task="ONB-101", detail="output", page=6)',
            "</data-000000000>",
        ]
    )
    summary = await chat.ask("get_task", task=task)
    assert summary.splitlines()[-3:] == snapshot(
        [
            "… 39,315 characters more",
            "</data-000000000>",
            'Next: get_task(task="ONB-101", detail="output") gives all of it.',
        ]
    )


def fenced(answer: str) -> str:
    """What stands between the fences of an answer."""
    match = re.search(r"^<(data-\w+)> [^\n]*\n(.*)\n</\1>$", answer, re.DOTALL | re.MULTILINE)
    assert match
    return match[2]
