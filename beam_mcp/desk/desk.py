"""What is remembered between two calls: of one conversation, and of one person whatever the conversation."""

import hashlib
import json
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeVar
from weakref import WeakValueDictionary

import anyio

from beam_mcp.beam.agent import Agent
from beam_mcp.beam.history import Usual
from beam_mcp.beam.task import Task, TaskHead, folded
from beam_mcp.ids import UUID

K = TypeVar("K")
V = TypeVar("V")

NAMES_KEEP = timedelta(minutes=5)
SAME_WORK = timedelta(minutes=10)
AT_EASE = 10  # so many are each remembered in full; of more, each is left its part of that when it comes next
FEWEST = 50


class Bounded(OrderedDict[K, V]):
    """A mapping that forgets what was longest unused once it holds `most` entries."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self.most = most

    def __setitem__(self, key: K, value: V) -> None:
        super().__setitem__(key, value)
        self.move_to_end(key)
        self.trim()

    def trim(self) -> None:
        """Forget what is too much."""
        while len(self) > self.most:
            self.popitem(last=False)


class Shared(Bounded[K, V]):
    """One that holds less where many have one: for what can be looked up or asked again at the cost of a moment."""

    def __init__(self, most: int) -> None:
        super().__init__(most)
        self.in_full = most

    def share(self, sharers: int) -> None:
        """Hold no more than is left to each of so many, but a few in any case."""
        self.most = min(self.in_full, max(FEWEST, self.in_full * AT_EASE // max(sharers, AT_EASE)))
        self.trim()


@dataclass(frozen=True, slots=True)
class Told:
    """What this conversation last heard of a task: its `state` in detail, its `mark` as a list shows it, and when.

    Both are hashes that hold in this process, and in no other.
    """

    state: int
    mark: int
    at: datetime


@dataclass
class Conversation:
    """One conversation: which tasks it has heard of, and in which state."""

    told: Shared[str, Told] = field(default_factory=lambda: Shared(200))

    def tell(self, task: Task, now: datetime) -> None:
        """The conversation hears of the task as it is now."""
        self.told[task.id or ""] = Told(_state(task), _mark(task), now)

    def unchanged_since(self, task: Task) -> datetime | None:
        """When the conversation was told this very state, if that is the last it heard of the task."""
        told = self.told.get(task.id or "")
        return told.at if told and told.state == _state(task) else None

    def is_news(self, task: TaskHead) -> bool:
        """Whether the task stands still in a way that this conversation has not heard of."""
        told = self.told.get(task.id or "")
        return task.phase != "working" and not (told and told.mark == _mark(task))


@dataclass(slots=True)
class Work:
    """One piece of work given to an agent; `attempted` without a task means nobody knows whether it was started."""

    since: datetime
    attempted: bool = False
    task_id: str | None = None


@dataclass(slots=True)
class Form:
    """A form that was sent to a person; `missed` once nobody answered it in time."""

    sent: datetime
    answered: bool = False
    missed: bool = False


@dataclass(frozen=True)
class Proposed:
    """What the chat would change about an action that its person decides elsewhere: parameters, and words with them."""

    edits: Mapping[str, Any]
    words: str


@dataclass
class Person:
    """One person in one workspace: the agents they can give work to, the tasks seen, the work they gave.

    `forms` and `cards` are those they were sent in a session, `missed` how many forms in a row nobody answered there,
    `lost_rungs` the ways of asking them that failed there, with why. `proposed` is kept by task and step, as is how
    many `wrong_codes` the chat gave for it. `turns` are at what is being written now, one at a time.
    """

    agents: tuple[Agent, ...] = ()
    agents_at: datetime | None = None
    usual: Shared[str, tuple[datetime, Usual | None]] = field(default_factory=lambda: Shared(200))
    task_ids: Shared[str, str] = field(default_factory=lambda: Shared(1000))
    work: Bounded[str, Work] = field(default_factory=lambda: Bounded(500))
    started: Bounded[str, None] = field(default_factory=lambda: Bounded(500))
    turns: WeakValueDictionary[str, anyio.Lock] = field(default_factory=WeakValueDictionary[str, anyio.Lock])
    done: Bounded[str, tuple[datetime, str, str]] = field(default_factory=lambda: Bounded(500))
    forms: Shared[str, Form] = field(default_factory=lambda: Shared(500))
    missed: Shared[str, int] = field(default_factory=lambda: Shared(500))
    proposed: Bounded[str, Proposed] = field(default_factory=lambda: Bounded(500))
    wrong_codes: Bounded[str, int] = field(default_factory=lambda: Bounded(500))
    cards: Shared[str, datetime] = field(default_factory=lambda: Shared(500))
    lost_rungs: Shared[str, str] = field(default_factory=lambda: Shared(500))

    def knows_agents(self, now: datetime) -> bool:
        """Whether the list of agents is fresh enough."""
        return self.agents_at is not None and now - self.agents_at < NAMES_KEEP

    def usual_of(self, agent_id: str, now: datetime) -> tuple[datetime, Usual | None] | None:
        """What was learnt of the agent's usual time in the last minutes, wrapped with when; None if nothing was."""
        known = self.usual.get(agent_id)
        return known if known and now - known[0] < NAMES_KEEP else None

    def saw(self, *tasks: TaskHead) -> None:
        """Remember tasks by customId, and by ids that look like one, to find them without a search.

        A name seen twice is none. Of a UUID it is known without this what it means.
        """
        for task in tasks:
            if task.id and not UUID.fullmatch(task.id):
                self.task_ids[task.id.lower()] = task.id
            if task.id and (name := folded(task.custom_id or "")):
                self.task_ids[name] = task.id if self.task_ids.get(name, task.id) == task.id else ""

    def turn(self, name: str) -> anyio.Lock:
        """One at a time for all that write under this name."""
        return self.turns.setdefault(name, anyio.Lock())

    def given(self, digest: str, now: datetime) -> Work:
        """The record of this work: the one of the last ten minutes, else a new one."""
        for old in [old for old, work in self.work.items() if now - work.since > SAME_WORK]:
            del self.work[old]
        known = self.work.get(digest)
        if known is None:
            known = self.work[digest] = Work(now)
        return known


@dataclass
class Desks:
    """All that is remembered, each person's and each conversation's apart.

    Of strangers, whose key may be made up, it is kept beside, so that no number of them makes anybody forgotten.
    """

    people: Bounded[str, Person] = field(default_factory=lambda: Bounded(1000))
    conversations: Bounded[tuple[str, str], Conversation] = field(default_factory=lambda: Bounded(300))
    strangers: Bounded[str, Person] = field(default_factory=lambda: Bounded(100))
    first_words: Bounded[tuple[str, str], Conversation] = field(default_factory=lambda: Bounded(100))

    def person(self, fingerprint: str, *, is_stranger: bool = False) -> Person:
        """What is remembered of the person behind this fingerprint."""
        known = self.people.get(fingerprint) or self.strangers.pop(fingerprint, None) or Person()
        return _seated(known, fingerprint, self.strangers if is_stranger else self.people)

    def conversation(self, fingerprint: str, name: str | None, *, is_stranger: bool = False) -> Conversation:
        """What is remembered of this conversation; nothing where the connection cannot tell conversations apart."""
        if name is None:
            return Conversation()
        key = fingerprint, name
        known = self.conversations.get(key) or self.first_words.pop(key, None) or Conversation()
        return _seated(known, key, self.first_words if is_stranger else self.conversations)


def _seated(known: V, name: K, among: Bounded[K, V]) -> V:
    """The same, used last among the others, and with its share of what all of them may hold."""
    among[name] = known
    for held in vars(known).values():
        if isinstance(held, Shared):
            held.share(len(among))
    return known


def _state(task: Task) -> int:
    return hash((_mark(task), *((node.id, node.status, len(node.open_questions())) for node in task.nodes)))


def _mark(task: TaskHead) -> int:
    return hash((task.status, task.updated_at))


def digest(*parts: Any) -> str:
    """A short fingerprint of some plain data."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()[:32]
