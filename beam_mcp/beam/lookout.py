"""One person's looks at tasks, shared by all their waits: an event is a nudge, the GET is the truth."""

import asyncio
import random
from collections import Counter
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from contextvars import Context
from dataclasses import dataclass, field, replace

import anyio

from beam_mcp.beam.errors import BeamError, BeamUnavailable, RateLimited
from beam_mcp.beam.http import Beam
from beam_mcp.beam.newest import Newest
from beam_mcp.beam.pace import Pace
from beam_mcp.beam.task import Task, TaskHead, get_task
from beam_mcp.beam.together import each
from beam_mcp.beam.updates import Streams

TRUSTED_FOR = 60.0  # seconds from the last sign of life of a stream to a look in spite of it
LINGER = 60.0  # seconds that streams stay open for the next call
SWEEP = 10.0  # seconds from one look at what nobody awaits to the next
BEAT = 15.0  # seconds at most until whoever waits can say so


@dataclass
class Lookout:
    """What is known of the awaited tasks, and whose turn it is to look: the first to come looks for all."""

    beam: Beam
    pace: Pace = field(default_factory=Pace)
    begun: int = 0
    looks: int = 0  # the number of the last look that succeeded, of those begun
    _waiting: Counter[str] = field(default_factory=Counter[str])
    _seen: dict[str, TaskHead | BeamError] = field(default_factory=dict[str, TaskHead | BeamError])
    _newest: Newest = field(default_factory=Newest)
    _looking: bool = False
    _urgent: bool = False  # somebody has just come
    _resumed: bool = True  # nobody has looked since the last ones left
    _nudged: bool = False
    _missed: bool = False
    _coming: asyncio.TimerHandle | None = None
    _stirred: anyio.Event = field(default_factory=anyio.Event)
    _looked: anyio.Event = field(default_factory=anyio.Event)

    def __post_init__(self) -> None:
        # Each look is one request: the looks themselves are the repetition, at their own pace.
        self.beam = replace(self.beam, attempts=1)
        self.streams = Streams(self.beam, self._nudge)

    @contextmanager
    def awaiting(self, task_ids: Sequence[str]) -> Generator[None]:
        """Wait for these; the streams stay open a while for the next call, unless this one was given up."""
        self._waiting.update(task_ids)
        given_up = True
        try:
            yield
            given_up = False
        finally:
            self._waiting.subtract(task_ids)
            self._waiting = +self._waiting
            self._resumed = self._resumed or not self._waiting
            self.streams.leave(set(task_ids) - set(self._waiting), at_once=given_up)
            self._come_back(LINGER)

    async def first_look(self, task_ids: Sequence[str]) -> None:
        """Until they were seen; a look of a moment ago is enough where they all were at work.

        Raises:
            BeamUnavailable: Beam did not answer.
        """
        if self._just_seen(task_ids):
            self._resumed = False
            return
        before = self.begun
        if any(task_id not in self._seen for task_id in task_ids):
            self.pace.start_anew()
        while self.looks <= before:
            self._urgent = self.begun == before
            self._stirred.set()
            await self.next_look(first=True)

    def now(self, task_ids: Sequence[str]) -> list[TaskHead]:
        """These tasks as they were last seen; fewer where some were not.

        Raises:
            BeamError: one of them cannot be read.
        """
        found: list[TaskHead] = []
        for task_id in task_ids:
            match self._seen.get(task_id):
                case None:
                    continue
                case TaskHead() as task:
                    found.append(task)
                case error:
                    raise error
        return found

    async def next_look(self, *, first: bool = False) -> None:
        """Until there was another look, or for some seconds at most.

        Raises:
            BeamError: Beam does not answer looks; being slowed down or cut off for a moment is waited out, but for the
                `first` one, which somebody waits for who has seen nothing yet.
        """
        if not first:
            self.streams.want(list(self._waiting))
        if self._looking:
            with anyio.move_on_after(BEAT):
                await self._looked.wait()
            return
        self._looking = True
        try:
            with anyio.move_on_after(BEAT):
                await self._until_due()
            if self._due_in() <= 0:
                await self._look(first=first)
        finally:
            self._looking = False
            self._looked.set()
            self._looked = anyio.Event()

    async def aclose(self) -> None:
        """Close the streams."""
        if self._coming:
            self._coming.cancel()
        await self.streams.aclose()

    def _nudge(self) -> None:
        self._nudged = True
        self._stirred.set()

    def _just_seen(self, task_ids: Sequence[str]) -> bool:
        tasks = [self._seen.get(task_id) for task_id in task_ids]
        at_work = all(isinstance(task, TaskHead) and task.phase == "working" for task in tasks)
        return at_work and self._due_in() > 0

    def _due_in(self) -> float:
        """Seconds until the next look; while all streams show signs of life, it is put off."""
        pace, heard = self.pace, self.streams.heard(self._waiting)
        at = pace.poll_at if heard is None or self._missed else max(pace.looked_at, heard) + TRUSTED_FOR
        if self._nudged:
            at = min(at, pace.nudge_at)
        return max(pace.not_before if self._urgent else at, pace.not_before) - anyio.current_time()

    async def _until_due(self) -> None:
        while (left := self._due_in()) > 0:
            self._stirred = anyio.Event()
            with anyio.move_on_after(left):
                await self._stirred.wait()

    async def _look(self, *, first: bool) -> None:
        self.begun += 1
        number = self.begun
        # A nudge is used up by its look; if that fails, the next one must not wait for another nudge.
        self._urgent, self._nudged, self._missed = False, False, True
        self.pace.begin(anyio.current_time(), jitter=random.random())  # noqa: S311 - spreads load, hides nothing
        try:
            await self._see(list(self._waiting))
        except RateLimited as busy:
            self.pace.slow_down(anyio.current_time(), busy.retry_after)
        except BeamUnavailable:
            if first:
                raise
        else:
            self.looks, self._missed = number, False
            self.pace.answered()

    async def _see(self, task_ids: list[str]) -> None:
        """By one request; besides, whatever is awaited for the first time and not on the list is read by itself."""
        new = [i for i in task_ids if self._resumed or not isinstance(self._seen.get(i), TaskHead)]
        alone = task_ids[0] if len(task_ids) == 1 else None if new else self._newest.in_turn(task_ids, self.begun)
        found = {} if alone else await self._newest.look(self.beam, task_ids)
        known = self._seen if self._newest.covers or not self._resumed else {}
        unseen = [alone] if alone else [i for i in new if i not in found and not isinstance(known.get(i), TaskHead)]
        read = await _readings(self.beam, unseen)
        awaited = dict.fromkeys([*task_ids, *self._waiting])
        self._seen = {i: seen for i in awaited if (seen := found.get(i) or read.get(i) or known.get(i))}
        self._resumed = False

    def _come_back(self, seconds: float) -> None:
        """See then what nobody awaits; one timer for all, which holds on to nothing of whoever waited."""
        if self._coming is None:
            loop = asyncio.get_running_loop()
            self._coming = loop.call_later(seconds, self._leave_what_nobody_awaits, context=Context())

    def _leave_what_nobody_awaits(self) -> None:
        self._coming = None
        self.streams.leave_those_left(LINGER - 1.0)
        http, name = self.beam.http, self.beam.identity.fingerprint
        # Of this loop itself: in a callback without a context, anyio may not know which one runs.
        now = asyncio.get_running_loop().time()
        if self._waiting or self.streams.any_open or self.pace.not_before > now:
            self._come_back(SWEEP)
        elif http.kept.get(name) is self:
            del http.kept[name]


def lookout_of(beam: Beam) -> Lookout:
    """The one that all waits of this person share, made anew where nobody waited for a while."""
    name = beam.identity.fingerprint
    known = beam.http.kept.get(name)
    if not isinstance(known, Lookout):
        known = beam.http.kept[name] = Lookout(beam)
    return known


async def _readings(beam: Beam, task_ids: Sequence[str]) -> dict[str, TaskHead | BeamError]:
    """Each task, or why it cannot be read: who waits for another one need not care.

    Raises:
        RateLimited, BeamUnavailable: Beam answers nothing at the moment.
    """

    async def read(task_id: str) -> Task | BeamError:
        try:
            return await get_task(beam, task_id)
        except (RateLimited, BeamUnavailable):
            raise
        except BeamError as error:
            return error

    return dict(zip(task_ids, await each(task_ids, read), strict=True))
