"""Talking to Beam: one connection pool a process; reads are repeated within bounds, writes are sent once."""

import ssl
from collections.abc import AsyncGenerator, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property, partial
from typing import Any, TypeVar

import anyio
import httpx2

from beam_mcp.beam import address, retry
from beam_mcp.beam.auth import Identity, Session, TokenPair
from beam_mcp.beam.body import read_body
from beam_mcp.beam.errors import (
    BeamBroken,
    BeamError,
    BeamUnavailable,
    Forbidden,
    MayHaveHappened,
    Unauthorized,
    detail_of,
    of_status,
)
from beam_mcp.beam.pool import pool, trusted
from beam_mcp.beam.shares import Shares
from beam_mcp.beam.transport import (
    LARGEST_ANSWER,
    MOST_REDIRECTS,
    MOST_SESSIONS,
    WAIT_SECONDS,
    Closable,
    clock_ahead,
    deadline,
    of_link,
    safe_host,
    same_host_redirect,
    transport_errors,
    without_secrets,
)
from beam_mcp.beam.wire import Wire, parse

M = TypeVar("M", bound=Wire)

UNKNOWN = "It may or may not have taken effect."


@dataclass
class Http:
    """The pool that all calls of the process share.

    `timeout` bounds a whole call in seconds, repeats included, and `largest` an answer in bytes. `streams` of updates
    are open now, and `kept` is what stays open between the calls of one person, by their fingerprint.
    """

    base_url: str
    timeout: float = 45.0
    largest: int = LARGEST_ANSWER
    _trusted: Callable[[], ssl.SSLContext] = field(init=False, repr=False)
    _sessions: dict[str, Session] = field(init=False, repr=False, default_factory=dict[str, Session])
    _dated: tuple[str | None, datetime | None] = field(init=False, repr=False, default=(None, None))
    _unpacking: anyio.Lock = field(init=False, repr=False, default_factory=anyio.Lock)
    shares: Shares = field(init=False, repr=False)
    streams: int = field(init=False, repr=False, default=0)
    kept: dict[str, Closable] = field(init=False, repr=False, default_factory=dict[str, Closable])

    def __post_init__(self) -> None:
        patience = min(WAIT_SECONDS, self.timeout / 2)  # so that it ends before the time of the call does
        self.shares = Shares(patience)
        self._trusted = trusted(self.base_url)

    @cached_property
    def client(self) -> httpx2.AsyncClient:
        """The connections themselves."""
        return pool(self.base_url, self.timeout, self.shares.patience, self._trusted)

    @property
    def clock_ahead(self) -> timedelta:
        """How far Beam's clock is ahead of ours, by its last answer."""
        return clock_ahead(*self._dated)

    def acting_as(self, identity: Identity) -> "Beam":
        """Beam as one person sees it, over this pool."""
        return Beam(self, identity)

    async def aclose(self) -> None:
        """Close all connections."""
        for open_one in list(self.kept.values()):
            await open_one.aclose()
        if "client" in self.__dict__:  # made by whoever called first
            await self.client.aclose()

    def session_of(self, identity: Identity) -> Session:
        """The token session of this identity's key."""
        key = identity.required_key()
        while len(self._sessions) > MOST_SESSIONS:
            del self._sessions[next(iter(self._sessions))]
        return self._sessions.setdefault(key, Session(partial(self._exchange, identity), key, identity.remedy))

    async def _exchange(self, identity: Identity, path: str, body: dict[str, str]) -> TokenPair:
        request = self.request("POST", path, headers={}, json=body)
        with deadline(self.timeout):
            return parse(TokenPair, await self.fetch(request, identity))

    def request(self, method: str, path: str, **parts: Any) -> httpx2.Request:
        return address.request_of(self.client, method, path, **parts)

    async def fetch(self, request: httpx2.Request, identity: Identity) -> bytearray:
        """Send one request, follow redirects that stay on the host if it is a read, and return the body.

        Neither what it carries of `identity` nor the key of that is left in what comes back.

        Raises:
            BeamError: by meaning of the status, or of the way the transport failed.
        """
        response, body = await self._fetch_once(request, identity)
        for _ in range(MOST_REDIRECTS):
            onward = same_host_redirect(request, response)
            if onward is None:
                break
            response, body = await self._fetch_once(request := onward, identity)
        body = without_secrets(body, request, response, identity.key)
        if response.is_success:
            return body
        wait = retry.retry_after(response.headers.get("retry-after"))
        said, place = detail_of(body), request.headers.get("current-workspace-id")
        raise of_status(response.status_code, said, workspace=place, retry_after=wait, remedy=identity.remedy)

    async def download(self, link: str) -> AsyncGenerator[bytes]:
        """The bytes behind a signed link, without credentials of ours, in pieces.

        Raises:
            BeamError: the link is unsafe, refused or broken.
        """
        with transport_errors(safe_host(link)):
            async with self.client.stream("GET", link, headers={"Accept": "*/*"}) as response:
                if not response.is_success:
                    raise of_link(response.status_code)
                async for piece in response.aiter_bytes():
                    yield piece

    async def _fetch_once(self, request: httpx2.Request, identity: Identity) -> tuple[httpx2.Response, bytearray]:
        with transport_errors(request.url.host, identity.remedy.unreached):
            response = await self.client.send(request, stream=True)
            self._dated = response.headers.get("date"), datetime.now(UTC)
            try:
                return response, await read_body(response, self.largest, self._unpacking)
            finally:
                await response.aclose()
        raise AssertionError("a transport error is raised by its meaning")


@dataclass(frozen=True)
class Beam:
    """Beam as one person sees it; a read is tried up to `attempts` times."""

    http: Http
    identity: Identity
    attempts: int = retry.ATTEMPTS

    async def get(
        self,
        model: type[M],
        path: str,
        query: Mapping[str, str | int] | None = None,
        *,
        rows: str | None = None,
        workspace: bool = True,
    ) -> M:
        """Read `path` into `model`; `rows` as in `wire.parse`.

        Raises:
            BeamError: what went wrong, by meaning.
        """
        body = await self.body(path, query, workspace=workspace)
        return parse(model, body, rows=rows, remedy=self.identity.remedy)

    async def body(
        self, path: str, query: Mapping[str, str | int] | None = None, *, workspace: bool = True
    ) -> bytearray:
        """Read `path`, trying again within the time limit.

        Raises:
            BeamError: what went wrong, by meaning.
        """
        headers = self._workspace_header(required=workspace)

        async def read() -> bytearray:
            return await self._read(path, dict(query or {}), headers)

        with deadline(self.http.timeout):
            try:
                return await read()
            except BeamError as error:
                if self.attempts == 1 or retry.pause(error) is False:
                    raise
                failed = error
            return await retry.again(read, failed, attempts=self.attempts)

    async def write(self, model: type[M], method: str, path: str, **parts: Any) -> M:
        """Write once, as `send` does, and read the answer into `model`.

        Raises:
            MayHaveHappened: no answer came back, or none that tells what became of it.
            BeamError: what went wrong otherwise; nothing was done then.
        """
        body = await self.send(method, path, **parts)
        try:
            return parse(model, body)
        except (BeamBroken, BeamUnavailable) as error:
            raise MayHaveHappened(error.what, UNKNOWN) from error

    async def send(
        self,
        method: str,
        path: str,
        *,
        within: float | None = None,
        extra_headers: Mapping[str, str] | None = None,
        **content: Any,
    ) -> bytearray:
        """Write once, whatever happens, and return the body of the answer, which may be empty.

        `within` bounds it in seconds where the usual limit is too short; `content` is what httpx2 takes as a body, and
        `extra_headers` what describes it.

        Raises:
            MayHaveHappened: the request left and no answer came back that tells what became of it.
            BeamError: what went wrong otherwise; nothing was done then.
        """
        headers = await self.signed()
        request = self.http.request(method, path, headers=headers | dict(extra_headers or {}), **content)
        try:
            with deadline(within or self.http.timeout):
                return await self._sent(request)
        except Unauthorized:
            if self._by_token():
                self.http.session_of(self.identity).refused(headers["Authorization"].removeprefix("Bearer "))
            raise
        except BeamError as error:
            if not error.sent:
                raise
            raise MayHaveHappened(error.what, UNKNOWN) from error

    async def signed(self) -> dict[str, str]:
        """The headers of a request that is sent only once: credentials and workspace."""
        return self._workspace_header(required=True) | await self._credentials()

    def _workspace_header(self, *, required: bool) -> dict[str, str]:
        self.identity.require_credentials()
        return {"current-workspace-id": self.identity.required_workspace()} if required else {}

    async def _read(self, path: str, query: dict[str, Any], headers: dict[str, str]) -> bytearray:
        if self.identity.bearer:
            return await self._fetch(path, query, headers | _bearer(self.identity.bearer))
        if self.identity.mode == "token":
            return await self._read_with_token(path, query, headers)
        try:
            return await self._fetch(path, query, headers | {"x-api-key": self.identity.required_key()})
        except (Unauthorized, Forbidden) as refused:
            if self.identity.mode == "key":
                raise
            try:
                return await self._read_with_token(path, query, headers)
            except BeamError:
                raise refused from None

    async def _read_with_token(self, path: str, query: dict[str, Any], headers: dict[str, str]) -> bytearray:
        session = self.http.session_of(self.identity)
        token = await session.token()
        try:
            return await self._fetch(path, query, headers | _bearer(token))
        except Unauthorized:
            return await self._fetch(path, query, headers | _bearer(await session.token(stale=token)))

    async def _fetch(self, path: str, query: dict[str, Any], headers: dict[str, str]) -> bytearray:
        request = self.http.request("GET", path, params=query or None, headers=headers)
        return await self._sent(request)

    async def _sent(self, request: httpx2.Request) -> bytearray:
        async with self.http.shares.turn(self.identity.mark):
            return await self.http.fetch(request, self.identity)

    async def _credentials(self) -> dict[str, str]:
        """The headers that sign a request which is sent only once."""
        if self.identity.bearer:
            return _bearer(self.identity.bearer)
        if self._by_token():
            return _bearer(await self.http.session_of(self.identity).token())
        return {"x-api-key": self.identity.required_key()}

    def _by_token(self) -> bool:
        return self.identity.mode == "token" and not self.identity.bearer


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}
