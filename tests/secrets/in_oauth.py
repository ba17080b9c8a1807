"""What a server over HTTP tells and logs of the access tokens of its OAuth issuer: of the good, and of all others."""

import base64
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import anyio
import httpx2

from beam_mcp.sandbox.access import WORKSPACE_ID
from beam_mcp.sandbox.serve import serving
from beam_mcp.sandbox.world import World
from tests.cli.processes import PATIENCE, started
from tests.cli.wires import MODERN, OverHttp, over_sse
from tests.secrets.on_http import Heard, said_to
from tests.secrets.planting import ACCESS, GARBAGE, GROUPS, LOUDLY, MARKER, OTHER_KEY, loudly, planted_world
from tests.secrets.searching import Capture, Collected, joined
from tests.secrets.talking import Client
from tests.server.issuing import RESOURCE, AuthorizationServer, issuing, new_key

CONTROLS: Mapping[str, str] = {
    "OAuth: results, SSE": MARKER,
    "OAuth: results, 2025": "is none",
    "OAuth: results, 2026": "is none",
    "OAuth: refusals": "is not good here",
    "OAuth: the issuer is silent": "cannot be read",
    "OAuth: metadata": "authorization_servers",
    "OAuth: headers": "www-authenticate: Bearer realm",
    "OAuth: stderr, all logged": LOUDLY,
}
CHANNELS = tuple(CONTROLS)
RESULTS = CHANNELS[:3]


def made(issuer: AuthorizationServer) -> dict[str, str]:
    """Tokens of every kind by name; only the first is good."""
    good = issuer.token()
    others: Mapping[str, dict[str, Any]] = {
        "expired": {"exp": 1_000_000_000},
        "of another audience": {"aud": "https://other.example"},
        "of another issuer": {"iss": "https://evil.example"},
        "without its scope": {"scope": "other"},
        "bound to a proof": {"cnf": {"jkt": "x"}},
    }
    forger = AuthorizationServer(RESOURCE, issuer.url, {"first": ("ES256", new_key("ES256"))})
    unknown = AuthorizationServer(RESOURCE, issuer.url, {GARBAGE: ("ES256", new_key("ES256"))})
    return {
        "good": good,
        **{name: issuer.token(**claims) for name, claims in others.items()},
        "forged": forger.token(),
        "of an unknown key": unknown.token(kid=GARBAGE),
        "cut": good[:-8],
        "garbage": GARBAGE,
        "garbage in three parts": f"{GARBAGE}.{GARBAGE}.{GARBAGE}",
        "garbage not in ASCII": f"{GARBAGE}é",
    }


def shown(tokens: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """How each is brought; the good one in ways that are not."""
    key = {"x-api-key": OTHER_KEY, "current-workspace-id": WORKSPACE_ID}
    for name, token in tokens.items():
        bearer = f"Bearer {token}".encode().decode("latin-1")
        if name != "good":
            yield {**key, "authorization": bearer}
        yield {"authorization": bearer}
        yield {**key, "authorization": f"Basic {base64.b64encode(token.encode()).decode()}"}
        yield {**key, "authorization": bearer.removeprefix("Bearer ")}
        yield {**key, "authorization": bearer, "host": "elsewhere.example"}
        yield {**key, "authorization": bearer, "origin": "https://elsewhere.example"}
    yield {**key, "authorization": f"Bearer {tokens['good'] * 100}"}


async def refused(http: httpx2.AsyncClient, tokens: Mapping[str, str]) -> bytes:
    """What they are told, at both doors."""
    message = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
    heard: list[httpx2.Response] = []
    for who in shown(tokens):
        given = [(name.encode(), text.encode("latin-1")) for name, text in who.items()]
        heard += [await http.post("/mcp", json=message, headers=given), await http.get("/sse", headers=given)]
    assert {answer.status_code for answer in heard} == {401, 403, 421, 431}
    return joined(answer.content for answer in heard)


async def let_in(http: httpx2.AsyncClient, world: World, token: str) -> dict[str, bytes]:
    """What they hear who bring a good one, and a key that Beam repeats."""
    who = {"authorization": f"Bearer {token}", "x-api-key": OTHER_KEY, "current-workspace-id": WORKSPACE_ID}
    echo = {"message": f"{OTHER_KEY} is none"}
    said: dict[str, bytes] = {}
    async with over_sse(http, who) as wire:
        said[RESULTS[0]], _ = await said_to(Client(wire, "2024-11-05"), world)
    for name, version in zip(RESULTS[1:], ("2025-06-18", MODERN), strict=True):
        client = Client(OverHttp(http, dict(who)), version)
        await said_to(client, world, whole=version == MODERN)
        world.faults.add("status", "agent", code=403, body=echo, times=None)
        assert "is none" in await client.call("list_agents")
        world.faults.clear()
        said[name] = joined(map(bytes, client.kept.values()))
    assert token not in str([request.headers for request in world.requests])
    return said


async def while_silent(folder: Path, beam: str, issuer: AuthorizationServer, token: str) -> tuple[bytes, bytes]:
    """What a server tells and logs whose issuer cannot be asked."""
    issuer.silent = True
    async with started(*SERVING, cwd=folder, settings=guarded(folder, beam, issuer)) as server:
        async with httpx2.AsyncClient(base_url=await server.address(), trust_env=False, timeout=PATIENCE) as http:
            answer = await http.post("/mcp", json={}, headers={"authorization": f"Bearer {token}"})
        assert answer.status_code == 503
        server.process.terminate()
        await server.ended()
        return joined([answer.content, repr(answer.headers).encode()]), bytes(server.errors)


SERVING = ("serve", "--transport", "http", "--port", "0")


def guarded(folder: Path, beam: str, issuer: AuthorizationServer) -> dict[str, str]:
    """The settings of a server that this issuer protects."""
    own = {"OAUTH_ISSUER": issuer.url, "OAUTH_SCOPES": "beam", "PUBLIC_URL": RESOURCE, "PROFILE": "nobody"}
    named = {f"BEAM_MCP_{name}": text for name, text in own.items()}
    return loudly(folder, BEAM_API_URL=beam, BEAM_MCP_AUDIT="", BEAM_MCP_RATE="0", **named)


async def by_issuer(folder: Path) -> Collected:
    """What two such servers give."""
    world, heard = planted_world(OTHER_KEY), Heard()
    hooks: Any = {"response": [heard]}
    async with serving(world) as beam, issuing(RESOURCE) as issuer:
        tokens = made(issuer)
        async with started(*SERVING, cwd=folder, settings=guarded(folder, beam, issuer)) as server:
            async with httpx2.AsyncClient(
                base_url=await server.address(), trust_env=False, event_hooks=hooks, timeout=PATIENCE
            ) as http:
                with anyio.fail_after(4 * PATIENCE):
                    refusals = await refused(http, tokens)
                    said = await let_in(http, world, issuer.token())
                    metadata = (await http.get("/.well-known/oauth-protected-resource")).content
            server.process.terminate()
            await server.ended()
            errors = bytes(server.errors)
        silent, more = await while_silent(folder, beam, issuer, tokens["good"])
    told = [*said.values(), refusals, silent, metadata, joined(heard.headers), joined([errors, more])]
    captures = (Capture(name, text, CONTROLS[name]) for name, text in zip(CHANNELS, told, strict=True))
    groups = {name: GROUPS[name] for name in ("fields", "links", "headers")}
    return Collected(tuple(captures), {**groups, ACCESS: tokens})
