"""Starting work: both documented forms of a new task, and finding it again when Beam's answer was lost."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from pydantic_core import from_json

from beam_mcp.beam.errors import MayHaveHappened
from beam_mcp.beam.file import JsonWithFiles, Upload
from beam_mcp.beam.http import Beam
from beam_mcp.beam.lost import look_for
from beam_mcp.beam.task import TaskHead, in_utc
from beam_mcp.beam.task_list import Filter, list_tasks

Mode = Literal["auto", "manual"]

UPLOAD_SECONDS = 120.0  # API.md, Errors and limits
CLOCKS_DIFFER = timedelta(seconds=3)  # what is not known of Beam's clock: its answers tell it to the second


@dataclass(frozen=True)
class NewTask:
    """Work for an agent: `query` in words, or `data` for an agent that takes a structured input."""

    agent_id: str
    query: str | None = None
    additional_info: str | None = None
    urls: Sequence[str] = ()
    files: Sequence[Upload] = ()
    data: dict[str, Any] | None = None
    mode: Mode | None = None
    webhook_url: str | None = None

    def body(self) -> dict[str, Any]:
        """The request's body, without its files, in the form that fits what is given (requests.md)."""
        body: dict[str, Any] = {"agentId": self.agent_id}
        if self.query is not None:
            info = {"additionalInfo": self.additional_info} if self.additional_info else {}
            body["taskQuery"] = {"query": self.query, **info}
        if self.data is not None:
            body["input"] = self.data
        if self.urls:
            body["parsingUrls"] = list(self.urls)
        optional = {"mode": self.mode, "webhookUrl": self.webhook_url}
        return body | {name: value for name, value in optional.items() if value}

    def sameness(self) -> list[Any]:
        """What makes two pieces of work the same."""
        return [self.body(), [(file.name, file.sha256) for file in self.files]]

    def is_it(self, task: TaskHead) -> bool:
        """Whether a listed task asks for the same thing."""
        said = [text for text in (task.task_query, task.original_task_query) if text]
        return any(_same(text, self.query, self.data) for text in said)


def _same(text: str, query: str | None, data: dict[str, Any] | None) -> bool:
    if query is not None and text.strip() == query.strip():
        return True
    try:
        meant = from_json(text)
    except ValueError:
        return False
    return any(wanted is not None and meant == wanted for wanted in (data, {"query": query} if query else None))


async def create_task(beam: Beam, new: NewTask, *, known: Collection[str] = ()) -> TaskHead:
    """Start the work (POST /agent-tasks), sent once; `known` are ids of tasks that were there before.

    Raises:
        MayHaveHappened: the answer was lost and no new task of that agent can be found.
    """
    since = datetime.now(UTC)
    within = UPLOAD_SECONDS if new.files else None
    try:
        return await beam.write(TaskHead, "POST", "/agent-tasks", within=within, **_content(new))
    except MayHaveHappened as lost:
        return await look_for(
            lambda: find_started(beam, new, since=since, known=known),
            lost=lost,
            unseen="No such task is to be seen in Beam so far.",
            advice="It may still appear: look with list_tasks() before starting it a second time.",
        )


def _content(new: NewTask) -> dict[str, Any]:
    if not new.files:
        return {"json": new.body()}
    body = JsonWithFiles(new.body(), new.files)
    headers = {"Content-Type": "application/json", "Content-Length": str(body.length)}
    return {"content": body.stream(), "extra_headers": headers}


async def find_started(beam: Beam, new: NewTask, *, since: datetime, known: Collection[str]) -> TaskHead | None:
    """The newest task of that agent that asks for the same thing, is not `known`, and was made after `since`.

    `since` is a time of our clock; Beam's may differ, and a colleague's task of a minute ago is not ours.
    """
    newest = await list_tasks(beam, Filter(agent_id=new.agent_id, ordering="createdAt:desc", page_size=10))
    earliest = since + beam.http.clock_ahead - CLOCKS_DIFFER
    for task in newest.tasks:
        created = in_utc(task.created_at)
        ours = task.of_agent.id in {None, new.agent_id} and task.id not in known and new.is_it(task)
        if ours and created and created >= earliest:
            return task
    return None
