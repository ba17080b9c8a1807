"""A server that takes the tokens of an OAuth issuer: only those made by it, for this server, and still good."""

import base64
import hmac
import json
import time
from collections.abc import AsyncIterator
from typing import Any

import anyio
import anyio.from_thread
import anyio.to_thread
import httpx2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.applications import Starlette

from beam_mcp.sandbox.access import WORKSPACE_ID
from beam_mcp.server.issuer import Issuer
from beam_mcp.server.oauth import ByIssuer
from beam_mcp.server.refusals import Refused
from tests.cli.wires import Json

from .doors import listening
from .issuing import RESOURCE, AuthorizationServer, Current, Front, new_key
from .sharing import ANNA, said_by, shared
from .test_strangers import knocks
from .test_transports_web import DOORS, entering

pytestmark = pytest.mark.anyio

METADATA = f"{RESOURCE}/.well-known/oauth-protected-resource"


@pytest.fixture(scope="module")
async def front() -> AsyncIterator[Front]:
    current = Current()
    async with shared(protection=current) as site:
        yield Front(site, current)


async def test_without_a_token_clients_learn_where_to_get_one(front: Front) -> None:
    async with front.guarded(scopes=("beam", "tasks")) as here:
        for answer in await knocks(here.site, x_api_key=ANNA):
            assert answer.status_code == 401
            challenge = f'Bearer realm="beam-mcp", resource_metadata="{METADATA}", scope="beam tasks"'
            assert answer.headers["www-authenticate"] == challenge
            assert here.issuer.url in said_by(answer)
        assert not here.issuer.fetched


async def test_the_metadata_of_the_server_name_its_issuer_letter_by_letter(front: Front) -> None:
    for issuer in ("https://login.example", "https://login.example/tenant/"):
        found = ByIssuer(Issuer(issuer, front.site.office.http), RESOURCE, ("beam", "tasks"))
        async with (
            listening(Starlette(routes=found.routes())) as site,
            httpx2.AsyncClient(base_url=site, trust_env=False) as http,
        ):
            told = (await http.get("/.well-known/oauth-protected-resource")).json()
        assert (told["resource"], told["authorization_servers"]) == (RESOURCE, [issuer])
        assert told["scopes_supported"] == ["beam", "tasks"]


@pytest.mark.parametrize("kind", ["ES256", "RS256", "PS512"])
async def test_a_token_of_the_issuer_for_this_server_lets_in(front: Front, kind: str) -> None:
    async with front.guarded(kind) as here:
        accepted: list[Json] = [{}, {"aud": ["https://other.example", f"{RESOURCE}/"]}, {"exp": int(time.time()) - 5}]
        for claims in accepted:
            assert await here.status(here.issuer.token(**claims)) == 200
        assert await here.status(here.issuer.token(kid=None)) == 200
        assert here.issuer.fetched == ["/.well-known/oauth-authorization-server", "/keys"]


@pytest.mark.parametrize("door", DOORS)
async def test_beam_sees_the_key_and_never_the_token(front: Front, door: str) -> None:
    async with front.guarded() as here:
        token = here.issuer.token()
        brought = {"authorization": f"Bearer {token}", "x_api_key": ANNA, "current_workspace_id": WORKSPACE_ID}
        async with entering(here.site.http, door, **brought) as (speaker, _):
            assert "Invoice Matcher" in await speaker.call("list_agents")
        seen = [asked.headers for asked in here.site.world.requests]
        assert {headers.get("x-api-key") for headers in seen} == {ANNA}
        assert token not in str(seen)
        answer = await here.site.greet(authorization=f"Bearer {token}")
        assert (answer.status_code, "x-api-key" in said_by(answer)) == (403, True)


@pytest.mark.parametrize(
    ("claims", "words"),
    [
        ({"aud": "https://other.example"}, f"it was not made for {RESOURCE}"),
        ({"aud": f"{RESOURCE}.evil.example"}, "it was not made for"),
        ({"aud": None}, "lacks what a token has to say"),
        ({"iss": "https://evil.example"}, "another issuer made it"),
        ({"iss": None}, "lacks what a token has to say"),
        ({"exp": 1_000_000_000}, "it has expired"),
        ({"exp": None}, "lacks what a token has to say"),
        ({"nbf": 4_000_000_000}, "lacks what a token has to say"),
        ({"cnf": {"jkt": "x"}}, "bound to a proof"),
        ({"sub": None, "client_id": None}, "it does not say whom it is about"),
    ],
    ids=str,
)
async def test_a_token_that_says_the_wrong_thing_lets_nobody_in(
    front: Front, claims: dict[str, Any], words: str
) -> None:
    async with front.guarded() as here:
        assert words in await here.why(here.issuer.token(**claims))
        assert not here.site.world.requests


def unsigned(token: str, header: dict[str, Any], secret: bytes | None = None) -> str:
    """The same claims under a header of one's own: unsigned, or signed with a secret."""
    parts = [base64.urlsafe_b64encode(json.dumps(header).encode()).rstrip(b"="), token.split(".")[1].encode()]
    signature = hmac.digest(secret, b".".join(parts), "sha256") if secret else b""
    return b".".join([*parts, base64.urlsafe_b64encode(signature).rstrip(b"=")]).decode()


@pytest.mark.parametrize("kind", ["ES256", "RS256"])
async def test_a_token_that_its_issuer_did_not_sign_lets_nobody_in(front: Front, kind: str) -> None:
    async with front.guarded(kind) as here:
        good = here.issuer.token()
        stolen = here.issuer.public("first")
        forged = AuthorizationServer(RESOURCE, here.issuer.url, {"first": (kind, new_key(kind))}).token()
        other = {"ES256": "RS256", "RS256": "ES256"}[kind]
        mixed = AuthorizationServer(RESOURCE, here.issuer.url, {"first": (other, new_key(other))}).token()
        for token in (
            unsigned(good, {"alg": "none", "kid": "first"}),
            unsigned(good, {"alg": "None"}),
            unsigned(good, {"alg": "HS256", "kid": "first"}, stolen),
            unsigned(good, {"alg": "HS256", "kid": "shared"}, b"s" * 32),
            unsigned(good, {"alg": "HS256"}, b""),
            unsigned(good, {"alg": kind, "kid": "first"}),
            unsigned(good, {"alg": kind, "kid": "odd"}),
            unsigned(good, {"kid": "first"}),
            f"{good[:-4]}AAAA",
            ".".join([good.split(".")[0], forged.split(".")[1], good.split(".")[2] + "A"]),
            forged,
            mixed,
            "no-token",
            "a.b.c",
        ):
            assert "is not good here" in await here.why(token)
        assert await here.status(good) == 200


async def test_whatever_is_shown_is_refused_by_its_meaning(front: Front) -> None:
    nobody = ByIssuer(Issuer("http://127.0.0.1:9", front.site.office.http), RESOURCE)

    @given(st.one_of(st.text(), st.binary().map(lambda part: f"{b64(part)}.e30.x"), st.text().map(signed_by_nobody)))
    @settings(max_examples=100)
    def refuses(shown: str) -> None:
        with pytest.raises(Refused) as refused:
            anyio.from_thread.run(nobody.admit, f"Bearer {shown}")
        assert refused.value.status == 401

    await anyio.to_thread.run_sync(refuses)


def b64(part: bytes) -> str:
    return base64.urlsafe_b64encode(part).rstrip(b"=").decode()


def signed_by_nobody(word: str) -> str:
    return f"{b64(json.dumps({'alg': word, 'kid': word}).encode())}.e30.x"


async def test_a_header_nested_beyond_reason_is_no_token(front: Front) -> None:
    async with front.guarded() as here:
        nested = b64(b'{"alg":' + b"[" * 8000)
        assert "it is no signed token" in await here.why(f"{nested}.e30.x")


async def test_a_token_without_the_scopes_is_told_which_it_lacks(front: Front) -> None:
    async with front.guarded(scopes=("beam", "tasks")) as here:
        token = here.issuer.token()
        answer = await here.site.greet(authorization=f"Bearer {token}", x_api_key=ANNA)
        assert (answer.status_code, "lacks what this server asks for: tasks." in said_by(answer)) == (403, True)
        assert 'error="insufficient_scope", scope="beam tasks"' in answer.headers["www-authenticate"]
        enough: list[Json] = [{"scope": "tasks beam"}, {"scope": None, "scp": ["beam", "tasks"]}]
        for claims in enough:
            assert await here.status(here.issuer.token(**claims)) == 200


async def test_two_people_with_one_key_share_no_session(front: Front) -> None:
    async with front.guarded() as here:
        who = {name: {"authorization": f"Bearer {here.issuer.token(sub=name)}"} for name in ("anna", "bert")}
        session = (await here.site.greet(**who["anna"], x_api_key=ANNA)).headers["mcp-session-id"]
        statuses = [
            (
                await here.site.http.get(
                    "/mcp", headers={"accept": "text/plain", "x-api-key": ANNA, "mcp-session-id": session} | shown
                )
            ).status_code
            for shown in who.values()
        ]
        assert statuses == [406, 404]
