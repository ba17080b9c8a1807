"""The rules of an exchange with Beam: how long, how large, where to, and what a failure of the transport means."""

from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import anyio
import httpx2
from pydantic_core import from_json

from beam_mcp.beam.body import LARGEST_ERROR
from beam_mcp.beam.errors import BeamBroken, BeamError, BeamUnavailable, of_status

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
CONNECT_SECONDS = 5.0
MOST_REDIRECTS = 3
MOST_CONNECTIONS = 128
MOST_OF_ONE = 16  # requests of one key under way at once: where those of six keys hang, others still get through
WAIT_SECONDS = 10.0  # for a connection, or one's turn
MOST_SESSIONS = 1000  # keys whose tokens are kept
MOST_STREAMS = 32  # of those connections; each is held for as long as a task runs, and calls need the others
LARGEST_ANSWER = 256 * 1024 * 1024  # bytes after decompression; a page of 100 tasks is 20 MB, at the worst 300
TRY_AGAIN = "Try again in a minute."


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
def transport_errors(host: str) -> Generator[None]:
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


def clock_ahead(date: str | None, at: datetime | None = None) -> timedelta:
    """How far Beam's clock is ahead of ours, by its Date header (RFC 9110 §6.6.1) and when that came, if not just now.

    Nothing where it is unreadable.
    """
    try:
        there = parsedate_to_datetime(date or "")
    except ValueError:
        return timedelta()
    return there.replace(tzinfo=there.tzinfo or UTC) - (at or datetime.now(UTC))


def same_host_redirect(request: httpx2.Request, response: httpx2.Response) -> httpx2.Request | None:
    """Where a read is sent on to, if that is the same host; credentials go nowhere else (API.md, Errors and limits)."""
    onward = response.next_request
    if onward is None or request.method != "GET":
        return None
    before, after = request.url, onward.url
    if (before.scheme, before.host, before.port) != (after.scheme, after.host, after.port):
        return None
    return onward


def safe_host(link: str) -> str:
    """The host of a link to a file.

    Raises:
        BeamBroken: whoever listens on the way could read or replace the file.
    """
    try:
        parts = httpx2.URL(link)  # read as it will be followed
    except (httpx2.InvalidURL, ValueError):
        parts = httpx2.URL()
    if not parts.host or (parts.scheme != "https" and not (parts.scheme == "http" and parts.host in LOOPBACK)):
        raise BeamBroken("Beam gave a link to the file that is not safe to follow.", TRY_AGAIN)
    return parts.host


def of_link(status: int) -> BeamError:
    """The error that a status means where a signed link leads: of the key it says nothing, for none was shown."""
    if status >= 500 or status == 429:
        return of_status(status, "", workspace=None)
    return BeamBroken(f"The link to the file was refused (HTTP {status}).", "Try again: that gets a new link.")


def without_secrets(body: bytearray, request: httpx2.Request, response: httpx2.Response) -> bytearray:
    """`body` without any credential that the request carried, since services echo what they refuse.

    An answer of success can be an error too, unless it is large; those to the token calls are never told.
    """
    if response.is_success and (len(body) > LARGEST_ERROR or "/auth/" in request.url.path):
        return body
    secrets = [request.headers.get("x-api-key", ""), request.headers.get("authorization", "").removeprefix("Bearer ")]
    if "/auth/" in request.url.path:
        secrets += from_json(request.content).values()
    for secret in filter(None, secrets):
        body = body.replace(secret.encode(), b"[secret]")
    return body
