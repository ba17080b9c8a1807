"""Clients that run in a browser: pages of the origins that were named, and no others, may connect and read."""

from collections.abc import AsyncIterator

import pytest

from .sharing import ANNA, Shared, dashed, shared

pytestmark = pytest.mark.anyio

INSPECTOR, CHAT, EVIL = "http://localhost:6274", "https://claude.ai", "https://evil.example"
ASKS = {
    "access-control-request-method": "POST",
    "access-control-request-headers": "authorization,mcp-protocol-version,x-api-key",
}


@pytest.fixture(scope="module")
async def site() -> AsyncIterator[Shared]:
    async with shared(hosts=("beam.example",), origins=(INSPECTOR, CHAT)) as found:
        yield found


@pytest.mark.parametrize("path", ["/mcp", "/sse", "/messages/"])
async def test_a_named_page_may_ask_beforehand_what_it_may_send(site: Shared, path: str) -> None:
    for origin in (INSPECTOR, CHAT):
        answer = await site.http.options(path, headers=ASKS | {"origin": origin})
        assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (200, origin)
        assert {"authorization", "x-api-key"} <= set(answer.headers["access-control-allow-headers"].lower().split(","))
        assert "DELETE" in answer.headers["access-control-allow-methods"]
        assert "access-control-allow-credentials" not in answer.headers


async def test_a_named_page_reads_answers_refusals_and_the_headers_it_needs(site: Shared) -> None:
    for answer in (await site.greet(origin=CHAT, x_api_key=ANNA), await site.greet(origin=CHAT)):
        assert answer.headers["access-control-allow-origin"] == CHAT
        exposed = {name.strip() for name in answer.headers["access-control-expose-headers"].lower().split(",")}
        assert {"mcp-session-id", "www-authenticate"} <= exposed
        assert "origin" in answer.headers["vary"].lower()
    assert answer.status_code == 401


@pytest.mark.parametrize("origin", [EVIL, "null", f"{CHAT}.evil.example", "https://claude.ai:444", "http://claude.ai"])
async def test_no_other_page_is_answered(site: Shared, origin: str) -> None:
    for answer in (
        await site.http.options("/mcp", headers=ASKS | {"origin": origin}),
        await site.greet(origin=origin, x_api_key=ANNA),
        await site.http.get("/sse", headers=dashed({"origin": origin, "x_api_key": ANNA})),
    ):
        assert answer.status_code == 403
        assert "access-control-allow-origin" not in answer.headers


async def test_a_page_of_this_machine_that_was_not_named_may_send_but_not_read(site: Shared) -> None:
    asked = await site.http.options("/mcp", headers=ASKS | {"origin": "http://localhost:5173"})
    assert (asked.status_code, "access-control-allow-origin" in asked.headers) == (400, False)
    answer = await site.greet(origin="http://localhost:5173", x_api_key=ANNA)
    assert "access-control-allow-origin" not in answer.headers


async def test_decisions_are_read_by_no_page_but_their_own(site: Shared) -> None:
    for path in ("/decide/x", "/inbox/x", "/page/page.js", "/health"):
        answer = await site.http.get(path, headers={"origin": CHAT})
        assert "access-control-allow-origin" not in answer.headers, path


async def test_hosts_that_were_named_are_taken_and_no_others(site: Shared) -> None:
    for host, status in (
        ("beam.example", 401),
        ("beam.example:8443", 401),
        ("evil.example", 421),
        ("beam.example.evil.example", 421),
    ):
        assert (await site.greet(host=host)).status_code == status, host
