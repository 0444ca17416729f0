"""`was.websocket`: the sending side of a connection, for any thread (spec/07 section 1.4).

Messages wait in an outbox until the client takes them, in order. It is bounded: a thread that sends faster
than the client takes waits for room, and a client that takes nothing for long is disconnected.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
import time
from collections.abc import Sequence
from typing import Any

from ..context import on_event_loop
from ..settings import settings
from ..types import Send
from .ws_direct import Line
from .ws_encoding import ENCODINGS, OPCODE_CLOSE, Encoding, Message, Unsendable, messages_of

log = logging.getLogger("atila_compat.websocket")

OUTBOX_BYTES = 1024 * 1024
"""How much may wait for a client."""
MESSAGE_COST = 64
"""Bytes that a waiting message takes besides its own, so that empty ones count too."""
PATIENCE_FOR_PUSHES = 1.0
"""Seconds that somebody else than the connection's own handler waits for room."""

NORMAL, GOING_AWAY, BAD_DATA, TOO_SLOW, FAILED = 1000, 1001, 1007, 1013, 1011
"""Close codes (RFC 6455 section 7.4)."""

_lock = threading.Lock()
_room = threading.Condition(_lock)
"""For the outboxes of all connections: they are held for less than a microsecond."""


class Connection:
    """One client.

    Attributes:
        client_id: unique among the connections of this server; may be 0.
        session: the generator of a WS_SESSION or WS_COROUTINE, None for others.
        active_at: when something came from the client or was taken by it, in the loop's time.
    """

    __slots__ = (
        "_abandoned",
        "_accepted",
        "_closing",
        "_ended",
        "_flusher",
        "_loop",
        "_on_end",
        "_outbox",
        "_scheduled",
        "_send",
        "_sender",
        "_sending_since",
        "_size",
        "_turns",
        "_waiting",
        "active_at",
        "client_id",
        "encoding",
        "session",
    )

    def __init__(
        self, client_id: int, loop: asyncio.AbstractEventLoop, send: Send, encoding: Encoding | None = None
    ) -> None:
        self.client_id = client_id
        self.session: Any = None
        self.encoding = encoding or ENCODINGS["text"]
        self.active_at = loop.time()
        self._loop = loop
        self._send = send
        self._outbox: list[Message] = []
        self._size = 0
        self._waiting = 0
        self._scheduled = False
        self._accepted = False
        self._closing: int | None = None
        self._ended = False
        self._abandoned = False
        self._turns: list[asyncio.Future[None]] = []
        self._flusher: asyncio.Task[None] | None = None
        self._sender: asyncio.Task[Any] | None = None
        self._sending_since: float | None = None
        self._on_end: Any = None

    # -- for apps -------------------------------------------------------------------------------------------

    def send(self, data: Any, op_code: int = -1) -> None:
        """Send a message, or one for each item of an iterable; from any thread.

        Waits while too much is on its way to the client already; nothing happens where the client has gone.

        Args:
            data: str goes out as text, bytes as binary; with an encoding, anything that it knows.
            op_code: `skitai.WS_OPCODE_TEXT` or `WS_OPCODE_BINARY` to choose; `WS_OPCODE_CLOSE` closes.

        Raises TypeError for what the encoding cannot express.
        """
        if op_code == OPCODE_CLOSE:
            self.close()
            return
        try:
            for message in messages_of(self.encoding, data, op_code):
                self.put(message, settings.network_timeout)
        except Unsendable as error:
            raise TypeError(str(error)) from None  # under the name that handlers know it by
        finally:
            self.flush_soon()

    def close(self, code: int = NORMAL) -> None:
        """Close the connection, after what has been sent before.

        Args:
            code: the close code that the client is told.
        """
        with _lock:
            if self._closing is not None or self._ended:
                return
            self._closing = code
        self.flush_soon()

    def closed(self) -> bool:
        """Whether the connection is closed, or about to be."""
        return self._ended or self._closing is not None

    @property
    def closing(self) -> bool:
        """Whether this side has closed the connection: nothing more is heard."""
        return self._closing is not None

    def wsclient(self) -> int:
        """What `was.wsclient()` gives: the id of the client whose message is handled."""
        return self.client_id

    # -- for the server: any thread -------------------------------------------------------------------------

    def push(self, data: Any, op_code: int = -1) -> None:
        """As `send`, for everybody but the connection's own handler: nobody waits long for a slow client."""
        for message in messages_of(self.encoding, data, op_code):
            self.push_message(message)

    def push_message(self, message: Message) -> None:
        """Send one message that is encoded already; as `push`."""
        self.put(message, PATIENCE_FOR_PUSHES)
        self.flush_soon()

    def put(self, message: Message, patience: float | None = None) -> None:
        """Put a message into the outbox, to be sent at the next `flush`.

        Args:
            patience: seconds to wait for room, after that the client is disconnected; the event loop's own
                thread cannot wait. None where the caller flushes before it puts much.
        """
        cost = len(message) + MESSAGE_COST
        with _lock:
            full = self._outbox and self._size + cost > OUTBOX_BYTES
            if full and patience is not None and not self._wait_for_room(cost, patience):
                return
            if not self._ended and self._closing is None:
                self._outbox.append(message)
                self._size += cost

    def _wait_for_room(self, cost: int, patience: float) -> bool:
        """Wait, holding the lock; whether there is room now. Each message that is taken renews patience."""
        patience = 0.0 if on_event_loop() else patience
        taken, deadline = self._size, time.monotonic() + patience
        self._waiting += 1
        try:
            while self._outbox and self._size + cost > OUTBOX_BYTES and not self._ended:
                if self._size != taken:
                    taken, deadline = self._size, time.monotonic() + patience
                remaining = deadline - time.monotonic()
                if remaining <= 0:
                    self._too_slow()
                    return False
                self._schedule()
                _room.wait(remaining)
            return not self._ended
        finally:
            self._waiting -= 1

    def _too_slow(self) -> None:
        """Disconnect a client that does not take what is sent; the lock is held."""
        if self._closing is None:
            log.warning(
                "client %d does not take its messages, %d bytes are waiting: it is disconnected",
                self.client_id,
                self._size,
            )
            self._closing = TOO_SLOW
        self._outbox.clear()
        self._size = 0
        self._schedule()
        with contextlib.suppress(RuntimeError):  # the loop has closed
            self._loop.call_soon_threadsafe(self.abandon)

    def flush_soon(self) -> None:
        """Have the outbox sent by the event loop."""
        with _lock:
            self._schedule()

    def _schedule(self) -> None:
        if not self._scheduled and self._accepted:
            self._scheduled = True
            try:
                self._loop.call_soon_threadsafe(self._start_flush)
            except RuntimeError:  # the loop has closed, the client is gone with it
                self._ended = True

    # -- for the server: on the event loop ------------------------------------------------------------------

    def opened(self, on_end: Any) -> None:
        """The handshake is over; `on_end()` is called when the connection has ended, by whomever."""
        self._accepted = True
        self._on_end = on_end

    def _start_flush(self) -> None:
        self._scheduled = False
        if not self._ended and (self._outbox or self._closing is not None):
            self._flusher = self._loop.create_task(self.flush())

    async def say(self, messages: list[Message]) -> None:
        """Send messages of the connection's own handler, behind what waits in the outbox."""
        if len(messages) == 1 and not (self._outbox or self._sender or self._ended) and self._closing is None:
            self._sender = asyncio.current_task(self._loop)
            try:
                await self._deliver(messages[0])
            finally:
                self._pass_on()
            return
        self._append(messages)
        await self.flush()

    def deliver(self, messages: Sequence[Message], line: Line) -> bool:
        """As `say` and `flush`, at once; False where some of it has to wait, and is left in the outbox."""
        if self._outbox or self._sender is not None or self.closed():
            self._append(messages)
            if self._sender is not None or self.closed():
                return False
            messages = self._take_all()
        for index, message in enumerate(messages):
            if not line.say(message):
                self._append(messages[index:], in_front=True)
                return False
        self.active_at = self._loop.time()
        return True

    def _append(self, messages: Sequence[Message], in_front: bool = False) -> None:
        """Put messages into the outbox, where they find room in any case."""
        with _lock:
            if not self._ended and self._closing is None:
                place = 0 if in_front else len(self._outbox)
                self._outbox[place:place] = messages
                self._size += sum(map(len, messages)) + MESSAGE_COST * len(messages)

    def _take_all(self) -> list[Message]:
        """Empty the outbox, which makes room."""
        with _lock:
            messages, self._outbox = self._outbox, []
            self._size = 0
            if self._waiting:
                _room.notify_all()
            return messages

    async def flush(self) -> None:
        """Send what is in the outbox, and close the connection behind it if that has been asked for."""
        while self._sender is not None:  # one at a time, for the order of the messages
            self._turns.append(turn := self._loop.create_future())
            await turn
        if not self._outbox and self._closing is None:
            return
        self._sender = asyncio.current_task(self._loop)
        try:
            while self._outbox and not self._ended:
                with _lock:
                    batch, self._outbox = self._outbox, []
                for message in batch:
                    await self._deliver(message)
                    with _lock:
                        self._size -= len(message) + MESSAGE_COST
                        if self._waiting:
                            _room.notify_all()
            if self._closing is not None and not self._ended:
                await self._transmit({"type": "websocket.close", "code": self._closing, "reason": ""})
                self.end()
        finally:
            self._pass_on()

    def _pass_on(self) -> None:
        """Let those send who have waited for their turn."""
        self._sender = None
        if self._turns:
            turns, self._turns = self._turns, []
            for turn in turns:
                if not turn.done():
                    turn.set_result(None)

    async def _deliver(self, message: Message) -> None:
        if self._ended:
            return
        kind = "text" if isinstance(message, str) else "bytes"
        try:
            await self._transmit({"type": "websocket.send", kind: message})
        except UnicodeEncodeError:  # a lone surrogate, out of a client's JSON for example
            assert isinstance(message, str)
            clean = message.encode("utf-8", "replace").decode()
            await self._transmit({"type": "websocket.send", "text": clean})

    async def _transmit(self, event: dict[str, Any]) -> None:
        """Hand an event to the server, which waits as long as the client does not take it."""
        self._sending_since = self._loop.time()
        try:
            await self._send(event)
        except OSError:
            # The client has gone. What it said before may still wait to be read, so the connection's end is
            # left to whoever listens.
            self._drop_output()
        except asyncio.CancelledError:
            if not self._abandoned:
                raise
            if self._sender is not None:
                self._sender.uncancel()
            self.end()
        finally:
            self._sending_since = None
        self.active_at = self._loop.time()

    def stalled_for(self) -> float:
        """Seconds that the client has not taken the message that is being sent; 0 where none is."""
        return 0.0 if self._sending_since is None else self._loop.time() - self._sending_since

    def abandon(self) -> None:
        """Give up a client that does not take what is being sent."""
        self._abandoned = True
        if self._sender is not None and self._sending_since is not None:
            self._sender.cancel()

    def end(self) -> None:
        """The connection is no more: whoever waits for room is let go."""
        if self._ended:
            return
        self._drop_output()
        if self._on_end is not None:
            self._on_end()

    def _drop_output(self) -> None:
        """Nothing is sent any more."""
        self._ended = True
        with _lock:
            self._outbox = []
            self._size = 0
            _room.notify_all()
