"""A request to an address of Beam's, where an argument makes one that cannot be."""

from collections.abc import Mapping
from typing import Any

import httpx2

from beam_mcp.beam.errors import BadRequest


def request_of(
    client: httpx2.AsyncClient, method: str, path: str, *, headers: Mapping[str, str], **parts: Any
) -> httpx2.Request:
    """The request, not sent yet; without the cookies that the client was given, maybe in answer to somebody else.

    Raises:
        BadRequest: the address would be too long, or holds what none may.
    """
    # The client's own way of building one parses the address three times, which takes longer than reading the answer.
    all_headers = {**dict(client.headers.items()), **headers}
    known = {"timeout": client.timeout.as_dict()}
    try:
        address = f"{str(client.base_url).rstrip('/')}{path}"
        return httpx2.Request(method, address, headers=all_headers, extensions=known, **parts)
    except httpx2.InvalidURL as error:
        what = "An argument is too long, or has characters that no address takes."
        raise BadRequest(what, "Shorten it.") from error
