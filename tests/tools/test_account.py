"""Who is signed in and what is wrong, also where nothing else works yet."""

from dataclasses import replace
from uuid import uuid4

import pytest
from inline_snapshot import snapshot

from beam_mcp.beam.auth import Identity
from beam_mcp.sandbox.access import SANDBOX_KEY
from beam_mcp.sandbox.world import World

from .chat import chat_in, office_for
from .counting import count

pytestmark = pytest.mark.anyio


async def account(world: World, workspace: str | None) -> str:
    async with office_for(world) as office:
        stranger = replace(office, identity=Identity(SANDBOX_KEY, workspace))
        async with chat_in(stranger, world) as chat:
            return await chat.ask("get_account")


async def test_without_a_workspace_the_account_names_some_to_choose_from() -> None:
    assert await account(World(), None) == snapshot("""\
Signed in as Sam Sandbox <sam@sandbox.example> at 127.0.0.1.
This client speaks MCP 2026-07-28; cannot show forms, so questions are asked in the chat; local files can be sent.
Problem: no workspace is set: set BEAM_WORKSPACE_ID to one of 5a4d6f78-0b0e-4c1a-9d2e-7be2a11d5a4d (Sandbox).\
""")


async def test_of_thousands_of_workspaces_only_a_few_are_named() -> None:
    world = World()
    world.access.workspaces |= {str(uuid4()): f"Team {number}" for number in range(3000)}
    for workspace in (None, "00000000-0000-4000-8000-000000000000", world.access.home):
        words = await account(world, workspace)
        assert count(words) <= 200
        assert words.count("Team ") <= 3
