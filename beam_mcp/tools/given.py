"""What every tool is given: who calls, what is remembered of them, and which task or agent they mean."""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

from anyio.abc import TaskGroup
from mcp.server.mcpserver import Context
from mcp.server.mcpserver.resolve import Resolve
from pydantic import Field

from beam_mcp.beam.agent import LARGEST_PAGE, Agent, get_agent, list_agents
from beam_mcp.beam.auth import Identity
from beam_mcp.beam.errors import Ambiguous, BadRequest, NotFound
from beam_mcp.beam.http import Beam, Http
from beam_mcp.beam.link import UUID, AppLink, app_host, is_link, parse_link
from beam_mcp.beam.task import TaskHead
from beam_mcp.beam.task_list import Filter, list_tasks
from beam_mcp.desk.desk import Conversation, Desks, Person
from beam_mcp.views.text import line, listed, quoted

MOST_AGENT_PAGES = 5
SHORTEST_PREFIX = 6
PREFIX_PAGES = 3

TaskRef = Annotated[str, Field(description="customId (INV-107), UUID, UUID prefix or app link", min_length=1)]
AgentRef = Annotated[str, Field(description="name, UUID or app link", min_length=1)]


@dataclass(frozen=True)
class Office:
    """What all calls share: the connection pool, whose key it is by default, what is remembered and allowed.

    `folders` are the local folders whose files may be sent or written; with `decides_in_chat` the word of the chat is
    enough for an approval where no form can be shown. `background` is where a connection's own watching lives.
    """

    http: Http
    identity: Identity
    desks: Desks = field(default_factory=Desks)
    folders: tuple[Path, ...] = ()
    decides_in_chat: bool = False
    background: TaskGroup | None = None


@dataclass(frozen=True)
class Caller:
    """Who calls: Beam as they see it, what is remembered of them, and a way to say how far the work is."""

    beam: Beam
    person: Person
    conversation: Conversation
    context: Context[Office, Any]

    @property
    def office(self) -> Office:
        """What all calls share."""
        return self.context.request_context.lifespan_context

    @property
    def is_local(self) -> bool:
        """Whether the client runs on this machine as this user, so that local paths mean the same to both."""
        return self.context.headers is None

    @property
    def workspace(self) -> str:
        """The workspace in which they work."""
        return self.beam.identity.required_workspace()

    @property
    def now(self) -> datetime:
        """The time."""
        return datetime.now(UTC)

    async def progress(self, done: float, total: float | None, sentence: str) -> None:
        """Tell the client how far the work is, where it wants to know."""
        await self.context.report_progress(done, total, sentence)


def given_caller(ctx: Context[Office, Any]) -> Caller:
    """Who makes this call, by the request's own credentials where it carries any."""
    office = ctx.request_context.lifespan_context
    identity = _identity_of(ctx, office.identity)
    fingerprint = identity.fingerprint()
    conversation = office.desks.conversation(fingerprint, conversation_name(ctx))
    return Caller(office.http.acting_as(identity), office.desks.person(fingerprint), conversation, ctx)


Given = Annotated[Caller, Resolve(given_caller)]


def _identity_of(ctx: Context[Office, Any], own: Identity) -> Identity:
    headers = ctx.headers or {}
    key, bearer = headers.get("x-api-key"), headers.get("authorization", "").removeprefix("Bearer ").strip()
    workspace = headers.get("current-workspace-id") or own.workspace
    if not key and not bearer:
        return Identity(own.key, workspace, own.mode)
    return Identity(key, workspace, own.mode, None if key else bearer)


def conversation_name(ctx: Context[Office, Any]) -> str | None:
    """A name for this conversation as far as its transport has one; a stateless request has none."""
    if ctx.headers is None:
        return "the only one"
    request = ctx.request_context.request
    return ctx.headers.get("mcp-session-id") or (request.query_params.get("session_id") if request else None)


async def find_task(caller: Caller, task: str) -> str:
    """The UUID of the task that a person means by `task`.

    Raises:
        NotFound, Ambiguous, BadRequest: with how to name it instead.
    """
    wanted = task.strip()
    if is_link(wanted):
        linked = _link(caller, wanted, "task").task
        if linked is None:
            raise BadRequest("task: this link leads to an agent, not to a task.", "list_tasks() shows its tasks.")
        return linked
    if UUID.fullmatch(wanted):
        return wanted.lower()
    known = caller.person.task_ids.get(wanted.lower())
    return known or await _search_task(caller, wanted)


async def _search_task(caller: Caller, wanted: str) -> str:
    for query in _searches(wanted):
        found = (await list_tasks(caller.beam, query)).tasks
        caller.person.saw(*found)
        exact = [t for t in found if (t.custom_id or "").casefold() == wanted.casefold()]
        if hit := _only(exact, wanted) or _only(_by_prefix(found, wanted), wanted):
            return hit
    what = f"No task {quoted(wanted, 60)} in workspace {caller.workspace}."
    raise NotFound(what, f"Find it with list_tasks(search={quoted(wanted, 60)}) or list_tasks().")


def _searches(wanted: str) -> Iterable[Filter]:
    """Where to look: Beam's own search, then the newest tasks, since Beam does not say what its search covers."""
    yield Filter(search=wanted, page_size=20)
    for page in range(1, PREFIX_PAGES + 1):
        yield Filter(ordering="createdAt:desc", page=page, page_size=50)


def _by_prefix(tasks: Iterable[TaskHead], wanted: str) -> list[TaskHead]:
    if len(wanted) < SHORTEST_PREFIX:
        return []
    return [task for task in tasks if (task.id or "").lower().startswith(wanted.lower())]


def _only(tasks: list[TaskHead], wanted: str) -> str | None:
    ids = {task.id: task for task in tasks}
    if len(ids) > 1:
        raise Ambiguous(
            f"{quoted(wanted, 60)} fits {len(ids)} tasks: {listed(line(str(i), 40) for i in ids)}.",
            "Use the whole UUID.",
        )
    return next(iter(ids), None)


async def find_agent(caller: Caller, agent: str) -> Agent:
    """The agent that a person means by `agent`.

    Raises:
        NotFound, Ambiguous, BadRequest: with the names to choose from.
    """
    wanted = agent.strip()
    if is_link(wanted):
        return await get_agent(caller.beam, _link(caller, wanted, "agent").agent)
    if UUID.fullmatch(wanted):
        return await get_agent(caller.beam, wanted.lower())
    known = await known_agents(caller)
    fitting = _fitting(known, wanted) or _fitting((await list_agents(caller.beam, search=wanted)).agents, wanted)
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        names = listed(f"{_name(a)} (id {a.id})" for a in fitting)
        raise Ambiguous(
            f"agent: {quoted(wanted, 60)} fits {len(fitting)} agents: {names}.", "Use the id of the one meant."
        )
    what = f"agent: no agent {quoted(wanted, 60)} in workspace {caller.workspace}."
    near = difflib.get_close_matches(wanted.casefold(), [_name(a).casefold() for a in known], n=3, cutoff=0.5)
    close = [_name(a) for a in known if _name(a).casefold() in near]
    raise NotFound(what, f"Did you mean {listed(close)}?" if close else f"There are: {listed(map(_name, known))}.")


async def known_agents(caller: Caller) -> tuple[Agent, ...]:
    """The agents of the workspace, remembered for a few minutes."""
    person = caller.person
    if not person.knows_agents(caller.now):
        found: list[Agent] = []
        for page in range(1, MOST_AGENT_PAGES + 1):
            listing = await list_agents(caller.beam, page=page, page_size=LARGEST_PAGE)
            found += listing.agents
            if len(listing.agents) < LARGEST_PAGE or len(found) >= (listing.total or 0):
                break
        person.agents, person.agents_at = tuple(found), caller.now
    return person.agents


def _fitting(agents: Iterable[Agent], wanted: str) -> list[Agent]:
    """The agents a name fits: exactly, else as a part, else but for a typing error; ids by their first characters."""
    name = wanted.casefold()
    by_id = [a for a in agents if len(name) >= SHORTEST_PREFIX and (a.id or "").lower().startswith(name)]
    exact = [a for a in agents if _name(a).casefold() == name]
    part = [a for a in agents if all(word in _name(a).casefold() for word in name.split())]
    typed = [a for a in agents if difflib.SequenceMatcher(None, name, _name(a).casefold()).ratio() >= 0.85]
    return by_id or exact or part or typed


def _name(agent: Agent) -> str:
    return line(agent.name or agent.id or "", 60)


def _link(caller: Caller, text: str, argument: str) -> AppLink:
    link = parse_link(text)
    if link is None:
        raise BadRequest(
            f"{argument}: {quoted(text, 80)} is no link to a Beam agent or task.", "Use its name or id instead."
        )
    own_app = app_host(caller.beam.http.base_url)
    if own_app and link.host != own_app:
        advice = f"This server works with {own_app}: set BEAM_API_URL for the other instance, or use a link from here."
        raise BadRequest(
            f"{argument}: the link leads to another Beam instance, {link.host}; it was not followed.", advice
        )
    if link.workspace != caller.workspace.lower():
        advice = f"This server works in workspace {caller.workspace}: change BEAM_WORKSPACE_ID to work there."
        raise BadRequest(f"{argument}: the link leads to another workspace, {link.workspace}.", advice)
    return link
