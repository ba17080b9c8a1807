"""The streams of updates that Beam offers: a word that something changed, never what."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Sequence, Set
from contextlib import suppress
from contextvars import Context
from dataclasses import dataclass, field
from functools import partial
from urllib.parse import quote

import anyio
import httpx2

from beam_mcp.beam.errors import BeamError, BeamUnavailable, of_status
from beam_mcp.beam.http import Beam
from beam_mcp.beam.transport import MOST_STREAMS, TRY_AGAIN, transport_errors

MOST_AT_ONCE = 10  # tasks of one person; with more, some would have to be looked at anyway
OPEN_AGAIN = 60.0  # seconds from one opening of a task's stream to the next
REFUSED_FOR = 600.0  # seconds until a stream that told nothing is tried again


@dataclass
class _Overheard(httpx2.AsyncByteStream):
    """A body whose every sign of life is noticed: an event source passes on events, but no comments."""

    body: httpx2.AsyncByteStream
    heard: Callable[[], None]

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for piece in self.body:
            self.heard()
            yield piece

    async def aclose(self) -> None:
        await self.body.aclose()


async def updates(beam: Beam, task_id: str, *, heard: Callable[[], None]) -> AsyncGenerator[None]:
    """One item when a task's stream is open, and one for each event; ends when Beam closes it.

    `heard` is called for whatever arrives, also for comments that only keep it alive. What an event says is not passed
    on: the GET is the truth (API.md, Errors and limits). It may be silent for long.

    Raises:
        BeamError: there is no such stream, or it broke.
    """
    http = beam.http
    if http.streams >= MOST_STREAMS:
        raise BeamUnavailable("Too many streams of updates are open.", TRY_AGAIN)
    http.streams += 1
    path = f"/agent-tasks/{quote(task_id, safe='')}/updates"
    quiet = httpx2.Timeout(None, connect=http.client.timeout.connect)
    try:
        with transport_errors(http.client.base_url.host, beam.identity.remedy.unreached):
            async with http.client.sse(path, headers=await beam.signed(), timeout=quiet) as source:
                response = source.response
                if not response.is_success:
                    raise of_status(response.status_code, "", workspace=None)
                yield
                if isinstance(response.stream, httpx2.AsyncByteStream):
                    response.stream = _Overheard(response.stream, heard)
                async for _ in source:
                    yield
    finally:
        http.streams -= 1


@dataclass
class Streams:
    """One person's open streams; `nudge` is called whenever one begins to tell, tells something, or ends.

    They outlive the calls that opened them, and hold on to nothing of those.
    """

    beam: Beam
    nudge: Callable[[], None]
    _open: dict[str, asyncio.Task[None]] = field(default_factory=dict[str, asyncio.Task[None]])
    _heard: dict[str, float] = field(default_factory=dict[str, float])
    _not_before: dict[str, float] = field(default_factory=dict[str, float])
    _left: dict[str, float] = field(default_factory=dict[str, float])
    _wanted: Sequence[str] = ()
    _offered: bool = False  # whether Beam has ever opened one
    _try_at: float = 0.0

    @property
    def any_open(self) -> bool:
        """Whether any is open."""
        return bool(self._open)

    def want(self, task_ids: Sequence[str]) -> None:
        """Open what is not open yet: the first one alone, the others once that shows that Beam offers streams."""
        now, self._wanted = anyio.current_time(), task_ids
        for task_id in task_ids:
            self._left.pop(task_id, None)
        if len(task_ids) > MOST_AT_ONCE or now < self._try_at:
            return
        for task_id in task_ids:
            may_open = (self._offered or not self._open) and now >= self._not_before.get(task_id, 0.0)
            if may_open and task_id not in self._open:
                self._not_before[task_id] = now + OPEN_AGAIN
                context = Context()
                self._open[task_id] = asyncio.create_task(self._listen(task_id), context=context)
                self._open[task_id].add_done_callback(partial(self._forget, task_id), context=context)

    def heard(self, task_ids: Iterable[str]) -> float | None:
        """When the one of them that was silent for longest was heard; None where one has no stream that works."""
        moments = [self._heard.get(task_id) for task_id in task_ids]
        known = [moment for moment in moments if moment is not None]
        return min(known) if known and len(known) == len(moments) else None

    def leave(self, task_ids: Set[str], *, at_once: bool) -> None:
        """Nobody waits for these now: close them at once, or once they were left for long."""
        self._wanted = [task_id for task_id in self._wanted if task_id not in task_ids]
        for task_id in task_ids:
            self._left[task_id] = anyio.current_time()
        if at_once:
            self._close(task_ids)

    def leave_those_left(self, seconds: float) -> None:
        """Close those that nobody has waited for in the last so many seconds, and forget what may be tried again."""
        now = asyncio.get_running_loop().time()
        self._close([task_id for task_id, left in self._left.items() if left <= now - seconds])
        self._not_before = {task_id: moment for task_id, moment in self._not_before.items() if moment > now}

    def _close(self, task_ids: Iterable[str]) -> None:
        for task_id in task_ids:
            self._left.pop(task_id, None)
            self._not_before.pop(task_id, None)
            if listening := self._open.get(task_id):
                listening.cancel()

    async def aclose(self) -> None:
        """Close all."""
        listening = list(self._open.values())
        self._close(list(self._open))
        await asyncio.gather(*listening, return_exceptions=True)

    async def _listen(self, task_id: str) -> None:
        """Pass on a task's updates as nudges (GET /agent-tasks/{id}/updates) for as long as Beam keeps it open."""
        opened = False

        def heard() -> None:
            begins = task_id not in self._heard
            self._heard[task_id] = anyio.current_time()
            if begins:  # what changed before nobody told
                self.nudge()

        with suppress(BeamError):  # Beam need not offer updates; looking at intervals goes on
            async for _ in updates(self.beam, task_id, heard=heard):
                if opened:
                    self.nudge()
                elif not self._offered:
                    self._offered = True
                    self.want(self._wanted)
                opened = True
        self._ended(task_id, opened=opened)

    def _forget(self, task_id: str, listening: asyncio.Task[None]) -> None:
        """One that we closed says nothing of what Beam offers, so that it can be opened again at once."""
        if self._open.get(task_id) is listening:
            del self._open[task_id]
            self._heard.pop(task_id, None)

    def _ended(self, task_id: str, *, opened: bool) -> None:
        """Beam closed it, or never opened it."""
        now, told = anyio.current_time(), self._heard.pop(task_id, None) is not None
        self._open.pop(task_id, None)
        if not told:
            self._not_before[task_id] = now + REFUSED_FOR
        if not opened and not self._offered:
            self._try_at = now + REFUSED_FOR
        if told:
            self.nudge()
