"""The stream that nudges whoever follows a task."""

from collections.abc import AsyncIterator

import anyio
from starlette.responses import Response, StreamingResponse

from beam_mcp.sandbox.routes.call import Call, Door
from beam_mcp.sandbox.task import TaskState

_LOOK_EVERY = 0.05
_PING_EVERY = 15.0
_OPEN_FOR = 900.0


async def updates(call: Call) -> Response:
    """Server-sent events, one for each change of a task, until it is over."""
    stream = _events(call, call.task(call.segment("task_id")))
    return StreamingResponse(stream, media_type="text/event-stream", headers={"cache-control": "no-cache"})


async def _events(call: Call, task: TaskState) -> AsyncIterator[bytes]:
    told, began = task.version, anyio.current_time()
    pinged = began
    yield b": connected\n\n"
    while anyio.current_time() - began < _OPEN_FOR:
        task.advance(call.world.clock.now())
        if task.version != told:
            told = task.version
            yield b"event: message\ndata: {}\n\n"
        if task.over:
            return
        if anyio.current_time() - pinged > _PING_EVERY:
            pinged = anyio.current_time()
            yield b": ping\n\n"
        await anyio.sleep(_LOOK_EVERY)


DOORS = (Door("GET", "/agent-tasks/{task_id}/updates", updates, workspace=False),)
