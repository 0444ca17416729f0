"""Requests that are answered without a task of their own: nobody can tell them from others."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator

import hypothesis
import hypothesis.strategies as st
import pytest

from ..launch import Launched, Serve
from ..production.traffic import connected, read_all

SOURCE = """
    import asyncio
    import time
    import skitai
    from atila import Atila

    app = Atila(__name__)

    @app.route("/")
    def hello(was, name="world"):
        return f"hello {name}"

    @app.route("/tasks", methods=["GET", "POST"])
    def tasks(was):
        running = asyncio.all_tasks(was.runtime.loop)
        return was.API(requests=sum("run_asgi" in task.get_coro().__qualname__ for task in running))

    @app.route("/empty")
    def empty(was):
        return was.response("204 No Content", "")

    @app.route("/unchanged")
    def unchanged(was):
        return was.response("304 Not Modified", "")

    @app.route("/closing")
    def closing(was):
        return was.response("200 OK", "bye", [("Connection", "close")])

    @app.route("/chunks")
    def chunks(was):
        return was.response("200 OK", "pieces", [("Transfer-Encoding", "chunked")])

    @app.route("/headers")
    def headers(was):
        was.cookie.set("long", "x" * 300)
        return was.response("200 OK", "text", [("X-Long", "y" * 300), ("X-Wide", "한국어"), ("X-Empty", "")])

    @app.route("/own-status")
    def own_status(was):
        return was.response("730 Timeout", "late")

    @app.route("/crash")
    def crash(was):
        raise ValueError("on purpose")

    @app.route("/refused")
    def refused(was):
        raise was.Error("422 Unprocessable Entity", "no")

    @app.route("/leave")
    def leave(was):
        raise SystemExit(3)

    @app.route("/nothing")
    def nothing(was):
        return None

    @app.route("/stream")
    def stream(was):
        yield "one,"
        yield "two"

    @app.route("/task")
    def task(was):
        return was.Thread(time.strftime, args=("done",)).then(lambda was, task: task.fetch())

    @app.route("/coroutine", coroutine=True)
    def coroutine(was):
        task = yield was.Thread(time.strftime, args=("co",))
        return task.fetch()

    @app.route("/async")
    async def asynchronous(was):
        await asyncio.sleep(0)
        return "async"

    @app.route("/file")
    def file(was):
        return was.File("served.txt", "text/plain")

    @app.route("/sleep")
    def sleep(was, seconds="0.3"):
        time.sleep(float(seconds))
        print("slept", flush=True)
        return "slept"

    @app.umounted
    def umounted(was):
        print("umounted", flush=True)

    if __name__ == "__main__":
        skitai.set_keep_alive(1)
        skitai.mount("/", app)
        if False:
            skitai.mount("/beside", Atila("beside"))
        skitai.run(port=5000)
"""
PATHS = (
    *("/", "/?name=you", "/%E2%9C%93", "/missing", "//", "/tasks/", "/empty", "/unchanged", "/closing"),
    *("/chunks", "/headers", "/own-status", "/crash", "/refused", "/leave", "/nothing", "/stream", "/task"),
    *("/coroutine", "/async", "/file", "/sleep?seconds=x"),
)
CHANGING = re.compile(rb"(?im)^(date|set-cookie|last-modified|etag): .*\r\n")
LAST = b"GET /?name=last HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
FILES = {"served.txt": "a file"}


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Launched]:
    """A service with one app, which answers without tasks."""
    factory = Serve(tmp_path_factory.mktemp("alone"))
    yield factory(SOURCE, files=FILES)
    factory.close()


@pytest.fixture(scope="module")
def beside(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Launched]:
    """The same app beside another one, called as any ASGI application is."""
    factory = Serve(tmp_path_factory.mktemp("beside"))
    yield factory(SOURCE.replace("if False", "if True"), files=FILES)
    factory.close()


def _answer(app: Launched, path: str, version: str, more: str = "") -> bytes:
    request = f"GET {path} HTTP/{version}\r\nHost: a\r\n{more}\r\n"
    with connected(app.port, request.encode()) as client:
        return CHANGING.sub(b"", read_all(client))


def test_a_get_takes_no_task(alone: Launched, beside: Launched) -> None:
    """Where one app is all there is its GETs are no tasks; other requests and other services have them."""
    for app, method, expected in ((alone, "GET", 0), (alone, "POST", 1), (beside, "GET", 1)):
        assert app.client.request(method, "/tasks").json() == {"requests": expected}


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(("version", "more"), [("1.1", "Connection: close\r\n"), ("1.0", "")])
def test_nobody_can_tell(alone: Launched, beside: Launched, path: str, version: str, more: str) -> None:
    """Every answer is the same, to the byte, as that of an application which is called for each request."""
    found = _answer(alone, path, version, more)
    assert found.startswith(b"HTTP/1.1 ")
    assert found == _answer(beside, path, version, more)


def test_answers_come_in_order(alone: Launched) -> None:
    """Requests that come at once are answered one after the other, slow ones and errors among them."""
    paths = ("/sleep", "/?name=a", "/missing", "/task", "/empty", "/stream", "/?name=b", "/crash")
    requests = b"".join(b"GET %s HTTP/1.1\r\nHost: a\r\n\r\n" % path.encode() for path in paths)
    with connected(alone.port, requests + LAST) as client:
        answer = read_all(client)
    assert re.findall(rb"HTTP/1.1 (\d+)", answer) == [
        *(b"200", b"200", b"404", b"200", b"204", b"200", b"200", b"502", b"200")
    ]
    assert answer.index(b"slept") < answer.index(b"hello a") < answer.index(b"hello b")
    assert answer.endswith(b"hello last")


@pytest.mark.parametrize("first", ["/sleep", "/missing"])
def test_thousands_at_once(alone: Launched, first: str) -> None:
    """However many requests come in one piece, all are answered."""
    requests = f"GET {first} HTTP/1.1\r\nHost: a\r\n\r\n" + 2000 * "GET /no HTTP/1.1\r\nHost: a\r\n\r\n"
    with connected(alone.port, requests.encode() + LAST) as client:
        answer = read_all(client)
    assert answer.count(b"HTTP/1.1 404 ") == 2000 + (first == "/missing")
    assert answer.endswith(b"hello last")


def test_nothing_is_asked_behind_the_last_request(alone: Launched) -> None:
    """What comes behind a request that closes the connection is not carried out."""
    closing = b"GET /missing HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
    with connected(alone.port, closing + b"GET /sleep?seconds=0.01 HTTP/1.1\r\nHost: a\r\n\r\n") as client:
        assert read_all(client).count(b"HTTP/1.1") == 1
    time.sleep(0.3)
    assert "slept" not in alone.log().rpartition("GET /missing 1.1")[2]


REQUESTS = st.builds(
    lambda method, path, headers, body: (
        f"{method} {path} HTTP/1.1\r\nHost: a\r\n{''.join(headers)}"
        + (f"Content-Length: {len(body)}\r\n" if body or method == "POST" else "")
        + f"\r\n{body}"
    ).encode(),
    st.sampled_from(["GET"] * 6 + ["HEAD", "POST", "OPTIONS", "DELETE"]),
    st.sampled_from([path for path in PATHS if path not in ("/file", "/closing")]),
    st.lists(
        st.sampled_from(
            [
                *("Accept: text/html\r\n", "Accept: text/xml\r\n", "Accept-Encoding: gzip\r\n"),
                *("Range: bytes=1-3\r\n", "Connection: keep-alive\r\n", "Expect: 100-continue\r\n"),
                *("Cookie: a=b\r\n", "Content-Type: text/plain\r\n", "X-A: \xe9\r\n"),
            ]
        ),
        max_size=3,
        unique=True,
    ),
    st.sampled_from(["", "", "", "name=you"]),
)


@hypothesis.settings(max_examples=60)
@hypothesis.given(st.lists(REQUESTS, min_size=1, max_size=6), st.lists(st.integers(1, 400), max_size=4))
def test_nobody_can_tell_in_any_order(
    alone: Launched, beside: Launched, requests: list[bytes], cuts: list[int]
) -> None:
    """Whatever is asked one after the other, in whatever pieces it comes: the answers are the same."""
    data = b"".join(requests) + LAST
    ends = sorted({*(cut for cut in cuts if cut < len(data)), len(data)})
    pieces = [data[begin:end] for begin, end in zip([0, *ends], ends, strict=False)]
    answers = []
    for app in (alone, beside):
        with connected(app.port, pieces[0]) as client:
            for piece in pieces[1:]:
                time.sleep(0.002)
                client.sendall(piece)
            answers.append(CHANGING.sub(b"", read_all(client)))
    assert answers[0] == answers[1]
    assert answers[0].endswith(b"hello last")


def test_idle_connections_are_closed(alone: Launched) -> None:
    """`set_keep_alive` says how long a connection is kept without a request."""
    hello = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
    with connected(alone.port, hello) as client:
        for _ in range(6):
            time.sleep(0.5)
            assert client.recv(1000).endswith(b"hello world")
            client.sendall(hello)
        assert client.recv(1000).endswith(b"hello world")
        begun = time.monotonic()
        assert client.recv(1000) == b""
        assert 0.9 < time.monotonic() - begun < 10


def test_the_end_waits_for_handlers_whose_client_has_gone(serve: Serve) -> None:
    """What has been begun is brought to its end before the app is, though nobody waits for the answer."""
    app = serve(SOURCE)
    with connected(app.port, b"GET /sleep?seconds=1.5 HTTP/1.1\r\nHost: a\r\n\r\n"):
        time.sleep(0.5)
    time.sleep(0.2)
    assert app.stop() == 0
    assert re.findall("^(slept|umounted)$", app.log(), re.MULTILINE) == ["slept", "umounted"]
