from __future__ import annotations

import asyncio
import sys
import tempfile
import threading
from collections.abc import Callable
from contextvars import ContextVar
from pathlib import Path
from typing import Any

import httpx
import pytest

from atila_compat import Atila
from atila_compat.context import get_was
from atila_compat.hooks import event_names as names
from tests.serving.connection import ask, client

MIB = 1024 * 1024


def test_handlers_run_in_worker_threads() -> None:
    """A handler, its hooks and its wrappers share one worker thread."""
    app, seen = Atila("app"), []

    def note(*args: Any) -> None:
        seen.append(threading.current_thread())

    app.before_request(note)
    app.finish_request(note)
    app.teardown_request(note)

    @app.route("/")
    def index(was: Any) -> str:
        note()
        return "index"

    assert ask(app, "/").text == "index"
    assert len(seen) == 4
    assert len(set(seen)) == 1
    assert seen[0] is not threading.main_thread()


def test_async_handlers_run_on_the_loop() -> None:
    """An `async def` handler without hooks takes no thread at all."""
    app = Atila("app")

    @app.route("/")
    async def index(was: Any, n: str = "0") -> Any:
        await asyncio.sleep(0)
        return was.API(n=n, thread=threading.current_thread() is threading.main_thread())

    async def run() -> httpx.Response:
        before = set(threading.enumerate())
        async with client(app) as peer:
            answer = await peer.get("/?n=3")
        assert set(threading.enumerate()) <= before
        return answer

    assert asyncio.run(run()).json() == {"n": "3", "thread": True}


def failing_app(handler: Callable[[Any], Any]) -> Atila:
    """An app with one handler, sync or async, at its root."""
    app = Atila("app")
    app.route("/")(handler)
    return app


async def async_error(was: Any) -> str:
    raise was.Error("403 Forbidden", "not you", 40399)


async def async_crash(was: Any) -> str:
    raise LookupError("secret detail")


async def async_none(was: Any) -> None:
    return None


async def async_mismatch(was: Any, a: Any) -> str:
    return "never"


@pytest.mark.parametrize(
    ("handler", "status", "body"),
    [
        (async_error, 403, {"code": 40399, "message": "forbidden", "more_info": "not you"}),
        (async_crash, 502, {"code": 50200, "message": "bad gateway"}),
        (async_none, 500, {"code": 50000, "message": "internal server error"}),
        (
            async_mismatch,
            400,
            {"code": 40000, "message": "bad request", "more_info": "parameter `a` is missing"},
        ),
    ],
)
@pytest.mark.parametrize("hooks", [True, False])
def test_errors_of_async_handlers(handler: Any, status: int, body: Any, hooks: bool) -> None:
    """Errors of an `async def` handler are answered like those of any other, with hooks or without."""
    app = failing_app(handler)
    if hooks:
        app.before_request(lambda was: None)
    answer = ask(app, "/")
    assert (answer.status_code, answer.json()) == (status, body)


@pytest.mark.parametrize("asynchronous", [True, False])
@pytest.mark.parametrize("fails", [True, False])
def test_hooks_run_in_their_order(asynchronous: bool, fails: bool) -> None:
    """Hooks and events come in the order of spec/05, around `async def` handlers too."""
    app = Atila("app")
    log: list[str] = []
    app.before_request(lambda was: log.append("before"))
    app.finish_request(lambda was: log.append("finish"))
    app.failed_request(lambda was, exc_info: log.append("failed"))
    app.teardown_request(lambda was: log.append("teardown"))
    for event in (names.EVT_REQ_STARTED, names.EVT_REQ_SUCCESS, names.EVT_REQ_FAILED):
        app.on(event)(lambda was, *args, event=event: log.append(event))
    for event in (names.EVT_REQ_TEARDOWN, names.EVT_REQ_FINISHED):
        app.on(event)(lambda was, *args, event=event: log.append(event))

    def answer(was: Any) -> str:
        log.append("handler")
        if fails:
            raise was.Error("400 Bad Request")
        return "fine"

    async def answer_later(was: Any) -> str:
        await asyncio.sleep(0)
        return answer(was)

    app.route("/")(answer_later if asynchronous else answer)
    assert ask(app, "/").status_code == (400 if fails else 200)
    begin = [names.EVT_REQ_STARTED, "before", "handler"]
    if fails:
        middle = [names.EVT_REQ_FAILED, "failed"]
    else:
        middle = [names.EVT_REQ_SUCCESS, "finish", names.EVT_REQ_TEARDOWN, "teardown"]
    assert log == [*begin, *middle, names.EVT_REQ_FINISHED]


def test_context_variables_of_hooks_reach_async_handlers() -> None:
    """What a hook sets in its thread, an `async def` handler sees on the loop, and the teardown after it."""
    who: ContextVar[str] = ContextVar("who", default="nobody")
    app, seen = Atila("app"), []
    app.before_request(lambda was: who.set("hook") and None)
    app.teardown_request(lambda was: seen.append(who.get()))

    @app.route("/")
    async def index(was: Any) -> str:
        before = who.get()
        who.set("handler")
        return before

    assert ask(app, "/").text == "hook"
    assert seen == ["handler"]


def test_failing_handlers_do_not_stop_the_app(caplog: pytest.LogCaptureFixture) -> None:
    """A handler that raises is logged once, with its traceback, and the next request is answered."""
    app = Atila("app")

    @app.route("/fails")
    def fails(was: Any) -> str:
        raise LookupError("why")

    @app.route("/fine")
    def fine(was: Any) -> str:
        return "fine"

    async def run() -> list[int]:
        async with client(app) as peer:
            return [(await peer.get(path)).status_code for path in ("/fails", "/fine")]

    assert asyncio.run(run()) == [502, 200]
    (record,) = [each for each in caplog.records if each.name.startswith("atila_compat")]
    assert record.exc_info is not None
    assert isinstance(record.exc_info[1], LookupError)


def test_many_requests_at_once() -> None:
    """Two hundred requests at once each get their own answer."""
    app = Atila("app")

    @app.route("/n/<int:n>")
    def number(was: Any, n: int, q: str) -> Any:
        was.request.g.n = n
        return was.API(n=was.request.g.n, q=q)

    async def run() -> list[Any]:
        async with client(app) as peer:
            answers = await asyncio.gather(*(peer.get(f"/n/{n}?q={n}") for n in range(200)))
        return [answer.json() for answer in answers]

    assert asyncio.run(run()) == [{"n": n, "q": str(n)} for n in range(200)]


def test_reloading_apps_look_at_their_modules() -> None:
    """With `use_reloader` a failure to load a changed module is the request's answer."""
    app = Atila("app")
    app.route("/get")(lambda was: "got")
    app.use_reloader = True

    def fail() -> None:
        raise SyntaxError("broken module")

    assert ask(app, "/get").text == "got"
    app.reload_changed = fail  # type: ignore[method-assign]
    assert ask(app, "/get").status_code == 502


def leaving(was: Any) -> str:
    sys.exit(3)


async def leaving_async(was: Any) -> str:
    sys.exit(3)


def leaving_midway(was: Any) -> Any:
    yield ""
    sys.exit(3)


def interrupted(was: Any) -> str:
    raise KeyboardInterrupt


def closed(was: Any) -> str:
    raise GeneratorExit


@pytest.mark.parametrize("handler", [leaving, leaving_async, leaving_midway, interrupted, closed])
def test_handlers_cannot_end_the_server(handler: Any) -> None:
    """Whatever a handler raises, `sys.exit()` too, is its own failure, 502, as in the original."""
    assert ask(failing_app(handler), "/").status_code == 502


def test_async_handlers_keep_their_was() -> None:
    """An `async def` handler that asks another app in process has its own `was` after it."""
    inner, outer = Atila("inner"), Atila("outer")

    @inner.route("/")
    async def ask_inner(was: Any) -> str:
        return ""

    @outer.route("/")
    async def ask_outer(was: Any) -> str:
        async with client(inner) as peer:
            await peer.get("/")
        return str(get_was() is was)

    assert ask(outer, "/").text == "True"


def test_cancelled_requests_leave_no_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A request that is cancelled while its handler runs leaves no temporary file."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    app, gate = Atila("app"), threading.Event()

    @app.route("/", methods=["POST"])
    def hold(was: Any, f: Any) -> str:
        gate.wait(10)
        return ""

    async def upload() -> None:
        async with client(app) as peer:
            await peer.post("/", files={"f": ("a", b"x" * 2 * MIB)})

    async def run() -> None:
        task = asyncio.create_task(upload())
        while app.runtime is None or not app.runtime.workers.busy():
            await asyncio.sleep(0.001)
        assert list(tmp_path.iterdir())
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        gate.set()

    asyncio.run(run())
    assert list(tmp_path.iterdir()) == []
