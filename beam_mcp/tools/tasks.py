"""Starting work, finding it again, seeing where it stands."""

from typing import Annotated, Any, Literal

from pydantic import Field
from pydantic.json_schema import SkipJsonSchema

from beam_mcp.beam import task_list
from beam_mcp.beam.errors import BadRequest
from beam_mcp.beam.new_task import Mode, NewTask
from beam_mcp.beam.task import Task
from beam_mcp.beam.task import get_task as read_task
from beam_mcp.beam.task_list import Filter
from beam_mcp.tools.files import GivenRoots, uploads_of
from beam_mcp.tools.given import AgentRef, TaskRef, find_agent, task_named
from beam_mcp.tools.office import Caller, Given
from beam_mcp.tools.once import start_once
from beam_mcp.tools.steering import rate_task, retry_task, stop_task
from beam_mcp.tools.toolset import Toolset, creates, reads
from beam_mcp.tools.waiting import usual_of, usual_time, wait_after_start, wait_for
from beam_mcp.tools.wanted import Listed, Moment, Whole, moment, statuses_of
from beam_mcp.views.evidence import EvidenceView
from beam_mcp.views.task import Detail, OutputView, StepsView, TaskView, UnchangedView
from beam_mcp.views.tasks import StartedView, TaskListView
from beam_mcp.views.text import ago, hour, in_words, quoted, value
from beam_mcp.views.view import View
from beam_mcp.views.waited import WaitedView

Again = Annotated[bool, Field(description="start even if the same was started minutes ago")]

_ORDERINGS = {"newest": "createdAt:desc", "oldest": "createdAt:asc", "updated": "updatedAt:desc"}


@creates("Start a task")
async def create_task(
    caller: Given,
    roots: GivenRoots,
    agent: AgentRef,
    query: Annotated[str | SkipJsonSchema[None], Field(description="what to do, in words", min_length=1)] = None,
    input: Annotated[  # noqa: A002 - Beam's own word, and the argument's name is a contract
        dict[str, Any] | SkipJsonSchema[None], Field(description="instead of query, for structured agents")
    ] = None,
    additional_info: Annotated[str | SkipJsonSchema[None], Field(description="context for the query")] = None,
    urls: Annotated[list[str] | SkipJsonSchema[None], Whole, Field(description="pages for the agent to read")] = None,
    files: Annotated[list[str] | SkipJsonSchema[None], Whole, Field(description="local paths to send along")] = None,
    mode: Annotated[Mode | SkipJsonSchema[None], Field(description="manual stops at each decision")] = None,
    webhook_url: Annotated[str | SkipJsonSchema[None], Field(description="Beam calls it at the end")] = None,
    wait_seconds: Annotated[int, Field(ge=0, le=240, description="wait for the first change")] = 0,
    again: Again = False,  # noqa: FBT002 - every argument of a tool is given by name
) -> View:
    """Give an agent work; returns at once with the task's id. The same work within 10 minutes is not started twice."""
    _check_work(query, input)
    only_query = {"additional_info": additional_info, "urls": urls, "files": files}
    _check_form(only_query if query is None else {"mode": mode, "webhook_url": webhook_url}, structured=query is None)
    for name, links in (("urls", urls or ()), ("webhook_url", [webhook_url] if webhook_url else ())):
        _check_links(name, links)
    uploads = await uploads_of(caller, roots, files) if files else []
    who = await find_agent(caller, agent)
    new = NewTask(
        agent_id=who.id or "",
        query=query,
        additional_info=additional_info,
        urls=urls or (),
        files=uploads,
        data=input,
        mode=mode,
        webhook_url=webhook_url,
    )
    start = await start_once(caller, new, again=again)
    task = await read_task(caller.beam, start.task.id or "") if start.earlier else start.task
    when = ago(start.earlier.since, caller.now) if start.earlier else None
    usual = await usual_time(caller, who.id or "")
    started = StartedView.of(
        task, agent=who.name or agent, about=query or in_words(value(input)), started=when, usual=usual
    )
    return await wait_after_start(caller, started, task.id or "", wait_seconds) if wait_seconds else started


def _check_work(query: str | None, data: dict[str, Any] | None) -> None:
    if (query is None) == (data is None):
        given = "both were given" if query else "neither was given"
        raise BadRequest(f"create_task takes either query or input; {given}.", "query is the work in words.")
    if query is not None and not query.strip():
        raise BadRequest("query: it is empty.", "Say in words what the agent is to do.")


def _check_form(others: dict[str, Any], *, structured: bool) -> None:
    """Beam has two forms of a new task and refuses what belongs to the other (API.md, POST /agent-tasks)."""
    if wrong := next((name for name, given in others.items() if given), None):
        wanted, advice = ("query", "Put it into input.") if structured else ("input", "Leave it out.")
        raise BadRequest(f"{wrong}: Beam takes it with {wanted} only.", f"{advice} Nothing was started.")


def _check_links(name: str, links: list[str] | tuple[()]) -> None:
    wrong = [link for link in links if not link.startswith(("https://", "http://"))]
    if wrong:
        raise BadRequest(f"{name}: {quoted(wrong[0], 80)} is no web address.", "Begin it with https://.")


@reads("List tasks")
async def list_tasks(
    caller: Given,
    status: Annotated[
        list[str] | SkipJsonSchema[None],
        Listed,
        Field(description="working, needs_me, done, failed, or Beam statuses such as QUEUED"),
    ] = None,
    agent: AgentRef | SkipJsonSchema[None] = None,
    search: Annotated[str | SkipJsonSchema[None], Field(description="words or customId")] = None,
    since: Moment | SkipJsonSchema[None] = None,
    until: Moment | SkipJsonSchema[None] = None,
    group_by: Literal["status", "agent"] | SkipJsonSchema[None] = None,
    order: Literal["newest", "oldest", "updated"] = "newest",
    page: Annotated[int, Field(ge=1)] = 1,
    page_size: Annotated[int, Field(ge=1, le=100)] = 20,
) -> TaskListView:
    """Tasks of the workspace, a line each: find work by status, agent, words or time."""
    earliest = moment("since", since, caller.now)
    latest = moment("until", until, caller.now, end_of_day=True)
    if earliest and latest and earliest > latest:
        raise BadRequest(f"since: {quoted(since or '', 40)} is after until, {quoted(until or '', 40)}.", "Swap them.")
    wanted = Filter(
        agent_id=(await find_agent(caller, agent)).id if agent else None,
        statuses=statuses_of(status or ()),
        search=search,
        since=earliest,
        until=latest,
        group_by=group_by,
        ordering=_ORDERINGS[order],
        page=page,
        page_size=page_size,
    )
    listing = await task_list.list_tasks(caller.beam, wanted)
    found = listing if group_by else listing.merged(_ORDERINGS[order])
    caller.person.saw(*found.tasks)
    narrowed = {"status": status, "agent": agent, "search": search, "since": since, "until": until}
    asked = narrowed | {"group_by": group_by, "order": None if order == "newest" else order}
    return TaskListView.of(
        found,
        asked=asked | {"page": page, "page_size": page_size},
        filters=_in_words(narrowed),
        workspace=caller.workspace,
        now=caller.now,
    )


def _in_words(narrowed: dict[str, Any]) -> str | None:
    given = {name: item for name, item in narrowed.items() if item}
    return ", ".join(f"{name} {quoted(_joined(item), 60)}" for name, item in given.items()) or None


def _joined(item: str | list[str]) -> str:
    return item if isinstance(item, str) else ", ".join(item)


@reads("Look at a task")
async def get_task(
    caller: Given,
    task: TaskRef,
    detail: Annotated[
        Detail, Field(description="more than the summary: all steps, output, or why it failed")
    ] = "summary",
    page: Annotated[int, Field(ge=1)] = 1,
) -> View:
    """Where a task stands: progress, what it waits for, its result or why it failed. Says so if nothing has changed."""
    found = await task_named(caller, task)
    match detail:
        case "steps":
            return StepsView.of(found, page=page)
        case "output":
            return OutputView.of(found, page=page)
        case "failure":
            return EvidenceView.of(found, page=page)
        case "summary":
            return await _summary(caller, found)


async def _summary(caller: Caller, task: Task) -> View:
    since = caller.conversation.unchanged_since(task)
    usual = await usual_of(caller, task) if task.phase == "working" else None
    if since:
        return UnchangedView.of(task, since=hour(since), usual=usual, now=caller.now)
    caller.conversation.tell(task, caller.now)
    return TaskView.of(task, caller.now, usual=usual)


@reads("Wait for tasks")
async def wait_for_tasks(
    caller: Given,
    tasks: Annotated[list[TaskRef], Listed, Field(min_length=1, max_length=50)],
    timeout_seconds: Annotated[int, Field(ge=1, le=240)] = 45,
) -> WaitedView:
    """Wait until the first of these tasks needs the person, is done or fails. Running out of time cancels nothing."""
    return await wait_for(caller, tasks, timeout_seconds)


TASKS = Toolset(
    "tasks",
    "start work, find it, see where it stands, steer it",
    (create_task, list_tasks, get_task, wait_for_tasks, retry_task, stop_task, rate_task),
)
