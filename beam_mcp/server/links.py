"""Links on which a person decides: unguessable, expiring, each for one person and one decision, and good once."""

import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import anyio

from beam_mcp.beam.auth import THE_REQUEST
from beam_mcp.beam.task import Task
from beam_mcp.desk.desk import Bounded
from beam_mcp.tools.office import Caller, InChat

if TYPE_CHECKING:
    from beam_mcp.server.html import Notice

GOOD_FOR = timedelta(hours=8)  # a working day: who is asked may be in a meeting


@dataclass
class Link:
    """One link: who acts by it, on which step of which task; `outcome` is what came of it once it was used.

    Whoever takes its `turn` second finds the outcome. A link without a task shows the whole inbox and decides nothing;
    one that does not expire is good as long as this process runs.
    """

    token: str = field(repr=False)
    caller: Caller
    expires: datetime | None = None
    task_id: str = ""
    step_id: str = ""
    outcome: "Notice | None" = None
    turn: anyio.Lock = field(default_factory=anyio.Lock)

    @property
    def is_expired(self) -> bool:
        """Whether its time is over, by its own office's clock."""
        return self.expires is not None and self.expires <= self.caller.now

    async def is_still_theirs(self) -> bool:
        """Whether who made it is who is signed in here now; who brought their own credentials is not signed in here."""
        then = self.caller.beam.identity
        if then.source == THE_REQUEST:
            return True
        now = (await self.caller.office.own_beam()).identity
        return (now.key, now.bearer) == (then.key, then.bearer)


@dataclass
class Drawer:
    """One person's links by their tokens, apart by kind: many decisions drive out no inbox."""

    decisions: Bounded[str, Link] = field(default_factory=lambda: Bounded(300), repr=False)
    inboxes: Bounded[str, Link] = field(default_factory=lambda: Bounded(20), repr=False)

    def find(self, token: str) -> Link | None:
        """The link of this token, expired or not."""
        return self.decisions.get(token) or self.inboxes.get(token)


@dataclass
class Links:
    """All links that are good, each person's apart: nobody's many drive out somebody else's."""

    people: Bounded[str, Drawer] = field(default_factory=lambda: Bounded(1000))
    openings: Bounded[str, Link] = field(default_factory=lambda: Bounded(20), repr=False)

    def to_decision(self, caller: Caller, task_id: str, step_id: str) -> Link:
        """The link for this decision of this person, good for its whole time from now: the one they have, or a new one.

        One that was used or has expired is not given again.
        """
        links = self._drawer(caller).decisions
        for token in [token for token, link in links.items() if link.is_expired]:
            del links[token]
        known = (link for link in links.values() if (link.task_id, link.step_id) == (task_id, step_id))
        link = next((link for link in known if link.outcome is None), None)
        link = link or Link(secrets.token_urlsafe(24), _apart(caller), None, task_id, step_id)
        link.expires = caller.now + GOOD_FOR
        links[link.token] = link
        return link

    def to_inbox(self, caller: Caller) -> Link:
        """A new link to this person's whole inbox, for a command that shows it as long as it runs."""
        link = Link(secrets.token_urlsafe(24), _apart(caller))
        self._drawer(caller).inboxes[link.token] = link
        return link

    def opening(self, link: Link) -> str:
        """A token that leads to this link once: whoever reads it off a browser's command line comes too late."""
        token = secrets.token_urlsafe(24)
        self.openings[token] = link
        return token

    def opened(self, token: str) -> Link | None:
        """Where an opening leads, the first time."""
        return self.openings.pop(token, None)

    def find(self, token: str) -> Link | None:
        """The link of this token; None for one that was never made or has expired."""
        link = next(filter(None, (drawer.find(token) for drawer in self.people.values())), None)
        return link if link and not link.is_expired else None

    def _drawer(self, caller: Caller) -> Drawer:
        name = caller.beam.identity.fingerprint
        self.people[name] = self.people.get(name) or Drawer()
        return self.people[name]


def _apart(caller: Caller) -> Caller:
    """The same person without the request that they came by, which would be kept as long as the link."""
    return Caller(caller.beam, caller.person, caller.conversation, caller.office)


@dataclass(frozen=True)
class OwnAddress:
    """Links under the very address by which a client reaches this server over HTTP; under `public_url` where set."""

    links: Links
    public_url: str | None = None

    async def link(self, caller: InChat, task: Task, step_id: str) -> str | None:
        """The one-time address of this decision; None where nothing says how we are reached."""
        request = caller.context.request_context.request
        base = self.public_url or (str(request.base_url) if request else None)
        if base is None:
            return None
        token = self.links.to_decision(caller, task.id or "", step_id).token
        return f"{base.rstrip('/')}/decide/{token}"
