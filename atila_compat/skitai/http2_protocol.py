"""HTTP/2 on the wire, on the same port as HTTP/1.1: uvicorn's zttp protocol (extra `http2`).

A connection that begins with the preface of HTTP/2, or has agreed on it by TLS (ALPN), is one; all others are
HTTP/1.1. What is changed of uvicorn's: a client that takes an answer slowly holds back the application, for
each request by itself; and one that does not read but goes on to send is cut off before it fills the memory.
"""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.zttp_h2_impl import RequestResponseCycle, ZttpH2Protocol
from uvicorn.protocols.utils import is_ssl

from .http_cycle import Logged
from .http_protocol import Backlog, HTTPProtocol

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
OUTGOING_BYTES = 64 * 1024
"""Bytes of an answer that wait for the client's window before the application is held back."""
INCOMING_BYTES = 16 * 1024 * 1024
"""Bytes of a body that are kept while its answer waits for the client; and bytes of any frames that are taken
of a client which takes nothing: pings and settings are answered, and the answers wait in memory."""
RUNNING_STREAMS = 512
"""Applications that run for one connection, cancelled streams included; the client may have 128 open."""
MANY_REQUESTS, MAX_REQUESTS = 3000, 3900
MANY_CANCELLED, MAX_CANCELLED = 100, 200
"""Of one connection. Behind many, the client is asked to open another one when nothing runs on this one; at
the maximum, at once. zttp cuts a connection off, with all that runs on it, at its 4096th request and at its
256th cancelled one."""
_ENHANCE_YOUR_CALM = 0x0B


class Cycle(Logged, RequestResponseCycle):
    """A request and its answer.

    Attributes:
        waits: for the client's window, None while there is room.
    """

    waits: asyncio.Event | None = None
    waits_since = 0.0
    protocol: HTTP2Protocol

    async def send(self, message: Any) -> None:
        """Send a part of the answer, when the client has taken most of the parts before."""
        if self.protocol.is_full(self):
            await self.protocol.room(self)
        if message["type"] == "http.response.start":
            self.status = message["status"]
        else:
            self.sent += len(message.get("body", b""))
        await super().send(message)
        if self.response_complete:
            self.write_log(self.protocol.loop)

    async def receive(self) -> Any:
        """The next part of the body."""
        message = await super().receive()
        if message["type"] == "http.request":
            self.received += len(message["body"])
        return message


class Flow(FlowControl):
    """Keeps on reading while an answer waits for the client's window: its updates come that way."""

    def __init__(self, transport: asyncio.Transport, protocol: HTTP2Protocol) -> None:
        super().__init__(transport)
        self._protocol = protocol

    def pause_reading(self) -> None:
        """Read no more, unless that would keep answers waiting for ever."""
        if not self._protocol.waiting:
            super().pause_reading()


class HTTP2Protocol(ZttpH2Protocol):
    """One connection.

    Attributes:
        waiting: the requests whose answers wait for the client.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.access_log = False  # uvicorn's own; ours is written by Cycle
        self.waiting: set[Cycle] = set()
        self.running = 0
        self._requests = 0
        self._cancelled = 0
        self._grpc = False
        self._retired = False
        self._backlog: Backlog | None = None
        self._taken = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A client has connected."""
        super().connection_made(transport)
        self.flow = Flow(transport, self)

    def connection_lost(self, exc: Exception | None) -> None:
        """The client has gone, or was sent away."""
        cycles = list(self.cycles.values())
        super().connection_lost(exc)
        self._wake(everybody=True)
        for cycle in cycles:
            assert isinstance(cycle, Cycle)
            cycle.write_log(self.loop)

    def data_received(self, data: bytes) -> None:
        """Frames have come."""
        super().data_received(data)
        if self.waiting:
            self._wake()
        if self._backlog is not None:
            self._taken += len(data)
            if self._taken > INCOMING_BYTES:
                self.transport.abort()

    def pause_writing(self) -> None:
        """The client does not take what is sent as fast as it is sent."""
        self._backlog, self._taken = Backlog(self.transport, self.loop.time()), 0
        super().pause_writing()

    def resume_writing(self) -> None:
        """The client has taken it."""
        self._backlog = None
        super().resume_writing()

    def handle_request(self, event: Any) -> None:
        """A request begins; the application is called."""
        if self._retired:
            return  # the client has not heard yet; it is going to ask again on another connection
        self._requests += 1
        if not event.path.isascii():  # uvicorn would fail, and take the connection's other requests with it
            self.conn.stream(event.stream_id).reset()
            if self._requests >= MAX_REQUESTS:
                self.retire()
            return
        super().handle_request(event)
        if self._requests >= MAX_REQUESTS:
            self.retire()
        cycle: Any = self.cycles[event.stream_id]
        # uvicorn makes its cycles by their name and takes no class; the task has not begun yet
        cycle.__class__ = Cycle
        cycle.protocol = self
        cycle.began = self.loop.time()
        self.running += 1
        if not self._grpc:
            self._grpc = any(
                name == b"content-type" and value.startswith(b"application/grpc")
                for name, value in cycle.scope["headers"]
            )
        if self.running > RUNNING_STREAMS:
            self.conn.close(_ENHANCE_YOUR_CALM)
            self.flush()
            self.transport.close()

    def handle_rst_stream(self, event: Any) -> None:
        """The client has cancelled a request."""
        super().handle_rst_stream(event)
        self._cancelled += 1
        if self._cancelled >= MAX_CANCELLED:
            self.retire()

    def retire(self) -> None:
        """Ask the client to open another connection; what has begun on this one is seen to its end."""
        if not self._retired and not self.transport.is_closing():
            self._retired = self.shutdown_requested = True
            self.conn.close()
            self.flush()

    def shutdown(self) -> None:
        """The server stops: end this connection behind the last answer.

        Clients of gRPC are told at once, and make their next calls elsewhere. Others are told at the end:
        many, the Python package h2 among them, give up what is running when they are told.
        """
        if self._grpc:
            self.retire()
        super().shutdown()

    def on_stream_closed(self) -> None:
        """A request has come to its end."""
        if self._requests >= MANY_REQUESTS or self._cancelled >= MANY_CANCELLED:
            if self._grpc:
                self.retire()
            elif not self.cycles:
                self.shutdown_requested = True
        super().on_stream_closed()

    def on_response_complete(self, stream_id: int) -> None:
        """An application has answered, or has come to its end without an answer."""
        self.running -= 1
        super().on_response_complete(stream_id)

    def look(self, now: float, limit: float) -> None:
        """Give up answers, or the connection, of which the client has taken nothing for `limit` seconds."""
        if self._backlog is not None and self._backlog.stalled_for(now) > limit:
            self.transport.abort()
            return
        for cycle in list(self.waiting):
            if now - cycle.waits_since > limit:
                cycle.abort_stream()
        self._wake()

    def is_full(self, cycle: Cycle) -> bool:
        """Whether enough of an answer waits for the client."""
        return not cycle.disconnected and (cycle.stream.pending_bytes or 0) > OUTGOING_BYTES

    async def room(self, cycle: Cycle) -> None:
        """Wait until the client has taken most of what it was sent."""
        self.waiting.add(cycle)
        cycle.waits = asyncio.Event()
        cycle.waits_since = self.loop.time()
        self.flow.resume_reading()
        try:
            await cycle.waits.wait()
        finally:
            cycle.waits = None
            self.waiting.discard(cycle)

    def _wake(self, everybody: bool = False) -> None:
        for cycle in list(self.waiting):
            if len(cycle.body) > INCOMING_BYTES:
                cycle.abort_stream()
            if cycle.waits is not None and (everybody or not self.is_full(cycle)):
                cycle.waits.set()


class SwitchingProtocol(HTTPProtocol):
    """One connection, of which it is not known yet whether it speaks HTTP/1.1 or HTTP/2."""

    alpn_protocols = ("h2", "http/1.1")
    _unknown = True
    _begun = b""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A client has connected."""
        if is_ssl(transport):
            self._unknown = False
            ssl_object = transport.get_extra_info("ssl_object")
            if ssl_object is not None and ssl_object.selected_alpn_protocol() == "h2":
                self._switch(transport)
                return
        super().connection_made(transport)

    def data_received(self, data: bytes) -> None:
        """Parse what has come; the first bytes say what it is."""
        if self._unknown:
            data = self._begun + data
            if PREFACE.startswith(data[: len(PREFACE)]):
                if len(data) < len(PREFACE):
                    self._begun = data
                    return
                transport = self.transport
                self.connections.discard(self)
                self._unset_keepalive_if_required()
                self._switch(transport).data_received(data)
                return
            self._unknown = False
        super().data_received(data)

    def _switch(self, transport: asyncio.Transport) -> HTTP2Protocol:
        protocol = HTTP2Protocol(
            config=self.config, server_state=self.server_state, app_state=self.app_state, _loop=self.loop
        )
        transport.set_protocol(protocol)
        protocol.connection_made(transport)
        return protocol
