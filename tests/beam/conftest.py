"""A world of one's own for each test, and the real client connected to it."""

from collections.abc import AsyncIterator

import pytest

from beam_mcp.beam.http import Beam
from beam_mcp.sandbox.world import World

from .line import connected


@pytest.fixture
def world() -> World:
    """Agents, but no tasks yet."""
    return World(populated=False)


@pytest.fixture
async def beam(world: World) -> AsyncIterator[Beam]:
    """The world, as the holder of its key sees it."""
    async with connected(world) as line:
        yield line
