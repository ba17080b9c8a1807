"""Subscriptions: a subscribed task is followed, and its changes are told to the client in either protocol era."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import anyio
from anyio.abc import TaskStatus
from mcp.server.context import ServerRequestContext
from mcp.server.mcpserver import Context
from mcp.server.subscriptions import InMemorySubscriptionBus, ListenHandler
from mcp.shared.exceptions import MCPError
from mcp.shared.subscriptions import ResourceUpdated, ServerEvent
from mcp_types import (
    INTERNAL_ERROR,
    INVALID_PARAMS,
    EmptyResult,
    SubscribeRequestParams,
    SubscriptionsListenRequestParams,
    SubscriptionsListenResult,
    UnsubscribeRequestParams,
)

from beam_mcp.beam.errors import BeamError
from beam_mcp.beam.task import TaskHead, get_task
from beam_mcp.server.resources import is_shown, task_in
from beam_mcp.server.visitor import loaded_for
from beam_mcp.tools.given import find_task
from beam_mcp.tools.office import Caller, InChat, Office, conversation_name, given_caller

LONGEST = 6 * 3600.0  # seconds; a subscription that nobody renews ends by itself
MOST_AT_ONCE = 50  # watched tasks of one connection
MOST_LISTENING = 1024  # requests at once, as the SDK has it

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


@asynccontextmanager
async def _watched(caller: Caller, uris: Sequence[str], tell: Tell) -> AsyncGenerator[None]:
    async with anyio.create_task_group() as watches:
        for uri in uris[:MOST_AT_ONCE]:
            await watches.start(watch, caller, uri, tell)
        yield
        watches.cancel_scope.cancel()


async def _tell_changes(caller: Caller, seen: TaskHead, uri: str, tell: Tell) -> None:
    try:
        while seen.phase not in {"done", "failed"}:
            seen = await _next_change(caller, seen)
            await tell(uri)
    except BeamError:
        return  # nothing more can be told; reading the resource says why


async def _next_change(caller: Caller, before: TaskHead) -> TaskHead:
    from beam_mcp.beam.follow import until_news  # noqa: PLC0415 - few sessions watch anything

    def changed(now: TaskHead) -> bool:
        return (now.status, now.updated_at) != (before.status, before.updated_at)

    ids = [before.id or ""]
    return (await until_news(caller.beam, ids, is_news=changed, seconds=LONGEST, report=_quietly))[0]


async def _quietly(_: Sequence[TaskHead]) -> None:
    """Nobody waits for progress here."""


class _OwnBus(InMemorySubscriptionBus):
    """What changes for one listening request: the URI of a task is the same for everybody, the task is not."""

    def __init__(self) -> None:
        super().__init__()
        self._heard = anyio.Event()

    def subscribe(self, listener: Callable[[ServerEvent], None]) -> Callable[[], None]:
        """Deliver to this listener from now on."""
        self._heard.set()
        return super().subscribe(listener)

    async def publish(self, event: ServerEvent) -> None:
        """Deliver once somebody listens, so that nothing is lost before."""
        await self._heard.wait()
        await super().publish(event)

    async def tell(self, uri: str) -> None:
        """A resource has changed."""
        await self.publish(ResourceUpdated(uri=uri))


class Watching:
    """The subscriptions of one server that offers these tools: listened to on 2026-07-28, one by one before."""

    def __init__(self, offered: frozenset[str]) -> None:
        self._offered = offered
        self._listening = 0
        self._scopes: dict[tuple[str, str], anyio.CancelScope] = {}

    async def listen(
        self, ctx: ServerRequestContext[Office, Any], params: SubscriptionsListenRequestParams
    ) -> SubscriptionsListenResult:
        """`subscriptions/listen`: watch what the request names for as long as it listens, and tell only this one."""
        if self._listening >= MOST_LISTENING:
            raise MCPError(code=INTERNAL_ERROR, message="Too many are listening: try again later.")
        caller, bus = await given_caller(Context(request_context=ctx)), _OwnBus()
        self._listening += 1
        try:
            uris = [uri for uri in params.notifications.resource_subscriptions or [] if self._can_watch(ctx, uri)]
            async with _watched(caller, uris, bus.tell):
                return await ListenHandler(bus)(ctx, params)
        finally:
            self._listening -= 1

    async def subscribe(self, ctx: ServerRequestContext[Office, Any], params: SubscribeRequestParams) -> EmptyResult:
        """`resources/subscribe` of the older protocols: the watch lives in the connection's own task group."""
        if not task_in(params.uri) or not self._can_watch(ctx, params.uri):
            raise MCPError(code=INVALID_PARAMS, message="Only tasks can be watched: beam://tasks/INV-107.")
        caller = await given_caller(Context(request_context=ctx))
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
        caller = await given_caller(Context(request_context=ctx))
        scope = self._scopes.pop((_connection(ctx, caller), params.uri), None)
        if scope:
            scope.cancel()
        return EmptyResult()

    def _can_watch(self, ctx: ServerRequestContext[Office, Any], uri: str) -> bool:
        return is_shown(uri, loaded_for(ctx, self._offered))


def _connection(ctx: ServerRequestContext[Office, Any], caller: InChat) -> str:
    """What tells this connection from all others: on SSE each has an office of its own, on HTTP each a session id."""
    return f"{id(ctx.lifespan_context)} {conversation_name(caller.context)} {caller.beam.identity.fingerprint}"
