"""Who calls and what all calls share: the office, the caller, and the credentials a call is made with."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Protocol

from anyio.abc import TaskGroup
from mcp.server.elicitation import AcceptedElicitation
from mcp.server.mcpserver import Context
from mcp.server.mcpserver.resolve import Resolve

from beam_mcp.beam.auth import SEND_HEADERS, THE_REQUEST, Identity
from beam_mcp.beam.errors import BadRequest
from beam_mcp.beam.follow import Waits
from beam_mcp.beam.http import Beam, Http
from beam_mcp.beam.link import told
from beam_mcp.beam.task import Task
from beam_mcp.desk.desk import Conversation, Desks, Person
from beam_mcp.tools.brought import Brought, Unsendable
from beam_mcp.tools.receipts import Receipts


def utc_now() -> datetime:
    """The time, unless an office is told otherwise."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class Office:
    """What all calls share: the connection pool, whose key it is by default, what is remembered and allowed.

    `folders` are the local folders whose files may be sent or written; with `decides_in_chat` the word of the chat is
    enough for an approval where no form can be shown. `background` is where a connection's own watching lives,
    `under_way` holds the writes that are carried through, `calls` what is not answered yet, `waits` those of them that
    wait for a task. `pages` makes the links on which a person decides, `receipts` keeps what they decided; `secret` is
    what no other process knows. `login` is Beam as whoever is logged in sees it, where `identity` has no key.
    """

    http: Http
    identity: Identity
    desks: Desks = field(default_factory=Desks)
    folders: tuple[Path, ...] = ()
    decides_in_chat: bool = False
    background: TaskGroup | None = None
    under_way: set[asyncio.Task[Any]] = field(default_factory=set[asyncio.Task[Any]])
    calls: set[asyncio.Task[Any]] = field(default_factory=set[asyncio.Task[Any]])
    waits: Waits = field(default_factory=Waits)
    clock: Callable[[], datetime] = utc_now
    pages: "Doorway | None" = None
    receipts: Receipts | None = None
    secret: bytes = field(default_factory=lambda: secrets.token_bytes(32), repr=False)
    login: Callable[[], Awaitable[Beam]] | None = None

    async def own_beam(self) -> Beam:
        """Beam as a caller sees it who brings no credentials along."""
        return await self.login() if self.login else self.http.acting_as(self.identity)


@dataclass(frozen=True)
class Caller:
    """Who acts, in a chat or on a page: Beam as they see it, what is remembered of them, what all share."""

    beam: Beam
    person: Person
    conversation: Conversation
    office: Office

    @property
    def workspace(self) -> str:
        """The workspace in which they work, as it may be told."""
        return told(self.beam.identity.required_workspace())

    @property
    def now(self) -> datetime:
        """The time."""
        return self.office.clock()

    async def progress(self, done: float, total: float | None, sentence: str) -> None:
        """Tell how far the work is, where somebody wants to know."""


class Doorway(Protocol):
    """Where a person can decide in a browser."""

    async def link(self, caller: "InChat", task: Task, step_id: str) -> str | None:
        """A one-time address for this decision of theirs; None where no browser of theirs could reach one."""
        ...


@dataclass(frozen=True)
class InChat(Caller):
    """Who calls a tool: as a client has them on the line."""

    context: Context[Office, Any]

    @property
    def is_local(self) -> bool:
        """Whether the client runs on this machine as this user, so that local paths mean the same to both."""
        return self.context.headers is None

    async def progress(self, done: float, total: float | None, sentence: str) -> None:
        """Tell the client how far the work is, where it wants to know."""
        await self.context.report_progress(done, total, sentence)


async def given_caller(ctx: Context[Office, Any]) -> InChat:
    """Who makes this call, by the request's own credentials where it carries any."""
    office = ctx.request_context.lifespan_context
    beam = await _beam_of(ctx, office)
    fingerprint, is_stranger = beam.identity.fingerprint, not office.http.shares.knows(beam.identity.mark)
    conversation = office.desks.conversation(fingerprint, conversation_name(ctx), is_stranger=is_stranger)
    person = office.desks.person(fingerprint, is_stranger=is_stranger)
    return InChat(beam, person, conversation, office, ctx)


Given = Annotated[InChat, Resolve(given_caller)]
# The SDK wraps what was resolved in this class, which pydantic makes anew, for 0.2 ms, as soon as nobody holds it.
RESOLVED = AcceptedElicitation[Any]


async def _beam_of(ctx: Context[Office, Any], office: Office) -> Beam:
    if ctx.headers is None:
        return await office.own_beam()
    try:
        brought = Brought.by(ctx.headers)
    except Unsendable as wrong:
        raise BadRequest(str(wrong), SEND_HEADERS) from None
    if brought.has_credentials:
        return office.http.acting_as(brought.identity(office.identity))
    beam = await office.own_beam()
    own = beam.identity
    source = own.source if own.key else THE_REQUEST
    return replace(beam, identity=replace(own, workspace=brought.workspace or own.workspace, source=source))


def conversation_name(ctx: Context[Office, Any]) -> str | None:
    """A name for this conversation as far as its transport has one; a stateless request has none."""
    if ctx.headers is None:
        return "the only one"
    request = ctx.request_context.request
    return ctx.headers.get("mcp-session-id") or (request.query_params.get("session_id") if request else None)
