"""The rules of an exchange with Beam: how long, how large, where to, and what a failure of the transport means."""

import base64
from collections.abc import Generator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import Protocol
from urllib.parse import quote

import anyio
import httpx2
from pydantic_core import from_json, to_json

from beam_mcp.beam.body import LARGEST_ERROR
from beam_mcp.beam.errors import BeamBroken, BeamError, BeamUnavailable, of_status
from beam_mcp.beam.retry import http_date
from beam_mcp.ids import UUID

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
CONNECT_SECONDS = 5.0
MOST_REDIRECTS = 3
MOST_CONNECTIONS = 128
MOST_OF_ONE = 16  # requests of one key under way at once: where those of six keys hang, others still get through
MOST_OF_STRANGERS = 6 * MOST_OF_ONE  # of all whose key may be made up; those who are known have the rest to themselves
WAIT_SECONDS = 10.0  # for a connection, or one's turn
MOST_SESSIONS = 1000  # keys whose tokens are kept
MOST_STREAMS = 32  # of those connections; each is held for as long as a task runs, and calls need the others
LARGEST_ANSWER = 256 * 1024 * 1024  # bytes after decompression; a page of 100 tasks is 20 MB, at the worst 300
SHORTEST_SECRET = 8  # characters
TRY_AGAIN = "Try again in a minute."


class Closable(Protocol):
    """What has something open."""

    async def aclose(self) -> None:
        """Close it."""
        ...


@contextmanager
def deadline(seconds: float) -> Generator[None]:
    """At most so many seconds.

    Raises:
        BeamUnavailable: when they are over.
    """
    try:
        with anyio.fail_after(seconds):
            yield
    except TimeoutError:
        raise BeamUnavailable(f"Beam did not answer within {seconds:.0f} s.", TRY_AGAIN, sent=True) from None


@contextmanager
def transport_errors(host: str, unreached: str = TRY_AGAIN) -> Generator[None]:
    """Say transport failures by meaning: those before anything was sent apart from those after.

    `unreached` is what to do about a host that is not.
    """
    try:
        yield
    except (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.ProxyError) as error:
        what = f"Beam could not be reached at {host} ({_reason(error)})."
        raise BeamUnavailable(what, unreached, sent=False) from error
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


def clock_ahead(date: str | None, at: datetime | None = None) -> timedelta:
    """How far Beam's clock is ahead of ours, by its Date header (RFC 9110 §6.6.1) and when that came, if not just now.

    Nothing where it is unreadable.
    """
    there = http_date(date)
    return timedelta() if there is None else there - (at or datetime.now(UTC))


def same_host_redirect(request: httpx2.Request, response: httpx2.Response) -> httpx2.Request | None:
    """Where a read is sent on to, if that is the same host; credentials go nowhere else (API.md, Errors and limits)."""
    if not response.has_redirect_location or request.method != "GET":
        return None
    before = request.url
    with suppress(httpx2.InvalidURL):
        after = before.join(response.headers["location"])
        if (before.scheme, before.host, before.port) == (after.scheme, after.host, after.port):
            return httpx2.Request("GET", after, headers=request.headers, extensions=request.extensions)
    return None


def safe_host(link: str) -> str:
    """The host of a link to a file.

    Raises:
        BeamBroken: whoever listens on the way could read or replace the file.
    """
    try:
        parts = httpx2.URL(link)  # read as it will be followed
    except (httpx2.InvalidURL, ValueError):
        parts = httpx2.URL()
    if (
        not parts.host
        or parts.userinfo
        or (parts.scheme != "https" and not (parts.scheme == "http" and parts.host in LOOPBACK))
    ):
        raise BeamBroken("Beam gave a link to the file that is not safe to follow.", TRY_AGAIN)
    return parts.host


def of_link(status: int) -> BeamError:
    """The error that a status means where a signed link leads: of the key it says nothing, for none was shown."""
    if status >= 500 or status == 429:
        return of_status(status, "", workspace=None)
    return BeamBroken(f"The link to the file was refused (HTTP {status}).", "Try again: that gets a new link.")


def without_secrets(
    body: bytearray, request: httpx2.Request, response: httpx2.Response, key: str | None = None
) -> bytearray:
    """`body` without any credential that the request carried, nor the `key` that its token stands for.

    Services echo what they refuse, and an agent may have been told a key. What answers the token calls with success is
    left as it is: it is read and never told.
    """
    is_exchange = "/auth/" in request.url.path
    if is_exchange and response.is_success:
        return body
    headers = request.headers
    known = {headers.get("x-api-key", ""), headers.get("authorization", "").removeprefix("Bearer "), key or ""}
    if not UUID.fullmatch(workspace := headers.get("current-workspace-id", "")):
        known.add(workspace)  # a key may have been put there
    if is_exchange:
        known |= set(from_json(request.content).values())
    for secret in known:
        # Shorter ones are no keys, but words: taking them out of everything would spoil it.
        for form in _forms(secret, is_small=len(body) <= LARGEST_ERROR) if len(secret) >= SHORTEST_SECRET else ():
            if form in body:
                body = body.replace(form, b"[secret]")
    return body


def _forms(secret: str, *, is_small: bool) -> set[bytes]:
    """A secret as it is, and where looking costs nothing also as links, JSON and headers may write it."""
    plain = secret.encode()
    if not is_small:
        return {plain}
    in_json = to_json(secret)[1:-1]
    return {plain, quote(secret, safe="").encode(), in_json, in_json.replace(b"/", b"\\/"), base64.b64encode(plain)}
