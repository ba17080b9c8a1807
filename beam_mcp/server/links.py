"""Links on which a person decides: unguessable, expiring, each for one person and one decision, and good once."""

import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import anyio

from beam_mcp.beam.task import Task
from beam_mcp.desk.desk import Bounded
from beam_mcp.tools.office import Caller, InChat

if TYPE_CHECKING:
    from beam_mcp.server.html import Notice

GOOD_FOR = timedelta(hours=8)  # a working day: who is asked may be in a meeting


@dataclass
class Link:
    """One link: who acts by it, on which step of which task; `outcome` is what came of it once it was used.

    Whoever takes its `turn` second finds the outcome. A link without a task shows the whole inbox, decides nothing, and
    is good until it expires.
    """

    token: str
    caller: Caller
    expires: datetime
    task_id: str = ""
    step_id: str = ""
    outcome: "Notice | None" = None
    turn: anyio.Lock = field(default_factory=anyio.Lock)


@dataclass
class Links:
    """All links that are good."""

    known: Bounded[str, Link] = field(default_factory=lambda: Bounded(2000))
    by_decision: Bounded[tuple[str, str, str], str] = field(default_factory=lambda: Bounded(2000))

    def to_decision(self, caller: Caller, task_id: str, step_id: str) -> Link:
        """The link for this decision of this person: the one they have unless it was used or has expired."""
        decision = (caller.beam.identity.fingerprint(), task_id, step_id)
        link = self.find(self.by_decision.get(decision, ""))
        if link is None or link.outcome is not None:
            link = self._made(caller, task_id, step_id)
            self.by_decision[decision] = link.token
        return link

    def to_inbox(self, caller: Caller) -> Link:
        """A new link to this person's whole inbox."""
        return self._made(caller)

    def find(self, token: str) -> Link | None:
        """The link of this token; None for one that was never made or has expired, by its own office's clock."""
        link = self.known.get(token)
        if link is not None and link.expires <= link.caller.now:
            del self.known[token]
            return None
        return link

    def _made(self, caller: Caller, task_id: str = "", step_id: str = "") -> Link:
        link = Link(secrets.token_urlsafe(24), caller, caller.now + GOOD_FOR, task_id, step_id)
        self.known[link.token] = link
        return link


@dataclass(frozen=True)
class OwnAddress:
    """Links under the very address by which a client reaches this server over HTTP."""

    links: Links

    async def link(self, caller: InChat, task: Task, step_id: str) -> str | None:
        """The one-time address of this decision; None where the request does not say how we are reached."""
        request = caller.context.request_context.request
        if request is None:
            return None
        token = self.links.to_decision(caller, task.id or "", step_id).token
        return f"{str(request.base_url).rstrip('/')}/decide/{token}"
