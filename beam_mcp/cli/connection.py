"""One connection over HTTP, patient within bounds: uvicorn itself waits for ever for a request, and for its reader."""

import asyncio
from typing import Literal

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

HEAD_SECONDS = 10.0  # for a request line and headers
BODY_SECONDS = 60.0  # for the body after them
READ_SECONDS = 30.0  # for the client to take LEAST_READ of what it was sent
LEAST_READ = 64 * 1024  # bytes, or all there is

Part = Literal["head", "body"]


class Connection(H11Protocol):
    """Cut where a request does not arrive in time, or nobody reads the answer; idle ones uvicorn closes by itself.

    All limits are in seconds, for subclasses to change. What is cut gets no answer: whoever sends so slowly waits for
    none.
    """

    head_seconds = HEAD_SECONDS
    body_seconds = BODY_SECONDS
    read_seconds = READ_SECONDS

    _awaited: Part | None = None
    _arrives: asyncio.TimerHandle | None = None
    _is_read: asyncio.TimerHandle | None = None
    _unread = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # pyright: ignore[reportIncompatibleMethodOverride] - as uvicorn narrows it
        """Wait for the first request, and hear of whatever the client leaves unread."""
        super().connection_made(transport)
        transport.set_write_buffer_limits(high=0)
        self._await("head")

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing more."""
        self._await(None)
        self._stop_watching()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take it, and wait for what is still missing of the request, counted from its beginning."""
        super().data_received(data)
        missing: dict[object, Part] = {h11.IDLE: "head", h11.SEND_BODY: "body"}
        self._await(None if self.transport.is_closing() else missing.get(self.conn.their_state))

    def on_response_complete(self) -> None:
        """The connection is idle until more comes, which uvicorn does not wait for very long."""
        super().on_response_complete()
        if self.conn.their_state is h11.IDLE:
            self._await(None)

    def pause_writing(self) -> None:
        """The client has not read all."""
        super().pause_writing()
        self._unread = self.transport.get_write_buffer_size()
        self._watch_reading()

    def resume_writing(self) -> None:
        """It has."""
        self._stop_watching()
        super().resume_writing()

    def _await(self, part: Part | None) -> None:
        if part is self._awaited:
            return
        if self._arrives is not None:
            self._arrives.cancel()
        self._awaited, self._arrives = part, None
        if part is not None:
            seconds = self.head_seconds if part == "head" else self.body_seconds
            self._arrives = self.loop.call_later(seconds, self.transport.abort)

    def _watch_reading(self) -> None:
        self._is_read = self.loop.call_later(self.read_seconds, self._cut_unless_read)

    def _stop_watching(self) -> None:
        if self._is_read is not None:
            self._is_read.cancel()
            self._is_read = None

    def _cut_unless_read(self) -> None:
        left = self.transport.get_write_buffer_size()
        if left > max(self._unread - LEAST_READ, 0):
            self.transport.abort()
            return
        self._unread = left
        self._watch_reading()
