"""A task in the world: its nodes, and the beats it lives through by itself as the clock goes on."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from beam_mcp.sandbox.agents import Agent
from beam_mcp.sandbox.facts import facts_of
from beam_mcp.sandbox.files import StoredFile
from beam_mcp.sandbox.stories.plot import (
    ASK,
    CONSENT,
    CREDITS,
    DONE,
    RUN,
    SIGN_IN,
    STOP,
    WAIT,
    Beat,
    Plan,
    filled,
    usual,
)
from beam_mcp.sandbox.wire import Json, stable_id

OVER = frozenset({DONE, "FAILED", STOP, "CANCELLED", "TIMEOUT", "ERROR"})
HELD = frozenset({ASK, CONSENT, SIGN_IN, CREDITS, WAIT})
_TOKENS_PER_NODE = 1840


@dataclass
class NodeState:
    """One execution of a node; empty status means it was not reached yet."""

    id: str
    plan: Plan
    status: str = ""
    detail: Json = field(default_factory=dict[str, Any])
    began: datetime | None = None
    ended: datetime | None = None
    retries: int = 0

    def enter(self, status: str, at: datetime, facts: Mapping[str, str]) -> None:
        """Go into a status and show what the plan shows there."""
        self.status = status
        self.began = self.began or at
        self.ended = at if status.upper() in OVER else None
        self.detail.update(filled(self.plan.on.get(status.upper()) or usual(status), facts))


@dataclass
class TaskState:
    """Everything the world knows of one task."""

    id: str
    custom_id: str
    number: int
    agent: Agent
    query: str
    created_at: datetime
    updated_at: datetime
    status: str = "QUEUED"
    nodes: dict[str, NodeState] = field(default_factory=dict[str, NodeState])
    agenda: list[tuple[datetime, Beat]] = field(default_factory=list[tuple[datetime, Beat]])
    facts: dict[str, str] = field(default_factory=dict[str, str])
    initiation: Json = field(default_factory=dict[str, Any])
    files: list[StoredFile] = field(default_factory=list[StoredFile])
    rating: str | None = None
    feedback: str | None = None
    size_bytes: int = 0
    texts: Mapping[str, Any] = field(default_factory=dict[str, Any])
    raw: Mapping[str, Any] = field(default_factory=dict[str, Any])
    absent: tuple[str, ...] = ()
    version: int = 0
    rendered: tuple[int, bytes] | None = None

    def __post_init__(self) -> None:
        self.facts = facts_of(self.number)
        self.query = self.query or filled(self.agent.story.query, self.facts)
        for plan in self.agent.story.plans:
            self.nodes[plan.key] = NodeState(stable_id("node", self.id, plan.key), plan)

    @property
    def over(self) -> bool:
        """Whether nothing will happen any more by itself or by an answer."""
        return self.status.upper() in OVER

    @property
    def held(self) -> list[NodeState]:
        """The nodes that wait for somebody or something."""
        return [node for node in self.nodes.values() if node.status in HELD]

    @property
    def summary(self) -> str | None:
        """What came out, once it did."""
        if "task_summary" in self.texts:
            return self.texts["task_summary"]
        done = self.status.upper() == DONE and self.agent.story.summary is not None
        return filled(self.agent.story.summary, self.facts) if done else None

    @property
    def tokens(self) -> int:
        """Tokens used by the nodes that are through."""
        return _TOKENS_PER_NODE * sum(1 for node in self.nodes.values() if node.ended)

    def node(self, node_id: object) -> NodeState | None:
        """The node with this execution id, if it was reached."""
        return next((node for node in self.nodes.values() if node.id == node_id and node.status), None)

    def play(self, beats: Iterable[Beat], start: datetime) -> None:
        """Replace the agenda by these beats, the first `after` counted from `start`."""
        due, self.agenda = start, []
        for beat in beats:
            due += timedelta(seconds=beat.after)
            self.agenda.append((due, beat))

    def advance(self, now: datetime) -> None:
        """Live through every beat that is due."""
        while self.agenda and self.agenda[0][0] <= now:
            due, beat = self.agenda.pop(0)
            self.live(beat, due)

    def live(self, beat: Beat, at: datetime) -> None:
        """Let one beat happen."""
        for key, status in beat.nodes.items():
            self.nodes[key].enter(status, at, self.facts)
        self.status = beat.status
        self.touch(at)

    def touch(self, at: datetime) -> None:
        """Note that something changed."""
        self.updated_at = max(at, self.updated_at)
        self.version += 1

    def settle(self, node: NodeState, now: datetime) -> None:
        """One held node may go on; the task does when no other holds it."""
        node.enter(RUN, now, self.facts)
        if self.held:
            self.status = self.held[0].status
        else:
            self.play(self.agent.story.resumed or _finish(self), now)
            self.advance(now)
        self.touch(now)

    def end(self, status: str, now: datetime) -> None:
        """Stop whatever is going on."""
        self.agenda = []
        for node in self.nodes.values():
            if node.status and node.status.upper() not in OVER:
                node.enter(status, now, self.facts)
        self.status = status
        self.touch(now)

    def again(self, node: NodeState | None, now: datetime) -> None:
        """Run once more, from one node or as a whole."""
        story = self.agent.story
        if node is not None:
            node.retries += 1
        elif not story.retried:
            for state in self.nodes.values():
                state.status, state.detail, state.began, state.ended = "", {}, None, None
        self.play(story.retried or (story.opening if node is None else _finish(self, node)), now)
        self.status = RUN
        self.touch(now)
        self.advance(now)


def force(task: TaskState, status: str, seconds: float) -> None:
    """Take a task through its story, within `seconds`, to a status and leave it there."""
    story, wanted = task.agent.story, status.upper()
    beats = (*story.opening, *story.resumed, *story.retried)
    last = next((index for index, beat in enumerate(beats) if beat.status == wanted), None)
    unended = tuple(beat for beat in story.opening if beat.status not in OVER)
    lived = beats[: last + 1] if last is not None else unended
    lived = () if wanted == "QUEUED" else lived
    step = min(2.0, seconds / (len(lived) + 1))
    for index, beat in enumerate(lived):
        task.live(beat, task.created_at + timedelta(seconds=step * (index + 1)))
    if last is None and lived:
        _force_open_node(task, status)
    task.status, task.agenda = status, []


def _force_open_node(task: TaskState, status: str) -> None:
    reached = [node for node in task.nodes.values() if node.status] or list(task.nodes.values())[:1]
    if status.upper() == DONE:
        reached = list(task.nodes.values())
    for node in reached:
        if node is reached[-1]:
            node.enter(status, task.updated_at, task.facts)
        elif node.status != DONE:
            node.enter(DONE, task.updated_at, task.facts)
    task.touch(task.updated_at)


def _finish(task: TaskState, first: NodeState | None = None) -> tuple[Beat, ...]:
    """Beats for a story that tells nothing about this turn: everything left over simply completes."""
    todo = [key for key, node in task.nodes.items() if node.status != DONE or node is first]
    return (Beat(0, RUN, dict.fromkeys(todo[:1], RUN)), Beat(2, DONE, dict.fromkeys(todo, DONE)))
