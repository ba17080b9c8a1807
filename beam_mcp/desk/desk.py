"""What is remembered between two calls: of one conversation, and of one person whatever the conversation."""

import hashlib
import json
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeVar

import anyio

from beam_mcp.beam.agent import Agent
from beam_mcp.beam.task import TaskHead

K = TypeVar("K")
V = TypeVar("V")

NAMES_KEEP = timedelta(minutes=5)
SAME_WORK = timedelta(minutes=10)


class Bounded(OrderedDict[K, V]):
    """A mapping that forgets what was longest unused once it holds `most` entries."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self.most = most

    def __setitem__(self, key: K, value: V) -> None:
        super().__setitem__(key, value)
        self.move_to_end(key)
        while len(self) > self.most:
            self.popitem(last=False)


@dataclass(frozen=True)
class Told:
    """What this conversation last heard of a task, and when."""

    state: str
    at: datetime


@dataclass
class Conversation:
    """One conversation: which tasks it has heard of, and in which state."""

    told: Bounded[str, Told] = field(default_factory=lambda: Bounded(500))

    def unchanged_since(self, task_id: str, state: str) -> datetime | None:
        """When the conversation was told this very state, if that is the last it heard of the task."""
        told = self.told.get(task_id)
        return told.at if told and told.state == state else None


@dataclass
class Work:
    """One piece of work given to an agent; `attempted` without a `task` means nobody knows whether it was started."""

    since: datetime
    attempted: bool = False
    task: TaskHead | None = None
    turn: anyio.Lock = field(default_factory=anyio.Lock)


@dataclass
class Person:
    """One person in one workspace: the agents they can give work to, the tasks seen, the work they gave."""

    agents: tuple[Agent, ...] = ()
    agents_at: datetime | None = None
    task_ids: Bounded[str, str] = field(default_factory=lambda: Bounded(5000))
    work: Bounded[str, Work] = field(default_factory=lambda: Bounded(500))
    started: Bounded[str, None] = field(default_factory=lambda: Bounded(2000))

    def knows_agents(self, now: datetime) -> bool:
        """Whether the list of agents is fresh enough."""
        return self.agents_at is not None and now - self.agents_at < NAMES_KEEP

    def saw(self, *tasks: TaskHead) -> None:
        """Remember tasks by their customId and UUID, so that either finds them again without a search."""
        for task in tasks:
            if task.id:
                self.task_ids[task.id.lower()] = task.id
                if task.custom_id:
                    self.task_ids[task.custom_id.lower()] = task.id

    def given(self, digest: str, now: datetime) -> Work:
        """The record of this work: the one of the last ten minutes, else a new one."""
        known = self.work.get(digest)
        if known is None or now - known.since > SAME_WORK:
            known = self.work[digest] = Work(now)
        return known


@dataclass
class Desks:
    """All that is remembered, each person's and each conversation's apart."""

    people: Bounded[str, Person] = field(default_factory=lambda: Bounded(1000))
    conversations: Bounded[tuple[str, str], Conversation] = field(default_factory=lambda: Bounded(2000))

    def person(self, fingerprint: str) -> Person:
        """What is remembered of the person behind this fingerprint."""
        known = self.people.get(fingerprint) or Person()
        self.people[fingerprint] = known
        return known

    def conversation(self, fingerprint: str, name: str | None) -> Conversation:
        """What is remembered of this conversation; nothing where the connection cannot tell conversations apart."""
        if name is None:
            return Conversation()
        known = self.conversations.get((fingerprint, name)) or Conversation()
        self.conversations[fingerprint, name] = known
        return known


def digest(*parts: Any) -> str:
    """A short fingerprint of some plain data."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()[:32]
