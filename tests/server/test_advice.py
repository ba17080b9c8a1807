"""What to do about a refused key or a wrong workspace is said to whoever can do it: who brings them, or lends them."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx2
import pytest

from beam_mcp.beam.auth import Mode
from beam_mcp.sandbox.access import WORKSPACE_ID
from beam_mcp.sandbox.world import World
from tests.cli.processes import PATIENCE, on, started
from tests.cli.wires import MODERN, OverHttp, Speaker
from tests.tools.chat import PERSON, chat_in, office_for

from .sharing import ANNA, EMPTY, STRANGER, Shared, shared
from .test_transports_web import DOORS, entering

pytestmark = pytest.mark.anyio

TELL_THE_OPERATOR = "if it stays so, tell whoever runs this server."


async def says(site: Shared, door: str, tool: str = "list_agents", /, **headers: str) -> str:
    """What somebody is told who calls with these headers."""
    arguments = {"agent": "nobody"} if tool == "get_agent" else {}
    async with entering(site.http, door, **headers) as (speaker, _):
        return await speaker.call(tool, **arguments)


@pytest.mark.parametrize("door", DOORS)
async def test_who_brings_credentials_is_told_which_header_to_look_at(door: str) -> None:
    here = {"current_workspace_id": WORKSPACE_ID}
    async with shared() as site:
        by_key = await says(site, door, x_api_key=STRANGER, **here)
        by_token = await says(site, door, authorization=f"Bearer {STRANGER}", **here)
        elsewhere = await says(site, door, x_api_key=ANNA, current_workspace_id=EMPTY)
        unknown = await says(site, door, "get_agent", x_api_key=ANNA, current_workspace_id=EMPTY)
        site.world.faults.add("status", code=403, times=None)
        forbidden = await says(site, door, x_api_key=ANNA, **here)
    assert "Beam did not accept the API key" in by_key
    assert "Check the key that your client sends in the header x-api-key, in this server's entry" in by_key
    assert "Beam did not accept the token" in by_token
    assert "Have your client send a new token in the header Authorization, or your API key in the header" in by_token
    assert "check the header current-workspace-id" in elsewhere
    assert "check the header current-workspace-id" in unknown
    assert "Check the header current-workspace-id and the role of the key's owner there." in forbidden
    for words in (by_key, by_token, elsewhere, unknown, forbidden):
        assert "login" not in words
        assert "BEAM_" not in words


@pytest.mark.parametrize("mode", ["token", "auto"])
async def test_a_key_that_gives_no_token_is_its_senders_to_check(mode: Mode) -> None:
    async with shared(mode=mode) as site:
        words = await says(site, "modern", x_api_key=STRANGER, current_workspace_id=WORKSPACE_ID)
    assert "Check the key that your client sends in the header x-api-key" in words
    assert "BEAM_" not in words


@pytest.mark.parametrize("fault", ["not_json", "redirect"])
async def test_where_something_else_than_beam_answers_its_address_is_the_operators_to_check(fault: Any) -> None:
    raw = {"uri": "beam://tasks/INV-1/raw"}
    async with (
        shared() as site,
        entering(site.http, "modern", x_api_key=ANNA, current_workspace_id=WORKSPACE_ID) as (
            speaker,
            _,
        ),
    ):
        site.world.faults.add(fault, times=None)
        for words in (await speaker.call("list_agents"), str(await speaker.answer("resources/read", raw))):
            assert TELL_THE_OPERATOR in words
            assert "BEAM_" not in words


async def test_where_beam_is_not_reached_its_address_is_the_operators_to_check(tmp_path: Path) -> None:
    nowhere = on(
        "https://api.nowhere.beamstudio.ai", BEAM_API_KEY="", BEAM_AUTH="token", HTTPS_PROXY="http://127.0.0.1:9"
    )
    elsewhere = f"https://app.beam.ai/{WORKSPACE_ID}/some-agent"
    async with (
        started("serve", "--transport", "http", "--port", "0", cwd=tmp_path, settings=nowhere) as server,
        httpx2.AsyncClient(base_url=await server.address(), trust_env=False, timeout=PATIENCE) as http,
    ):
        for brought in ({"x-api-key": ANNA}, {"authorization": f"Bearer {ANNA}"}):
            speaker = Speaker(OverHttp(http, {"current-workspace-id": WORKSPACE_ID, **brought}), MODERN)
            unreached = await speaker.call("list_agents")
            another = await speaker.call("get_agent", agent=elsewhere)
            assert "could not be reached" in unreached
            assert TELL_THE_OPERATOR in unreached
            assert "app.nowhere.beam.ai: use a link from here." in another
            assert "BEAM_" not in unreached + another


async def test_whose_key_is_set_on_this_machine_is_told_to_log_in() -> None:
    world = World(populated=False)
    async with office_for(world) as office:
        unknown = replace(office, identity=replace(PERSON, key=STRANGER))
        async with chat_in(unknown, world) as chat:
            assert "Run `beam-mcp login`, or set BEAM_API_KEY to a valid key" in await chat.fail("list_agents")
