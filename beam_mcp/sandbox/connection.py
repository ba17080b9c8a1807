"""The two things ASGI has no words for: cutting a connection, and noticing that it is gone."""

import asyncio
from typing import Any, cast

import anyio
from starlette.types import Receive, Send


def transport_of(send: Send) -> asyncio.Transport:
    """The socket under a response."""
    # ASGI can only answer. uvicorn's `send` is a bound method of the object that holds the transport, and a lost
    # answer can be played in no other way.
    return cast("Any", send).__self__.transport


async def drop(receive: Receive, send: Send) -> None:
    """Cut the connection without another byte, and return when uvicorn has noticed."""
    transport_of(send).abort()
    await gone(receive)


async def gone(receive: Receive) -> None:
    """Wait until the client is gone."""
    while (await receive())["type"] != "http.disconnect":
        continue


async def pause(receive: Receive, seconds: float) -> None:
    """Wait in real time, but no longer than the client does."""
    with anyio.move_on_after(seconds):
        await gone(receive)
