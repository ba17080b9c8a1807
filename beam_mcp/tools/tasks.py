"""Finding work again, seeing where it stands."""

from typing import Annotated, Any, Literal

from pydantic import Field
from pydantic.json_schema import SkipJsonSchema

from beam_mcp.beam import task_list
from beam_mcp.beam.errors import BadRequest
from beam_mcp.beam.task import Task
from beam_mcp.beam.task_list import Filter
from beam_mcp.tools.given import AgentRef, TaskRef, find_agent, task_named
from beam_mcp.tools.office import Caller, Given
from beam_mcp.tools.usual import usual_of
from beam_mcp.tools.wanted import Listed, Moment, moment, statuses_of
from beam_mcp.views.evidence import EvidenceView
from beam_mcp.views.task import Detail, OutputView, StepsView, TaskView, UnchangedView
from beam_mcp.views.tasks import TaskListView
from beam_mcp.views.text import hour, quoted
from beam_mcp.views.view import View

_ORDERINGS = {"newest": "createdAt:desc", "oldest": "createdAt:asc", "updated": "updatedAt:desc"}


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
