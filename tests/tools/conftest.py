"""A world of one's own for each test, and a conversation about it."""

from collections.abc import AsyncIterator

import pytest

from beam_mcp.sandbox.world import World

from .chat import Chat, chatting


@pytest.fixture
def world() -> World:
    """Agents, but no tasks yet, and time stands still until a test pushes it, so that no task moves on unasked."""
    return World(populated=False, speed=0)


@pytest.fixture
async def chat(world: World) -> AsyncIterator[Chat]:
    """A conversation over a client that cannot show forms."""
    async with chatting(world) as talk:
        yield talk
