"""What is answered to a request that gets no further than the door: a status, headers, and words for a person."""

from collections.abc import Mapping
from math import ceil

from mcp_types import INVALID_REQUEST, ErrorData, JSONRPCError
from starlette.responses import Response


class Refused(Exception):
    """A request that is not let in; its text says why and what to do, and is shown to whoever sent it."""

    def __init__(self, status: int, words: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(words)
        self.status = status
        self.headers = headers

    def answer(self) -> Response:
        """A JSON-RPC error without an id, as MCP 2025-11-25 (Streamable HTTP) has it: clients show its message."""
        error = JSONRPCError(jsonrpc="2.0", id=None, error=ErrorData(code=INVALID_REQUEST, message=str(self)))
        said = error.model_dump_json(by_alias=True, exclude_unset=True)
        return Response(said, self.status, self.headers, media_type="application/json")


def later(status: int, words: str, seconds: float) -> Refused:
    """Refused for now; `seconds` until it is worth trying again (RFC 9110 §10.2.3)."""
    return Refused(status, words, {"retry-after": str(ceil(seconds))})
