from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

import httpx
import pytest

from atila_compat import Atila
from atila_compat.hooks import event_names as names
from tests.serving.connection import Connection, ask, client, make_scope, play

MIB = 1024 * 1024


def declare(app: Atila) -> Atila:
    """Routes for all refusals."""
    app.config.MAX_UPLOAD_SIZE = 1000

    @app.route("/get", methods=["GET"])
    def get(was: Any) -> str:
        return "got"

    @app.route("/post", methods=["POST", "PUT"])
    def post(was: Any, **data: Any) -> Any:
        return was.API(data=data, size=len(was.request.get_body() or b""))

    @app.route("/json", methods=["POST"], content_types=["application/json"])
    def json(was: Any, a: Any = None) -> Any:
        return was.API(a=a)

    @app.route("/folder/")
    def folder(was: Any) -> str:
        return "folder"

    @app.route("/prices/<float:price>")
    def price(was: Any, price: float) -> str:
        return str(price)

    @app.route("/api", subdomain="api")
    def api(was: Any) -> str:
        return "api"

    @app.route("/cors", access_control_allow_origin=["https://friend.example"])
    def cors(was: Any) -> str:
        return "cors"

    app.unroute("/gone*", 410)
    return app


REFUSALS: dict[str, tuple[int, str | None, dict[str, Any]]] = {
    "none": (404, "/none", {}),
    "dots": (404, None, {"path": "/get/../get"}),
    "slashes": (404, None, {"path": "//get"}),
    "nul": (404, None, {"path": "/get\0"}),
    "method": (405, "/get", {"method": "DELETE"}),
    "head": (405, "/get", {"method": "HEAD"}),
    "verb": (405, "/get", {"method": "BREW"}),
    "options": (405, "/get", {"method": "OPTIONS"}),
    "length": (411, "/post", {"method": "POST"}),
    "large": (413, "/post", {"method": "POST", "headers": {"Content-Length": "1001"}}),
    "huge": (413, "/post", {"method": "POST", "headers": {"Content-Length": "9" * 5000}}),
    "type": (415, "/json", {"method": "POST", "headers": {"Content-Length": "0"}}),
    "slash": (301, "/folder?a=1", {}),
    "value": (400, "/prices/1.2.3", {}),
    "subdomain": (404, "/api", {"headers": {"Host": "www.example.com"}}),
    "closed": (410, "/gone/x", {}),
    "origin": (403, "/cors", {"headers": {"Origin": "https://foe.example"}}),
}


@pytest.mark.parametrize("kind", REFUSALS)
def test_refusals_take_no_thread(kind: str) -> None:
    """An error that no handler is needed for is answered on the loop, in the original's shape."""
    status, target, options = REFUSALS[kind]
    app = declare(Atila("app"))

    async def run() -> Connection:
        before = threading.enumerate()
        scope = make_scope(target or "/", **options)
        answer = await Connection(app, scope, None if status == 413 else b"").run()
        assert threading.enumerate() == before
        return answer

    answer = asyncio.run(run())
    assert answer.status == status
    assert answer.ended
    assert answer.headers["content-type"] == "application/json"
    assert f'"code": {status}00'.encode() in answer.body


@pytest.mark.parametrize("kind", REFUSALS)
def test_refusals_go_to_error_handlers(kind: str) -> None:
    """An app that has an error handler for a refusal answers it, in a worker thread."""
    status, target, options = REFUSALS[kind]
    app = declare(Atila("app"))
    threads: list[str] = []

    @app.error_handler(status)
    def handler(was: Any, error: dict[str, Any]) -> str:
        threads.append(threading.current_thread().name)
        return f"own {error['code']}"

    async def run() -> Connection:
        return await Connection(
            app, make_scope(target or "/", **options), None if status == 413 else b""
        ).run()

    answer = asyncio.run(run())
    assert (answer.status, answer.body) == (status, f"own {status}".encode())
    assert "MainThread" not in threads


def test_redirect_to_the_slash() -> None:
    """A missing slash redirects below the mount point; the query is dropped."""
    answer = play(declare(Atila("app")), "/base/folder?a=1", root_path="/base")
    assert (answer.status, answer.headers["location"]) == (301, "/base/folder/")
    assert b'Object Moved To <a href=\\"/base/folder/\\">Here</a>' in answer.body


def test_connections_are_closed_on_bodies_that_nobody_reads() -> None:
    """Refusing a body closes the connection, or the body would be taken for the next request."""
    app = declare(Atila("app"))
    for kind in ("length", "large"):
        _, target, options = REFUSALS[kind]
        assert play(app, target or "", **options).headers["connection"] == "close"
    assert "connection" not in play(app, "/none").headers


def test_mounted_apps_see_paths_below_their_point() -> None:
    """`root_path` is not part of an app's paths, as Starlette's Mount has it."""
    app = declare(Atila("app"))
    assert play(app, "/base/get", root_path="/base").body == b"got"
    assert play(app, "/base", root_path="/base").status == 404
    assert play(app, "/get", root_path="").body == b"got"


def test_apps_answer_http_and_websocket_only() -> None:
    """Another kind of connection is an error of the server."""
    with pytest.raises(RuntimeError, match="not 'smtp'"):
        play(Atila("app"), type="smtp")


# -- bodies -------------------------------------------------------------------------------------------------


def test_bodies_up_to_the_limit() -> None:
    """A body of the limit's length is taken, one that grows past it is 413 as soon as it does."""
    app = declare(Atila("app"))
    plain = {"Content-Type": "text/plain"}
    assert ask(app, "/post", "POST", content=b"x" * 1000, headers=plain).json()["size"] == 1000
    assert ask(app, "/post", "POST", content=b"x" * 1001, headers=plain).status_code == 413

    async def endless() -> Connection:
        answer = Connection(app, make_scope("/post", "POST", {"Transfer-Encoding": "chunked"}), None)
        for _ in range(20):
            answer.feed(b"x" * 100)
        return await asyncio.wait_for(answer.run(), 10)

    assert asyncio.run(endless()).status == 413


@pytest.mark.parametrize("name", ["max_client_body_size", "max_multipart_body_size"])
def test_old_names_of_the_limit(name: str) -> None:
    """The limit has two older names (spec/01 section 2)."""
    app = declare(Atila("app"))
    if name == "max_client_body_size":
        app.max_client_body_size = 5  # type: ignore[attr-defined]
    else:
        app.config[name] = 5
    assert (
        ask(app, "/post", "POST", content=b"x" * 6, headers={"Content-Type": "text/plain"}).status_code == 413
    )


def test_chunked_bodies() -> None:
    """A body in chunks needs no length; what arrives in pieces is one body."""
    app = declare(Atila("app"))

    async def run() -> Connection:
        scope = make_scope("/post", "POST", {"Transfer-Encoding": "chunked", "Content-Type": "text/plain"})
        answer = Connection(app, scope, None)
        for piece in (b"one", b"", b"two"):
            answer.feed(piece)
        answer.feed(b"", more=False)
        return await answer.run()

    assert b'"size": 6' in asyncio.run(run()).body


@pytest.mark.parametrize(
    ("content", "content_type"),
    [
        (b'{"a": ', "application/json"),
        (b"nothing", "application/x-www-form-urlencoded"),
        (b"int:a=x", "application/x-www-form-urlencoded"),
        (b"[" * 900, "application/json"),
        (b"garbage", "multipart/form-data; boundary=B"),
        (b"--B--\r\n", "multipart/form-data"),
    ],
)
def test_malformed_bodies_are_the_clients_error(content: bytes, content_type: str) -> None:
    """A body that cannot be parsed is 400."""
    answer = ask(
        declare(Atila("app")), "/post", "POST", content=content, headers={"Content-Type": content_type}
    )
    assert answer.status_code == 400


def test_malformed_queries_are_the_clients_error() -> None:
    """A query that cannot be parsed is 400 with a reason, whether the handler wants it or not."""
    answer = ask(declare(Atila("app")), "/get?flag")
    assert (answer.status_code, answer.json()) == (
        400,
        {"code": 40000, "message": "error", "more_info": "invalid query string"},
    )


def test_bodies_of_other_methods_are_ignored() -> None:
    """GET and DELETE have no body, whatever a client sends with them."""
    app = Atila("app")

    @app.route("/any", methods=["GET", "DELETE"])
    def anything(was: Any, **data: Any) -> Any:
        return was.API(data=data, body=was.request.get_body())

    for method in ("GET", "DELETE"):
        answer = ask(app, "/any", method, content=b"a=1", headers={"Content-Type": "text/plain"})
        assert answer.json() == {"data": {}, "body": None}


def test_clients_that_go_while_they_send() -> None:
    """A client that goes before its body is complete gets no answer; no handler runs."""
    app, ran = Atila("app"), []

    @app.route("/post", methods=["POST"])
    def post(was: Any) -> str:
        ran.append(1)
        return ""

    async def run() -> Connection:
        answer = Connection(app, make_scope("/post", "POST", {"Content-Length": "10"}), None)
        answer.feed(b"half")
        answer.leave()
        return await answer.run()

    assert asyncio.run(run()).sent == []
    assert ran == []


def test_nobody_unknown_may_upload() -> None:
    """A route that authenticates refuses before it reads the body."""
    app = Atila("app")
    app.users = {"ann": "secret"}

    @app.route("/post", methods=["POST"], authenticate="basic")
    def post(was: Any, **data: Any) -> Any:
        return was.API(data=data, user=str(was.request.user))

    async def stranger() -> Connection:
        answer = Connection(app, make_scope("/post", "POST", {"Content-Length": str(5 * MIB)}), None)
        return await asyncio.wait_for(answer.run(), 10)

    answer = asyncio.run(stranger())
    assert (answer.status, answer.headers["connection"]) == (401, "close")
    known = ask(app, "/post", "POST", data={"a": "1"}, auth=("ann", "secret"))
    assert (known.status_code, known.json()["data"]) == (200, {"a": "1"})


# -- handlers -----------------------------------------------------------------------------------------------


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
        before = threading.enumerate()
        async with client(app) as peer:
            answer = await peer.get("/?n=3")
        assert threading.enumerate() == before
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
    app = declare(Atila("app"))
    app.use_reloader = True

    def fail() -> None:
        raise SyntaxError("broken module")

    assert ask(app, "/get").text == "got"
    app.reload_changed = fail  # type: ignore[method-assign]
    assert ask(app, "/get").status_code == 502
