"""Talking to Beam: one connection pool a process; reads are repeated within bounds, writes are sent once."""

from collections.abc import AsyncGenerator, Generator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import urlsplit

import anyio
import httpx2
import stamina
from pydantic import BaseModel
from pydantic_core import from_json

from beam_mcp import __version__
from beam_mcp.beam import retry
from beam_mcp.beam.auth import Identity, Session, TokenPair
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
from beam_mcp.beam.wire import parse

M = TypeVar("M", bound=BaseModel)

CONNECT_SECONDS = 5.0
LARGEST_ANSWER = 256 * 1024 * 1024  # bytes after decompression; a page of 100 tasks is 20 MB, at the worst 300
LARGEST_ERROR = 64 * 1024
MOST_REDIRECTS = 3
TRY_AGAIN = "Try again in a minute."
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


@dataclass
class Http:
    """The pool that all calls of the process share; `timeout` bounds a whole call in seconds, repeats included."""

    base_url: str
    timeout: float = 45.0
    _client: httpx2.AsyncClient = field(init=False, repr=False)
    _sessions: dict[str, Session] = field(init=False, repr=False, default_factory=dict[str, Session])

    def __post_init__(self) -> None:
        self._client = httpx2.AsyncClient(
            base_url=self.base_url,
            headers={"Accept": "application/json", "User-Agent": f"beam-mcp/{__version__}"},
            timeout=httpx2.Timeout(self.timeout, connect=min(CONNECT_SECONDS, self.timeout)),
            limits=httpx2.Limits(max_connections=64, max_keepalive_connections=16, keepalive_expiry=15),
            follow_redirects=False,
            # A proxy from the environment cannot reach this machine's own loopback.
            trust_env=urlsplit(self.base_url).hostname not in LOOPBACK,
        )

    def acting_as(self, identity: Identity) -> "Beam":
        """Beam as one person sees it, over this pool."""
        return Beam(self, identity)

    async def aclose(self) -> None:
        """Close all connections."""
        await self._client.aclose()

    def session_of(self, identity: Identity) -> Session:
        """The token session of this identity's key."""
        key = identity.required_key()
        return self._sessions.setdefault(key, Session(self._exchange, key))

    async def _exchange(self, path: str, body: dict[str, str]) -> TokenPair:
        request = self._client.build_request("POST", path, json=body)
        with _deadline(self.timeout):
            return parse(TokenPair, await self.fetch(request, workspace=None))

    def request(self, method: str, path: str, **parts: Any) -> httpx2.Request:
        """A request to the configured host and to no other."""
        return self._client.build_request(method, path, **parts)

    async def fetch(self, request: httpx2.Request, *, workspace: str | None) -> bytearray:
        """Send one request, follow redirects that stay on the host if it is a read, and return the body.

        Raises:
            BeamError: by meaning of the status, or of the way the transport failed.
        """
        response, body = await self._fetch_once(request)
        for _ in range(MOST_REDIRECTS):
            onward = _same_host_redirect(request, response)
            if onward is None:
                break
            response, body = await self._fetch_once(request := onward)
        if response.is_success:
            return body
        wait = retry.retry_after(response.headers.get("retry-after"))
        detail = _without_secrets(detail_of(body), request)
        raise of_status(response.status_code, detail, workspace=workspace, retry_after=wait)

    @asynccontextmanager
    async def stream(self, path: str, headers: dict[str, str]) -> AsyncGenerator[httpx2.EventSource]:
        """A stream of events; it may be silent for long.

        Raises:
            BeamError: it cannot be opened, or broke.
        """
        quiet = httpx2.Timeout(None, connect=min(CONNECT_SECONDS, self.timeout))
        with _transport_errors(self._client.base_url.host):
            async with self._client.sse(path, headers=headers, timeout=quiet) as source:
                if not source.response.is_success:
                    raise of_status(source.response.status_code, "", workspace=None)
                yield source

    async def download(self, link: str) -> AsyncGenerator[bytes]:
        """The bytes behind a signed link, without credentials of ours, in pieces.

        Raises:
            BeamError: the link is unsafe, refused or broken.
        """
        parts = urlsplit(link)
        if parts.scheme != "https" and parts.hostname not in LOOPBACK:
            raise BeamBroken("Beam gave a link to the file that is not safe to follow.", TRY_AGAIN)
        with _transport_errors(parts.hostname or "the file's host"):
            async with self._client.stream("GET", link, headers={"Accept": "*/*"}) as response:
                if not response.is_success:
                    raise of_status(response.status_code, "", workspace=None)
                async for piece in response.aiter_bytes():
                    yield piece

    async def _fetch_once(self, request: httpx2.Request) -> tuple[httpx2.Response, bytearray]:
        with _transport_errors(request.url.host):
            response = await self._client.send(request, stream=True)
            try:
                return response, await _read(response)
            finally:
                await response.aclose()
        raise AssertionError("a transport error is raised by its meaning")


@dataclass(frozen=True)
class Beam:
    """Beam as one person sees it: every call carries that person's credentials and workspace."""

    http: Http
    identity: Identity

    async def get(
        self,
        model: type[M],
        path: str,
        query: Mapping[str, str | int] | None = None,
        *,
        rows: str | None = None,
        workspace: bool = True,
    ) -> M:
        """Read `path` into `model`, trying up to three times within the time limit; `rows` as in `wire.parse`.

        Raises:
            BeamError: what went wrong, by meaning.
        """
        headers = self._workspace_header(required=workspace)
        with _deadline(self.http.timeout):
            async for attempt in stamina.retry_context(on=retry.pause, attempts=retry.ATTEMPTS, timeout=None):
                with attempt:
                    return parse(model, await self._read(path, dict(query or {}), headers), rows=rows)
        raise AssertionError("a retry context ends with a result or an error")

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
        headers = self._workspace_header(required=True) | await self._credentials()
        request = self.http.request(method, path, headers=headers | dict(extra_headers or {}), **content)
        try:
            with _deadline(within or self.http.timeout):
                return await self.http.fetch(request, workspace=self.identity.workspace)
        except Unauthorized:
            if self._by_token():
                self.http.session_of(self.identity).refused(headers["Authorization"].removeprefix("Bearer "))
            raise
        except BeamError as error:
            if not error.sent:
                raise
            raise MayHaveHappened(error.what, "It may or may not have taken effect.") from error

    async def events(self, path: str) -> AsyncGenerator[None]:
        """One item when the stream of updates at `path` is open, and one for each event; ends when Beam closes it.

        What an event says is not passed on: the GET is the truth (API.md, Errors and limits).

        Raises:
            BeamError: there is no such stream, or it broke.
        """
        headers = self._workspace_header(required=True) | await self._credentials()
        async with self.http.stream(path, headers) as source:
            yield
            async for _ in source:
                yield

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
            except (Unauthorized, Forbidden):
                raise refused from None

    async def _read_with_token(self, path: str, query: dict[str, Any], headers: dict[str, str]) -> bytearray:
        session = self.http.session_of(self.identity)
        token = await session.token()
        try:
            return await self._fetch(path, query, headers | _bearer(token))
        except Unauthorized:
            return await self._fetch(path, query, headers | _bearer(await session.token(stale=token)))

    async def _fetch(self, path: str, query: dict[str, Any], headers: dict[str, str]) -> bytearray:
        request = self.http.request("GET", path, params=query, headers=headers)
        return await self.http.fetch(request, workspace=headers.get("current-workspace-id"))

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


async def _read(response: httpx2.Response) -> bytearray:
    """The body in one buffer, within limits."""
    limit = LARGEST_ANSWER if response.is_success else LARGEST_ERROR
    body = bytearray()
    async for chunk in response.aiter_bytes():
        body += chunk
        if len(body) > limit:
            if not response.is_success:
                return body
            what = f"Beam's answer is larger than {limit // 1024 // 1024} MB."
            raise BeamBroken(what, "Ask for less at once, for example with a smaller page_size.", sent=True)
    return body


def _same_host_redirect(request: httpx2.Request, response: httpx2.Response) -> httpx2.Request | None:
    """Where a read is sent on to, if that is the same host; credentials go nowhere else (API.md, Errors and limits)."""
    onward = response.next_request
    if onward is None or request.method != "GET":
        return None
    before, after = request.url, onward.url
    if (before.scheme, before.host, before.port) != (after.scheme, after.host, after.port):
        return None
    return onward


def _without_secrets(text: str, request: httpx2.Request) -> str:
    """`text` without any credential that the request carried, since services echo what they refuse."""
    secrets = [request.headers.get("x-api-key", ""), request.headers.get("authorization", "").removeprefix("Bearer ")]
    if "/auth/" in request.url.path:
        secrets += from_json(request.content).values()
    for secret in filter(None, secrets):
        text = text.replace(secret, "[secret]")
    return text


@contextmanager
def _deadline(seconds: float) -> Generator[None]:
    try:
        with anyio.fail_after(seconds):
            yield
    except TimeoutError:
        raise BeamUnavailable(f"Beam did not answer within {seconds:.0f} s.", TRY_AGAIN, sent=True) from None


@contextmanager
def _transport_errors(host: str) -> Generator[None]:
    """Say transport failures by meaning: those before anything was sent apart from those after."""
    try:
        yield
    except (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.ProxyError) as error:
        what = f"Beam could not be reached at {host} ({_reason(error)})."
        raise BeamUnavailable(what, "Check the network and BEAM_API_URL.", sent=False) from error
    except httpx2.PoolTimeout as error:
        raise BeamUnavailable("Too many calls to Beam are under way.", TRY_AGAIN, sent=False) from error
    except httpx2.TimeoutException as error:
        raise BeamUnavailable("Beam did not answer in time.", TRY_AGAIN, sent=True) from error
    except httpx2.DecodingError as error:
        raise BeamBroken("Beam's answer could not be decompressed.", TRY_AGAIN, sent=True) from error
    except httpx2.TransportError as error:
        raise BeamUnavailable("The connection to Beam was cut before it answered.", TRY_AGAIN, sent=True) from error


def _reason(error: httpx2.TransportError) -> str:
    if isinstance(error, httpx2.ConnectTimeout):
        return "no answer to the connection"
    return str(error).strip() or type(error).__name__
