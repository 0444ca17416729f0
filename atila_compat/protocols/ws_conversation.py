"""One WebSocket while it is open: messages in their order, silence, the end (spec/07 section 1).

While a handler takes its time, messages are read ahead, up to a limit: so a client that goes is noticed.
Behind the limit the server stops reading from the client.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextvars import Context
from typing import Any

from ..serving.runtime import Runtime
from ..serving.workers import Hopping
from ..settings import settings
from ..types import Message as Event
from ..types import Receive
from .ws_connection import GOING_AWAY, Connection
from .ws_direct import UNHEARD, Line, Turns
from .ws_encoding import Message

READ_AHEAD_BYTES = 1024 * 1024
READ_AHEAD_MESSAGES = 1000
READ_AHEAD_AFTER = 0.05
"""Seconds that a handler takes before the connection gets a reader of its own."""

GONE = object()
"""In place of a result: the client has gone, or was sent away."""


class Conversation(Hopping):
    """What the handlers of the four kinds talk through.

    Args:
        runtime: its worker threads run the handlers.
        context: the context variables of all of them.
        label: what reports about busy threads call them.
        timeout: seconds of silence after which the connection is closed; 0 for never.
        line: the shorter way to the client, where there is one.

    Attributes:
        loop: the event loop of all this.
        gone: whether the client has left, or the connection was closed; its last messages may still wait.
    """

    def __init__(
        self,
        runtime: Runtime,
        context: Context,
        label: str,
        connection: Connection,
        receive: Receive,
        timeout: float,
        line: Line | None = None,
    ) -> None:
        super().__init__(runtime.workers, context)
        self.connection = connection
        self.gone = False
        self._receive = receive
        self.timeout = timeout
        self.loop = runtime.loop
        self._label = label
        self._inbox: list[Message] = []
        self._size = 0
        self._next: asyncio.Future[None] | None = None
        self._room: asyncio.Future[None] | None = None
        self._reader: asyncio.Task[None] | None = None
        self._listener: asyncio.Task[Any] | None = None
        self._line = line
        self._turns: Turns | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._hop_began: float | None = None
        self._alarm: asyncio.TimerHandle | None = None

    @property
    def label(self) -> str:
        return self._label

    # -- for handlers ---------------------------------------------------------------------------------------

    async def hop(self, func: Callable[..., Any], *args: Any) -> Any:
        """Run `func` in a worker thread; where that takes long, what the client says is read ahead."""
        self.expect_hop()
        try:
            return await super().hop(func, *args)
        finally:
            self.hop_ended()

    def expect_hop(self) -> None:
        """A hop begins."""
        self._hop_began = self.loop.time()
        if self._alarm is None and self._reader is None:
            self._alarm = self.loop.call_later(READ_AHEAD_AFTER, self._look_at_hop)

    def hop_ended(self) -> None:
        """The hop has come to its end, or nobody waits for it any more."""
        self._hop_began = None

    def _look_at_hop(self) -> None:
        """Read ahead when a hop takes long; one timer does for the many that do not."""
        self._alarm = None
        if self._hop_began is not None and self._reader is None:
            left = self._hop_began + READ_AHEAD_AFTER - self.loop.time()
            if left > 0:
                self._alarm = self.loop.call_later(left, self._look_at_hop)
            else:
                self.read_ahead()

    async def turn(
        self, step: Callable[[Message], Any], answers: Callable[[Any], Sequence[Message] | None]
    ) -> Any:
        """Handle the client's next message, or the next ones: gives the first result that needs more.

        Args:
            step: handles a message, in a worker thread.
            answers: see `ws_direct.Turns`.

        Returns GONE where there is no next message. Raises what `step` raises.
        """
        if self._line is not None and not self._inbox and self.is_direct():
            self._turns = Turns(self, self._line, step, answers)
            try:
                result = await self._turns.take()
            finally:
                self._turns = None
            if result is not UNHEARD:
                return result
        message = await self.next()
        return GONE if message is None else await self.hop(step, message)

    def is_direct(self) -> bool:
        """Whether nobody else reads what the client says, and it may go on."""
        return self._reader is None and not self.gone and not self.connection.closing

    async def next(self) -> Message | None:
        """The client's next message; None when it has gone and has said nothing more, or was sent away."""
        connection = self.connection
        while not self._inbox:
            if self.gone or connection.closing:
                await connection.flush()
                return None
            await (self._hear() if self._reader is None else self._wait())
        if connection.closing:
            return None
        message = self._inbox.pop(0)
        self._size -= len(message)
        if self._room is not None and not self._room.done() and self._has_room():
            self._room.set_result(None)
        return message

    def read_ahead(self) -> None:
        """Listen to the client from now on also while a handler has something to do."""
        if self._reader is None and not self.gone:
            if self._turns is not None:
                self._turns.leave_line()
            self._reader = self.loop.create_task(self._read())

    # -- its life -------------------------------------------------------------------------------------------

    def begin(self) -> None:
        """The handshake is over."""
        self.connection.opened(self._ended)
        limit = self.timeout or settings.network_timeout
        self._timer = self.loop.call_later(limit, self._watch)

    async def finish(self, code: int | None) -> None:
        """End the connection, if it is open still, behind what has been sent.

        Args:
            code: what the client is told; None to hang up without a word.
        """
        if code is not None:
            self.connection.close(code)
        await self.connection.flush()
        self.connection.end()
        for timer in (self._timer, self._alarm):
            if timer is not None:
                timer.cancel()
        if self._reader is not None:
            self._reader.cancel()

    def _ended(self) -> None:
        """The connection is no more."""
        self.gone = True
        if self._next is not None and not self._next.done():
            self._next.set_result(None)
        if self._listener is not None:
            self._listener.cancel()
        if self._turns is not None:
            self._turns.stop()

    async def _hear(self) -> None:
        """Wait for what the client says, while nobody else does."""
        self._listener = asyncio.current_task(self.loop)
        try:
            event = await self._receive()
        except asyncio.CancelledError:
            if not self.gone or self._listener is None:
                raise
            self._listener.uncancel()
            return
        finally:
            self._listener = None
        self._take(event)

    async def _wait(self) -> None:
        """Wait for what the reader hears."""
        self._next = self.loop.create_future()
        try:
            await self._next
        finally:
            self._next = None

    async def _read(self) -> None:
        try:
            while self._take(await self._receive()):
                if self._next is not None and not self._next.done():
                    self._next.set_result(None)
                elif not self._has_room():
                    self._room = self.loop.create_future()
                    await self._room
        finally:
            self.hung_up()

    def _take(self, event: Event) -> bool:
        """Take in what the server tells; False when the client has gone."""
        message = self.heard(event)
        if message is None:
            return False
        self._inbox.append(message)
        self._size += len(message)
        return True

    def heard(self, event: Event) -> Message | None:
        """The message in what the server tells; None when the client has gone."""
        if event["type"] != "websocket.receive":
            self.hung_up()
            return None
        self.connection.active_at = self.loop.time()
        text: str | None = event.get("text")
        return bytearray(event["bytes"]) if text is None else text

    def hung_up(self) -> None:
        """The client has gone."""
        self.connection.end()
        self._ended()

    def _has_room(self) -> bool:
        return self._size < READ_AHEAD_BYTES and len(self._inbox) < READ_AHEAD_MESSAGES

    def _is_waiting(self) -> bool:
        """Whether there is nothing to do until the client says something."""
        is_listening = self._turns is not None and not self._turns.working
        return is_listening or self._next is not None or self._listener is not None

    def _watch(self) -> None:
        """Look whether the client has been silent, or has not taken what is sent, for too long."""
        if self.gone:
            return
        patience = max(self.timeout, settings.network_timeout)
        if self.connection.stalled_for() >= patience:
            self.connection.abandon()
            return
        again = self.timeout or patience
        if self.timeout and self._is_waiting():
            silent = self.loop.time() - self.connection.active_at
            if silent >= self.timeout:
                self.connection.close(GOING_AWAY)
                again = patience
            else:
                again = self.timeout - silent
        self._timer = self.loop.call_later(max(again, 0.01), self._watch)
