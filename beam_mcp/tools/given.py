"""Which task or agent a person means by what they write."""

import re
from collections.abc import Iterable
from typing import Annotated

from pydantic import Field

from beam_mcp.beam.agent import LARGEST_PAGE, Agent, get_agent, list_agents
from beam_mcp.beam.auth import THE_REQUEST
from beam_mcp.beam.errors import Ambiguous, BadRequest, NotFound
from beam_mcp.beam.link import AppLink, app_host, is_link, parse_link
from beam_mcp.beam.task import Task, TaskHead, folded, get_task
from beam_mcp.beam.task_list import Filter, list_tasks
from beam_mcp.ids import UUID
from beam_mcp.tools.handles import bare, bare_task, in_form, nearest
from beam_mcp.tools.matching import SHORTEST_PREFIX, exact, fitting_agents, instead, name_of
from beam_mcp.tools.office import Caller
from beam_mcp.views.text import call, line, listed, named, quoted

MOST_AGENT_PAGES = 5
SEARCHED_AT_ONCE = 50
SEARCHED_PAGES = 3
FIND_TASK = "list_tasks() finds it by status, agent, words or time."
_OTHER_ID = re.compile(r"[A-Za-z]+_[\w-]{4,60}")  # as on the legacy page: task_abc123

TaskRef = Annotated[str, Field(description="customId (INV-107), UUID, UUID prefix or app link", min_length=1)]
AgentRef = Annotated[str, Field(description="name, UUID or app link", min_length=1)]


async def task_named(caller: Caller, task: str) -> Task:
    """The whole task that a person means by `task`.

    Raises:
        NotFound, Ambiguous, BadRequest: with how to name it instead.
    """
    task_id = await find_task(caller, task)
    try:
        found = await get_task(caller.beam, task_id)
    except NotFound as error:
        raise NotFound(
            f"No task {quoted(task, 60)} in workspace {caller.workspace}.", _instead(caller, task)
        ) from error
    caller.person.saw(found)
    return found


async def find_task(caller: Caller, task: str) -> str:
    """The id of the task that a person means by `task`.

    Raises:
        NotFound, Ambiguous, BadRequest: with how to name it instead.
    """
    wanted = bare_task(task)
    if is_link(wanted):
        linked = _link(caller, wanted, "task").task
        if linked is None:
            raise BadRequest("task: this link leads to an agent, not to a task.", "list_tasks() shows its tasks.")
        return linked
    if UUID.fullmatch(wanted):
        return wanted.lower()
    known = caller.person.task_ids.get(folded(wanted))
    return known or await _search_task(caller, wanted)


async def _search_task(caller: Caller, wanted: str) -> str:
    name = in_form(wanted)
    for query in _searches(wanted):
        found = (await list_tasks(caller.beam, query)).tasks
        caller.person.saw(*found)
        exact = [t for t in found if folded(wanted) in {folded(t.custom_id or ""), folded(t.id or "")}]
        alike = [t for t in found if t.custom_id and in_form(t.custom_id) == name]
        if hit := _only(exact, wanted) or _only(alike, wanted) or _only(_by_prefix(found, wanted), wanted):
            return hit
        if query.search is None and len(found) < SEARCHED_AT_ONCE:
            break
    if _OTHER_ID.fullmatch(wanted):
        return wanted
    where = f"in workspace {caller.workspace}, as far as Beam's search and its newest tasks tell"
    raise NotFound(f"No task {quoted(wanted, 60)} {where}.", _instead(caller, wanted))


def _instead(caller: Caller, wanted: str) -> str:
    """What to write in place of a name that fits no task; what was seen is remembered in small letters."""
    seen = (name.upper() for name, task_id in caller.person.task_ids.items() if name != task_id.lower())
    return nearest(wanted, seen) + FIND_TASK


def _searches(wanted: str) -> Iterable[Filter]:
    """Where to look: Beam's own search, then the newest tasks, since Beam does not say what its search covers."""
    for words in dict.fromkeys((wanted, in_form(wanted).upper())):
        yield Filter(search=words, page_size=20)
    for page in range(1, SEARCHED_PAGES + 1):
        yield Filter(ordering="createdAt:desc", page=page, page_size=SEARCHED_AT_ONCE)


def _by_prefix(tasks: Iterable[TaskHead], wanted: str) -> list[TaskHead]:
    if len(wanted) < SHORTEST_PREFIX:
        return []
    return [task for task in tasks if (task.id or "").lower().startswith(wanted.lower())]


def _only(tasks: list[TaskHead], wanted: str) -> str | None:
    ids = {task.id: task for task in tasks}
    if len(ids) > 1:
        which = listed((line(str(i), 40) for i in ids), most=2)
        raise Ambiguous(f"task: {quoted(wanted, 60)} fits {len(ids)} tasks: {which}.", "Use the whole id.")
    return next(iter(ids), None)


async def find_agent(caller: Caller, agent: str) -> Agent:
    """The agent that a person means by `agent`.

    Raises:
        NotFound, Ambiguous, BadRequest: with the names to choose from.
    """
    wanted = bare(agent, "agent")
    if is_link(wanted):
        linked = _link(caller, wanted, "agent").agent
        if linked is None:
            raise BadRequest("agent: this link leads to a task, not to an agent.", "list_agents() shows the agents.")
        return await _read_agent(caller, linked, agent)
    if UUID.fullmatch(wanted):
        return await _read_agent(caller, wanted.lower(), agent)
    known = await known_agents(caller)
    if not exact(known, wanted):
        # What is remembered may lack a new agent, or one beyond the pages read: only Beam can tell that there is none.
        searched = (await list_agents(caller.beam, search=wanted, page_size=LARGEST_PAGE)).agents
        fresh = await known_agents(caller, anew=True)
        known = tuple({a.id: a for a in (*fresh, *searched)}.values())
    fitting = fitting_agents(known, wanted)
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        names = listed((f"{named(name_of(a))} (id {line(a.id or '', 40)})" for a in fitting), most=2)
        rest = f" {call('list_agents', query=wanted)} shows them all." if len(fitting) > 2 else ""
        what = f"agent: {quoted(wanted, 60)} fits {len(fitting)} agents: {names}."
        raise Ambiguous(what, f"Use the id of the one meant.{rest}")
    other = instead(known, wanted, caller.beam.identity.remedy.workspace)
    raise NotFound(f"agent: no agent {quoted(wanted, 60)} in workspace {caller.workspace}.", other)


async def _read_agent(caller: Caller, agent_id: str, given: str) -> Agent:
    try:
        return await get_agent(caller.beam, agent_id)
    except NotFound as error:
        what = f"agent: no agent {quoted(given, 60)} in workspace {caller.workspace}."
        raise NotFound(what, "list_agents() shows who is there.") from error


async def known_agents(caller: Caller, *, anew: bool = False) -> tuple[Agent, ...]:
    """The agents of the workspace, remembered for a few minutes unless they are wanted `anew`."""
    person = caller.person
    if anew or not person.knows_agents(caller.now):
        found: list[Agent] = []
        for page in range(1, MOST_AGENT_PAGES + 1):
            listing = await list_agents(caller.beam, page=page, page_size=LARGEST_PAGE)
            found += listing.agents
            enough = len(found) >= listing.total if listing.total is not None else len(listing.agents) < LARGEST_PAGE
            if enough or not listing.agents:
                break
        person.agents, person.agents_at = tuple(found), caller.now
    return person.agents


def _link(caller: Caller, text: str, argument: str) -> AppLink:
    link = parse_link(text)
    if link is None:
        raise BadRequest(
            f"{argument}: {quoted(text, 80)} is no link to a Beam agent or task.", "Use its name or id instead."
        )
    own_app = app_host(caller.beam.http.base_url)
    if own_app and link.host != own_app:
        change = "" if caller.beam.identity.source == THE_REQUEST else "set BEAM_API_URL for the other instance, or "
        advice = f"This server works with {own_app}: {change}use a link from here."
        raise BadRequest(
            f"{argument}: the link leads to another Beam instance, {link.host}; it was not followed.", advice
        )
    if link.workspace not in {None, caller.workspace.lower()}:
        setting = caller.beam.identity.remedy.workspace
        advice = f"This server works in workspace {caller.workspace}: change {setting} to work there."
        raise BadRequest(f"{argument}: the link leads to another workspace, {link.workspace}.", advice)
    return link
