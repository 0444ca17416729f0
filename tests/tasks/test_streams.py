"""was.Queue and bodies that arrive piece by piece (spec/06 section 8)."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from atila_compat.serving.runtime import Runtime
from atila_compat.tasks.streams import ByteStream, Queue
from atila_compat.was import Was


async def collect(pieces: AsyncIterator[bytes]) -> list[bytes]:
    return [piece async for piece in pieces]


def read(runtime: Runtime, queue: Any) -> list[bytes]:
    return runtime.spawn(collect(queue)).result(10)


def putting(*items: Any) -> Callable[[Queue], None]:
    def produce(queue: Queue) -> None:
        for item in items:
            queue.put(item)

    return produce


def test_what_is_put_comes_out(was: Was, runtime: Runtime) -> None:
    """str and bytes come out as bytes until None; empty ones are left out."""
    assert read(runtime, was.Queue(putting("a", b"b", "", "é", None))) == [b"a", b"b", "é".encode()]


def test_a_producer_that_returns_has_ended(was: Was, runtime: Runtime) -> None:
    """The end of the function is the end of the body."""
    assert read(runtime, was.Queue(putting("a"))) == [b"a"]


def test_nothing_comes_after_the_end(was: Was, runtime: Runtime) -> None:
    """What is put after None is dropped, however soon."""
    assert read(runtime, was.Queue(putting("a", None, "z"))) == [b"a"]


def test_queues_are_read_in_threads_too(was: Was) -> None:
    """A for loop in a thread reads the same."""
    assert list(was.Queue(putting("a", "b", None))) == [b"a", b"b"]


def test_slow_clients_leave_threads_for_tasks(was: Was, runtime: Runtime) -> None:
    """Producers that wait for their clients, however many, keep no task from running."""

    def produce(queue: Queue) -> None:
        for _ in range(20):
            queue.put("x")

    queues = [was.Queue(produce, max_size=1) for _ in range(runtime.task_threads + 4)]

    async def begin() -> None:
        for queue in queues:
            await anext(queue)

    runtime.spawn(begin()).result(5)
    assert was.Thread(int, "5").fetch(timeout=5) == 5
    for queue in queues:
        queue.close()


def test_a_producer_may_have_a_thread_of_its_own(was: Was, runtime: Runtime) -> None:
    """use_thread_pool = False leaves the threads for tasks alone."""
    names: list[str] = []
    queue = was.Queue(lambda queue: names.append(threading.current_thread().name), use_thread_pool=False)
    assert read(runtime, queue) == []
    assert names == ["atila-queue"]


def test_put_waits_for_the_client(was: Was, runtime: Runtime) -> None:
    """Not more than max_size pieces are ahead of the client."""
    put = 0

    def produce(queue: Queue) -> None:
        nonlocal put
        for _ in range(20):
            queue.put("x")
            put += 1
        queue.put(None)

    queue = was.Queue(produce, max_size=3)

    async def slowly() -> int:
        most = taken = 0
        async for _ in queue:
            await asyncio.sleep(0.005)
            most, taken = max(most, put - taken), taken + 1
        return most

    assert runtime.spawn(slowly()).result(10) <= 5


def test_a_client_that_goes_ends_the_producer(was: Was, runtime: Runtime) -> None:
    """After close the next put raises, so that the thread comes free."""
    ended = threading.Event()

    def produce(queue: Queue) -> None:
        try:
            while True:
                queue.put("x")
        except BrokenPipeError:
            ended.set()
            raise

    queue = was.Queue(produce)

    async def leave() -> None:
        await anext(queue)
        await queue.aclose()
        assert await collect(queue) == []

    runtime.spawn(leave()).result(5)
    assert ended.wait(5)
    with pytest.raises(BrokenPipeError):
        queue.put("late")


def test_errors_of_the_producer_reach_the_client(was: Was, runtime: Runtime) -> None:
    """What is put before an error comes out, then the error; other things than str and bytes are one."""

    def produce(queue: Queue) -> None:
        queue.put("a")
        raise ValueError("broken")

    async def drive(queue: Queue) -> bytes:
        first = await anext(queue)
        await anext(queue)
        return first

    with pytest.raises(ValueError, match="broken"):
        runtime.spawn(drive(was.Queue(produce))).result(5)
    with pytest.raises(TypeError, match="not int"):
        read(runtime, was.Queue(putting("a", 5)))


def test_a_silent_producer_ends_the_body(was: Was, runtime: Runtime) -> None:
    """Nothing for wait_timeout seconds is the end, as in the original."""
    go = threading.Event()

    def produce(queue: Queue) -> None:
        queue.put("a")
        go.wait(10)
        queue.put("late")

    assert read(runtime, was.Queue(produce, wait_timeout=0.05)) == [b"a"]
    go.set()


def test_a_queue_that_nobody_reads_starts_nothing(was: Was) -> None:
    """The producer waits for the first reader."""
    started = threading.Event()
    queue = was.Queue(lambda queue: started.set())
    queue.close()
    assert not started.is_set()


def make_stream(
    runtime: Runtime, *pieces: bytes | float, patience: float = 5
) -> tuple[ByteStream, list[str]]:
    closed: list[str] = []

    async def generate() -> AsyncIterator[bytes]:
        for piece in pieces:
            if isinstance(piece, float):
                await asyncio.sleep(piece)
            else:
                yield piece

    return ByteStream(runtime, generate(), lambda: closed.append("closed"), patience), closed


def test_streams_are_read_on_the_loop_and_in_threads(runtime: Runtime) -> None:
    """A stream gives its pieces once and is closed at its end."""
    stream, closed = make_stream(runtime, b"a", b"b")
    assert read(runtime, stream) == [b"a", b"b"]
    assert closed == ["closed"]
    assert read(runtime, stream) == []
    stream, closed = make_stream(runtime, b"a", b"b")
    assert list(stream) == [b"a", b"b"]
    assert closed == ["closed"]


def test_pieces_have_a_time_limit(runtime: Runtime) -> None:
    """A piece that takes too long ends the stream with TimeoutError."""
    stream, closed = make_stream(runtime, b"a", 5.0, b"b", patience=0.05)
    with pytest.raises(TimeoutError):
        list(stream)
    assert closed == ["closed"]


def test_a_forgotten_stream_gives_its_connection_back(runtime: Runtime) -> None:
    """Nobody has to close a stream that nobody has any more."""
    stream, closed = make_stream(runtime, b"a")
    stream.close()
    stream.close()
    other, closed_too = make_stream(runtime, b"a")
    del other
    until = time.monotonic() + 5
    while not (closed and closed_too) and time.monotonic() < until:
        time.sleep(0.01)
    assert (closed, closed_too) == (["closed"], ["closed"])


def test_a_piece_can_be_put_back(runtime: Runtime) -> None:
    """What was read to look at it comes again."""
    stream, _ = make_stream(runtime, b"a", b"b", b"c")
    first = next(stream)
    stream.put_back(first)
    assert list(stream) == [b"a", b"b", b"c"]
