"""Looking at the way to Beam itself, without credentials: is it open, how fast, and do the clocks agree."""

import errno
import os
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from socket import gaierror
from time import perf_counter
from typing import Literal
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import anyio
import httpx2

from beam_mcp.beam.body import read_body
from beam_mcp.beam.errors import BeamBroken
from beam_mcp.beam.http import Http
from beam_mcp.beam.transport import LOOPBACK, clock_ahead

TIMES = 3
PATIENCE = 10.0  # seconds for one request
LARGEST = 1024 * 1024  # bytes of its answer
PATH = "/v2/user/me"  # answered by Beam itself, at once, where no key is sent

Trouble = Literal["name", "refused", "time", "certificate", "tls", "proxy", "cut"]


@dataclass(frozen=True)
class Probe:
    """What was found: a `trouble` with its reason, or the status of the first answer and what came with it.

    `seconds` are those of each request after the first, `tls` the version spoken, None over plain HTTP; `clock_ahead`
    is how far Beam's clock is ahead of ours, None where its answer has no date.
    """

    trouble: Trouble | None = None
    reason: str = ""
    status: int = 0
    tls: str | None = None
    clock_ahead: timedelta | None = None
    seconds: tuple[float, ...] = ()


def proxy_for(url: str) -> str | None:
    """The proxy that this system's settings put before a URL, without the password it may carry."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if host in LOOPBACK or proxy_bypass(host):
        return None
    known = getproxies()
    proxy = known.get(parts.scheme) or known.get("all")
    return _without_user(proxy) if proxy else None


def _without_user(proxy: str) -> str:
    parts = urlsplit(proxy if "//" in proxy else f"//{proxy}")
    if "@" in f"{parts.path}{parts.query}{parts.fragment}":
        return (
            "of the settings"  # a password with a sign that ends a host name: what is taken for the host is its begin
        )
    return parts.netloc.rpartition("@")[2]


async def probe(http: Http) -> Probe:
    """Ask a few times for something small, and say how that went; never raises for what may go wrong on the way."""
    try:
        first = await _ask(http)
        return Probe(
            status=first.status_code,
            tls=_tls(first),
            clock_ahead=clock_ahead(first.headers["date"]) if "date" in first.headers else None,
            seconds=tuple([await _timed(http) for _ in range(TIMES)]),
        )
    except (httpx2.RequestError, httpx2.InvalidURL, BeamBroken, TimeoutError) as error:
        trouble, reason = _trouble(error)
        return Probe(trouble, reason)


async def _ask(http: Http) -> httpx2.Response:
    with anyio.fail_after(PATIENCE):
        async with http.client.stream("GET", PATH) as response:
            await read_body(response, LARGEST, anyio.Lock())
            return response


async def _timed(http: Http) -> float:
    begun = perf_counter()
    await _ask(http)
    return perf_counter() - begun


def _tls(response: httpx2.Response) -> str | None:
    stream = response.extensions.get("network_stream")
    spoken = stream.get_extra_info("ssl_object") if stream else None
    return spoken.version() if spoken else None


def _trouble(error: BaseException) -> tuple[Trouble, str]:
    """What kind of failure this is, by its causes, and the system's own words for it."""
    causes = list(_causes(error))
    kinds: tuple[tuple[type[BaseException], Trouble], ...] = (
        (httpx2.ProxyError, "proxy"),
        (ssl.SSLCertVerificationError, "certificate"),
        (ssl.SSLError, "tls"),
        (gaierror, "name"),
        (ConnectionRefusedError, "refused"),
        (httpx2.TimeoutException, "time"),
        (TimeoutError, "time"),
    )
    for kind, trouble in kinds:
        if found := next((cause for cause in causes if isinstance(cause, kind)), None):
            return trouble, _words(found)
    return "cut", _words(error)


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _words(error: BaseException) -> str:
    if isinstance(error, ConnectionRefusedError):  # asyncio puts the name of a function of its own in its place
        return os.strerror(errno.ECONNREFUSED)
    if isinstance(error, ssl.SSLCertVerificationError):
        return error.verify_message
    reason = error.strerror if isinstance(error, OSError) else None
    return reason or str(error) or type(error).__name__
