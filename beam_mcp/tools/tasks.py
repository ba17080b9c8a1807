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
from beam_mcp.tools.given import AgentRef, Caller, Given, TaskRef, find_agent, find_task
from beam_mcp.tools.once import start_once
from beam_mcp.tools.steering import rate_task, retry_task, stop_task
from beam_mcp.tools.toolset import Toolset, creates, reads
from beam_mcp.tools.waiting import usual_of, usual_time, wait_for
from beam_mcp.tools.wanted import Listed, Moment, moment, statuses_of
from beam_mcp.views.task import Detail, OutputView, StepsView, TaskView, UnchangedView
from beam_mcp.views.tasks import StartedView, TaskListView
from beam_mcp.views.text import ago, hour, quoted, value
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
    urls: Annotated[list[str] | SkipJsonSchema[None], Listed, Field(description="pages for the agent to read")] = None,
    files: Annotated[list[str] | SkipJsonSchema[None], Listed, Field(description="local paths to send along")] = None,
    mode: Annotated[Mode | SkipJsonSchema[None], Field(description="manual stops at each decision")] = None,
    webhook_url: Annotated[str | SkipJsonSchema[None], Field(description="Beam calls it at the end")] = None,
    wait_seconds: Annotated[int, Field(ge=0, le=240, description="wait for the first change")] = 0,
    again: Again = False,  # noqa: FBT002 - every argument of a tool is given by name
) -> View:
    """Give an agent work; returns at once with the task's id. The same work within 10 minutes is not started twice."""
    _check_work(query, input, additional_info)
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
    started = StartedView.of(task, agent=who.name or agent, about=query or value(input), started=when, usual=usual)
    if not wait_seconds:
        return started
    return (await wait_for(caller, [task.id or ""], wait_seconds)).after(started)


def _check_work(query: str | None, data: dict[str, Any] | None, info: str | None) -> None:
    if (query is None) == (data is None):
        given = "both were given" if query else "neither was given"
        raise BadRequest(f"create_task takes either query or input; {given}.", "query is the work in words.")
    if query is not None and not query.strip():
        raise BadRequest("query: it is empty.", "Say in words what the agent is to do.")
    if info and data is not None:
        raise BadRequest("additional_info: it goes with query only.", "Put it into input instead.")


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
    wanted = Filter(
        agent_id=(await find_agent(caller, agent)).id if agent else None,
        statuses=statuses_of(status or ()),
        search=search,
        since=moment("since", since, caller.now),
        until=moment("until", until, caller.now),
        group_by=group_by,
        ordering=_ORDERINGS[order],
        page=page,
        page_size=page_size,
    )
    found = await task_list.list_tasks(caller.beam, wanted)
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
    found = await read_task(caller.beam, await find_task(caller, task))
    caller.person.saw(found)
    match detail:
        case "steps":
            return StepsView.of(found, page=page)
        case "output":
            return OutputView.of(found, page=page)
        case _:
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
    return await wait_for(caller, [await find_task(caller, task) for task in dict.fromkeys(tasks)], timeout_seconds)


TASKS = Toolset(
    "tasks",
    "start work, find it, see where it stands, steer it",
    (create_task, list_tasks, get_task, wait_for_tasks, retry_task, stop_task, rate_task),
)
