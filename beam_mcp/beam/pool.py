"""The open connections to Beam; a thread reads which certificates are trusted while everything else is loaded."""

import logging
import ssl
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache
from urllib.parse import urlsplit

import httpcore2
import httpx2

from beam_mcp import __version__
from beam_mcp.beam.errors import NotConfigured
from beam_mcp.beam.transport import CONNECT_SECONDS, LOOPBACK, MOST_CONNECTIONS

READ_AT_ONCE = 256 * 1024  # bytes
_TALKATIVE = ("httpx2", "httpcore2")  # at their most, they log whole addresses, signed links too, and answers' headers


def trusted(base_url: str) -> Future[ssl.SSLContext]:
    """The certificates for a pool of this address, which take a twentieth of a start to read; the thread begins now."""
    reader = ThreadPoolExecutor(1)
    try:
        return reader.submit(httpx2.create_ssl_context if _uses_proxies(base_url) else _untouched)
    finally:
        reader.shutdown(wait=False)


@cache
def _untouched() -> ssl.SSLContext:
    """What is trusted whatever the environment says: the same for every pool, and read once."""
    return httpx2.create_ssl_context(trust_env=False)


def pool(base_url: str, timeout: float, patience: float, context: ssl.SSLContext) -> httpx2.AsyncClient:
    """Connections to this address; `timeout` in seconds bounds each silence on one, `patience` the wait for one.

    Raises:
        NotConfigured: this system names a proxy that cannot be one. It is not repeated: it may hold a password.
    """
    for library in _TALKATIVE:
        logging.getLogger(library).setLevel(logging.WARNING)
    # As much as asyncio hands over at once, not a quarter of it: a body of 3 MB is read in two thirds of the time.
    setattr(httpcore2.AsyncHTTP11Connection, "READ_NUM_BYTES", READ_AT_ONCE)  # noqa: B010 - typed as what it is
    try:
        return httpx2.AsyncClient(
            base_url=base_url,
            verify=context,
            headers={"Accept": "application/json", "User-Agent": f"beam-mcp/{__version__}"},
            timeout=httpx2.Timeout(timeout, connect=min(CONNECT_SECONDS, timeout), pool=patience),
            # Each idle connection is looked at twice a request.
            limits=httpx2.Limits(max_connections=MOST_CONNECTIONS, max_keepalive_connections=16, keepalive_expiry=15),
            follow_redirects=False,
            trust_env=_uses_proxies(base_url),
        )
    except (ImportError, ValueError, httpx2.InvalidURL):
        what = "The proxy that this system names is no address of an HTTP proxy (SOCKS is not supported)."
        raise NotConfigured(
            what, "Correct or unset HTTPS_PROXY and ALL_PROXY where beam-mcp runs, or that system's own setting."
        ) from None


def _uses_proxies(base_url: str) -> bool:
    """Not for this machine's own loopback, which no proxy from the environment can reach."""
    return urlsplit(base_url).hostname not in LOOPBACK
