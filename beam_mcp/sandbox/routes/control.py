"""The sandbox's own switches over HTTP, for whoever has no hold of the world itself."""

from dataclasses import asdict
from typing import Any

from starlette.responses import Response

from beam_mcp.sandbox.checks import Checks
from beam_mcp.sandbox.faults import Fault
from beam_mcp.sandbox.refusals import Refusal, json_answer
from beam_mcp.sandbox.routes.call import Call, Door
from beam_mcp.sandbox.wire import Json, stamp


async def add_fault(call: Call) -> Response:
    """Let something go wrong."""
    try:
        fault = Fault(**call.fields)
    except (TypeError, ValueError) as problem:
        raise Refusal(400, str(problem)) from None
    call.world.faults.all.append(fault)
    return json_answer(asdict(fault), 201)


async def clear_faults(call: Call) -> Response:
    """Let everything be well again."""
    call.world.faults.clear()
    return Response(status_code=204)


async def push_clock(call: Call) -> Response:
    """Let time pass."""
    checks = Checks(call.fields, ("push",))
    seconds: Any = call.fields.get("push")
    checks.require("push must be a number of seconds", fine=isinstance(seconds, int | float))
    checks.done()
    call.world.clock.push(float(seconds))
    return json_answer({"now": stamp(call.world.clock.now())})


async def list_requests(call: Call) -> Response:
    """Every API request that was seen."""
    return json_answer([_dated(asdict(seen)) for seen in call.world.requests])


async def list_acts(call: Call) -> Response:
    """Every write that was carried out."""
    return json_answer([_dated(asdict(act)) for act in call.world.acts])


async def stats(call: Call) -> Response:
    """The world in numbers."""
    world = call.world
    return json_answer(
        {
            "now": stamp(world.clock.now()),
            "agents": len(world.agents),
            "tasks": len(world.tasks),
            "requests": len(world.requests),
            "acts": len(world.acts),
            "bytesSent": world.bytes_sent,
            "tokenExchanges": world.access.exchanges,
            "tokenRefreshes": world.access.refreshes,
            "faults": [asdict(fault) for fault in world.faults.all],
        }
    )


def _dated(entry: Json) -> Json:
    return {**entry, "at": stamp(entry["at"])}


DOORS = tuple(
    Door(method, f"/_sandbox/{name}", handler, key=False, workspace=False)
    for method, name, handler in (
        ("POST", "faults", add_fault),
        ("DELETE", "faults", clear_faults),
        ("POST", "clock", push_clock),
        ("GET", "requests", list_requests),
        ("GET", "acts", list_acts),
        ("GET", "stats", stats),
    )
)
