"""WebSocket connections: uvicorn's, which tell who listens of a message at once (`protocols.ws_direct`)."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.exceptions import InvalidState

from ..types import Message as Event

_LINGER = 2.0
"""Seconds for which a client may go on sending behind the end, before the connection is closed."""


class _Inbox(asyncio.Queue[Any]):
    """What has come from the client; whoever listens is told, in place of a task that waits."""

    listener: Callable[[], None] | None = None

    def put_nowait(self, item: Any) -> None:
        super().put_nowait(item)
        if self.listener is not None:
            self.listener()


class WebSocketProtocol(WebSocketsSansIOProtocol):
    """A connection that has become a WebSocket; a `protocols.ws_direct.Line`."""

    queue: _Inbox

    _lingers = False

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.queue = _Inbox()

    async def run_asgi(self) -> None:
        """Run the application, from the handshake to the end."""
        self._application, self.app = self.app, self._until_seen
        try:
            await super().run_asgi()
        finally:
            self.app = self._application  # what refers to itself waits for the garbage collector

    async def _until_seen(self, scope: Any, receive: Any, send: Any) -> None:
        """Run the application; where it hangs up without a close frame, wait until the client has seen it.

        To close at once would have the system of a client that is sending drop the last messages unread.
        """
        await self._application(scope, receive, send)
        if not self.handshake_complete or self.close_sent or self.transport.is_closing():
            return
        self._lingers = self.close_sent = True
        self.stop_keepalive()
        if not self.transport.can_write_eof():  # over TLS nothing but closing tells that this is the end
            return
        self.transport.write_eof()
        self.transport.resume_reading()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_LINGER):
                while (await receive())["type"] != "websocket.disconnect":
                    pass

    def data_received(self, data: bytes) -> None:
        """Parse what has come, until the end."""
        if not self._lingers:
            super().data_received(data)

    @property
    def listener(self) -> Callable[[], None] | None:
        """Called whenever something has come from the client."""
        return self.queue.listener

    @listener.setter
    def listener(self, listener: Callable[[], None] | None) -> None:
        self.queue.listener = listener
        if listener is None:
            self._read_on()  # `receive` waits for what is being read

    def _read_on(self) -> None:
        if self.read_paused and self.queue.empty():
            self.read_paused = False
            self.transport.resume_reading()

    def send_receive_event_to_app(self) -> None:
        """Pass a message on. While it is handled more is read, until another one is there."""
        if self.queue.listener is None:
            super().send_receive_event_to_app()
            return
        was_paused, self.read_paused = self.read_paused, True
        super().send_receive_event_to_app()
        self.read_paused = was_paused
        if not was_paused and not self.queue.empty():
            self.read_paused = True
            self.transport.pause_reading()

    def take(self) -> Event | None:
        """What has come from the client, as an ASGI event; None where nothing has, then more is read."""
        if self.queue.empty():
            self._read_on()
            return None
        event: Event = self.queue.get_nowait()
        return event

    def say(self, message: str | bytes | bytearray) -> bool:
        """Send a message at once; False, with nothing sent, where `send` would wait or fail."""
        if self.disconnected or not self.handshake_complete or not self.writable.is_set():
            return False
        try:
            if isinstance(message, str):
                self.conn.send_text(message.encode())
            else:
                self.conn.send_binary(message)
        except (InvalidState, UnicodeEncodeError):
            return False
        self.transport.write(b"".join(self.conn.data_to_send()))
        return True
