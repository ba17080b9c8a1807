"""Where clients connect over HTTP: one socket, or one line that says why there is none."""

import errno
import socket
import sys
from typing import Any

from beam_mcp.settings import SettingsError
from beam_mcp.settings_values import unless_a_key

BACKLOG = 2048


def listen(host: str, port: int) -> socket.socket:
    """A socket that says it is TCP: asyncio lets Nagle's algorithm hold back answers for 40 ms on any other.

    Raises:
        SettingsError: nobody can listen there.
    """
    family, address = _resolved(host, port)
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    if sys.platform != "win32":  # where it would let two servers share a port
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(address)
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise SettingsError(_reason(f"{host}:{port}", error)) from error
    return listener


def shown(listener: socket.socket, host: str) -> str:
    """The base URL under which clients on this machine reach it."""
    port = listener.getsockname()[1]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _resolved(host: str, port: int) -> tuple[int, tuple[Any, ...]]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError) as error:
        raise SettingsError(f"BEAM_MCP_HOST (--host): there is no host {unless_a_key(host)!r} to listen on.") from error
    return found[0][0], found[0][4]


def _reason(place: str, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"BEAM_MCP_PORT (--port): {place} is taken by another program; choose another port, or 0 for a free one."
    if error.errno == errno.EACCES:
        return f"BEAM_MCP_PORT (--port): {place} is not for everybody ({error.strerror}); choose a port above 1023."
    return f"BEAM_MCP_HOST (--host): cannot listen on {place} ({error.strerror})."
