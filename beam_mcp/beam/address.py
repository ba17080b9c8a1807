"""A request to an address of Beam's, where an argument makes one that cannot be."""

from typing import Any

import httpx2

from beam_mcp.beam.errors import BadRequest


def request_of(client: httpx2.AsyncClient, method: str, path: str, **parts: Any) -> httpx2.Request:
    """The request, not sent yet.

    Raises:
        BadRequest: the address would be too long, or holds what none may.
    """
    try:
        return client.build_request(method, path, **parts)
    except httpx2.InvalidURL as error:
        what = "An argument is too long, or has characters that no address takes."
        raise BadRequest(what, "Shorten it.") from error
