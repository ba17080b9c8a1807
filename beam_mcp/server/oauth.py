"""Letting in who brings an OAuth token made for this server (MCP 2025-11-25, Authorization; RFC 6750, 8707, 9728)."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

import jwt
from jwt.exceptions import (
    ExpiredSignatureError,
    InvalidAudienceError,
    InvalidIssuerError,
    PyJWTError,
)
from mcp.server.auth.routes import build_resource_metadata_url, create_protected_resource_routes
from mcp.server.auth.settings import AuthSettings
from pydantic import AnyHttpUrl
from starlette.routing import BaseRoute

from beam_mcp.desk.desk import digest
from beam_mcp.server.issuer import Issuer, IssuerUnavailable
from beam_mcp.server.protection import AND_THE_KEY, REALM
from beam_mcp.server.refusals import Refused, later
from beam_mcp.tools.brought import bearer_of

logger = logging.getLogger(__name__)

# Signed with a key that only the issuer has: neither unsigned, nor with a secret that would be a public key of theirs.
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
LEEWAY = 30  # seconds that clocks may differ

SIGN_IN = f"Sign in first: this server takes a token of {{issuer}} as Bearer in the header Authorization. {AND_THE_KEY}"
REFUSED = f"The token in the header Authorization is not good here: {{why}}. Sign in again. {AND_THE_KEY}"
LACKING = "The token in the header Authorization lacks what this server asks for: {scopes}. Sign in again with that."
UNREACHABLE = "Nobody can be let in at the moment: the keys of {issuer} cannot be read. Try again."


class NotGood(Exception):
    """A token that does not count here; the text says why, in words for whoever sent it."""


@dataclass(frozen=True)
class ByIssuer:
    """Tokens of one issuer, made for `resource`, which is the address of this server; with all of `scopes`."""

    issuer: Issuer
    resource: str
    scopes: tuple[str, ...] = ()

    def routes(self) -> Sequence[BaseRoute]:
        """Where clients learn who issues tokens for us (RFC 9728 §3)."""
        # Validated by the SDK, which leaves the addresses letter by letter as they are: clients compare them so.
        said = AuthSettings.model_validate(
            {
                "issuer_url": self.issuer.url,
                "resource_server_url": self.resource,
                "required_scopes": list(self.scopes) or None,
                "validate_token_resource": True,
            }
        )
        here = said.resource_server_url or AnyHttpUrl(self.resource)
        return create_protected_resource_routes(
            here, [said.issuer_url], scopes_supported=said.required_scopes, resource_name="Beam"
        )

    async def admit(self, authorization: str) -> str:
        """The name of whoever the token is about, at this issuer."""
        token = bearer_of(authorization)
        if token is None:
            raise Refused(401, SIGN_IN.format(issuer=self.issuer.url), self._challenge())
        try:
            claims = await self._claims(token)
        except NotGood as why:
            raise Refused(401, REFUSED.format(why=why), self._challenge("invalid_token")) from None
        except IssuerUnavailable as error:
            logger.warning("The keys of %s: %s", self.issuer.url, error)
            raise later(503, UNREACHABLE.format(issuer=self.issuer.url), 5) from None
        if lacking := set(self.scopes) - _scopes(claims):
            words = LACKING.format(scopes=", ".join(sorted(lacking)))
            raise Refused(403, words, self._challenge("insufficient_scope"))
        return digest(claims["iss"], claims.get("sub"), _client(claims))

    async def _claims(self, token: str) -> dict[str, Any]:
        """What the token says, once it is known to be the issuer's and meant for us.

        Raises:
            NotGood, IssuerUnavailable: it is not, or nobody can tell.
        """
        kid, algorithm = _header(token)
        key = await self.issuer.key(kid, algorithm)
        if key is None:
            raise NotGood("its issuer has no such key")
        claims = _decoded(token, key, self.issuer.url, self.resource)
        if "cnf" in claims:
            raise NotGood("it is bound to a proof that this server does not check (RFC 9449)")
        if not claims.get("sub") and not _client(claims):
            raise NotGood("it does not say whom it is about")
        return claims

    def _challenge(self, error: str = "") -> dict[str, str]:
        parts = [REALM, f'resource_metadata="{build_resource_metadata_url(AnyHttpUrl(self.resource))}"']
        parts += [f'error="{error}"'] if error else []  # none where nothing was shown (RFC 6750 §3.1)
        parts += [f'scope="{" ".join(self.scopes)}"'] if self.scopes else []
        return {"www-authenticate": ", ".join(parts)}


def _header(token: str) -> tuple[str | None, str]:
    try:
        header = jwt.get_unverified_header(token)
    except (PyJWTError, RecursionError):
        raise NotGood("it is no signed token") from None
    kid, algorithm = header.get("kid"), header.get("alg")
    if algorithm not in ALGORITHMS:
        raise NotGood("it is not signed in a way that counts here")
    return kid if kid is None else str(kid), algorithm


def _decoded(token: str, key: jwt.PyJWK, issuer: str, resource: str) -> dict[str, Any]:
    try:
        return jwt.decode(
            token,
            key,
            algorithms=[key.algorithm_name],
            audience=[resource, f"{resource}/"],
            issuer=issuer,
            leeway=LEEWAY,
            options={"require": ["exp", "iss", "aud"], "enforce_minimum_key_length": True},
        )
    except ExpiredSignatureError:
        raise NotGood("it has expired") from None
    except InvalidAudienceError:
        raise NotGood(f"it was not made for {resource}") from None
    except InvalidIssuerError:
        raise NotGood("another issuer made it") from None
    except PyJWTError:
        raise NotGood("its signature is not its issuer's, or it lacks what a token has to say") from None


def _scopes(claims: dict[str, Any]) -> set[str]:
    """In `scope` as one text (RFC 9068 §2.2.3), or in `scp`, as some issuers have it."""
    given: Any = claims.get("scope") or claims.get("scp") or ""
    return set(map(str, cast("list[Any]", given))) if isinstance(given, list) else set(str(given).split())


def _client(claims: dict[str, Any]) -> str:
    return str(claims.get("client_id") or claims.get("azp") or "")
