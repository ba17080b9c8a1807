"""The calls of the ledger: every tool over every story in each of its states, the long lists, and the mistakes."""

import json
import re
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import cache, partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import anyio
import httpx2

from beam_mcp.beam.task import phase_of
from beam_mcp.sandbox.access import SANDBOX_KEY, WORKSPACE_ID
from beam_mcp.sandbox.agents import Agent
from beam_mcp.sandbox.world import World
from tests.tools.chat import Chat, chatting
from tests.tools.counting import count

HOUR = 3600.0
PIECE = 50_000
AT_ONCE = 7
SIZE = 150_000  # bytes of a task's body; Beam's own have 1-3 MB
KEYS = {"x-api-key": SANDBOX_KEY, "current-workspace-id": WORKSPACE_ID}
KINDS = {
    "COMPLETED": "finished",
    "FAILED": "failed",
    "USER_INPUT_REQUIRED": "asks",
    "USER_CONSENT_REQUIRED": "asks",
    "AUTHENTICATION_REQUIRED": "asks",
    "INSUFFICIENT_CREDITS": "asks",
}
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
    ("approve_step", {"task": "INV-101"}),
    ("reject_step", {"task": "INV-101"}),
    ("retry_task", {"task": "MKT-101", "step": "the"}),
    ("stop_task", {"task": "INV-999"}),
    ("rate_task", {"task": "INV-101", "rating": "good"}),
    ("download_file", {"file": "x.pdf", "task": "INV-101"}),
    ("wait_for_tasks", {"tasks": []}),
    ("get_agent", {"agent": "zebra"}),
    ("get_agent_analytics", {"agent": "zebra"}),
    ("get_task", {"nonsense": "x" * 5000}),
    ("get_task", {"task": "x" * 5000}),
    ("frobnicate", {}),
)

_MACHINE = re.compile(r"(answered in|Python) [\d.,]*\d")  # what is another on another machine or at another time


@dataclass(frozen=True)
class Answer:
    """What a tool said, and what Beam's raw JSON for the same reads would have cost."""

    name: str
    kind: str
    words: str
    raw: tuple[bytes, ...]

    @property
    def tokens(self) -> int:
        """What it costs."""
        return count(self.words)

    @property
    def raw_tokens(self) -> int:
        """What the raw one would cost."""
        return sum(map(_count_raw, self.raw))

    @property
    def raw_bytes(self) -> int:
        """How long the raw one is."""
        return sum(map(len, self.raw))


@cache
def _count_raw(body: bytes) -> int:
    """In pieces, which the tokenizer can bear; each adds a token at the most."""
    return sum(count(body[begin : begin + PIECE].decode(errors="ignore")) for begin in range(0, len(body), PIECE))


@dataclass
class Talk:
    """A conversation, and every answer so far."""

    chat: Chat
    beam: httpx2.AsyncClient | None
    heard: list[Answer] = field(default_factory=list[Answer])

    async def call(self, kind: str, tool: str, /, about: str = "", **arguments: Any) -> str:
        """Call a tool and note what it said."""
        seen = len(self.chat.world.requests)
        said = await self.chat.call(tool, **arguments)
        assert said.is_error == (kind == "error"), (tool, arguments, said.text)
        asked = [read for read in self.chat.world.requests[seen:] if read.method == "GET"]
        reads = [(read.path, read.query) for read in asked if not read.path.endswith("/updates")]
        raw: list[bytes] = []
        if self.beam and kind != "error":
            raw = [(await self.beam.get(path, params=query)).content for path, query in reads]
        shown = about or ", ".join(f"{key}={_short(value)}" for key, value in arguments.items())
        self.heard.append(Answer(f"{tool}({shown})", kind, _MACHINE.sub(r"\1 12", said.words), tuple(raw)))
        return said.words


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False).replace("|", "/").replace(WORKSPACE_ID[::-1], "…")
    return text if len(text) <= 60 else text[:59] + "…"


@asynccontextmanager
async def talking(world: World, *folders: Path, raw: bool) -> AsyncGenerator[Talk]:
    """A conversation with this world, beside which its raw JSON is read where that is wanted."""
    async with (
        chatting(world, folders=folders) as chat,
        httpx2.AsyncClient(base_url=chat.office.http.base_url, headers=KEYS, timeout=60) as beam,
    ):
        yield Talk(chat, beam if raw else None)


async def answers(*, raw: bool) -> list[Answer]:
    """Every answer of the ledger, each story and each list in a world of its own."""
    found: dict[int, list[Answer]] = {}
    parts = [partial(_of_story, agent, raw=raw) for agent in World(populated=False).agents.values()]
    parts += [partial(_of_inbox, name, agents, raw=raw) for name, agents in INBOXES.items()]
    parts += [partial(_of_workspace, raw=raw), partial(_of_mistakes, raw=raw)]
    turn = anyio.CapacityLimiter(AT_ONCE)

    async def hear(number: int, part: Callable[[], Awaitable[list[Answer]]]) -> None:
        async with turn:
            found[number] = await part()

    async with anyio.create_task_group() as group:  # several at once, since some wait for seconds
        for number, part in enumerate(parts):
            group.start_soon(hear, number, part)
    return [answer for number in sorted(found) for answer in found[number]]


async def _of_story(agent: Agent, *, raw: bool) -> list[Answer]:
    world, story = World(populated=False), agent.story
    states = dict.fromkeys(beat.status for beat in (*story.opening, *story.resumed, *story.retried))
    async with talking(world, raw=raw) as talk:
        for state in states:
            await _of_state(talk, agent, state)
        here = f"{agent.prefix} {{}}".format
        await talk.call("started", "create_task", here("a new task"), agent=agent.id, query=f"Please {story.objective}")
        await talk.call("agent", "get_agent", here("agent"), agent=agent.id)
        await talk.call("account", "get_agent_analytics", here("agent"), agent=agent.id)
    return talk.heard


async def _of_state(talk: Talk, agent: Agent, state: str) -> None:
    def task() -> str:
        return talk.chat.world.add_task(agent.id, status=state, age=HOUR, size_bytes=SIZE).custom_id

    looked, waited = task(), task()
    here = f"{agent.prefix} {state}{{}}".format
    await talk.call(KINDS.get(state, "changed"), "get_task", here(""), task=looked)
    await talk.call("unchanged", "get_task", here(" again"), task=looked)
    for detail in ("steps", "output", "failure"):
        await talk.call("details", "get_task", here(f" {detail}"), task=looked, detail=detail)
    asked = await talk.call("asks", "get_pending_questions", here(""), task=looked)
    patience = 3 if phase_of(state) == "working" else 20
    await talk.call(KINDS.get(state, "changed"), "wait_for_tasks", here(""), tasks=[waited], timeout_seconds=patience)
    await _decide(talk, here, looked, state, asked)


async def _decide(talk: Talk, here: Any, task: str, state: str, asked: str) -> None:
    match state:
        case "USER_INPUT_REQUIRED":
            wanted = re.search(r"answers=(\{.*\})\)", asked)
            given = dict.fromkeys(json.loads(wanted[1]), "10-4711") if wanted else {}
            await talk.call("changed", "answer_questions", here(" unanswered"), task=task)
            await talk.call("changed", "answer_questions", here(""), task=task, answers=given)
        case "USER_CONSENT_REQUIRED":
            await talk.call("decision", "approve_step", here(" where nobody can be asked"), task=task)
            await talk.call("decision", "reject_step", here(""), task=task, reason="Wrong amount")
        case "COMPLETED":
            await talk.call("changed", "rate_task", here(""), task=task, rating="positive")
        case "FAILED":
            await talk.call("changed", "retry_task", here(""), task=task)
        case "IN_PROGRESS":
            await talk.call("changed", "stop_task", here(""), task=task, reason="Not needed")
        case _:
            pass


INBOXES = {
    "10 that ask once": ("Invoice Matcher",),
    "10 approvals": ("Payment Runner",),
    "10 sign-ins": ("CRM Sync",),
    "10 without credits": ("Lead Enricher",),
    "10 that ask four times": ("Support Triage",),
    "10 of five kinds": ("Invoice Matcher", "Support Triage", "Payment Runner", "CRM Sync", "Lead Enricher"),
    "5 approvals, 5 that ask four times": ("Payment Runner", "Support Triage"),
}


async def _of_inbox(name: str, agents: tuple[str, ...], *, raw: bool) -> list[Answer]:
    world = World(populated=False)
    for number in range(10):
        world.add_task(agents[number % len(agents)], age=HOUR * (1 + number // len(agents)), size_bytes=SIZE)
    async with talking(world, raw=raw) as talk:
        await talk.call("inbox", "get_pending_questions", name)
    return talk.heard


async def _of_workspace(*, raw: bool) -> list[Answer]:
    world = World(populated=False)
    agents = list(world.agents.values())
    for number in range(40):
        world.add_task(agents[number % len(agents)].id, age=HOUR * (1 + number), size_bytes=SIZE)
    done = [world.add_task("Market Research", status="COMPLETED", age=HOUR).custom_id for _ in range(5)]
    with TemporaryDirectory() as folder:
        async with talking(world, Path(folder), raw=raw) as talk:
            await talk.call("list", "list_tasks", page_size=20)
            await talk.call("list", "list_tasks", page_size=20, page=2)
            await talk.call("list", "list_tasks", status="needs_me", page_size=20)
            await talk.call("list", "list_tasks", group_by="status", page_size=20)
            await talk.call("list", "list_tasks", agent="Belegprüfung")
            await talk.call("inbox", "get_pending_questions", "first page of all")
            await talk.call("agents", "list_agents")
            await talk.call("account", "get_account")
            await talk.call("waited", "wait_for_tasks", tasks=done, timeout_seconds=20)
            file = world.task("INV-101").files[0].name
            await talk.call("changed", "download_file", task="INV-101", file=file)
            saved = talk.heard.pop()
            talk.heard.append(replace(saved, words=saved.words.replace(folder, "/downloads")))
    return talk.heard


async def _of_mistakes(*, raw: bool) -> list[Answer]:
    world = World(populated=False)
    for agent in world.agents.values():
        world.add_task(agent.id, age=HOUR)
    async with talking(world, raw=raw) as talk:
        for tool, arguments in MISTAKES:
            await talk.call("error", tool, **arguments)
    return talk.heard
