"""How much one caller may take of a server that many share: requests a minute, requests at once, open sessions.

Callers are named by fingerprints, and are forgotten in the order in which they were last seen.
"""

import time
from collections import Counter
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from math import ceil

from beam_mcp.desk.desk import Bounded
from beam_mcp.server.refusals import later

MOST_AT_ONCE = 200  # requests of one caller: streams, subscriptions, calls that wait
MOST_SESSIONS = 2000  # of the protocols before 2026-07-28, in all
MOST_SESSIONS_EACH = 100
IDLE_SECONDS = 30 * 60  # after which the SDK ends a session
MOST_CALLERS = 10_000

TOO_OFTEN = "You sent more than {most} requests within a minute: wait {wait} s and go on more slowly."
TOO_MANY_AT_ONCE = "{most} of your requests are open here at once: end some of them, and send this one again."
TOO_MANY_SESSIONS = (
    "You have {most} sessions open here: end those that you do not use with a DELETE, or let them be unused for half "
    "an hour. A client of protocol 2026-07-28 needs none."
)
FULL = "This server has as many sessions open as it takes: try again in a minute."


@dataclass
class Rate:
    """At most `most` requests a minute of each caller, and that many at once after a pause (GCRA, ITU-T I.371).

    `due` is until when each has used up what they may send.
    """

    most: int
    clock: Callable[[], float] = time.monotonic
    due: Bounded[str, float] = field(default_factory=lambda: Bounded(MOST_CALLERS))

    def spend(self, who: str) -> None:
        """Count one request.

        Raises:
            Refused: it is one too many.
        """
        if not self.most:
            return
        now = self.clock()
        due = max(self.due.get(who, now), now) + 60 / self.most
        wait = due - now - 60
        if wait > 1e-6:  # what was added up is never quite exact
            raise later(429, TOO_OFTEN.format(most=self.most, wait=ceil(wait)), wait)
        self.due[who] = due


@dataclass
class Open:
    """What each caller has open `now`."""

    most: int = MOST_AT_ONCE
    now: Counter[str] = field(default_factory=Counter[str])

    @contextmanager
    def one(self, who: str) -> Generator[None]:
        """One request more, until it is answered.

        Raises:
            Refused: there are too many.
        """
        if self.now[who] >= self.most:
            raise later(429, TOO_MANY_AT_ONCE.format(most=self.most), 1)
        self.now[who] += 1
        try:
            yield
        finally:
            self.now[who] -= 1
            if not self.now[who]:
                del self.now[who]


@dataclass
class Sessions:
    """The sessions of each caller, with the time until which each lives if it is not used before."""

    most: int = MOST_SESSIONS
    most_each: int = MOST_SESSIONS_EACH
    clock: Callable[[], float] = time.monotonic
    _ends: dict[str, dict[str, float]] = field(default_factory=dict[str, dict[str, float]])

    def check(self, who: str, *, is_limited: bool) -> None:
        """Whether there is room for one more.

        Raises:
            Refused: there is none for this caller, or for anybody.
        """
        self._forget(who)
        if is_limited and len(self._ends.get(who, ())) >= self.most_each:
            raise later(429, TOO_MANY_SESSIONS.format(most=self.most_each), 60)
        if sum(map(len, self._ends.values())) >= self.most:
            for other in list(self._ends):
                self._forget(other)
            if sum(map(len, self._ends.values())) >= self.most:
                raise later(503, FULL, 60)

    def opened(self, who: str, session: str) -> None:
        """A session begins."""
        self._ends.setdefault(who, {})[session] = self.clock() + IDLE_SECONDS

    def used(self, who: str, session: str) -> None:
        """A session goes on, if it is one of theirs."""
        if session in self._ends.get(who, ()):
            self._ends[who][session] = self.clock() + IDLE_SECONDS

    def closed(self, who: str, session: str) -> None:
        """A session has ended."""
        self._ends.get(who, {}).pop(session, None)

    def _forget(self, who: str) -> None:
        now = self.clock()
        left = {session: end for session, end in self._ends.get(who, {}).items() if end > now}
        if left:
            self._ends[who] = left
        else:
            self._ends.pop(who, None)
