"""When the answer to a write is lost, Beam is looked at before anything is said, and nothing is sent again."""

from collections.abc import Awaitable, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import anyio
import pytest

from beam_mcp.beam.answer import Answers, submit_answers
from beam_mcp.beam.errors import BeamError, Conflict, MayHaveHappened
from beam_mcp.beam.http import Beam
from beam_mcp.beam.lost import look_for
from beam_mcp.beam.new_task import NewTask, create_task, find_started
from beam_mcp.beam.node import Asked
from beam_mcp.beam.task import TaskHead, get_task
from beam_mcp.sandbox.world import World

from .line import calls, connected

pytestmark = pytest.mark.anyio

LIMIT = 2.5
SILENT = {"retry-after": "99"}  # so that a failing look is not repeated by itself


async def for_each(cases: Sequence[Any], check: Any) -> None:
    """Check all cases at the same time, since each looks at Beam for some seconds."""
    with anyio.fail_after(30):
        async with anyio.create_task_group() as group:
            for case in cases:
                group.start_soon(check, case)


async def outcome(write: Awaitable[TaskHead]) -> TaskHead | MayHaveHappened:
    """What is said of a write whose answer was lost."""
    try:
        return await write
    except MayHaveHappened as maybe:
        return maybe


async def asking(beam: Beam, world: World) -> Answers:
    """The right answers for a new task that asks."""
    task = await get_task(beam, world.add_task("Invoice Matcher", status="USER_INPUT_REQUIRED").id)
    [node] = task.asking_nodes()
    return Answers(task.id or "", node.id or "", dict.fromkeys(node.open_questions(), "PO-2291"))


UNREADABLE: Sequence[dict[str, Any]] = (
    {"kind": "status", "code": 503, "headers": SILENT},
    {"kind": "status", "code": 401},
    {"kind": "not_json"},
    {"kind": "error_in_200"},
    {"kind": "latency", "seconds": 20},
)


async def blind(fault: dict[str, Any], *, method: str) -> None:
    """Nothing is claimed where Beam cannot be read afterwards."""
    world = World(populated=False)
    async with connected(world, limit=LIMIT) as beam:
        answers = await asking(beam, world)
        new = NewTask(world.agent("Invoice Matcher").id, query="x")
        world.faults.add(path="^/agent-tasks", method="GET", times=None, **fault)
        world.faults.add("cut_after", times=None)
        beam.http.timeout = 2.0
        maybe = await outcome(submit_answers(beam, answers) if method == "PATCH" else create_task(beam, new))
    assert isinstance(maybe, MayHaveHappened), fault
    assert "cut before it answered. Beam could not be read since." in maybe.what
    assert len(calls(world, method)) == 1


async def test_nothing_is_claimed_where_beam_cannot_be_read_afterwards() -> None:
    with anyio.fail_after(40):
        async with anyio.create_task_group() as group:
            for method in ("PATCH", "POST"):
                group.start_soon(for_each, UNREADABLE, partial(blind, method=method))


async def test_one_failed_look_does_not_hide_what_happened(world: World, beam: Beam) -> None:
    world.faults.add("cut_after", method="POST")
    world.faults.add("status", method="GET", code=503, headers=SILENT, times=1)
    task = await create_task(beam, NewTask(world.agent("Invoice Matcher").id, query="x"))
    assert task.id == world.acts[0].task_id


async def test_looking_has_an_end_although_beam_has_none(world: World, beam: Beam) -> None:
    world.faults.add("latency", method="GET", seconds=60, times=None)
    gone = MayHaveHappened("The answer was lost.")
    with anyio.fail_after(30), pytest.raises(MayHaveHappened, match="Beam could not be read since"):
        await look_for(
            lambda: get_task(beam, "t"), lost=gone, unseen="It is not there.", advice="Look again.", patience=0.3
        )


async def test_a_refusal_is_told_at_once_and_without_looking(world: World, beam: Beam) -> None:
    answers = await asking(beam, world)
    await submit_answers(beam, answers)
    world.requests.clear()
    with pytest.raises(Conflict):
        await submit_answers(beam, answers)
    with pytest.raises(BeamError) as missing:
        await create_task(beam, NewTask("no such agent", query="x"))
    assert not isinstance(missing.value, MayHaveHappened)
    assert [seen.method for seen in world.requests] == ["PATCH", "POST"]


async def test_a_step_that_still_asks_something_else_took_the_answer(world: World, beam: Beam) -> None:
    answers = await asking(beam, world)
    other = Answers(answers.task_id, answers.node_id, {Asked("Another question?"): "x"})
    world.faults.add("cut_after", method="PATCH", acts=False)
    assert (await submit_answers(beam, other)).phase == "needs_me"


async def found(beam: Beam, new: NewTask, *, known: Sequence[str] = ()) -> str | None:
    """The id of the task that is taken for work begun half a minute ago."""
    task = await find_started(beam, new, since=datetime.now(UTC) - timedelta(seconds=30), known=set(known))
    return task.id if task else None


async def test_only_a_new_task_of_the_same_agent_for_the_same_work_is_taken(world: World, beam: Beam) -> None:
    mine, other = world.agent("Invoice Matcher").id, world.agent("Payment Runner").id
    new = NewTask(mine, query="Match it")
    world.add_task(other, query="Match it")
    world.add_task(mine, query="Match that")
    world.add_task(mine, query="Match it", age=60)
    assert await found(beam, new) is None
    first, second = world.add_task(mine, query="Match it", age=20), world.add_task(mine, query=" Match it\n", age=10)
    assert await found(beam, new) == second.id
    assert await found(beam, new, known=[second.id]) == first.id
    assert await found(beam, new, known=[first.id, second.id]) is None


async def test_structured_work_is_known_by_its_meaning_not_its_text(world: World, beam: Beam) -> None:
    agent = world.agent("Invoice Matcher").id
    task = world.add_task(agent, query='{"b": [2], "a": 1.0}')
    assert await found(beam, NewTask(agent, data={"a": 1, "b": [2]})) == task.id
    assert await found(beam, NewTask(agent, data={"a": 1})) is None
    assert await found(beam, NewTask(agent, query="a")) is None
    task = world.add_task(agent, query='{"query": "Match it"}')
    assert await found(beam, NewTask(agent, query="Match it")) == task.id


async def test_a_task_that_tells_neither_when_nor_what_is_not_taken(world: World, beam: Beam) -> None:
    agent = world.agent("Invoice Matcher").id
    world.add_task(agent, query="Match it", absent=("createdAt",))
    world.add_task(agent, query="Match it", absent=("taskQuery", "originalTaskQuery"))
    assert await found(beam, NewTask(agent, query="Match it")) is None
    task = world.add_task(agent, query="Match it", absent=("taskQuery",))
    assert await found(beam, NewTask(agent, query="Match it")) == task.id
