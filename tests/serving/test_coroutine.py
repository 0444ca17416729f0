from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Generator
from contextvars import ContextVar
from typing import Any

import httpx
import pytest

from atila_compat import Atila
from tests.serving.connection import Connection, ask, client, make_scope


def driving(handler: Any, **options: Any) -> Atila:
    """An app with one coroutine at its root."""
    app = Atila("app")
    app.route("/", coroutine=True, **options)(handler)
    return app


def test_coroutines_wait_for_tasks() -> None:
    """`yield task` gives the task back when it is done; what is returned is the answer."""

    def handler(was: Any, n: str) -> Generator[Any, Any, Any]:
        task = yield was.Thread(lambda x: x * 2, n)
        other = yield was.Thread(len, n)
        return was.API(first=task.fetch(), second=other.fetch())

    assert ask(driving(handler), "/?n=ab").json() == {"first": "abab", "second": 2}


def test_coroutines_wait_for_groups() -> None:
    """`yield was.Tasks(...)` waits for all of them."""

    def handler(was: Any) -> Generator[Any, Any, Any]:
        tasks = yield was.Tasks(was.Thread(int, "1"), was.Thread(int, "2"))
        return was.API(values=tasks.fetch())

    assert ask(driving(handler), "/").json() == {"values": [1, 2]}


def test_errors_of_tasks_are_raised_where_they_are_fetched() -> None:
    """A task that failed is given back as well; `fetch` raises its error."""

    def handler(was: Any) -> Generator[Any, Any, Any]:
        task = yield was.Thread(int, "x")
        try:
            task.fetch()
        except ValueError as error:
            return f"caught {type(error).__name__}"

    assert ask(driving(handler), "/").text == "caught ValueError"


def test_waiting_takes_no_thread() -> None:
    """While coroutines wait for their tasks, more of them than there are threads go on side by side."""
    begun, release = threading.Semaphore(0), threading.Event()

    def wait() -> str:
        begun.release()
        release.wait(10)
        return "done"

    def handler(was: Any) -> Generator[Any, Any, Any]:
        task = yield was.Thread(wait)
        return str(task.fetch())

    app = driving(handler)
    app.route("/plain")(lambda was: "plain")

    async def run() -> list[str]:
        async with client(app) as peer:
            tasks = [asyncio.create_task(peer.get("/")) for _ in range(12)]
            for _ in range(12):
                while not begun.acquire(blocking=False):
                    await asyncio.sleep(0.001)
            assert (await peer.get("/plain")).text == "plain"
            release.set()
            return [(await task).text for task in tasks]

    assert asyncio.run(run()) == ["done"] * 12


def test_context_variables_persist_over_yields() -> None:
    """What a coroutine sets before a `yield` it sees behind it, in whichever thread it goes on."""
    who: ContextVar[str] = ContextVar("who", default="nobody")

    def handler(was: Any) -> Generator[Any, Any, Any]:
        who.set("me")
        yield was.Thread(int, "1")
        assert threading.current_thread() is not threading.main_thread()
        return who.get()

    assert ask(driving(handler), "/").text == "me"


def test_text_is_streamed() -> None:
    """Text that a coroutine yields is sent, before what it returns."""

    def handler(was: Any) -> Generator[Any, Any, Any]:
        yield "one "
        yield b"two "
        return "three"

    answer = ask(driving(handler), "/")
    assert (answer.text, answer.headers["content-type"]) == ("one two three", "text/html")


def test_text_is_sent_before_a_coroutine_waits_again() -> None:
    """What was yielded is on its way when the coroutine begins to wait for its second task."""
    release = threading.Event()

    def handler(was: Any) -> Generator[Any, Any, Any]:
        yield was.Thread(int, "1")
        yield "early "
        yield was.Thread(release.wait, 10)
        yield "late"

    async def run() -> Connection:
        answer = Connection(driving(handler), make_scope())
        task = asyncio.create_task(answer.run())
        await asyncio.wait_for(answer.seen(b"early "), 10)
        assert not answer.ended
        release.set()
        return await asyncio.wait_for(task, 10)

    answer = asyncio.run(run())
    assert answer.body == b"early late"
    assert answer.ended


def test_text_around_the_first_task_is_kept_back() -> None:
    """Until its second task a coroutine may still fail, set status and headers, or answer something else."""

    def handler(was: Any, kind: str) -> Generator[Any, Any, Any]:
        yield "before "
        yield was.Thread(int, "1")
        if kind == "missing":
            raise was.Error("404 Not Found")
        if kind == "api":
            return was.API("201 Created", a=1)
        yield "behind "
        if kind == "response":
            return was.response("202 Accepted", "end")
        was.response.set_status("203 Other")
        was.response["X-Set"] = "late"
        return "end"

    app = Atila("tests")
    app.route("/<kind>", coroutine=True)(handler)
    assert ask(app, "/missing").status_code == 404
    answer = ask(app, "/api")
    assert (answer.status_code, answer.json()) == (201, {"a": 1})
    answer = ask(app, "/response")
    assert (answer.status_code, answer.text) == (202, "before behind end")
    answer = ask(app, "/text")
    assert (answer.status_code, answer.text, answer.headers["x-set"]) == (203, "before behind end", "late")


def test_coroutines_without_a_value_answer_what_they_yielded() -> None:
    """A coroutine that returns nothing has answered what it yielded, an empty text too."""

    def silent(was: Any) -> Generator[Any, Any, Any]:
        yield was.Thread(int, "1")

    def speaking(was: Any) -> Generator[Any, Any, Any]:
        yield "text"

    assert ask(driving(silent), "/").status_code == 200
    assert ask(driving(speaking), "/").text == "text"


def test_errors_before_anything_was_sent() -> None:
    """A coroutine that fails before it streams is answered like any handler that fails."""

    def refusing(was: Any) -> Generator[Any, Any, Any]:
        yield was.Thread(int, "1")
        raise was.Error("403 Forbidden", "not you")

    def crashing(was: Any) -> Generator[Any, Any, Any]:
        yield "kept back"
        raise LookupError

    assert ask(driving(refusing), "/").json() == {
        "code": 40300,
        "message": "forbidden",
        "more_info": "not you",
    }
    assert ask(driving(crashing), "/").status_code == 500


def test_crashes_before_the_first_task() -> None:
    """An exception without a status is a 500 until the coroutine has waited for a task, a 502 then."""

    def crashing(was: Any, kind: str) -> Generator[Any, Any, Any]:
        if kind == "masked":
            yield was.Mask(1)
        if kind == "waited":
            yield was.Thread(int, "1")
        if kind == "refused":
            raise was.Error("403 Forbidden")
        if kind == "mapped":
            return was.Map(a=was.Thread(int, "x"))
        raise LookupError

    app = Atila("tests")
    app.route("/<kind>", coroutine=True)(crashing)
    codes = [ask(app, f"/{kind}").status_code for kind in ("first", "masked", "waited", "refused", "mapped")]
    assert codes == [500, 500, 502, 403, 502]


def test_errors_in_the_middle_of_a_stream() -> None:
    """A coroutine that fails while it streams says so in the stream and cuts the connection."""

    def handler(was: Any) -> Generator[Any, Any, Any]:
        yield "x" * 100_000
        raise LookupError("why")

    async def run() -> Connection:
        answer = Connection(driving(handler), make_scope())
        with pytest.raises(LookupError):
            await answer.run()
        return answer

    answer = asyncio.run(run())
    assert answer.body.endswith(b"server error occurred while processing your request")
    assert not answer.ended


def test_clients_that_go_close_the_coroutine() -> None:
    """A client that goes while a coroutine waits ends it: its `finally` blocks run."""
    closed, release = [], threading.Event()

    def handler(was: Any) -> Generator[Any, Any, Any]:
        try:
            yield was.Thread(int, "1")
            yield "early"
            yield was.Thread(release.wait, 10)
        finally:
            closed.append(1)

    async def run() -> Connection:
        answer = Connection(driving(handler), make_scope())
        task = asyncio.create_task(answer.run())
        await asyncio.wait_for(answer.seen(b"early"), 10)
        answer.leave()
        await asyncio.wait_for(task, 10)
        return answer

    try:
        assert not asyncio.run(run()).ended
        assert closed == [1]
    finally:
        release.set()


def test_answers_have_a_time_limit() -> None:
    """A coroutine whose task does not end within the request's time is thrown a TimeoutError."""
    release = threading.Event()

    def handler(was: Any) -> Generator[Any, Any, Any]:
        try:
            yield was.Thread(release.wait, 10)
        except TimeoutError:
            return "too late"
        finally:
            release.set()

    app = driving(handler)
    app.config.REQUEST_TIMEOUT = 0.05
    assert ask(app, "/").text == "too late"


def test_input_is_read_piece_by_piece() -> None:
    """`yield was.Input(n)` gives the next n bytes of the body, nothing at its end."""

    def handler(was: Any) -> Generator[Any, Any, Any]:
        pieces: list[str] = []
        while True:
            piece = yield was.Input(4)
            if not piece:
                break
            pieces.append(piece.decode())
        return was.API(pieces=pieces, body=was.request.get_body())

    app = driving(handler, methods=["POST"], input_stream=True)
    answer = ask(app, "/", "POST", content=b"0123456789", headers={"Content-Type": "text/plain"})
    assert answer.json() == {"pieces": ["0123", "4567", "89"], "body": None}


def test_input_and_output_at_once() -> None:
    """A coroutine answers a piece before the client sends the next one."""

    def echo(was: Any) -> Generator[Any, Any, Any]:
        while True:
            piece = yield was.Input(3)
            if not piece:
                return
            yield piece.upper()

    async def run() -> Connection:
        app = driving(echo, methods=["POST"], input_stream=True)
        answer = Connection(app, make_scope("/", "POST", {"Transfer-Encoding": "chunked"}), None)
        task = asyncio.create_task(answer.run())
        answer.feed(b"abc")
        await asyncio.wait_for(answer.seen(b"ABC"), 10)
        answer.feed(b"def")
        await asyncio.wait_for(answer.seen(b"DEF"), 10)
        answer.feed(b"", more=False)
        return await asyncio.wait_for(task, 10)

    answer = asyncio.run(run())
    assert (answer.body, answer.ended) == (b"ABCDEF", True)


def test_input_ends_at_the_limit() -> None:
    """A streamed body that grows past the limit raises where the coroutine reads."""

    def handler(was: Any) -> Generator[Any, Any, Any]:
        while (yield was.Input(8)):
            pass
        return "all of it"

    app = driving(handler, methods=["POST"], input_stream=True)
    app.config.MAX_UPLOAD_SIZE = 10

    async def run() -> Connection:
        answer = Connection(app, make_scope("/", "POST", {"Transfer-Encoding": "chunked"}), None)
        for _ in range(5):
            answer.feed(b"12345")
        return await asyncio.wait_for(answer.run(), 10)

    assert asyncio.run(run()).status == 413


def test_what_is_no_generator() -> None:
    """A coroutine route whose handler is no generator is a 502, unless it returns what can be waited for.

    Decorators may answer in its place.
    """

    def handler(was: Any) -> Generator[Any, Any, Any]:
        yield "late"

    app = driving(lambda was: "plain")
    app.route("/early", coroutine=True)(app.run_before(lambda was: "early")(handler))
    assert ask(app, "/").status_code == 502
    assert ask(app, "/early").text == "early"
    assert ask(driving(lambda was: was.Map(a=1)), "/").json() == {"a": 1}


def test_hundreds_of_coroutines(caplog: pytest.LogCaptureFixture) -> None:
    """A hundred coroutines that wait and stream at once each end with their own answer."""

    def handler(was: Any, n: str) -> Generator[Any, Any, Any]:
        yield f"{n}:"
        task = yield was.Thread(time.sleep, 0.001)
        task.fetch()
        return n

    app = driving(handler)

    async def run() -> list[str]:
        async with client(app) as peer:
            answers: list[httpx.Response] = await asyncio.gather(*(peer.get(f"/?n={n}") for n in range(100)))
        return [answer.text for answer in answers]

    assert asyncio.run(run()) == [f"{n}:{n}" for n in range(100)]
    assert caplog.messages == []
