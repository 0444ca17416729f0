"""WSGI apps as ASGI apps."""

from __future__ import annotations

import contextlib
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import anyio
import anyio.to_thread
import httpx
import pytest

from atila_compat.contrib.wsgi import WSGIApp
from atila_compat.http.request import Request
from atila_compat.types import Message, Scope

pytestmark = pytest.mark.anyio

Environ = dict[str, Any]


def client_of(app: Callable[[Environ, Any], Any], **options: Any) -> httpx.AsyncClient:
    """A client of a WSGI app; failures that reach the server are not raised."""
    transport = httpx.ASGITransport(WSGIApp(app, **options), raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://testserver")


def scope_of(path: str = "/", method: str = "GET", headers: tuple[tuple[bytes, bytes], ...] = ()) -> Scope:
    """The ASGI scope of a request."""
    return {
        "type": "http",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": list(headers),
        "http_version": "1.1",
        "server": ("testserver", 80),
        "client": ("127.0.0.1", 1),
    }


class Connection:
    """A client's side of one ASGI call; `leave` closes it."""

    def __init__(self) -> None:
        self.sent: list[Message] = []
        self.gone = anyio.Event()
        self._asked = False

    async def receive(self) -> Message:
        if not self._asked:
            self._asked = True
            return {"type": "http.request", "body": b""}
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        self.sent.append(message)


async def test_status_headers_and_body() -> None:
    """What `start_response` is given arrives; a list's length is known."""

    def app(environ: Environ, start: Any) -> list[bytes]:
        start("418 I am a teapot", [("Content-Type", "text/plain"), ("X-A", "1"), ("X-A", "2")])
        return [b"short", b" and ", b"stout"]

    async with client_of(app) as client:
        answer = await client.get("/")
    assert answer.status_code == 418
    assert answer.headers.get_list("x-a") == ["1", "2"]
    assert answer.headers["content-length"] == "15"
    assert answer.text == "short and stout"


async def test_the_default_content_type() -> None:
    """Without a Content-Type the answer is HTML; one without body has none."""

    def app(environ: Environ, start: Any) -> list[bytes]:
        path = environ["PATH_INFO"]
        start("204 No Content" if path == "/none" else "200 OK", [])
        return [b"text"] if path == "/" else []

    async with client_of(app) as client:
        assert (await client.get("/")).headers["content-type"] == "text/html"
        assert "content-type" not in (await client.get("/empty")).headers
        none = await client.get("/none")
        assert none.status_code == 204
        assert "content-type" not in none.headers
        assert "content-length" not in none.headers


async def test_environ() -> None:
    """The environ has the request, the mount point with a slash at its end and the path below it."""
    seen: Environ = {}

    def app(environ: Environ, start: Any) -> list[bytes]:
        seen.update(environ, body=environ["wsgi.input"].read())
        start("200 OK", [])
        return []

    wsgi = WSGIApp(app)

    async def mounted(scope: Scope, receive: Any, send: Any) -> None:
        await wsgi({**scope, "root_path": "/api"}, receive, send)

    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(mounted), base_url="http://testserver"
    ) as client:
        await client.post("/api/a%20b?x=1&y=%20", json={"a": 1}, headers={"X-Own": "yes"})
    assert seen["REQUEST_METHOD"] == "POST"
    assert (seen["SCRIPT_NAME"], seen["PATH_INFO"], seen["QUERY_STRING"]) == ("/api/", "/a b", "x=1&y=%20")
    assert (seen["CONTENT_TYPE"], seen["CONTENT_LENGTH"]) == ("application/json", str(len(seen["body"])))
    assert seen["HTTP_X_OWN"] == "yes"
    assert seen["wsgi.version"] == (1, 0)
    assert seen["wsgi.url_scheme"] == "http"


async def test_paths_are_text_and_bytes() -> None:
    """The path is text, and its Latin-1 form has the bytes that PEP 3333 wants."""
    seen: list[Any] = []

    def app(environ: Environ, start: Any) -> list[bytes]:
        path = environ["PATH_INFO"]
        seen.extend([path, path.encode("latin-1"), path.encode("iso-8859-1").decode(), path.encode()])
        start("200 OK", [])
        return []

    async with client_of(app) as client:
        await client.get("/한")
    assert seen == ["/한", "/한".encode(), "/한", "/한".encode()]


async def test_generators_are_streamed() -> None:
    """Each chunk is sent when it is there, in the thread in which the app was called."""
    threads: set[int] = set()
    may_go_on = threading.Event()

    def app(environ: Environ, start: Any) -> Iterator[bytes]:
        threads.add(threading.get_ident())
        start("200 OK", [("Content-Type", "text/plain")])

        def body() -> Iterator[bytes]:
            threads.add(threading.get_ident())
            yield b"first"
            assert may_go_on.wait(10)
            threads.add(threading.get_ident())
            yield b""
            yield b"second"

        return body()

    connection = Connection()
    with anyio.fail_after(10):
        async with anyio.create_task_group() as group:
            group.start_soon(WSGIApp(app), scope_of(), connection.receive, connection.send)
            while len(connection.sent) < 2:
                await anyio.sleep(0.01)
            assert connection.sent[1] == {"type": "http.response.body", "body": b"first", "more_body": True}
            may_go_on.set()
    assert [message.get("body") for message in connection.sent[1:]] == [b"first", b"second", b""]
    assert not any(name == b"content-length" for name, _ in connection.sent[0]["headers"])
    assert len(threads) == 1


async def test_a_generator_may_start_late() -> None:
    """A generator function that calls `start_response` at its first step is fine; so is text."""

    def app(environ: Environ, start: Any) -> Iterator[Any]:
        start("201 Created", [])
        yield "한"
        yield b"!"

    async with client_of(app) as client:
        answer = await client.get("/")
    assert (answer.status_code, answer.text) == (201, "한!")


async def test_write_and_files() -> None:
    """The old `write` callable and file-like bodies are served."""

    def app(environ: Environ, start: Any) -> Any:
        write = start("200 OK", [("Content-Type", "text/plain")])
        if environ["PATH_INFO"] == "/write":
            write(b"written ")
            return [b"and returned"]
        if environ["PATH_INFO"] == "/wrapped":
            return environ["wsgi.file_wrapper"](open(__file__, "rb"))
        return open(__file__, "rb")

    async with client_of(app) as client:
        assert (await client.get("/write")).text == "written and returned"
        source = (await client.get("/file")).text
        assert "test_write_and_files" in source
        assert (await client.get("/wrapped")).text == source


async def test_a_client_that_goes_closes_the_iterable() -> None:
    """When the client disconnects, the iteration ends and `close` is called."""
    closed = threading.Event()

    class Body:
        def __iter__(self) -> Iterator[bytes]:
            while True:
                yield b"x"
                time.sleep(0.01)

        def close(self) -> None:
            closed.set()

    def app(environ: Environ, start: Any) -> Body:
        start("200 OK", [])
        return Body()

    connection = Connection()
    with anyio.fail_after(10):
        async with anyio.create_task_group() as group:
            group.start_soon(WSGIApp(app), scope_of(), connection.receive, connection.send)
            while len(connection.sent) < 3:
                await anyio.sleep(0.01)
            connection.gone.set()
    assert closed.is_set()


async def test_iterables_are_closed_after_errors() -> None:
    """`close` is called when the iteration fails; the answer is cut off."""
    closed = threading.Event()

    class Body:
        def __iter__(self) -> Iterator[bytes]:
            yield b"a"
            raise ValueError("in the middle")

        def close(self) -> None:
            closed.set()

    def app(environ: Environ, start: Any) -> Body:
        start("200 OK", [])
        return Body()

    connection = Connection()
    with pytest.raises(ValueError, match="in the middle"):
        await WSGIApp(app)(scope_of(), connection.receive, connection.send)
    assert closed.is_set()
    assert connection.sent[-1]["more_body"]


@pytest.mark.parametrize("fault", ["raise", "none", "status", "type", "header"])
async def test_failures_are_500(fault: str, caplog: pytest.LogCaptureFixture) -> None:
    """An app that fails before its answer begins is a 500 without details, and once in the log."""

    def app(environ: Environ, start: Any) -> Any:
        if fault == "raise":
            raise ValueError("secret detail")
        headers = [("X-A", "a\r\nX-B: b")] if fault == "header" else []
        start("bad" if fault == "status" else "200 OK", headers)
        return None if fault == "none" else [3] if fault == "type" else [b"x"]

    async with client_of(app) as client:
        answer = await client.get("/")
        page = await client.get("/", headers={"Accept": "text/html"})
    assert answer.status_code == page.status_code == 500
    assert answer.json() == {"code": 50000, "message": "internal server error"}
    assert "500 Internal Server Error" in page.text
    assert "secret" not in answer.text + page.text
    assert len(caplog.records) == 2


async def test_failures_are_shown_when_debugging() -> None:
    """With `debug` the traceback is part of the answer."""

    def app(environ: Environ, start: Any) -> Any:
        raise ValueError("boom")

    async with client_of(app, debug=True) as client:
        assert "boom" in (await client.get("/")).text


async def test_exc_info_replaces_the_answer() -> None:
    """`start_response` with exc_info replaces status and headers before they are sent."""

    def app(environ: Environ, start: Any) -> list[bytes]:
        start("200 OK", [("X-First", "1")])
        try:
            raise ValueError("boom")
        except ValueError:
            start("500 Oops", [("Content-Type", "text/plain")], sys.exc_info())
        return [b"sorry"]

    async with client_of(app) as client:
        answer = await client.get("/")
    assert (answer.status_code, answer.text) == (500, "sorry")
    assert "x-first" not in answer.headers


async def test_head_has_no_body() -> None:
    """HEAD gets the headers of GET."""

    def app(environ: Environ, start: Any) -> list[bytes]:
        start("200 OK", [])
        return [b"12345"]

    async with client_of(app) as client:
        answer = await client.head("/")
    assert (answer.headers["content-length"], answer.content) == ("5", b"")


async def test_body_limit() -> None:
    """A body over the limit is 413, announced or not; the app is not called."""

    def app(environ: Environ, start: Any) -> list[bytes]:
        body = environ["wsgi.input"].read()
        start("200 OK", [])
        return [str(len(body)).encode()]

    async def pieces() -> Any:
        for _ in range(20):
            yield b"x" * 100

    async with client_of(app, max_body=1000) as client:
        assert (await client.post("/", content=b"x" * 1000)).text == "1000"
        assert (await client.post("/", content=b"x" * 1001)).status_code == 413
        assert (await client.post("/", content=pieces())).status_code == 413


async def test_large_bodies_arrive() -> None:
    """A body of several MiB is spooled and read back."""

    def app(environ: Environ, start: Any) -> list[bytes]:
        start("200 OK", [])
        return [str(sum(len(line) for line in environ["wsgi.input"])).encode()]

    async def pieces() -> Any:
        for _ in range(40):
            yield b"x" * 65536

    async with client_of(app) as client:
        assert (await client.post("/", content=pieces())).text == str(40 * 65536)


async def test_calls_are_limited_and_streams_are_not() -> None:
    """No more calls than `threads` run at a time, and a body being streamed holds none of them."""
    running, most, lock = 0, 0, threading.Lock()
    release = threading.Event()

    def app(environ: Environ, start: Any) -> Any:
        nonlocal running, most
        start("200 OK", [])
        if environ["PATH_INFO"] == "/stream":

            def body() -> Iterator[bytes]:
                yield b"begun"
                release.wait(10)

            return body()
        with lock:
            running += 1
            most = max(most, running)
        time.sleep(0.02)
        with lock:
            running -= 1
        return [b"done"]

    wsgi = WSGIApp(app, threads=2)
    streams = [Connection(), Connection()]
    with anyio.fail_after(20):
        async with anyio.create_task_group() as group:
            for stream in streams:
                group.start_soon(wsgi, scope_of("/stream"), stream.receive, stream.send)
            while not all(stream.sent for stream in streams):
                await anyio.sleep(0.01)
            async with (
                httpx.AsyncClient(
                    transport=httpx.ASGITransport(wsgi), base_url="http://testserver"
                ) as client,
                anyio.create_task_group() as calls,
            ):
                for _ in range(8):
                    calls.start_soon(client.get, "/")
            release.set()
    assert most == 2


async def test_calls_are_made_inside_of_around() -> None:
    """The context manager of `around` surrounds the call, in its thread."""
    order: list[str] = []

    @contextlib.contextmanager
    def surrounding(request: Request) -> Iterator[None]:
        order.append(f"enter {request.method}")
        yield
        order.append("leave")

    def app(environ: Environ, start: Any) -> list[bytes]:
        order.append("call")
        start("200 OK", [])
        return []

    async with client_of(app, around=lambda request, environ: surrounding(request)) as client:
        await client.get("/")
    assert order == ["enter GET", "call", "leave"]


async def test_websockets_are_refused() -> None:
    """A WebSocket is closed before it opens."""
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "websocket.connect"}

    await WSGIApp(lambda environ, start: [])({"type": "websocket", "path": "/", "headers": []}, receive, send)
    assert sent[0]["type"] == "websocket.close"


async def test_flask() -> None:
    """A Flask app finds its paths, parameters and body, with and without a mount point."""
    flask = pytest.importorskip("flask")
    app = flask.Flask(__name__)

    @app.route("/hello/<name>", methods=["GET", "POST"])  # type: ignore[untyped-decorator]
    def hello(name: str) -> Any:
        request = flask.request
        return flask.jsonify(
            name=name, args=dict(request.args), form=dict(request.form), root=request.script_root
        )

    @app.route("/stream")  # type: ignore[untyped-decorator]
    def stream() -> Any:
        return flask.Response(str(n) for n in range(5))

    async with client_of(app) as client:
        answer = await client.post("/hello/한?a=1", data={"b": "2"})
        assert answer.json() == {"name": "한", "args": {"a": "1"}, "form": {"b": "2"}, "root": ""}
        assert (await client.get("/stream")).text == "01234"
        assert (await client.get("/nope")).status_code == 404
