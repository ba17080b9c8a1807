"""What a server leaves on stderr that is ended, or made to dump where it stands, in the middle of a call (POSIX)."""

import signal
from contextlib import AsyncExitStack, suppress
from pathlib import Path

import anyio
import anyio.lowlevel
import httpx2

from beam_mcp.sandbox.access import WORKSPACE_ID
from beam_mcp.sandbox.serve import serving
from beam_mcp.sandbox.world import World
from tests.cli.processes import PATIENCE, Started, started
from tests.cli.wires import MODERN, OverHttp, OverStdio, Speaker, Wire
from tests.secrets.planting import GROUPS, KEY, LOUDLY, MARKER, OTHER_KEY, keyed, loudly, planted_world
from tests.secrets.searching import Capture, Collected

DUMP = "Fatal Python error: Aborted"  # as Python's faulthandler begins, which prints where every thread is
WAYS = {"Ctrl-C": (signal.SIGINT, LOUDLY, 0), "a dump": (signal.SIGABRT, DUMP, -signal.SIGABRT)}
DOORS = ("stdio", "http")
CHANNELS = tuple(f"stderr, {door}: {way}" for door in DOORS for way in WAYS)


async def asks(wire: Wire, agent: str) -> None:
    """Somebody begins a call that writes, and may wait in vain."""
    call = {"name": "create_task", "arguments": {"agent": agent, "query": MARKER}}
    with suppress(httpx2.TransportError):
        await Speaker(wire, MODERN).begin("tools/call", call)


async def ended(server: Started, wire: Wire, world: World, way: str) -> bytes:
    """All that is on stderr of a server that a signal meets while Beam works on a task."""
    number, control, code = WAYS[way]
    agent = next(agent for agent in world.agents.values() if agent.name == "Payment Runner")
    before = len(world.requests)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(asks, wire, agent.id)
        with anyio.fail_after(PATIENCE):
            while not any(request.method == "POST" for request in world.requests[before:]):
                await anyio.lowlevel.checkpoint()
        server.process.send_signal(number)
        assert await server.ended() == code
    with anyio.fail_after(PATIENCE):
        while control.encode() not in server.errors:
            await server.wrote.wait()
            server.wrote = anyio.Event()
    return bytes(server.errors)


async def endings(folder: Path) -> Collected:
    """What they all leave."""
    captures: list[Capture] = []
    for door in DOORS:
        for way, (_, control, _) in WAYS.items():
            world = planted_world(KEY if door == "stdio" else OTHER_KEY)
            world.faults.add("latency", method="POST", seconds=2.0, times=None)
            async with serving(world) as beam, AsyncExitStack() as open_ones:
                if door == "stdio":
                    server = await open_ones.enter_async_context(started(cwd=folder, settings=keyed(beam, folder)))
                    wire: Wire = OverStdio(server)
                else:
                    settings = loudly(folder, BEAM_API_URL=beam, BEAM_MCP_PROFILE="nobody")
                    line = ("serve", "--transport", "http", "--port", "0")
                    server = await open_ones.enter_async_context(started(*line, cwd=folder, settings=settings))
                    http = httpx2.AsyncClient(base_url=await server.address(), trust_env=False, timeout=PATIENCE)
                    await open_ones.enter_async_context(http)
                    wire = OverHttp(http, {"x-api-key": OTHER_KEY, "current-workspace-id": WORKSPACE_ID})
                captures.append(Capture(f"stderr, {door}: {way}", await ended(server, wire, world, way), control))
    return Collected(tuple(captures), {name: GROUPS[name] for name in ("fields", "links", "key", "headers")})
