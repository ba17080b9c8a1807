"""Beam's way of saying no: NestJS bodies."""

from collections.abc import Mapping
from http import HTTPStatus

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from beam_mcp.sandbox.wire import Json, packed


class Refusal(Exception):
    """A request that Beam answers with an error and does not act upon."""

    def __init__(self, status: int, message: str | list[str]) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


def refusal_body(status: int, message: str | list[str] | None = None) -> Json:
    """The body NestJS sends with this status."""
    phrase = HTTPStatus(status).phrase if status in set(HTTPStatus) else "Error"
    if message is None:
        return {"statusCode": status, "message": phrase}
    return {"statusCode": status, "message": message, "error": phrase}


def json_answer(value: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Any value as a JSON response."""
    return Response(packed(value), status, headers=headers, media_type="application/json; charset=utf-8")


async def refused(request: Request, problem: Exception) -> Response:
    """A Refusal, or Starlette's own 404 and 405, as Beam words them."""
    if isinstance(problem, Refusal):
        return json_answer(refusal_body(problem.status, problem.message), problem.status)
    # Nest knows no 405: a path without a handler for the method is simply not found.
    status = problem.status_code if isinstance(problem, HTTPException) and problem.status_code != 405 else 404
    return json_answer(refusal_body(status, f"Cannot {request.method} {request.url.path}"), status)
