"""The load generator: keep-alive connections that send one request after the other, no pipelining.

Runs as a process of its own (`python -m tests.benchmarks.load`), reads an order as a line of JSON and answers
with a line of JSON, until its standard input ends. It parses just enough of HTTP/1.1 to find where an answer
ends.
"""

from __future__ import annotations

import asyncio
import json
import re
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


@dataclass
class Order:
    """What to send, and for how long.

    Attributes:
        port: of the server, on the loopback interface.
        request: the whole request, as latin-1 text.
        status: the status that a right answer has.
        connections: how many are open at a time.
        seconds: how long answers are counted.
        warm_up: how long answers are not counted before that, in seconds.
    """

    port: int
    request: str
    status: int
    connections: int
    seconds: float
    warm_up: float


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

    def answered(self) -> None:
        counter = self.counter
        if counter.counting:
            counter.times.append(time.perf_counter() - self.sent)
            if self.buffer[8 : 8 + len(self.status)] != self.status:
                counter.wrong += 1
        if counter.stopped:
            self.transport.close()
        else:
            self.send()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.counter.stopped and self.counter.counting:
            self.counter.broken += 1
        self.done.set()


async def keep_connected(counter: Counter) -> None:
    """One connection after the other, for as long as the order lasts."""
    loop = asyncio.get_running_loop()
    while not counter.stopped:
        try:
            _, connection = await loop.create_connection(
                lambda: Connection(counter), "127.0.0.1", counter.order.port
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
