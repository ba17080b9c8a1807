"""The keys of an OAuth issuer: found by its metadata, rotated, withdrawn, and not asked for at every knock."""

from collections.abc import AsyncIterator

import pytest

from beam_mcp.server.issuer import places

from .issuing import Current, Front, new_key
from .sharing import ANNA, shared

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
async def front() -> AsyncIterator[Front]:
    current = Current()
    async with shared(protection=current) as site:
        yield Front(site, current)


async def test_a_rotated_key_counts_at_once_and_unknown_ones_are_not_looked_for_again_and_again(front: Front) -> None:
    async with front.guarded() as here:
        old = here.issuer.token()
        assert await here.status(old) == 200
        here.issuer.keys = {"second": ("ES256", new_key("ES256"))}
        assert await here.status(here.issuer.token("second")) == 200
        assert "its issuer has no such key" in await here.why(old)
        asked = len(here.issuer.fetched)
        here.issuer.keys["third"] = ("ES256", new_key("ES256"))
        for _ in range(10):
            assert "no such key" in await here.why(here.issuer.token("third"))
        assert len(here.issuer.fetched) == asked
        here.time.now += 31
        assert await here.status(here.issuer.token("third")) == 200


async def test_a_withdrawn_key_stops_counting_and_a_silent_issuer_shuts_nobody_out_at_once(front: Front) -> None:
    async with front.guarded() as here:
        token = here.issuer.token()
        assert await here.status(token) == 200
        here.issuer.silent = True
        here.time.now += 16 * 60
        assert await here.status(token) == 200
        here.time.now += 50 * 60
        answer = await here.site.discover(authorization=f"Bearer {token}", x_api_key=ANNA)
        assert (answer.status_code, "retry-after" in answer.headers) == (503, True)
        here.issuer.silent = False
        here.issuer.keys = {"second": ("ES256", new_key("ES256"))}
        here.time.now += 6
        assert "no such key" in await here.why(token)


async def test_a_silent_issuer_is_not_asked_at_every_knock(front: Front) -> None:
    async with front.guarded() as here:
        here.issuer.silent = True
        for _ in range(5):
            assert await here.status(here.issuer.token()) == 503
        assert len(here.issuer.fetched) == 1
        here.issuer.silent = False
        here.time.now += 6
        assert await here.status(here.issuer.token()) == 200


async def test_metadata_of_somebody_else_is_not_trusted(front: Front) -> None:
    async with front.guarded() as here:
        here.issuer.calls_itself = "https://evil.example"
        assert await here.status(here.issuer.token()) == 503
    async with front.guarded() as here:
        here.issuer.keys_at = "http://evil.example/keys"
        assert await here.status(here.issuer.token()) == 503


async def test_an_issuer_with_a_path_is_found_by_openid_connect(front: Front) -> None:
    async with front.guarded(path="/tenant") as here:
        assert await here.status(here.issuer.token()) == 200
    assert places("https://a.example/tenant") == [
        "https://a.example/.well-known/oauth-authorization-server/tenant",
        "https://a.example/.well-known/openid-configuration/tenant",
        "https://a.example/tenant/.well-known/openid-configuration",
    ]
