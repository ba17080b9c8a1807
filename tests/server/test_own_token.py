"""A server with a token of its own: it lets in who shows it, and never passes it on."""

from collections.abc import AsyncIterator

import pytest

from beam_mcp.sandbox.access import WORKSPACE_ID
from beam_mcp.server.protection import ByToken

from .sharing import ANNA, BERT, STRANGER, Shared, dashed, said_by, shared
from .test_strangers import knocks
from .test_transports_web import DOORS, entering

pytestmark = pytest.mark.anyio

TOKEN = "the-token-of-this-server"
SHOWN = {"authorization": f"Bearer {TOKEN}"}


@pytest.fixture(scope="module")
async def lending() -> AsyncIterator[Shared]:
    async with shared(protection=ByToken(TOKEN), lends=True) as site:
        yield site


@pytest.fixture(scope="module")
async def public() -> AsyncIterator[Shared]:
    async with shared(protection=ByToken(TOKEN)) as site:
        yield site


async def test_nobody_comes_in_without_the_token_whatever_key_they_bring(lending: Shared) -> None:
    for shown, error in [
        ({}, ""),
        ({"authorization": "Basic YTpi"}, ""),
        ({"authorization": f"Bearer {TOKEN}x"}, ', error="invalid_token"'),
        ({"authorization": f"Bearer {TOKEN[:-1]}"}, ', error="invalid_token"'),
        ({"authorization": f"Bearer {ANNA}"}, ', error="invalid_token"'),
    ]:
        for answer in await knocks(lending, x_api_key=ANNA, **shown):
            assert answer.status_code == 401
            assert answer.headers["www-authenticate"] == f'Bearer realm="beam-mcp"{error}'
            assert "x-api-key" in said_by(answer)
            assert TOKEN not in str(answer.headers) + answer.text
    assert (await lending.http.get("/health")).status_code == 200
    assert not lending.world.requests


@pytest.mark.parametrize("door", DOORS)
async def test_the_token_lets_in_and_beam_sees_the_key_alone(public: Shared, door: str) -> None:
    brought = {"x_api_key": ANNA, "current_workspace_id": WORKSPACE_ID}
    async with entering(public.http, door, **SHOWN, **brought) as (speaker, _):
        assert "Invoice Matcher" in await speaker.call("list_agents")
    async with entering(public.http, door, **SHOWN, x_api_key=STRANGER) as (speaker, _):
        assert "Invoice Matcher" not in await speaker.call("list_agents")
    assert {seen.headers.get("x-api-key") for seen in public.world.requests} <= {ANNA, STRANGER, None}
    assert TOKEN not in str([seen.headers for seen in public.world.requests])


async def test_with_the_token_but_without_a_key_it_says_what_is_missing_and_asks_for_no_other_token(
    public: Shared,
) -> None:
    answer = await public.greet(**SHOWN)
    assert (answer.status_code, "www-authenticate" in answer.headers) == (403, False)
    assert "x-api-key" in said_by(answer)


async def test_on_this_machine_its_own_key_is_lent_to_who_shows_the_token(lending: Shared) -> None:
    async with entering(lending.http, "modern", **SHOWN) as (who, _):
        assert "Invoice Matcher" in await who.call("list_agents")


async def test_the_token_does_not_make_two_people_one(public: Shared) -> None:
    session = (await public.greet(**SHOWN, x_api_key=ANNA)).headers["mcp-session-id"]
    listing = {"jsonrpc": "2.0", "id": 9, "method": "ping"}
    statuses = [
        (
            await public.http.post(
                "/mcp",
                json=listing,
                headers={"accept": "application/json, text/event-stream"}
                | dashed({**SHOWN, "x_api_key": key, "mcp_session_id": session}),
            )
        ).status_code
        for key in (BERT, ANNA)
    ]
    assert statuses == [404, 200]
