"""Steering a task that exists: another try, its end, a rating."""

from collections.abc import Awaitable, Callable
from typing import Literal
from urllib.parse import quote

from pydantic_core import from_json

from beam_mcp.beam.errors import BeamBroken, BeamError, BeamUnavailable, MayHaveHappened, Overtaken, inside
from beam_mcp.beam.http import UNKNOWN, Beam
from beam_mcp.beam.lost import look_for
from beam_mcp.beam.task import Task, get_task

Rating = Literal["positive", "negative"]

ADVICE = "Look with get_task() before doing it once more."


async def retry_task(beam: Beam, task: Task, *, node_id: str | None, feedback: str | None) -> Task:
    """Run the task again, whole or from a step, sent once (POST retry); `feedback` needs a step.

    Raises:
        MayHaveHappened: the answer was lost and the task stands as before.
        Conflict, BadRequest: Beam does not run it again.
    """
    body = {"taskId": task.id, "taskNodeId": node_id, "taskNodeFeedbackAsText": feedback}
    given = {name: value for name, value in body.items() if value}
    return await _steer(
        beam,
        task,
        lambda: beam.send("POST", "/agent-tasks/retry", json=given),
        took_effect=lambda now: now.status != task.status or now.updated_at != task.updated_at,
        unseen="The task stands as before, so it seems not to run again.",
        may_be_empty=True,
    )


async def stop_task(beam: Beam, task: Task, *, reason: str) -> Task:
    """End the task, sent once (POST abort).

    Raises:
        MayHaveHappened: the answer was lost and the task still runs.
        Conflict, BadRequest: Beam does not end it.
    """
    path = f"/agent-tasks/{quote(task.id or '', safe='')}/abort"
    now = await _steer(
        beam,
        task,
        lambda: beam.send("POST", path, json={"reason": reason}),
        took_effect=lambda now: now.phase in {"failed", "done"},
        unseen="The task still runs.",
        may_be_empty=True,
    )
    if now.phase == "done":
        raise Overtaken("It was done before it could be stopped.", "Look at it with get_task().")
    return now


async def rate_task(
    beam: Beam, task: Task, *, rating: Rating, node_id: str | None, comment: str | None, expected: str | None = None
) -> Task:
    """Rate what a task or one of its steps produced, sent once (PATCH output-rating).

    Raises:
        MayHaveHappened: the answer was lost and the rating does not show.
    """
    body = {"rating": rating, "taskNodeId": node_id, "userFeedback": comment, "expectedOutput": expected}
    given = {name: value for name, value in body.items() if value}
    path = f"/agent-tasks/execution/{quote(task.id or '', safe='')}/output-rating"
    return await _steer(
        beam,
        task,
        lambda: beam.send("PATCH", path, json=given),
        took_effect=lambda now: rating in {now.rating, *(node.rating for node in now.nodes if node.id == node_id)},
        unseen="The rating does not show.",
    )


async def _steer(
    beam: Beam,
    task: Task,
    write: Callable[[], Awaitable[bytearray]],
    *,
    took_effect: Callable[[Task], bool],
    unseen: str,
    may_be_empty: bool = False,
) -> Task:
    """Write once and return the task as it is then; these answers tell little, so it is always read."""
    try:
        _require_yes(await write(), may_be_empty=may_be_empty)
    except MayHaveHappened as error:
        lost = error
    else:
        return await _as_it_is(beam, task)

    async def effect() -> Task | None:
        now = await get_task(beam, task.id or "")
        return now if took_effect(now) else None

    return await look_for(effect, lost=lost, unseen=unseen, advice=ADVICE)


def _require_yes(answer: bytearray, *, may_be_empty: bool) -> None:
    """An answer of success is a yes where it is an object, or empty if the documents say that it may be.

    Raises:
        MayHaveHappened: it is something else, which others may have sent in Beam's place.
        BeamError: it holds a refusal.
    """
    if may_be_empty and not answer:
        return
    refused = inside(answer)
    if isinstance(refused, BeamBroken | BeamUnavailable):
        raise MayHaveHappened(refused.what, UNKNOWN)
    if refused:
        raise refused
    if not _is_object(answer):
        raise MayHaveHappened("Beam's answer is not what its documents promise.", UNKNOWN)


def _is_object(answer: bytearray) -> bool:
    try:
        return isinstance(from_json(answer), dict)
    except ValueError:
        return False


async def _as_it_is(beam: Beam, task: Task) -> Task:
    try:
        return await get_task(beam, task.id or "")
    except BeamError as error:
        what = f"Beam took it, but the task cannot be read since: {error.what}"
        raise MayHaveHappened(what, "Look with get_task() in a minute; do not do it again.") from error
