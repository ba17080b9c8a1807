"""A task: its shape, what its status means, which step waits for a person, which failed; reading one or many."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Literal, get_args
from urllib.parse import quote

from beam_mcp.beam.http import Beam
from beam_mcp.beam.node import Node
from beam_mcp.beam.wire import Wire

Phase = Literal["working", "needs_me", "done", "failed"]

# The documented statuses by what they mean to a person. The set stays open: any other has no phase.
PHASES: Mapping[Phase, tuple[str, ...]] = {
    "working": ("QUEUED", "IN_PROGRESS", "WAITING"),
    "needs_me": ("USER_INPUT_REQUIRED", "USER_CONSENT_REQUIRED", "AUTHENTICATION_REQUIRED", "INSUFFICIENT_CREDITS"),
    "done": ("COMPLETED",),
    "failed": ("FAILED", "STOPPED"),
}
# Met in the wild or on the legacy page, but not documented as a filter (API.md, The task object).
_ALSO: Mapping[str, Phase] = {
    "PENDING": "working",
    "RUNNING": "working",
    "ERROR": "failed",
    "TIMEOUT": "failed",
    "CANCELLED": "failed",
}
_PHASE_OF: Mapping[str, Phase] = {**_ALSO, **{s: phase for phase, statuses in PHASES.items() for s in statuses}}
PHASE_NAMES: tuple[Phase, ...] = get_args(Phase)


def phase_of(status: str | None) -> Phase | None:
    """What a status of a task or step means to a person; None for one that nobody has documented yet."""
    return _PHASE_OF.get((status or "").upper())


def folded(name: str) -> str:
    """A customId as it is compared: in small letters, unless one of them is the small letter of another sign as well.

    The signs for Kelvin and Angstrom have those of K and Å, and would make one id of two (Unicode, SpecialCasing).
    """
    small = name.lower()
    return small if small.upper() == name.upper() else name


class AgentName(Wire):
    """The agent as a task mentions it."""

    id: str | None = None
    name: str | None = None


class AgentGraph(Wire):
    """The graph a task runs; the only place where a task names its agent."""

    agent_id: str | None = None
    agent: AgentName | None = None


class TaskHead(Wire):
    """A task without its steps: what a list needs."""

    id: str | None = None
    custom_id: str | None = None
    status: str | None = None
    task_summary: str | None = None
    task_objective: str | None = None
    task_query: str | None = None
    original_task_query: str | None = None
    total_cost: float | None = None
    tokens_used: float | None = None
    average_evaluation_score: float | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    agent_id: str | None = None
    rating: str | None = None
    agent_graph: AgentGraph | None = None

    def lacks(self) -> str | None:
        """Without an id it is no task."""
        return None if self.id else "task"

    @property
    def phase(self) -> Phase | None:
        """What the status means to a person."""
        return phase_of(self.status)

    @property
    def of_agent(self) -> AgentName:
        """Its agent, as far as Beam says."""
        graph = self.agent_graph or AgentGraph()
        agent = graph.agent or AgentName()
        return AgentName(id=agent.id or graph.agent_id or self.agent_id, name=agent.name)

    @property
    def changed_at(self) -> datetime | None:
        """When Beam last changed it, in UTC."""
        return in_utc(self.updated_at or self.created_at)


class ContextFile(Wire):
    """A file of a task; its uploader and every other key are left where they are, since they carry secrets."""

    id: str | None = None
    name: str | None = None
    mime_type: str | None = None
    agent_id: str | None = None


class Task(TaskHead):
    """A whole task."""

    agent_task_nodes: list[Node] | None = None
    context_files: list[ContextFile] | None = None

    @property
    def nodes(self) -> list[Node]:
        """Its steps so far."""
        return self.agent_task_nodes or []

    def waiting_nodes(self) -> list[Node]:
        """The steps that stop for a person; several can at once."""
        waiting = [node for node in self.nodes if node.status and _waits(node)]
        if not waiting and self.phase == "needs_me":
            return [node for node in self.nodes if node.open_questions()]
        return waiting

    @property
    def needs_person(self) -> bool:
        """Whether it waits for somebody, if only in one of its branches while others are at work."""
        return self.phase == "needs_me" or (self.phase in {"working", None} and bool(self.waiting_nodes()))

    def asking_nodes(self) -> list[Node]:
        """The steps that ask questions which can be answered in words."""
        return [node for node in self.waiting_nodes() if _asks(node, self) and node.open_questions()]

    def failing_node(self) -> Node | None:
        """The step that failed, or the last one that was stopped."""
        failed = [node for node in self.nodes if phase_of(node.status) == "failed"]
        return failed[-1] if failed else None

    def outcome(self) -> tuple[Any, ...]:
        """What the last finished steps produced: exit steps if any, else the last one with an output."""
        produced = [node for node in self.nodes if node.output and node.output.value not in (None, {}, [], "")]
        exits = [node for node in produced if node.agent_graph_node and node.agent_graph_node.is_exit_node]
        return tuple(node.output.value for node in exits or produced[-1:] if node.output)


def _waits(node: Node) -> bool:
    """By its status; one that nobody has documented waits if it asks something."""
    phase = phase_of(node.status)
    return phase == "needs_me" or (phase is None and bool(node.open_questions()))


def _asks(node: Node, task: Task) -> bool:
    status = (node.status if phase_of(node.status) == "needs_me" else task.status) or ""
    return status.upper() == "USER_INPUT_REQUIRED" or phase_of(status) is None


def in_utc(moment: datetime | None) -> datetime | None:
    """A moment of Beam's, which is UTC where it names no zone."""
    if moment is None:
        return None
    try:
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except OverflowError:
        return None  # the first or last hours of the calendar, which some systems write for "never"


async def get_task(beam: Beam, task_id: str) -> Task:
    """The whole task (GET /agent-tasks/{id}), often 1-3 MB.

    Raises:
        NotFound: no such task in this workspace.
    """
    return await beam.get(Task, f"/agent-tasks/{quote(task_id, safe='')}")
