"""Who is signed in, what this client can do and what is wrong, also where nothing else works yet."""

import platform
import re
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from inline_snapshot import snapshot
from mcp import Client, StdioServerParameters
from mcp.client.extension import advertise

from beam_mcp import __version__
from beam_mcp.beam.auth import Identity
from beam_mcp.beam.user import CreditBalance, User, Workspace
from beam_mcp.sandbox.access import SANDBOX_KEY, WORKSPACE_ID
from beam_mcp.sandbox.world import World
from beam_mcp.server.build import build
from beam_mcp.tools.receipts import Receipts
from beam_mcp.views.account import AccountView, Problem, Way

from .chat import Chat, Era, Human, Progress, Said, chat_in, chatting, office_for
from .counting import count

pytestmark = pytest.mark.anyio

ROOT = Path(__file__).parents[2]
THIS = f"beam-mcp {__version__} on Python {platform.python_version()}"


def words_of(said: Said) -> str:
    """What it says, the same on every machine and at any speed."""
    words = re.sub(r"in \d+ ms", "in 9 ms", said.text.replace(THIS, "<version>"))
    assert count(said.text) <= 200
    return words.replace(WORKSPACE_ID, "<workspace>")


async def account(world: World, workspace: str | None) -> str:
    async with office_for(world) as office:
        stranger = replace(office, identity=Identity(SANDBOX_KEY, workspace, source="profile work"))
        async with chat_in(stranger, world) as chat:
            return words_of(await chat.call("get_account"))


@pytest.fixture
async def in_order() -> AsyncIterator[Chat]:
    """A conversation over a client that can do little, in an office where all is well."""
    async with chatting(World(populated=False)) as chat:
        yield chat


async def test_where_all_is_well_it_says_who_where_and_what_the_client_can_do(in_order: Chat) -> None:
    assert words_of(await in_order.call("get_account")) == snapshot("""\
Signed in as Sam Sandbox <sam@sandbox.example> at 127.0.0.1, by BEAM_API_KEY.
Workspace Sandbox (<workspace>), 11 agents, 12 of 1,000 credits left.
<version>; Beam answered in 9 ms.
Client mcp 0.1.0 speaks MCP 2026-07-28; forms: no, cards: no, progress: no, roots: no; local files can be sent.
Next: list_agents() shows who can do work here.\
""")


@pytest.mark.parametrize("mode", ["legacy", "auto"])
async def test_each_thing_that_a_client_can_do_is_named(mode: Era) -> None:
    async with chatting(World(populated=False), mode=mode, human=Human(), roots=[]) as chat:
        assert "forms: yes, cards: no, progress: no, roots: yes" in await chat.ask("get_account")
    async with office_for(World(populated=False)) as office:
        draws = advertise("io.modelcontextprotocol/ui", {"mimeTypes": ["text/html;profile=mcp-app"]})
        async with Client(build(office), mode=mode, extensions=[draws]) as client:
            said = Said(await client.call_tool("get_account", {}))
            assert "forms: no, cards: yes, progress: no, roots: no" in said.text


@pytest.mark.parametrize("mode", ["legacy", "auto"])
async def test_a_client_that_wants_progress_is_known_by_its_call(mode: Era) -> None:
    server = StdioServerParameters(
        command=sys.executable, args=["-m", "beam_mcp.cli", "--sandbox"], env={"PYTHONPATH": str(ROOT)}
    )
    async with Client(server, mode=mode) as client:
        said = Said(await client.call_tool("get_account", {}, progress_callback=Progress()))
    assert "progress: yes" in said.text
    assert "by the sandbox." in said.text


async def test_without_a_workspace_the_account_names_some_to_choose_from() -> None:
    assert await account(World(), None) == snapshot("""\
Signed in as Sam Sandbox <sam@sandbox.example> at 127.0.0.1, by profile work.
<version>; Beam answered in 9 ms.
Client mcp 0.1.0 speaks MCP 2026-07-28; forms: no, cards: no, progress: no, roots: no; local files can be sent.
Problem: no workspace is set: set BEAM_WORKSPACE_ID to <workspace> (Sandbox).\
""")


async def test_where_no_receipt_can_be_written_that_is_said_with_the_fix(tmp_path: Path) -> None:
    world = World(populated=False)
    async with office_for(world) as office:
        for audit, said in ((tmp_path, True), (tmp_path / "not" / "there" / "yet.jsonl", False)):
            async with chat_in(replace(office, receipts=Receipts(audit)), world) as chat:
                words = words_of(await chat.call("get_account"))
            told = "\nReceipts cannot be written: change BEAM_MCP_AUDIT."
            assert words.endswith(told) == said
            assert not (tmp_path / "not").exists()


async def test_of_thousands_of_workspaces_only_a_few_are_named() -> None:
    world = World()
    world.access.workspaces |= {str(uuid4()): f"Team {number}" for number in range(3000)}
    for workspace in (None, "00000000-0000-4000-8000-000000000000", world.access.home):
        words = await account(world, workspace)
        assert words.count("Team ") <= 3
    assert "one of 3,001 workspaces" in words


def test_the_longest_names_and_every_problem_still_fit_in_200_tokens() -> None:
    workspaces = [
        Workspace(
            id=str(uuid4()),
            name="Straßenbahnhaltestellenverwaltungsangelegenheiten " * 4,
            credit_balance=CreditBalance(total_credits=123456789.0, used_credits=1.0),
        )
        for _ in range(5000)
    ]
    user = User(name="Maximiliane-Alexandra " * 9, email="maximiliane." * 20 + "@example.com", workspaces=workspaces)
    way = Way(
        "api.enterprise.beamstudio.ai", "this request's headers", "BEAM_WORKSPACE_ID", THIS, 12.3, timedelta(hours=-9)
    )
    client = [
        "some-very-long-client-name-in… 2026.11.22-… speaks MCP 2025-11-25",
        "forms: yes, cards: yes, progress: yes, roots: yes",
        "local files cannot be sent over HTTP",
    ]
    problems: dict[str | None, Problem | None] = {
        workspaces[0].id: "no agents",
        workspaces[1].id: None,
        None: "no workspace",
        "7": "foreign workspace",
    }
    for workspace, problem in problems.items():
        view = AccountView.of(
            user,
            way,
            workspace_id=workspace,
            agents=0,
            client=client,
            problem=problem,
            unrecorded=True,
        )
        text = view.text({"list_agents"})
        assert "our clock is 32,400 s ahead of Beam's" in text
        assert count(text) <= 200, text
