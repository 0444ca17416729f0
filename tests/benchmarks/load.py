"""The load generator: connections that send one request after the other, no pipelining.

Runs as a process of its own (`python -m tests.benchmarks.load`), reads an order as a line of JSON and answers
with a line of JSON, until its standard input ends. It parses just enough of HTTP/1.1, WebSocket frames and
HTTP/2 to find where an answer ends: a client library would cost more than the servers that are measured.
"""

from __future__ import annotations

import asyncio
import json
import re
import struct
import sys
import time
from dataclasses import asdict, dataclass, field
from typing import cast

import uvloop

LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
CHUNKED = re.compile(rb"\r\ntransfer-encoding: *chunked", re.IGNORECASE)
LAST_CHUNK = b"0\r\n\r\n"
END = b"\r\n\r\n"
GRACE_SECONDS = 10.0
CALLS = 8
"""gRPC calls that each connection has in flight."""


@dataclass
class Order:
    """What to send, and for how long.

    Attributes:
        port: of the server, on the loopback interface.
        request: the whole request, as latin-1 text; of a WebSocket the handshake, of gRPC the path.
        status: the status that a right answer has; of a WebSocket the handshake's.
        connections: how many are open at a time.
        seconds: how long answers are counted.
        warm_up: how long answers are not counted before that, in seconds.
        protocol: `http`, `websocket` for messages that are echoed, `grpc` for unary calls over HTTP/2.
        message: what is sent over and over by those two: text of less than 126 bytes; the message of a call,
            as latin-1 text.
    """

    port: int
    request: str
    status: int
    connections: int
    seconds: float
    warm_up: float
    protocol: str = "http"
    message: str = ""


@dataclass
class Outcome:
    """What came back within the counted time.

    Attributes:
        answers: how many.
        wrong: how many of them had another status.
        broken: connections that the server closed, in the middle of an answer or before one.
        seconds: the counted time.
        p50, p99: time to an answer, in seconds.
        cpu: share of one processor that this process took.
    """

    answers: int
    wrong: int
    broken: int
    seconds: float
    p50: float
    p99: float
    cpu: float


@dataclass
class Counter:
    """What all connections of an order share."""

    order: Order
    payload: bytes
    counting: bool = False
    stopped: bool = False
    times: list[float] = field(default_factory=list)
    wrong: int = 0
    broken: int = 0


class Connection(asyncio.Protocol):
    """One connection: sends the request, waits for the whole answer, sends it again."""

    def __init__(self, counter: Counter) -> None:
        self.counter = counter
        self.done = asyncio.Event()
        self.payload = counter.payload
        self.status = b" %d " % counter.order.status
        self.buffer = b""
        self.end = (
            0  # where the answer ends in the buffer; 0 before its head is there, -1 where it comes in chunks
        )
        self.sent = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.WriteTransport, transport)
        self.send()

    def send(self) -> None:
        self.buffer = b""
        self.end = 0
        self.sent = time.perf_counter()
        self.transport.write(self.payload)

    def data_received(self, data: bytes) -> None:
        buffer = self.buffer = self.buffer + data if self.buffer else data
        if not self.end:
            head_end = buffer.find(END)
            if head_end < 0:
                return
            head = buffer[:head_end]
            if length := LENGTH.search(head):
                self.end = head_end + len(END) + int(length[1])
            else:
                self.end = -1 if CHUNKED.search(head) else head_end + len(END)
        if len(buffer) >= self.end if self.end > 0 else buffer.endswith(LAST_CHUNK):
            self.answered()

    def is_right(self) -> bool:
        return self.buffer[8 : 8 + len(self.status)] == self.status

    def answered(self) -> None:
        counter = self.counter
        if counter.counting:
            counter.times.append(time.perf_counter() - self.sent)
            if not self.is_right():
                counter.wrong += 1
        if counter.stopped:
            self.transport.close()
        else:
            self.send()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.counter.stopped and self.counter.counting:
            self.counter.broken += 1
        self.done.set()


def text_frame(message: bytes, *, masked: bool) -> bytes:
    """A WebSocket frame of a text of less than 126 bytes; masked with zeros, as clients have to."""
    assert len(message) < 126
    head = bytes((0x81, len(message) | 0x80 * masked))
    return head + (b"\0\0\0\0" if masked else b"") + message


class WebSocketConnection(Connection):
    """One WebSocket: sends a message, waits for its echo, sends it again."""

    def __init__(self, counter: Counter) -> None:
        super().__init__(counter)
        message = counter.order.message.encode()
        self.frame = text_frame(message, masked=True)
        self.echo = text_frame(message, masked=False)
        self.opened = False

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        if self.opened:
            if len(self.buffer) >= len(self.echo):
                self.answered()
        elif END in self.buffer:
            if self.is_right():
                self.opened = True
                self.payload = self.frame
                self.send()
            else:
                self.counter.wrong += 1
                self.transport.close()

    def is_right(self) -> bool:
        return self.buffer == self.echo if self.opened else super().is_right()


PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, RST_STREAM, SETTINGS, PING, GOAWAY, WINDOW_UPDATE = 0, 1, 3, 4, 6, 7, 8
END_STREAM = ACK = 1
END_HEADERS = 4
FRAME_HEAD = 9


def frame(kind: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
    """A frame of HTTP/2."""
    return struct.pack(">HBBBI", len(payload) >> 8, len(payload) & 255, kind, flags, stream) + payload


def literal(name: bytes, value: bytes) -> bytes:
    """A header field for HTTP/2 that no table remembers (RFC 7541 section 6.2.3): always the same bytes."""
    assert max(len(name), len(value)) < 127
    return b"\x10%c%s%c%s" % (len(name), name, len(value), value)


class GRPCConnection(Connection):
    """One HTTP/2 connection with CALLS unary calls in flight.

    A call is answered rightly when a message comes before its trailers; those of an error come alone.
    """

    def __init__(self, counter: Counter) -> None:
        super().__init__(counter)
        order = counter.order
        fields = [
            (b":method", b"POST"),
            (b":scheme", b"http"),
            (b":path", order.request.encode()),
            (b":authority", b"127.0.0.1"),
            (b"te", b"trailers"),
            (b"content-type", b"application/grpc"),
        ]
        self.head = b"".join(literal(*field) for field in fields)
        message = order.message.encode("latin1")
        self.message = struct.pack(">BI", 0, len(message)) + message
        self.next_stream = 1
        self.begun: dict[int, float] = {}
        self.with_message: set[int] = set()

    def send(self) -> None:
        window = struct.pack(">I", 2**31 - 65536)  # answers are never held back
        opening = PREFACE + frame(SETTINGS, 0, 0) + frame(WINDOW_UPDATE, 0, 0, window)
        self.transport.write(opening + b"".join(self.call() for _ in range(CALLS)))

    def call(self) -> bytes:
        stream, self.next_stream = self.next_stream, self.next_stream + 2
        self.begun[stream] = time.perf_counter()
        head = frame(HEADERS, END_HEADERS, stream, self.head)
        return head + frame(DATA, END_STREAM, stream, self.message)

    def data_received(self, data: bytes) -> None:
        buffer = self.buffer + data if self.buffer else data
        start, reply = 0, b""
        while len(buffer) >= start + FRAME_HEAD:
            high, low, kind, flags, stream = struct.unpack_from(">HBBBI", buffer, start)
            end = start + FRAME_HEAD + (high << 8 | low)
            if len(buffer) < end:
                break
            reply += self.take(kind, flags, stream, buffer[start + FRAME_HEAD : end])
            start = end
        self.buffer = buffer[start:]
        if reply:
            self.transport.write(reply)
        if not self.begun:
            self.transport.close()

    def take(self, kind: int, flags: int, stream: int, payload: bytes) -> bytes:
        """Take a frame in; gives what is to be sent for it."""
        if kind == DATA and payload:
            self.with_message.add(stream)
        if kind == RST_STREAM or (kind in (DATA, HEADERS) and flags & END_STREAM):
            return self.ended(stream)
        if kind in (SETTINGS, PING) and not flags & ACK:
            return frame(kind, ACK, 0, payload if kind == PING else b"")
        if kind == GOAWAY:
            self.transport.close()
        return b""

    def ended(self, stream: int) -> bytes:
        """A call is over; gives the next one."""
        counter, began = self.counter, self.begun.pop(stream)
        right = stream in self.with_message
        self.with_message.discard(stream)
        if counter.counting:
            counter.times.append(time.perf_counter() - began)
            counter.wrong += not right
        return b"" if counter.stopped else self.call()


CONNECTIONS: dict[str, type[Connection]] = {
    "http": Connection,
    "websocket": WebSocketConnection,
    "grpc": GRPCConnection,
}


async def keep_connected(counter: Counter) -> None:
    """One connection after the other, for as long as the order lasts."""
    loop = asyncio.get_running_loop()
    kind = CONNECTIONS[counter.order.protocol]
    while not counter.stopped:
        try:
            _, connection = await loop.create_connection(
                lambda: kind(counter), "127.0.0.1", counter.order.port
            )
        except OSError:
            counter.broken += 1
            await asyncio.sleep(0.01)
        else:
            await connection.done.wait()


async def carry_out(order: Order) -> Outcome:
    """Load the server as ordered; TimeoutError when it does not finish its last answers in GRACE_SECONDS."""
    counter = Counter(order, order.request.encode("latin1"))
    connections = [asyncio.ensure_future(keep_connected(counter)) for _ in range(order.connections)]
    await asyncio.sleep(order.warm_up)
    counter.counting = True
    began, cpu = time.perf_counter(), time.process_time()
    await asyncio.sleep(order.seconds)
    counter.counting = False
    seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
    counter.stopped = True
    _, late = await asyncio.wait(connections, timeout=GRACE_SECONDS)
    for connection in late:
        connection.cancel()
    if late and not counter.times:
        raise TimeoutError(f"no answer from port {order.port}")
    times = sorted(counter.times) or [0.0]
    return Outcome(
        answers=len(counter.times),
        wrong=counter.wrong,
        broken=counter.broken,
        seconds=seconds,
        p50=times[len(times) // 2],
        p99=times[len(times) * 99 // 100],
        cpu=cpu / seconds,
    )


def main() -> None:
    """Carry out the orders on standard input, one after the other."""
    for line in sys.stdin:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            outcome = runner.run(carry_out(Order(**json.loads(line))))
        print(json.dumps(asdict(outcome)), flush=True)


if __name__ == "__main__":
    main()
