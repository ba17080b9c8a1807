"""Who brings no key where none is lent, and who uses a session of somebody else: turned away, with words that help."""

from collections.abc import AsyncIterator
from pathlib import Path

import anyio
import httpx2
import pytest

from beam_mcp.sandbox.access import WORKSPACE_ID
from tests.cli.processes import PATIENCE, on, started
from tests.cli.wires import LEGACY, OverHttp, Speaker

from .sharing import ACCEPT, ANNA, BERT, EMPTY, HELLO, LISTING, STRANGER, Shared, dashed, said_by, shared
from .test_transports_web import entering

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
async def lending() -> AsyncIterator[Shared]:
    async with shared(lends=True) as site:
        yield site


@pytest.fixture(scope="module")
async def public() -> AsyncIterator[Shared]:
    async with shared() as site:
        yield site


async def knocks(site: Shared, **headers: str) -> list[httpx2.Response]:
    """The answers at every way in."""
    sent = ACCEPT | dashed(headers)
    return [
        await site.greet(**headers),
        await site.discover(**headers),
        await site.http.get("/mcp", headers=sent),
        await site.http.delete("/mcp", headers=sent),
        await site.http.get("/sse", headers=sent),
        await site.http.post(f"/messages/?session_id={'0' * 32}", json=HELLO, headers=sent),
    ]


async def test_without_a_key_every_way_in_says_which_headers_to_send_and_the_rest_stays_open(public: Shared) -> None:
    for headers in (
        {},
        {"current_workspace_id": WORKSPACE_ID},
        {"x_api_key": ""},
        {"authorization": "Basic YTpi"},
    ):
        for answer in await knocks(public, **headers):
            assert answer.status_code == 401
            # RFC 6750 §3.1: no error where nothing was shown.
            assert answer.headers["www-authenticate"] == 'Bearer realm="beam-mcp"'
            for named in ("x-api-key", "current-workspace-id", "Authorization"):
                assert named in said_by(answer)
    assert not public.world.requests
    assert (await public.http.get("/health")).status_code == 200
    for path in ("/decide/unknown", "/inbox/unknown", "/nowhere", "/.well-known/oauth-protected-resource"):
        assert (await public.http.get(path)).status_code == 404, path
    assert (await public.greet(x_api_key=ANNA)).status_code == 200
    assert (await public.discover(authorization=f"bEaReR {ANNA}")).status_code == 200


@pytest.mark.parametrize(
    "headers", [{"x_api_key": "two words"}, {"authorization": "Bearer two words"}, {"current_workspace_id": "a b"}]
)
async def test_a_header_that_cannot_be_passed_on_makes_nobody_somebody_else(
    lending: Shared, headers: dict[str, str]
) -> None:
    for answer in await knocks(lending, **headers):
        assert answer.status_code == 400
        assert "holds characters that do not belong there" in said_by(answer)
        assert "two words" not in answer.text
    assert not lending.world.requests


async def test_a_key_is_asked_for_where_this_machine_has_none_to_lend(tmp_path: Path) -> None:
    settings = on("http://127.0.0.1:9", BEAM_API_KEY="")
    async with (
        started("--transport", "http", "--port", "0", cwd=tmp_path, settings=settings) as server,
        httpx2.AsyncClient(base_url=await server.address(), trust_env=False) as http,
    ):
        for key, status in (({}, 401), ({"x-api-key": BERT}, 200)):
            assert (await http.post("/mcp", json=HELLO, headers=ACCEPT | key)).status_code == status


async def test_no_key_is_lent_to_who_comes_by_another_name_than_this_machines(tmp_path: Path) -> None:
    flags = ("--transport", "http", "--port", "0", "--public-url", "https://beam.example")
    async with (
        started(*flags, cwd=tmp_path, settings=on("http://127.0.0.1:9")) as server,
        httpx2.AsyncClient(base_url=await server.address(), trust_env=False) as http,
    ):
        for host in ({}, {"host": "beam.example"}):
            answer = await http.post("/mcp", json=HELLO, headers=ACCEPT | host)
            assert answer.status_code == 401


ANNAS = {"x_api_key": ANNA, "current_workspace_id": WORKSPACE_ID}
OTHERS: list[dict[str, str]] = [
    {"x_api_key": BERT, "current_workspace_id": WORKSPACE_ID},
    {"x_api_key": STRANGER, "current_workspace_id": WORKSPACE_ID},
    {"x_api_key": ANNA, "current_workspace_id": EMPTY},
    {"authorization": f"Bearer {ANNA}", "current_workspace_id": WORKSPACE_ID},
]


async def test_a_session_is_there_for_nobody_but_who_opened_it(public: Shared, lending: Shared) -> None:
    for site in (public, lending):
        wire = OverHttp(site.http, dashed(ANNAS))
        mine = Speaker(wire, LEGACY[-1])
        await mine.greet()
        session = {"mcp-session-id": wire.headers["mcp-session-id"]}
        unknown = {"mcp-session-id": "0" * 32}
        for other in [*OTHERS, *([{}] if site is lending else [])]:
            theirs = ACCEPT | dashed(other)
            with anyio.fail_after(PATIENCE):  # a session that is theirs after all would open a stream
                answers = [
                    (
                        await site.http.post("/mcp", json=LISTING, headers=theirs | named),
                        await site.http.get("/mcp", headers=theirs | named),
                        await site.http.delete("/mcp", headers=theirs | named),
                    )
                    for named in (session, unknown)
                ]
            for stolen, missing in zip(*answers, strict=True):
                assert (stolen.status_code, stolen.content) == (404, missing.content)
        assert "list_agents" in await mine.tools()


async def test_a_stream_of_2024_takes_messages_from_nobody_but_who_opened_it(public: Shared) -> None:
    site = public
    async with entering(site.http, "sse", **ANNAS) as (mine, _):
        post_to = getattr(mine.wire, "post_to")  # noqa: B009 - only this wire has one
        for other in OTHERS:
            answers = [
                await site.http.post(place, json=LISTING, headers=dashed(other))
                for place in (post_to, f"/messages/?session_id={'0' * 32}")
            ]
            assert [answer.status_code for answer in answers] == [404, 404]
            assert answers[0].content == answers[1].content
        assert "list_agents" in await mine.tools()
