"""An OAuth issuer's keys: found by its metadata (RFC 8414, OpenID Connect Discovery), kept a while, asked for again."""

import time
from collections.abc import Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any, cast
from urllib.parse import urlsplit

import anyio
from jwt import PyJWK
from jwt.exceptions import InvalidKeyError, PyJWKError
from pydantic_core import from_json

from beam_mcp.beam.errors import BeamError
from beam_mcp.beam.http import Http

FRESH = 15 * 60.0  # seconds until the keys are asked for anew, so that a withdrawn one stops counting
STALE = 60 * 60.0  # seconds that they hold while the issuer does not answer
RELAX = 30.0  # seconds between two questions for a key that is not among them: anybody can name any
RETRY = 5.0  # seconds between two tries while the issuer does not answer
FETCH_SECONDS = 10.0
LARGEST = 500_000  # bytes
MOST_KEYS = 100

Json = Mapping[str, Any]


class IssuerUnavailable(Exception):
    """Its keys cannot be had now; the text says why, for the log."""


@dataclass
class Issuer:
    """The issuer at `url`, as it calls itself; `http` fetches what anybody may read, without credentials of ours."""

    url: str
    http: Http
    clock: Callable[[], float] = time.monotonic
    _keys: dict[str, Json] = field(default_factory=dict[str, Json])
    _made: dict[tuple[str, str], PyJWK] = field(default_factory=dict[tuple[str, str], PyJWK])
    _fetched: float = float("-inf")
    _tried: float = float("-inf")
    _searched: float = float("-inf")
    _turn: anyio.Lock = field(default_factory=anyio.Lock)

    async def key(self, kid: str | None, algorithm: str) -> PyJWK | None:
        """The key of this id, for this algorithm; None if there is none. Without an id, the only key there is.

        Raises:
            IssuerUnavailable: the keys are not known.
        """
        if self.clock() - self._fetched > FRESH:
            await self._refresh()
        name = self._name(kid)
        if name is None:
            await self._search()
            name = self._name(kid)
        return self._key(name, algorithm) if name is not None else None

    def _name(self, kid: str | None) -> str | None:
        if kid is None:
            return next(iter(self._keys)) if len(self._keys) == 1 else None
        return kid if kid in self._keys else None

    def _key(self, name: str, algorithm: str) -> PyJWK | None:
        made = self._made.get((name, algorithm))
        if made is None:
            described = self._keys[name]
            if described.get("alg", algorithm) != algorithm:
                return None
            try:
                made = self._made[name, algorithm] = PyJWK.from_dict(dict(described), algorithm)
            except (PyJWKError, InvalidKeyError):
                return None
        return made

    async def _refresh(self) -> None:
        """Fetch the keys unless somebody else just did, or they hold although the issuer is silent."""
        async with self._turn:
            now, said = self.clock(), "it did not answer a moment ago"
            if now - self._fetched > FRESH and now - self._tried > RETRY:
                self._tried = now
                try:
                    await self._fetch()
                except IssuerUnavailable as error:
                    said = str(error)
            if now - self._fetched > STALE:
                raise IssuerUnavailable(said)

    async def _search(self) -> None:
        """Fetch the keys for one that is not among them, as after a rotation, but not whenever anybody names one."""
        async with self._turn:
            if self.clock() - self._searched > RELAX:
                self._searched = self.clock()
                await self._fetch()

    async def _fetch(self) -> None:
        described = await self._metadata()
        place = str(described.get("jwks_uri", ""))
        if urlsplit(self.url).scheme == "https" and urlsplit(place).scheme != "https":
            raise IssuerUnavailable("its keys are not at an https:// address")
        keys: Any = (await self._json(place)).get("keys")
        found = [cast("Json", key) for key in keys if isinstance(key, dict)] if isinstance(keys, list) else []  # pyright: ignore[reportUnknownVariableType]
        signing = [key for key in found if key.get("use", "sig") == "sig" and key.get("kty") in {"RSA", "EC", "OKP"}]
        self._keys = {str(key.get("kid", "")): key for key in signing[:MOST_KEYS]}
        self._made.clear()
        self._fetched = self.clock()

    async def _metadata(self) -> Json:
        """What it says of itself, from the first place that speaks of this very issuer (RFC 8414 §3.3)."""
        said = ""
        for place in places(self.url):
            try:
                found = await self._json(place)
            except IssuerUnavailable as error:
                said = said or str(error)
                continue
            if found.get("issuer") == self.url:
                return found
            said = "it calls itself by another name than BEAM_MCP_OAUTH_ISSUER has"
        raise IssuerUnavailable(said)

    async def _json(self, place: str) -> Json:
        body = bytearray()
        try:
            with anyio.fail_after(FETCH_SECONDS):
                async with aclosing(self.http.download(place)) as pieces:
                    async for piece in pieces:
                        body += piece
                        if len(body) > LARGEST:
                            raise IssuerUnavailable("it says more than it should")
            found = from_json(bytes(body))
        except (BeamError, TimeoutError, ValueError) as error:
            raise IssuerUnavailable(f"{place[:200]} cannot be read ({type(error).__name__})") from None
        if not isinstance(found, dict):
            raise IssuerUnavailable(f"{place[:200]} holds no object")
        return cast("Json", found)


def places(issuer: str) -> list[str]:
    """Where an issuer's metadata may be, in the order of MCP 2025-11-25 (Authorization Server Metadata Discovery)."""
    parts = urlsplit(issuer.rstrip("/"))
    host = f"{parts.scheme}://{parts.netloc}/.well-known"
    inserted = [f"{host}/{kind}{parts.path}" for kind in ("oauth-authorization-server", "openid-configuration")]
    return inserted + ([f"{issuer.rstrip('/')}/.well-known/openid-configuration"] if parts.path else [])
