"""What nobody foresaw is told to a client in our words alone: its own could hold anything, and are for the log.

The SDK hands the words of any error to clients of the older protocols, except those of the tools' own functions.
"""

import logging
from types import TracebackType
from typing import Any

from mcp.server.context import CallNext, HandlerResult, ServerRequestContext
from mcp.server.mcpserver.exceptions import ToolError, UnexpectedToolError
from mcp.shared.exceptions import MCPError
from mcp_types import INTERNAL_ERROR
from pydantic import ValidationError

CRASHED = "beam-mcp made a mistake while running {name}; details are in its log (stderr). Whether anything was done at \
Beam is not known: look before you repeat it."

log = logging.getLogger(__name__)


class Masked:
    """A block inside which an error that is none of the `told` becomes `instead`, whose cause it is."""

    def __init__(self, instead: Exception, *told: type[Exception]) -> None:
        self._instead = instead
        self._told = told

    def __enter__(self) -> None: ...

    def __exit__(self, _: type[BaseException] | None, error: BaseException | None, __: TracebackType | None) -> None:
        if isinstance(error, Exception) and not isinstance(error, self._told):
            raise self._instead from error


def masked_tool(name: str) -> Masked:
    """A block for a call of this tool; the SDK logs what is masked."""
    return Masked(UnexpectedToolError(CRASHED.format(name=name)), ToolError, MCPError)


async def masked_request(ctx: ServerRequestContext[Any, Any], call_next: CallNext) -> HandlerResult:
    """Answer any request, or log what went wrong and say that it did."""
    crashed = MCPError(code=INTERNAL_ERROR, message=CRASHED.format(name=ctx.method))
    try:
        with Masked(crashed, MCPError, ValidationError):
            return await call_next(ctx)
    except MCPError as error:
        if error is crashed:
            log.exception("%s raised what nobody foresaw", ctx.method)
        raise
    raise AssertionError("a request is answered, or an error is raised")
