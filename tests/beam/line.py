"""A line from a person to a world: the real client over real HTTP."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

from beam_mcp.beam.auth import Identity
from beam_mcp.beam.http import Beam, Http
from beam_mcp.sandbox.access import SANDBOX_KEY, WORKSPACE_ID
from beam_mcp.sandbox.serve import serving
from beam_mcp.sandbox.world import Seen, World

PERSON = Identity(key=SANDBOX_KEY, workspace=WORKSPACE_ID, mode="key")


@asynccontextmanager
async def connected(world: World, identity: Identity = PERSON, *, limit: float = 10.0) -> AsyncGenerator[Beam]:
    """Beam as this person sees it, with the world behind it; `limit` bounds a call in seconds."""
    async with serving(world) as url, client(url, identity, limit=limit) as beam:
        yield beam


@asynccontextmanager
async def client(url: str, identity: Identity = PERSON, *, limit: float = 10.0) -> AsyncGenerator[Beam]:
    """Beam as this person sees it, at any address."""
    http = Http(url, timeout=limit)
    try:
        yield http.acting_as(identity)
    finally:
        await http.aclose()


def answering(world: World, path: str, body: Any, *, code: int = 200) -> None:
    """Let every request to this path be answered with this body; a text goes out as it is."""
    world.faults.clear()
    world.faults.add("status", f"^{path}$", code=code, body=body, times=None)


def calls(world: World, method: str = "", path: str = "") -> list[Seen]:
    """What was asked of the world so far."""
    return [seen for seen in world.requests if seen.method.startswith(method) and seen.path.endswith(path)]
