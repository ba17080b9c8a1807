"""The columns of the table: every call of the client, what it is made with, and which of its requests is struck."""

import hashlib
import re
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Literal

from beam_mcp.beam.agent import get_agent, get_graph, list_agents
from beam_mcp.beam.analytics import get_analytics
from beam_mcp.beam.answer import Answers, submit_answers
from beam_mcp.beam.auth import Mode
from beam_mcp.beam.decision import Action, consent, reject, waiting_for_consent
from beam_mcp.beam.file import Upload, download, download_link
from beam_mcp.beam.follow import until_news
from beam_mcp.beam.history import usual
from beam_mcp.beam.http import Beam
from beam_mcp.beam.new_task import NewTask, create_task
from beam_mcp.beam.raw import raw_agent, raw_task
from beam_mcp.beam.steering import rate_task, retry_task, stop_task
from beam_mcp.beam.task import TaskHead, get_task
from beam_mcp.beam.task_list import Filter, list_tasks, list_whole_tasks
from beam_mcp.beam.user import current_user
from beam_mcp.sandbox.world import World
from beam_mcp.tools.folders import Folders

Make = Callable[[Beam], Awaitable[Any]]
Kind = Literal["read", "write", "other"]

AGENT = "Invoice Matcher"
DATA = b"the data of a file " * 5000
MOST_SAVED = 1024 * 1024
WAITS = 20.0  # seconds for news


@dataclass(frozen=True)
class Call:
    """A call: `ready` brings about what it needs and returns it; the fault strikes `method` and `path`.

    A read and a write behave as the table says of all of their kind, unless it names the call. `right` is what comes
    out where nothing goes wrong; without it, that is found out.
    """

    name: str
    kind: Kind
    method: str
    path: str
    ready: Callable[[World, Beam, Path], Awaitable[Make]]
    mode: Mode = "key"
    right: Any = None

    def strikes(self, path: str) -> bool:
        """Whether a request to this path is the one that the fault is meant for."""
        return bool(re.search(self.path, path))


def simple(make: Callable[[Beam, World], Awaitable[Any]]) -> Callable[[World, Beam, Path], Awaitable[Make]]:
    """A call that needs nothing but the agents, and a task that is done."""

    async def ready(world: World, beam: Beam, folder: Path) -> Make:
        assert beam
        assert folder
        world.add_task(AGENT, status="COMPLETED", age=60)
        return lambda struck: make(struck, world)

    return ready


def agent_of(world: World) -> str:
    """The agent's id."""
    return world.agent(AGENT).id


def done_in(world: World) -> str:
    """The id of the task that is done."""
    return next(task.id for task in world.tasks.values() if task.status == "COMPLETED")


async def _analytics(beam: Beam, world: World) -> Any:
    return await get_analytics(beam, agent_of(world), since=date(2026, 1, 1), until=date(2026, 1, 31))


async def _saved(world: World, beam: Beam, folder: Path) -> Make:
    """Bytes behind a signed link; whether one is left behind that is not whole shows in the folder."""
    file = world.add_file(agent_of(world), "report.pdf", DATA)

    async def save(struck: Beam) -> bytes:
        world.download_base = struck.http.base_url
        link = await download_link(beam, agent_of(world), file.id)
        saved = await Folders((folder,)).save(file.name, download(struck, link), most=MOST_SAVED)
        found = saved.path.read_bytes()
        saved.path.unlink()
        return found

    return save


async def _link(beam: Beam, world: World) -> str:
    file = next(iter(world.files.values()))
    world.download_base = "https://storage.example"
    return await download_link(beam, agent_of(world), file.id)


async def _linked(world: World, beam: Beam, folder: Path) -> Make:
    assert beam
    assert folder
    world.add_file(agent_of(world), "report.pdf", DATA)
    return lambda struck: _link(struck, world)


def is_done(task: TaskHead) -> bool:
    """What is waited for."""
    return task.phase == "done"


async def _news(world: World, beam: Beam, folder: Path) -> Make:
    """A task that is done at the second look, since the clock of its world is pushed after the first."""
    assert beam
    assert folder
    task = world.add_task("Onboarding Helper")

    async def look_again(seen: Sequence[TaskHead]) -> None:
        assert seen
        world.clock.push(30)

    async def wait(struck: Beam) -> list[str | None]:
        found = await until_news(struck, [task.id], is_news=is_done, seconds=WAITS, report=look_again)
        return [head.phase for head in found]

    return wait


def new(**parts: Any) -> Callable[[World, Beam, Path], Awaitable[Make]]:
    """New work."""

    async def ready(world: World, beam: Beam, folder: Path) -> Make:
        assert beam
        assert folder
        wanted = NewTask(agent_of(world), **parts)
        return lambda struck: create_task(struck, wanted, known=set(world.tasks))

    return ready


async def _content() -> AsyncGenerator[bytes]:
    yield DATA


UPLOAD = Upload("data.txt", "text/plain", len(DATA), hashlib.sha256(DATA).hexdigest(), _content)


async def _answers(world: World, beam: Beam, folder: Path) -> Make:
    assert folder
    task = await get_task(beam, world.add_task(AGENT, status="USER_INPUT_REQUIRED").id)
    [node] = task.asking_nodes()
    answers = Answers(task.id or "", node.id or "", dict.fromkeys(node.open_questions(), "PO-2291"))
    return lambda struck: submit_answers(struck, answers)


def decided(make: Callable[[Beam, Action], Awaitable[Any]]) -> Callable[[World, Beam, Path], Awaitable[Make]]:
    """A decision on a payment."""

    async def ready(world: World, beam: Beam, folder: Path) -> Make:
        assert folder
        task = await get_task(beam, world.add_task("Payment Runner", status="USER_CONSENT_REQUIRED").id)
        action = Action.of(task, waiting_for_consent(task)[0])
        return lambda struck: make(struck, action)

    return ready


def steered(status: str, make: Callable[..., Awaitable[Any]], **parts: Any) -> Callable[..., Awaitable[Make]]:
    """Something done to a task that exists."""

    async def ready(world: World, beam: Beam, folder: Path) -> Make:
        assert folder
        task = await get_task(beam, world.add_task("Contract Reviewer", status=status, age=60).id)
        return lambda struck: make(struck, task, **parts)

    return ready


CREATES, ACTS = "^/agent-tasks$", "^/agent-tasks/.*"

CALLS: tuple[Call, ...] = (
    Call("current_user", "read", "GET", "^/v2/user/me$", simple(lambda beam, _: current_user(beam))),
    Call("list_agents", "read", "GET", "^/agent$", simple(lambda beam, _: list_agents(beam))),
    Call("get_agent", "read", "GET", "^/agent/", simple(lambda beam, w: get_agent(beam, agent_of(w)))),
    Call("get_graph", "read", "GET", "^/agent-graphs/", simple(lambda beam, w: get_graph(beam, agent_of(w)))),
    Call("usual", "read", "GET", "/latest-executions$", simple(lambda beam, w: usual(beam, agent_of(w)))),
    Call("list_tasks", "read", "GET", "^/agent-tasks$", simple(lambda beam, _: list_tasks(beam, Filter()))),
    Call("list_whole_tasks", "read", "GET", "^/agent-tasks$", simple(lambda beam, _: list_whole_tasks(beam, Filter()))),
    Call("get_task", "read", "GET", "^/agent-tasks/", simple(lambda beam, w: get_task(beam, done_in(w)))),
    Call("get_analytics", "read", "GET", "/analytics$", simple(_analytics)),
    Call("raw_task", "read", "GET", "^/agent-tasks/", simple(lambda beam, w: raw_task(beam, done_in(w)))),
    Call("raw_agent", "read", "GET", "^/agent/", simple(lambda beam, w: raw_agent(beam, agent_of(w)))),
    Call("download_link", "read", "GET", "/download$", _linked),
    Call("token", "other", "POST", "^/auth/", simple(lambda beam, _: list_agents(beam)), "token"),
    Call("download", "other", "GET", "^/storage/", _saved),
    Call("until_news", "other", "GET", "^/agent-tasks(/[0-9a-f-]+)?$", _news, right=["done"]),
    Call("updates", "other", "GET", "/updates$", _news, right=["done"]),
    Call("create_task", "write", "POST", CREATES, new(query="Match it")),
    Call("… structured", "write", "POST", CREATES, new(data={"invoice": "RE-1", "amount": 3})),
    Call("… with a file", "write", "POST", CREATES, new(query="Match it", files=[UPLOAD])),
    Call("submit_answers", "write", "PATCH", ACTS, _answers),
    Call("consent", "write", "POST", ACTS, decided(lambda b, a: consent(b, a, changed=None, feedback=None))),
    Call("reject", "write", "POST", ACTS, decided(lambda b, a: reject(b, a, reasons=["too much"]))),
    Call("retry_task", "write", "POST", ACTS, steered("FAILED", retry_task, node_id=None, feedback=None)),
    Call("stop_task", "write", "POST", ACTS, steered("IN_PROGRESS", stop_task, reason="enough")),
    Call(
        "rate_task",
        "write",
        "PATCH",
        ACTS,
        steered("COMPLETED", rate_task, rating="positive", node_id=None, comment="good"),
    ),
)
