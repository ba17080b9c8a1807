"""Carrying a write through although the caller gives up: Beam may have it by then, and what became of it matters."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Coroutine, Generator
from contextlib import asynccontextmanager, contextmanager
from typing import Any, TypeVar

import anyio

from beam_mcp.beam.errors import BeamError, MayHaveHappened
from beam_mcp.beam.task import TaskHead
from beam_mcp.desk.desk import SAME_WORK
from beam_mcp.tools.office import Caller
from beam_mcp.tools.receipts import Receipt
from beam_mcp.views.cleaning import clean
from beam_mcp.views.text import ago

log = logging.getLogger(__name__)

STANDS = "and that stands"
_NO_RECEIPT = "The receipt for %s could not be written to %s (%s); BEAM_MCP_AUDIT names another file, or none if empty."
NOT_KNOWN = "and whether that arrived was not known then"

T = TypeVar("T")


async def carry_through(caller: Caller, write: Coroutine[Any, Any, T]) -> T:
    """Wait for `write`; where the waiting is cancelled it goes on by itself, at the longest as long as the process."""
    task = asyncio.create_task(write)
    caller.office.under_way.add(task)
    task.add_done_callback(caller.office.under_way.discard)
    task.add_done_callback(_take_note)
    return await asyncio.shield(task)


def _take_note(task: asyncio.Task[Any]) -> None:
    """An error that nobody waits for any more is no news; the next call looks at what stands."""
    if not task.cancelled():
        task.exception()


@contextmanager
def remembered(caller: Caller, task_id: str, done: str) -> Generator[None]:
    """Keep what is being done to a task, in words, for a repeated call, unless it fails; also where nobody knows.

    From its beginning, since Beam may show the effect before it answers; the conversation hears of the task anew.
    """
    caller.person.done[task_id] = (caller.now, done, STANDS)
    caller.conversation.told.pop(task_id, None)
    try:
        yield
    except MayHaveHappened:
        caller.person.done[task_id] = (caller.now, done, NOT_KNOWN)
        raise
    except BeamError:
        caller.person.done.pop(task_id, None)
        raise


def done_before(caller: Caller, task: TaskHead) -> str | None:
    """What this person did to the task lately, as a sentence; None when nothing is remembered."""
    at, done, became = caller.person.done.get(task.id or "") or (None, "", "")
    if at is None or caller.now - at > SAME_WORK:
        return None
    return f"{done} {ago(at, caller.now)}, {became}; nothing more was sent."


@asynccontextmanager
async def recording(caller: Caller, receipt: Receipt) -> AsyncGenerator[list[str]]:
    """Record the receipt before what is done inside, and again once that ended; it lists where the task stands then."""
    receipt = receipt.model_copy(update={"at": caller.now, "workspace": caller.workspace})
    await _keep(caller, receipt)
    result: list[str] = []
    try:
        yield result
    except BeamError as error:
        result.append(f"failed: {error.what}")
        raise
    finally:
        said = clean(" ".join(result)) or "not known, the server was stopped"
        await _keep(caller, receipt.model_copy(update={"ended": caller.now, "result": said}))


async def _keep(caller: Caller, receipt: Receipt) -> None:
    receipts = caller.office.receipts
    if receipts is None:
        return
    try:
        await anyio.to_thread.run_sync(receipts.add, receipt)
    except OSError as error:
        log.warning(_NO_RECEIPT, receipt.task, receipts.place, error.strerror)
