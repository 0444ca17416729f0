from __future__ import annotations

import asyncio
import io
import threading
from collections.abc import AsyncIterator, Iterator
from contextvars import ContextVar
from typing import Any

import pytest

from atila_compat import Atila
from atila_compat.types import ASGIApp
from tests.serving.connection import Connection, ask, make_scope, play


def streaming(handler: Any, **options: Any) -> Atila:
    """An app with one handler at its root."""
    app = Atila("app")
    app.route("/", **options)(handler)
    return app


async def eventually(check: Any) -> None:
    """Wait until `check()` is true."""

    async def poll() -> None:
        while not check():
            await asyncio.sleep(0.001)

    await asyncio.wait_for(poll(), 10)


def test_generators_are_sent_piece_by_piece() -> None:
    """Each piece that a generator yields is sent by itself, text or bytes; empty ones are not."""

    def pieces(was: Any) -> Iterator[Any]:
        yield "one "
        yield b""
        yield b"two "
        yield "drei"

    answer = play(streaming(pieces))
    assert answer.chunks == [b"one ", b"two ", b"drei"]
    assert answer.ended
    assert answer.headers["content-type"] == "text/html"
    assert "content-length" not in answer.headers


def test_async_generators_are_sent_piece_by_piece() -> None:
    """An asynchronous generator runs on the loop."""

    async def pieces() -> AsyncIterator[str]:
        for number in range(3):
            await asyncio.sleep(0)
            yield f"{number} {threading.current_thread() is threading.main_thread()},"

    assert play(streaming(lambda was: pieces())).chunks == [b"0 True,", b"1 True,", b"2 True,"]


def test_generators_run_in_worker_threads_in_one_context() -> None:
    """A generator's steps run in worker threads and share the request's context variables."""
    step: ContextVar[int] = ContextVar("step", default=0)

    def pieces(was: Any) -> Iterator[str]:
        for _ in range(3):
            assert threading.current_thread() is not threading.main_thread()
            step.set(step.get() + 1)
            yield str(step.get())

    assert ask(streaming(pieces), "/").text == "123"


def test_slow_clients_slow_the_producer_down() -> None:
    """The next piece is asked for when the client has taken the one before: nothing piles up."""
    made: list[int] = []

    def pieces(was: Any) -> Iterator[bytes]:
        for number in range(1000):
            made.append(number)
            yield b"x" * 1000

    async def run() -> Connection:
        answer = Connection(streaming(pieces), make_scope())
        answer.gate.clear()
        task = asyncio.create_task(answer.run())
        await eventually(lambda: made)
        for _ in range(50):
            await asyncio.sleep(0.001)
        assert len(made) == 1
        answer.gate.set()
        return await asyncio.wait_for(task, 20)

    assert len(asyncio.run(run()).body) == 1_000_000


@pytest.mark.parametrize("asynchronous", [True, False])
def test_clients_that_go_close_the_generator(asynchronous: bool) -> None:
    """A client that goes ends the stream: the generator is closed, and no further piece is made."""
    closed: list[str] = []

    def endless() -> Iterator[str]:
        try:
            while True:
                yield "piece "
        finally:
            closed.append(threading.current_thread().name)

    async def endless_async() -> AsyncIterator[str]:
        try:
            while True:
                await asyncio.sleep(0)
                yield "piece "
        finally:
            closed.append("loop")

    app = streaming(lambda was: endless_async() if asynchronous else endless())

    async def run() -> Connection:
        answer = Connection(app, make_scope())
        task = asyncio.create_task(answer.run())
        await asyncio.wait_for(answer.seen(b"piece "), 10)
        answer.leave()
        return await asyncio.wait_for(task, 10)

    answer = asyncio.run(run())
    assert len(closed) == 1
    assert (closed[0] == "loop") is asynchronous
    assert not answer.ended


def test_streams_are_closed_at_their_end() -> None:
    """Files and producers are closed when they have been sent."""

    class File:
        closed = False

        def __init__(self) -> None:
            self.pieces = [b"a", b"b", b""]

        def read(self, size: int) -> bytes:
            return self.pieces.pop(0)

        def close(self) -> None:
            self.closed = True

    file = File()
    assert ask(streaming(lambda was: file), "/").content == b"ab"
    assert file.closed


def test_failures_before_the_first_piece_are_errors() -> None:
    """A stream that fails before it has sent anything is answered like a handler that fails."""

    def failing(was: Any) -> Iterator[str]:
        raise was.Error("403 Forbidden", "not you")
        yield ""

    def crashing(was: Any) -> Iterator[Any]:
        yield 5

    assert ask(streaming(failing), "/").json()["more_info"] == "not you"
    assert ask(streaming(crashing), "/").status_code == 502


def test_failures_in_the_middle_cut_the_connection(caplog: pytest.LogCaptureFixture) -> None:
    """A stream that fails later is cut, for the client to see that something is missing."""
    closed: list[int] = []

    def failing(was: Any) -> Iterator[str]:
        try:
            yield "first"
            raise LookupError("why")
        finally:
            closed.append(1)

    async def run(app: ASGIApp) -> Connection:
        answer = Connection(app, make_scope())
        with pytest.raises(LookupError):
            await answer.run()
        return answer

    answer = asyncio.run(run(streaming(failing)))
    assert (answer.body, answer.ended) == (b"first", False)
    assert closed == [1]
    assert "the stream failed" in caplog.text


def test_failures_while_closing_are_logged(caplog: pytest.LogCaptureFixture) -> None:
    """What fails while a stream is closed is logged, and the answer is complete."""

    class Pieces:
        def __init__(self) -> None:
            self.left = ["a", "b"]

        def __iter__(self) -> Pieces:
            return self

        def __next__(self) -> str:
            if not self.left:
                raise StopIteration
            return self.left.pop(0)

        def close(self) -> None:
            raise LookupError

    assert ask(streaming(lambda was: Pieces()), "/").text == "ab"
    assert "closing the stream failed" in caplog.text


def test_streams_have_status_headers_and_cookies() -> None:
    """What a handler has set before it returned its stream is sent with it."""

    def handler(was: Any) -> Any:
        was.cookie.set("a", "1")
        return was.response("201 Created", iter("xyz"), [("Content-Type", "text/csv")])

    answer = ask(streaming(handler), "/")
    assert (answer.status_code, answer.text) == (201, "xyz")
    assert answer.headers["content-type"] == "text/csv"
    assert answer.headers["set-cookie"].startswith("a=1")


def test_files_that_are_not_sent_are_closed() -> None:
    """An open file or a producer is closed at the end, and where its answer has no body."""
    opened = []

    def file(was: Any, status: str) -> Any:
        opened.append(io.BytesIO(b"content"))
        return was.response(status, opened[-1])

    app = streaming(file)
    assert play(app, "/?status=200%20OK").body == b"content"
    assert play(app, "/?status=204%20No%20Content").body == b""
    assert [each.closed for each in opened] == [True, True]


@pytest.mark.parametrize("status", ["204 No Content", "304 Not Modified"])
def test_statuses_without_body_send_no_stream(status: str) -> None:
    """A stream under a status that has no body is closed unsent."""
    closed: list[int] = []

    class Pieces:
        def __iter__(self) -> Pieces:
            return self

        def __next__(self) -> str:
            return "piece"

        def close(self) -> None:
            closed.append(1)

    answer = ask(streaming(lambda was: was.response(status, Pieces())), "/")
    assert (answer.status_code, answer.content) == (int(status[:3]), b"")
    assert "content-type" not in answer.headers
    assert closed == [1]


def test_requests_are_answered_while_others_stream() -> None:
    """A stream gives its thread back between two pieces: more streams than threads go on side by side."""
    release = threading.Event()

    def pieces(was: Any, n: str) -> Iterator[str]:
        yield n
        while not release.is_set():
            yield ""
        yield "end"

    app = streaming(pieces)
    app.route("/plain")(lambda was: "plain")

    async def run() -> None:
        streams = [Connection(app, make_scope(f"/?n={n}")) for n in range(12)]
        tasks = [asyncio.create_task(stream.run()) for stream in streams]
        await asyncio.wait_for(asyncio.gather(*(s.seen(str(n).encode()) for n, s in enumerate(streams))), 10)
        plain = await asyncio.wait_for(Connection(app, make_scope("/plain")).run(), 10)
        assert plain.body == b"plain"
        release.set()
        await asyncio.wait_for(asyncio.gather(*tasks), 10)
        assert all(stream.body.endswith(b"end") for stream in streams)

    asyncio.run(run())


def test_clients_that_go_end_async_streams_that_wait() -> None:
    """An asynchronous generator that waits for news is closed when the client goes."""
    closed: list[int] = []

    async def waiting() -> AsyncIterator[str]:
        try:
            yield "piece"
            await asyncio.sleep(100)
        finally:
            closed.append(1)

    async def run() -> None:
        answer = Connection(streaming(lambda was: waiting()), make_scope())
        task = asyncio.create_task(answer.run())
        await asyncio.wait_for(answer.seen(b"piece"), 10)
        answer.leave()
        await asyncio.wait([task], timeout=0.5)
        try:
            assert closed == [1]
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    asyncio.run(run())
