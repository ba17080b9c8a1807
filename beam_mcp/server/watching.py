"""Subscriptions: a subscribed task is followed, and its changes are told to the client in either protocol era."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, cast

import anyio
from anyio.abc import TaskStatus
from mcp.server.context import CallNext, HandlerResult, ServerRequestContext
from mcp.server.mcpserver import Context
from mcp_types import EmptyResult, SubscribeRequestParams, UnsubscribeRequestParams

from beam_mcp.beam.errors import BeamError
from beam_mcp.beam.follow import until_news
from beam_mcp.beam.task import TaskHead, get_task
from beam_mcp.server.resources import task_in
from beam_mcp.tools.given import Caller, Office, conversation_name, find_task, given_caller

LONGEST = 6 * 3600.0  # seconds; a subscription that nobody renews ends by itself
MOST_AT_ONCE = 50  # watched tasks of one connection

Tell = Callable[[str], Awaitable[None]]


async def watch(
    caller: Caller, uri: str, tell: Tell, *, task_status: TaskStatus[None] = anyio.TASK_STATUS_IGNORED
) -> None:
    """Follow the task behind `uri` and tell each change, until it is over, unreadable or was watched for long.

    It has begun once the task was seen as it is, so that no change after that is missed.
    """
    with anyio.move_on_after(LONGEST):
        try:
            name = task_in(uri)
            seen = await get_task(caller.beam, await find_task(caller, name)) if name else None
        except BeamError:
            seen = None
        task_status.started()
        if seen:
            await _tell_changes(caller, seen, uri, tell)


async def _tell_changes(caller: Caller, seen: TaskHead, uri: str, tell: Tell) -> None:
    try:
        while seen.phase not in {"done", "failed"}:
            seen = await _next_change(caller, seen)
            await tell(uri)
    except BeamError:
        return  # nothing more can be told; reading the resource says why


async def _next_change(caller: Caller, before: TaskHead) -> TaskHead:
    def changed(now: TaskHead) -> bool:
        return (now.status, now.updated_at) != (before.status, before.updated_at)

    ids = [before.id or ""]
    return (await until_news(caller.beam, ids, is_news=changed, seconds=LONGEST, report=_quietly))[0]


async def _quietly(_: Sequence[TaskHead]) -> None:
    """Nobody waits for progress here."""


class Watching:
    """The subscriptions of one server: listened to on 2026-07-28, subscribed one by one before."""

    def __init__(self, publish: Tell) -> None:
        self._publish = publish
        self._scopes: dict[tuple[str, str], anyio.CancelScope] = {}

    async def while_listening(self, ctx: ServerRequestContext[Any, Any], call_next: CallNext) -> HandlerResult:
        """Middleware: watch what a `subscriptions/listen` request names for as long as it listens."""
        wanted = (ctx.params or {}).get("notifications") if ctx.method == "subscriptions/listen" else None
        uris = cast("dict[str, Any]", wanted).get("resourceSubscriptions") if isinstance(wanted, dict) else None
        if not uris:
            return await call_next(ctx)
        caller = given_caller(Context(request_context=ctx))
        async with anyio.create_task_group() as watches:
            for uri in [uri for uri in uris if isinstance(uri, str)][:MOST_AT_ONCE]:
                await watches.start(watch, caller, uri, self._publish)
            try:
                return await call_next(ctx)
            finally:
                watches.cancel_scope.cancel()

    async def subscribe(self, ctx: ServerRequestContext[Office, Any], params: SubscribeRequestParams) -> EmptyResult:
        """`resources/subscribe` of the older protocols: the watch lives in the connection's own task group."""
        caller = given_caller(Context(request_context=ctx))
        key = (_connection(ctx, caller), params.uri)
        session, background = ctx.session, ctx.lifespan_context.background
        mine = sum(1 for connection, _ in self._scopes if connection == key[0])
        if background and key not in self._scopes and mine < MOST_AT_ONCE:
            scope = self._scopes[key] = anyio.CancelScope()

            async def watching(*, task_status: TaskStatus[None]) -> None:
                with scope:
                    await watch(caller, params.uri, session.send_resource_updated, task_status=task_status)
                self._scopes.pop(key, None)

            await background.start(watching)
        return EmptyResult()

    async def unsubscribe(
        self, ctx: ServerRequestContext[Office, Any], params: UnsubscribeRequestParams
    ) -> EmptyResult:
        """`resources/unsubscribe` of the older protocols."""
        caller = given_caller(Context(request_context=ctx))
        scope = self._scopes.pop((_connection(ctx, caller), params.uri), None)
        if scope:
            scope.cancel()
        return EmptyResult()


def _connection(ctx: ServerRequestContext[Office, Any], caller: Caller) -> str:
    """What tells this connection from all others: on SSE each has an office of its own, on HTTP each a session id."""
    return f"{id(ctx.lifespan_context)} {conversation_name(caller.context)} {caller.beam.identity.fingerprint()}"
