"""An authorization server on loopback: its metadata, its keys, and tokens as good or as bad as a test wants them."""

import base64
import json
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from beam_mcp.server.issuer import Issuer
from beam_mcp.server.oauth import ByIssuer
from tests.cli.wires import Json
from tests.server.doors import listening
from tests.server.sharing import ANNA, Shared, said_by

RESOURCE = "https://beam.example"
AlgorithmKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


def new_key(kind: str) -> AlgorithmKey:
    """A key of its own."""
    if kind.startswith("ES"):
        return ec.generate_private_key(ec.SECP256R1())
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@dataclass
class AuthorizationServer:
    """Every field may be changed while it is served; `silent` answers nothing but 503."""

    resource: str
    url: str = ""
    keys: dict[str, tuple[str, AlgorithmKey]] = field(default_factory=dict[str, tuple[str, AlgorithmKey]])
    silent: bool = False
    calls_itself: str | None = None
    keys_at: str | None = None
    fetched: list[str] = field(default_factory=list[str])

    def token(self, kid: str | None = "first", **claims: Any) -> str:
        """A token for the resource, good for a minute; a claim of None is left out."""
        now = int(time.time())
        usual: Json = {"iss": self.url, "aud": self.resource, "sub": "anna", "client_id": "chat", "scope": "beam"}
        said = usual | {"iat": now, "exp": now + 60} | claims
        algorithm, key = self.keys[kid or "first"]
        kept = {name: value for name, value in said.items() if value is not None}
        return jwt.encode(kept, key, algorithm, headers={"kid": kid} if kid else None)

    def public(self, kid: str) -> bytes:
        """The public half of a key, which anybody can have."""
        return self.keys[kid][1].public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)

    async def metadata(self, request: Request) -> Response:
        """RFC 8414."""
        self.fetched.append(request.url.path)
        if self.silent:
            return Response(status_code=503)
        return JSONResponse(
            {"issuer": self.calls_itself or self.url, "jwks_uri": self.keys_at or f"{self.url.rstrip('/')}/keys"}
        )

    async def jwks(self, request: Request) -> Response:
        """RFC 7517, beside the keys of things that are none of ours."""
        self.fetched.append(request.url.path)
        if self.silent:
            return Response(status_code=503)
        others: list[Json] = [
            {"kty": "oct", "kid": "shared", "k": base64.urlsafe_b64encode(b"s" * 32).decode()},
            {"kty": "odd", "kid": "odd"},
        ]
        return JSONResponse({"keys": [*map(self._described, self.keys), *others]})

    def _described(self, kid: str) -> Json:
        algorithm, key = self.keys[kid]
        made = jwt.get_algorithm_by_name(algorithm).to_jwk(key.public_key())
        return json.loads(made) | {"kid": kid, "use": "sig"}


@asynccontextmanager
async def issuing(resource: str, kind: str = "ES256", *, path: str = "") -> AsyncGenerator[AuthorizationServer]:
    """The server, with one key."""
    server = AuthorizationServer(resource, keys={"first": (kind, new_key(kind))})
    places = {
        "": ["/.well-known/oauth-authorization-server"],
        "/tenant": ["/tenant/.well-known/openid-configuration"],
    }[path]
    routes = [*(Route(place, server.metadata) for place in places), Route(f"{path}/keys", server.jwks)]
    async with listening(Starlette(routes=routes)) as site:
        server.url = site + path
        yield server


@dataclass
class Time:
    """A clock that a test pushes."""

    now: float = 1000.0

    def __call__(self) -> float:
        """The time."""
        return self.now


@dataclass(frozen=True)
class Guarded:
    """A server, the issuer that it trusts, and the time as it takes it."""

    site: Shared
    issuer: AuthorizationServer
    time: Time

    async def status(self, token: str) -> int:
        """What a greeting with this token is answered with."""
        return (await self.site.discover(authorization=f"Bearer {token}", x_api_key=ANNA)).status_code

    async def why(self, token: str) -> str:
        """What is said about a token that does not count."""
        answer = await self.site.discover(authorization=f"Bearer {token}", x_api_key=ANNA)
        assert answer.status_code == 401
        assert 'error="invalid_token"' in answer.headers["www-authenticate"]
        assert token not in answer.text
        return said_by(answer)


@dataclass
class Current:
    """The protection of the test that runs, of a server that they all share."""

    now: ByIssuer | None = None

    async def admit(self, authorization: str) -> str:
        """As this test has it."""
        assert self.now
        return await self.now.admit(authorization)


@dataclass(frozen=True)
class Front:
    """A server whose issuer each test sets up for itself."""

    site: Shared
    current: Current

    @asynccontextmanager
    async def guarded(
        self, kind: str = "ES256", *, path: str = "", scopes: tuple[str, ...] = ()
    ) -> AsyncGenerator[Guarded]:
        """With an issuer of its own, whose first key is of this kind."""
        clock = Time()
        self.site.world.requests.clear()
        async with issuing(RESOURCE, kind, path=path) as issuer:
            self.current.now = ByIssuer(Issuer(issuer.url, self.site.office.http, clock), RESOURCE, scopes)
            yield Guarded(self.site, issuer, clock)
