"""The connections to one Beam: how many, how long to wait for one, and by which proxy."""

import logging
from urllib.parse import urlsplit

import httpx2

from beam_mcp import __version__
from beam_mcp.beam.errors import NotConfigured
from beam_mcp.beam.transport import CONNECT_SECONDS, LOOPBACK, MOST_CONNECTIONS

_TALKATIVE = ("httpx2", "httpcore2")  # at their most, they log whole addresses, signed links too, and answers' headers


def pool(base_url: str, timeout: float) -> httpx2.AsyncClient:
    """Connections that stay open between calls; `timeout` is in seconds.

    Raises:
        NotConfigured: this system names a proxy that cannot be one. It is not repeated: it may hold a password.
    """
    for library in _TALKATIVE:
        logging.getLogger(library).setLevel(logging.WARNING)
    try:
        return httpx2.AsyncClient(
            base_url=base_url,
            headers={"Accept": "application/json", "User-Agent": f"beam-mcp/{__version__}"},
            timeout=httpx2.Timeout(timeout, connect=min(CONNECT_SECONDS, timeout)),
            # Each idle connection is looked at twice a request.
            limits=httpx2.Limits(max_connections=MOST_CONNECTIONS, max_keepalive_connections=16, keepalive_expiry=15),
            follow_redirects=False,
            # A proxy from the environment cannot reach this machine's own loopback.
            trust_env=urlsplit(base_url).hostname not in LOOPBACK,
        )
    except (ImportError, ValueError, httpx2.InvalidURL):
        what = "The proxy that this system names is no address of an HTTP proxy (SOCKS is not supported)."
        raise NotConfigured(what, "Correct or unset HTTPS_PROXY and ALL_PROXY, or the system's own setting.") from None
