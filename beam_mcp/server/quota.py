"""How much one caller may take of a server that many share: requests a minute, requests at once, open sessions.

Callers are named by the marks of their credentials, and are forgotten in the order in which they were last seen.
"""

import time
from collections import Counter
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from math import ceil

from beam_mcp.desk.desk import Bounded, digest
from beam_mcp.server.refusals import Refused, later

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
TOO_MANY_STRANGERS = (
    "As many as may be are here whose keys Beam has not accepted yet: try again in a minute. Whoever has made one call "
    "of a tool is none of them any more."
)
FULL = "This server has as many sessions open as it takes: try again in a minute."


@dataclass(frozen=True)
class Share:
    """What those who are counted under this name may have here at once: open requests, and sessions.

    With more, they are told so by these words.
    """

    name: str = ""
    at_once: int = MOST_AT_ONCE
    sessions: int = MOST_SESSIONS_EACH
    too_many_at_once: str = TOO_MANY_AT_ONCE
    too_many_sessions: str = TOO_MANY_SESSIONS

    def too_many(self) -> Refused:
        """One request too many."""
        return later(429, self.too_many_at_once.format(most=self.at_once), 1)

    def too_many_open(self) -> Refused:
        """One session too many."""
        return later(429, self.too_many_sessions.format(most=self.sessions), 60)


def at_address(address: str) -> str:
    """The name under which an address is counted."""
    return digest("address", address)


@dataclass(frozen=True)
class Limits:
    """The share of each who is known to Beam, of those at one address who are not, and of all of those together."""

    known: Share = field(default_factory=Share)
    there: Share = field(default_factory=lambda: Share(at_once=300, sessions=MOST_SESSIONS // 4))
    strangers: Share = field(
        default_factory=lambda: Share("strangers", 450, MOST_SESSIONS // 2, TOO_MANY_STRANGERS, TOO_MANY_STRANGERS)
    )

    def of(self, mark: str, address: str, *, is_known: bool) -> tuple[Share, ...]:
        """How a caller with these credentials is counted, in whatever workspace: anybody may name another each time.

        So it is with keys that Beam has not accepted yet. Behind one address there may be many of those; all of them
        together leave room for whoever is known.
        """
        if is_known:
            return (replace(self.known, name=mark),)
        return replace(self.there, name=at_address(address)), self.strangers


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
    """How many requests are open `now`, by the name under which they are counted."""

    now: Counter[str] = field(default_factory=Counter[str])

    @contextmanager
    def one(self, shares: tuple[Share, ...]) -> Generator[None]:
        """One request more, until it is answered.

        Raises:
            Refused: there are too many.
        """
        for share in shares:
            if self.now[share.name] >= share.at_once:
                raise share.too_many()
        names = [share.name for share in shares]
        self.now.update(names)
        try:
            yield
        finally:
            for name in names:
                self.now[name] -= 1
                if not self.now[name]:
                    del self.now[name]


@dataclass(frozen=True)
class Opened:
    """A session: whose it is by their fingerprint, how it is counted, and until when it lives if it is not used."""

    owner: str
    shares: tuple[Share, ...]
    end: float


@dataclass
class Sessions:
    """The sessions there are, of `most` in all."""

    most: int = MOST_SESSIONS
    clock: Callable[[], float] = time.monotonic
    _opened: dict[str, Opened] = field(default_factory=dict[str, Opened])

    def check(self, shares: tuple[Share, ...]) -> None:
        """Whether there is room for one more.

        Raises:
            Refused: there is none for this caller, or for anybody.
        """
        now = self.clock()
        self._opened = {name: session for name, session in self._opened.items() if session.end > now}
        taken = Counter(share.name for session in self._opened.values() for share in session.shares)
        for share in shares:
            if taken[share.name] >= share.sessions:
                raise share.too_many_open()
        if len(self._opened) >= self.most:
            raise later(503, FULL, 60)

    def opened(self, owner: str, session: str, shares: tuple[Share, ...]) -> None:
        """A session begins."""
        self._opened[session] = Opened(owner, shares, self.clock() + IDLE_SECONDS)

    def used(self, owner: str, session: str, shares: tuple[Share, ...]) -> None:
        """A session goes on, if it is one of theirs; it is counted as its owner is now."""
        if self._is_of(owner, session):
            self.opened(owner, session, shares)

    def closed(self, owner: str, session: str) -> None:
        """A session has ended, if it was one of theirs."""
        if self._is_of(owner, session):
            del self._opened[session]

    def _is_of(self, owner: str, session: str) -> bool:
        return session in self._opened and self._opened[session].owner == owner
