"""One exchange over HTTP/2, byte by byte where a test wants it, by the package h2."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Sequence
from dataclasses import dataclass, field

import h2.config
import h2.connection
import h2.events

from ..launch import Launched
from ..servers import HOST

SECONDS = 15.0


@dataclass
class Answer:
    """What came back; headers and trailers by lower-case name."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytearray = field(default_factory=bytearray)
    trailers: dict[str, str] = field(default_factory=dict)
    reset: int | None = None


class Connection:
    """A connection that speaks HTTP/2 from its first byte."""

    def __init__(self, app: Launched) -> None:
        self.socket = socket.create_connection((HOST, app.port), SECONDS)
        self.h2 = h2.connection.H2Connection(h2.config.H2Configuration(header_encoding="utf-8"))
        self.h2.initiate_connection()
        self.answers: dict[int, Answer] = {}
        self.ended: set[int] = set()
        self.gone: int | None = None
        self.flush()

    def flush(self) -> None:
        """Write what is to be sent."""
        with contextlib.suppress(ConnectionError):
            self.socket.sendall(self.h2.data_to_send())

    def request(self, path: str, method: str = "POST", *, end: bool = False, **headers: str) -> int:
        """Begin a request; gives its stream."""
        stream = self.h2.get_next_available_stream_id()
        lines = [(":method", method), (":scheme", "http"), (":path", path), (":authority", HOST)]
        lines += [(name.replace("_", "-"), value) for name, value in headers.items()]
        self.h2.send_headers(stream, lines, end_stream=end)
        self.answers[stream] = Answer()
        self.flush()
        return stream

    def send(self, stream: int, data: bytes, *, end: bool = False) -> None:
        """Send a piece of a body, at the pace that the server gives."""
        view = memoryview(data)
        while view and stream not in self.ended:
            room = min(self.h2.local_flow_control_window(stream), self.h2.max_outbound_frame_size)
            if room <= 0:
                self.receive()
                continue
            self.h2.send_data(stream, bytes(view[:room]))
            view = view[room:]
            self.flush()
        if end and stream not in self.ended:
            self.h2.end_stream(stream)
            self.flush()

    def receive(self, *, acknowledge: bool = True) -> bool:
        """Take in what has come; False where the server has hung up."""
        try:
            data = self.socket.recv(65536)
        except ConnectionError:
            data = b""
        if not data:
            self.ended.update(self.answers)
            return False
        for event in self.h2.receive_data(data):
            self._take(event, acknowledge)
        self.flush()
        return True

    def _take(self, event: h2.events.Event, acknowledge: bool) -> None:
        if isinstance(event, h2.events.ResponseReceived):
            fields = {str(name): str(value) for name, value in event.headers}
            self.answers[event.stream_id].status = int(fields.pop(":status"))
            self.answers[event.stream_id].headers = fields
        elif isinstance(event, h2.events.DataReceived):
            self.answers[event.stream_id].body += event.data
            if acknowledge:
                self.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        elif isinstance(event, h2.events.TrailersReceived):
            self.answers[event.stream_id].trailers = {str(n): str(v) for n, v in event.headers}
        elif isinstance(event, h2.events.StreamEnded):
            self.ended.add(event.stream_id)
        elif isinstance(event, h2.events.StreamReset):
            self.answers[event.stream_id].reset = int(event.error_code or 0)
            self.ended.add(event.stream_id)
        elif isinstance(event, h2.events.ConnectionTerminated):
            self.gone = int(event.error_code or 0)

    def answer(self, stream: int) -> Answer:
        """The complete answer to a request."""
        while stream not in self.ended:
            self.receive()
        return self.answers[stream]

    def close(self) -> None:
        """Hang up."""
        self.socket.close()


def exchange(app: Launched, path: str, pieces: Sequence[bytes], **headers: str) -> Answer:
    """The answer to a gRPC request with this body."""
    connection = Connection(app)
    try:
        fields = {"content_type": "application/grpc", "te": "trailers", **headers}
        stream = connection.request(path, "POST", end=False, **fields)
        for piece in pieces:
            connection.send(stream, piece)
        connection.send(stream, b"", end=True)
        return connection.answer(stream)
    finally:
        connection.close()
