"""The open connections to Beam; a thread reads which certificates are trusted while everything else is loaded."""

import logging
import ssl
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies

import httpx2

from beam_mcp import __version__
from beam_mcp.beam.direct import Direct
from beam_mcp.beam.errors import NotConfigured
from beam_mcp.beam.transport import CONNECT_SECONDS, LOOPBACK, MOST_CONNECTIONS

MOST_IDLE = 16  # connections that are kept open for the next request
IDLE_SECONDS = 15.0
_PROXIES = {"http", "https", "all"}  # as httpx2 takes them from the system
_TALKATIVE = ("httpx2", "httpcore2")  # at their most, they log whole addresses, signed links too, and answers' headers


class _Straight(httpx2.AsyncClient):
    """Hands requests over as they are: what it could add, cookies, sign-in and redirects, is not wanted here."""

    def __init__(self, way: Direct, **more: Any) -> None:
        super().__init__(transport=way, **more)
        self._way = way

    async def send(self, request: httpx2.Request, *, stream: bool = False, **_: Any) -> httpx2.Response:
        """The answer; `stream` leaves its body to be read."""
        if self.is_closed:
            raise httpx2.ConnectError("it was closed on this side")
        response = await self._way.handle_async_request(request)
        response.request = request
        if not stream:
            await response.aread()
        return response


def trusted(base_url: str) -> Callable[[], ssl.SSLContext]:
    """The certificates for a pool of this address, read but once: from now on, or where only a link leads to TLS, then.

    What comes back raises NotConfigured where they cannot be read.
    """
    if urlsplit(base_url).scheme == "http":
        return partial(_usable, cache(_read))
    reader = ThreadPoolExecutor(1)
    try:
        return partial(_usable, reader.submit(_read).result)
    finally:
        reader.shutdown(wait=False)


def _read() -> ssl.SSLContext | str:
    """The certificates, or why there are none: an error that is kept would keep everybody who met it."""
    try:
        return httpx2.create_ssl_context()
    except OSError as error:
        return "it holds none" if isinstance(error, ssl.SSLError) else str(error.strerror)


def _usable(read: Callable[[], ssl.SSLContext | str]) -> ssl.SSLContext:
    found = read()
    if isinstance(found, ssl.SSLContext):
        return found
    raise NotConfigured(
        f"The file of trusted certificates cannot be read ({found}).",
        "Correct or unset SSL_CERT_FILE where beam-mcp runs, and restart it.",
    )


def pool(base_url: str, timeout: float, patience: float, context: Callable[[], ssl.SSLContext]) -> httpx2.AsyncClient:
    """Connections to this address; `timeout` in seconds bounds each silence on one, `patience` the wait for one.

    Raises:
        NotConfigured: this system names a proxy that cannot be one. It is not repeated: it may hold a password.
    """
    for library in _TALKATIVE:
        logging.getLogger(library).setLevel(logging.WARNING)
    try:
        way = _way(base_url, context)
        kind = partial(_Straight, way) if way else partial(httpx2.AsyncClient, verify=context())
        return kind(
            base_url=base_url,
            headers={"Accept": "application/json", "User-Agent": f"beam-mcp/{__version__}"},
            timeout=httpx2.Timeout(timeout, connect=min(CONNECT_SECONDS, timeout), pool=patience),
            limits=httpx2.Limits(
                max_connections=MOST_CONNECTIONS, max_keepalive_connections=MOST_IDLE, keepalive_expiry=IDLE_SECONDS
            ),
            follow_redirects=False,
            trust_env=_uses_proxies(base_url),
        )
    except (ImportError, ValueError, httpx2.InvalidURL):
        what = "The proxy that this system names is no address of an HTTP proxy (SOCKS is not supported)."
        raise NotConfigured(
            what, "Correct or unset HTTPS_PROXY and ALL_PROXY where beam-mcp runs, or that system's own setting."
        ) from None


def _way(base_url: str, context: Callable[[], ssl.SSLContext]) -> Direct | None:
    """Straight there; where a proxy may stand between, httpx2 knows the way."""
    if _uses_proxies(base_url) and _PROXIES & getproxies().keys():
        return None
    return Direct(context, most=MOST_CONNECTIONS, idle=MOST_IDLE, idle_seconds=IDLE_SECONDS)


def _uses_proxies(base_url: str) -> bool:
    """Not for this machine's own loopback, which no proxy from the environment can reach."""
    return urlsplit(base_url).hostname not in LOOPBACK
