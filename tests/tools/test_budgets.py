"""However much is in a task, what a model hears of it stays short; the usual answers are in the ledger."""

from typing import Any

import anyio
import httpx2
import pytest

from beam_mcp.sandbox.access import SANDBOX_KEY, WORKSPACE_ID
from beam_mcp.sandbox.world import World
from beam_mcp.views.text import tokens

from .chat import Chat, chatting
from .counting import count

pytestmark = pytest.mark.anyio

HOUR = 3600.0
KEYS = {"x-api-key": SANDBOX_KEY, "current-workspace-id": WORKSPACE_ID}


async def test_a_list_of_twenty_with_long_words_keeps_its_budget(world: World, chat: Chat) -> None:
    for _ in range(20):
        world.add_task("Support Triage", status="IN_PROGRESS", age=HOUR, query="Please look at this ticket " * 100)
    assert count(await chat.ask("list_tasks")) <= 900


async def test_a_long_result_keeps_the_budget_of_a_finished_task(world: World, chat: Chat) -> None:
    texts = {"task_summary": "The market is large. " * 500, "output_value": "And it grows. " * 5000}
    task = world.add_task("Market Research", status="COMPLETED", age=HOUR, texts=texts).custom_id
    assert count(await chat.ask("get_task", task=task)) <= 400


@pytest.mark.parametrize(
    "text", ["市場は大きい。", "0123456789", "Das ist ein ganz normaler Satz. ", "{}[]();:!?", "é́"]
)
async def test_nothing_is_over_five_thousand_tokens_whatever_the_alphabet(world: World, chat: Chat, text: str) -> None:
    long = text * (60_000 // len(text))
    nodes = [{"id": str(n), "status": "COMPLETED", "agentGraphNode": {"objective": long}} for n in range(60)]
    output = world.add_task("Market Research", status="COMPLETED", texts={"output_value": long})
    steps = world.add_task("Market Research", status="COMPLETED", raw={"agentTaskNodes": nodes})
    failed = world.add_task("Market Research", status="FAILED", texts={"tool_output": long})
    asked = {"userQuestions": [{"question": f"{n} {long}", "parameter": f"p{n}"} for n in range(40)]}
    node = {"id": "n", "status": "USER_INPUT_REQUIRED", **asked}
    asking = world.add_task("Market Research", status="USER_INPUT_REQUIRED", raw={"agentTaskNodes": [node]})
    calls: list[dict[str, str]] = [
        {"task": output.custom_id, "detail": "output"},
        {"task": steps.custom_id, "detail": "steps"},
        {"task": failed.custom_id, "detail": "failure"},
        {"task": failed.custom_id},
        {"task": asking.custom_id},
    ]
    for call in calls:
        words = await chat.ask("get_task", **call)
        assert count(words) <= 5000, (call, count(words))
    assert count(await chat.ask("list_tasks")) <= 5000


async def test_what_is_cut_for_its_length_keeps_its_last_lines(world: World, chat: Chat) -> None:
    asked = {"userQuestions": [{"question": f"{n} what is it? " * 30, "parameter": f"p{n}"} for n in range(80)]}
    node = {"id": "n", "status": "USER_INPUT_REQUIRED", **asked}
    task = world.add_task("CRM Sync", status="USER_INPUT_REQUIRED", raw={"agentTaskNodes": [node]}).custom_id
    words = await chat.ask("get_task", task=task)
    assert count(words) <= 5000
    assert "… cut here, the answer was too long" in words
    assert words.splitlines()[-1].startswith("Next: answer_questions(")


@pytest.mark.parametrize(
    ("tool", "arguments", "path"),
    [
        ("get_task", {"task": "MKT-101"}, "/agent-tasks/{id}"),
        ("get_task", {"task": "MKT-102"}, "/agent-tasks/{id}"),
        ("list_tasks", {"page_size": 20}, "/agent-tasks?pageNum=1&pageSize=20"),
    ],
)
async def test_an_answer_costs_a_hundredth_of_the_raw_one(
    world: World, tool: str, arguments: dict[str, Any], path: str
) -> None:
    done = world.add_task("Market Research", status="COMPLETED", age=HOUR, size_bytes=1_500_000)
    working = world.add_task("Market Research", status="IN_PROGRESS", age=HOUR, size_bytes=300_000)
    world.fill(20, size_bytes=40_000)
    task = working if "102" in str(arguments) else done
    async with chatting(world) as chat:
        words = await chat.ask(tool, **arguments)
        with anyio.fail_after(30):
            async with httpx2.AsyncClient(base_url=chat.office.http.base_url, headers=KEYS) as http:
                raw = (await http.get(path.format(id=task.id))).text
    assert len(raw) > 100_000
    assert tokens(words) <= 0.01 * tokens(raw)
