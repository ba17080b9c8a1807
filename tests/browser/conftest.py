"""One browser for all tests here: starting it takes longer than any of them."""

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, expect

from beam_mcp.sandbox.world import World

from .browsing import browsing
from .visiting import PATIENCE

expect.set_options(timeout=PATIENCE)


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    """A browser without a window."""
    async with browsing() as found:
        yield found


@pytest.fixture
def world() -> World:
    """Agents, but no tasks yet."""
    return World(populated=False)
