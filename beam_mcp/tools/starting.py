"""Starting work."""

from typing import Annotated, Any

from pydantic import Field
from pydantic.json_schema import SkipJsonSchema

from beam_mcp.beam.errors import BadRequest
from beam_mcp.beam.new_task import Mode, NewTask
from beam_mcp.beam.task import get_task
from beam_mcp.tools.files import GivenRoots, uploads_of
from beam_mcp.tools.given import AgentRef, find_agent
from beam_mcp.tools.office import Given
from beam_mcp.tools.once import start_once
from beam_mcp.tools.usual import usual_time
from beam_mcp.tools.waiting import wait_after_start
from beam_mcp.tools.wanted import Whole
from beam_mcp.views.tasks import StartedView
from beam_mcp.views.text import ago, in_words, quoted, value
from beam_mcp.views.view import View

Again = Annotated[bool, Field(description="start even if the same was started minutes ago")]


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
    task = start.begun or await get_task(caller.beam, start.task_id)
    when = None if start.begun else ago(start.since, caller.now)
    usual = await usual_time(caller, who.id or "")
    started = StartedView.of(
        task, agent=who.name or agent, about=query or in_words(value(input)), started=when, usual=usual
    )
    return await wait_after_start(caller, started, start.task_id, wait_seconds) if wait_seconds else started


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
