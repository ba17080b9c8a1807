"""How much a model pays for what it hears, counted exactly; and how well our own estimate of it holds."""

import json
from dataclasses import dataclass, field
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
MISTAKES: tuple[tuple[str, dict[str, Any]], ...] = (
    ("get_task", {"task": "INV-999"}),
    ("get_task", {"task": f"https://app.beam.ai/{WORKSPACE_ID[::-1]}/x"}),
    ("create_task", {"agent": "onboarding", "query": "Hi"}),
    ("create_task", {"agent": "zebra", "query": "Hi"}),
    ("create_task", {"agent": "crm"}),
    ("list_tasks", {"status": "open"}),
    ("list_tasks", {"since": "some day"}),
    ("answer_questions", {"task": "SUP-101", "answers": {"nothing": "x"}}),
    ("answer_questions", {"task": "SUP-101", "answers": {"order_number": "x"}}),
    ("answer_questions", {"task": "PAY-101", "answers": {"a": "b"}}),
    ("approve_step", {"task": "PAY-101", "parameters": {"a": "b"}}),
    ("retry_task", {"task": "MKT-101", "step": "the"}),
    ("download_file", {"file": "x.pdf", "task": "INV-101"}),
    ("get_task", {"nonsense": "x" * 5000}),
    ("get_task", {"task": "x" * 5000}),
    ("frobnicate", {}),
)


@dataclass
class Heard:
    """Every answer so far, by what it was."""

    chat: Chat
    words: dict[str, str] = field(default_factory=dict[str, str])

    async def call(self, tool: str, /, most: int, **arguments: Any) -> str:
        """Call a tool whose answer may cost so many tokens at most."""
        text = (await self.chat.call(tool, **arguments)).text
        name = f"{tool}({json.dumps(arguments, ensure_ascii=False)[:100]})"
        self.words[f"{len(self.words)} {name}"] = text
        assert count(text) <= most, f"{name}: {count(text)} tokens, {most} allowed\n{text}"
        return text


def every_state(world: World) -> list[tuple[str, str, str]]:
    """A task in every state of every story: its status, name and agent."""
    made: list[tuple[str, str, str]] = []
    for agent in list(world.agents.values()):
        story = agent.story
        states = dict.fromkeys(beat.status for beat in (*story.opening, *story.resumed, *story.retried))
        made += [(state, world.add_task(agent.id, status=state, age=HOUR).custom_id, agent.id) for state in states]
    return made


MOST = {"COMPLETED": 400, "FAILED": 250, "USER_CONSENT_REQUIRED": 250, "USER_INPUT_REQUIRED": 250}


async def test_every_answer_keeps_its_budget_and_the_estimate_is_close(world: World) -> None:
    async with chatting(world) as chat:
        heard = Heard(chat)
        for status, task, agent in every_state(world):
            await heard.call("get_task", MOST.get(status, 180), task=task)
            await heard.call("get_task", 60, task=task)
            await heard.call("get_pending_questions", 300, task=task)
            for detail in ("steps", "output", "failure"):
                await heard.call("get_task", 400, task=task, detail=detail)
            await heard.call("create_task", 120, agent=agent, query=f"Please do {task} with the same care as last time")
            await heard.call("get_agent", 400, agent=agent)
        await heard.call("list_tasks", 900, page_size=20)
        await heard.call("list_tasks", 900, page_size=20, page=2)
        await heard.call("list_tasks", 900, status="needs_me")
        await heard.call("list_tasks", 5000, page_size=100)
        await heard.call("list_agents", 500)
        await heard.call("get_account", 200)
        await heard.call("get_agent_analytics", 200, agent="Invoice Matcher")
        for tool, arguments in MISTAKES:
            await heard.call(tool, 120, **arguments)
    exact = {name: count(text) for name, text in heard.words.items()}
    guess = {name: tokens(text) for name, text in heard.words.items()}
    assert abs(sum(guess.values()) / sum(exact.values()) - 1) <= 0.15
    assert {name: (guess[name], n) for name, n in exact.items() if not 0.65 <= guess[name] / n <= 1.35} == {}


@pytest.mark.parametrize(
    ("agent", "most"),
    [
        ("Invoice Matcher", 900),
        ("Payment Runner", 900),
        ("CRM Sync", 900),
        ("Lead Enricher", 900),
        ("Support Triage", 1500),  # these ten ask forty questions
    ],
)
async def test_an_inbox_of_ten_keeps_its_budget(world: World, chat: Chat, agent: str, most: int) -> None:
    for _ in range(10):
        world.add_task(agent, age=HOUR)
    assert count(await chat.ask("get_pending_questions")) <= most


async def test_an_inbox_of_ten_different_tasks_keeps_its_budget(world: World, chat: Chat) -> None:
    for agent in ("Invoice Matcher", "Support Triage", "Payment Runner", "CRM Sync", "Lead Enricher"):
        world.add_task(agent, age=HOUR)
        world.add_task(agent, age=2 * HOUR)
    assert count(await chat.ask("get_pending_questions")) <= 900


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
        with anyio.fail_after(10):
            async with httpx2.AsyncClient(base_url=chat.office.http.base_url, headers=KEYS) as http:
                raw = (await http.get(path.format(id=task.id))).text
    assert len(raw) > 100_000
    assert tokens(words) <= 0.01 * tokens(raw)
