"""The whole state of a sandbox: its people, its agents, its tasks, and what was asked of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import anyio

from beam_mcp.sandbox.access import Access
from beam_mcp.sandbox.agents import Agent, roster
from beam_mcp.sandbox.clock import Clock
from beam_mcp.sandbox.faults import Faults
from beam_mcp.sandbox.files import StoredFile, sample_pdf
from beam_mcp.sandbox.history import PAST
from beam_mcp.sandbox.planting import check_texts
from beam_mcp.sandbox.shapes import Shapes
from beam_mcp.sandbox.stories.plot import Story, filled
from beam_mcp.sandbox.task import TaskState, force
from beam_mcp.sandbox.wire import Json, stable_id


@dataclass(frozen=True)
class Seen:
    """One API request as it arrived."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: Any
    at: datetime


@dataclass(frozen=True)
class Act:
    """One write that Beam really carried out."""

    kind: str
    task_id: str
    payload: Any
    at: datetime


@dataclass
class Credits:
    """What the workspace may still spend."""

    total: float = 1000.0
    used: float = 987.5

    @property
    def left(self) -> float:
        """Credits that are not used yet."""
        return self.total - self.used


@dataclass
class _Counters:
    tasks: dict[str, int] = field(default_factory=dict[str, int])

    def next(self, prefix: str) -> int:
        self.tasks[prefix] = self.tasks.get(prefix, 100) + 1
        return self.tasks[prefix]


class World:
    """A Beam in memory; everything public may be read and changed by whoever holds it."""

    def __init__(self, *, speed: float = 1.0, populated: bool = True, agents: bool = True) -> None:
        self.clock = Clock(speed)
        self.access = Access(self.clock)
        self.faults = Faults()
        self.shapes = Shapes()
        self.credits = Credits()
        self.agents: dict[str, Agent] = {}
        self.tasks: dict[str, TaskState] = {}
        self.files: dict[str, StoredFile] = {}
        self.requests: list[Seen] = []
        self.acts: list[Act] = []
        self.bytes_sent = 0
        self.download_base: str | None = None
        self._counters = _Counters()
        self._stirred = anyio.Event()
        if agents:
            self.agents = {agent.id: agent for agent in roster()}
        if agents and populated:
            self._populate()

    def agent(self, name_or_id: str) -> Agent:
        """The agent with this id, or the first with this name."""
        for agent in self.agents.values():
            if name_or_id in {agent.id, agent.name}:
                return agent
        raise KeyError(name_or_id)

    def add_agent(
        self,
        name: str,
        *,
        description: str | None = None,
        story: Story | str = "Onboarding Helper",
        category: str | None = None,
        prefix: str = "",
        agent_id: str | None = None,
    ) -> Agent:
        """One agent more, living a story of its own or that of the agent named."""
        known = (*self.agents.values(), *roster())
        told = story if isinstance(story, Story) else next(agent.story for agent in known if agent.name == story)
        code = prefix or f"X{len(self.agents)}"
        agent = Agent(agent_id or stable_id("agent", name, len(self.agents)), name, code, told, description, category)
        self.agents[agent.id] = agent
        return agent

    def task(self, id_or_custom_id: str) -> TaskState:
        """A task as it is now."""
        for task in self.tasks.values():
            if id_or_custom_id in {task.id, task.custom_id}:
                task.advance(self.clock.now())
                return task
        raise KeyError(id_or_custom_id)

    def current(self) -> list[TaskState]:
        """All tasks as they are now."""
        now = self.clock.now()
        for task in self.tasks.values():
            task.advance(now)
        return list(self.tasks.values())

    def add_task(
        self,
        agent_name: str,
        *,
        status: str | None = None,
        age: float = 0.0,
        query: str = "",
        custom_id: str | None = None,
        task_id: str | None = None,
        size_bytes: int = 0,
        texts: Mapping[str, Any] | None = None,
        raw: Mapping[str, Any] | None = None,
        absent: tuple[str, ...] = (),
        with_file: bool = True,
    ) -> TaskState:
        """A task that began `age` seconds ago and lives its story, or stands still in a forced status."""
        check_texts(texts or {})
        agent, planted = self.agent(agent_name), texts or {}
        number, begun = self._counters.next(agent.prefix), self.clock.now() - timedelta(seconds=age)
        task = TaskState(
            id=task_id or stable_id("task", agent.prefix, number),
            custom_id=planted.get("custom_id") or custom_id or f"{agent.prefix}-{number}",
            number=number,
            agent=agent,
            query=planted.get("task_query") or query,
            created_at=begun,
            updated_at=begun,
            size_bytes=size_bytes,
            texts=planted,
            raw=raw or {},
            absent=absent,
        )
        self._begin(task, status, age, with_file=with_file)
        return task

    def _begin(self, task: TaskState, status: str | None, age: float, *, with_file: bool) -> None:
        story = task.agent.story
        if story.file and with_file:
            name = filled(story.file, task.facts)
            task.files.append(self.add_file(task.agent.id, name, sample_pdf(name)))
        if status is None:
            task.play(story.opening, task.created_at)
            task.advance(self.clock.now())
        else:
            force(task, status, age)
        self.tasks[task.id] = task

    def fill(
        self,
        count: int,
        *,
        agent_name: str = "Market Research",
        size_bytes: int = 200_000,
        status: str = "COMPLETED",
    ) -> None:
        """Many big tasks at once, a minute apart."""
        for index in range(count):
            self.add_task(agent_name, status=status, age=60.0 * (count - index), size_bytes=size_bytes)

    def add_file(self, agent_id: str, name: str, data: bytes, mime_type: str = "application/pdf") -> StoredFile:
        """A file that can be downloaded."""
        file = StoredFile(stable_id("file", agent_id, name, len(self.files)), agent_id, name, mime_type, data)
        self.files[file.id] = file
        return file

    def act(self, kind: str, task: TaskState, payload: Json) -> None:
        """Write down that Beam did something."""
        self.acts.append(Act(kind, task.id, payload, self.clock.now()))
        self._stir()

    def note(self, request: Seen) -> None:
        """Write down that something was asked."""
        self.requests.append(request)
        self._stir()

    async def until(self, true: Callable[[], bool]) -> None:
        """Wait until so much was asked or done that this is true."""
        while not true():
            await self._stirred.wait()

    def _stir(self) -> None:
        self._stirred.set()
        self._stirred = anyio.Event()

    def _populate(self) -> None:
        for past in reversed(PAST):
            self.add_task(
                past.agent,
                status=past.status,
                age=past.hours_ago * 3600,
                size_bytes=past.size_bytes,
                raw=past.raw,
                absent=past.absent,
            )
