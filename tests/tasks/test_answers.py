"""Answers made of tasks, through an app (spec/06 sections 6-8)."""

from __future__ import annotations

import asyncio
import contextvars
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from atila_compat import Atila
from atila_compat.serving.runtime import Runtime
from atila_compat.tasks import aliases
from atila_compat.tasks.answers import map_arguments
from atila_compat.was import Was

from .peers import Peer, free_port, raw_server, read_head

JSON = {"Accept": "application/json"}
Answer = httpx.Response


def ask_all(app: Atila, talk: Callable[[httpx.AsyncClient], Awaitable[Any]]) -> Any:
    """Run `talk` with a client of the app, on an event loop of its own."""

    async def run() -> Any:
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        try:
            async with httpx.AsyncClient(transport=transport, base_url="http://here", headers=JSON) as client:
                return await talk(client)
        finally:
            await Runtime.of_running_loop().aclose()

    return asyncio.run(run())


def get(app: Atila, path: str, **headers: str) -> Answer:
    found: Answer = ask_all(app, lambda client: client.get(path, headers=headers))
    return found


def serving(app: Atila, handler: Callable[..., Any], rule: str = "/", **options: Any) -> Atila:
    app.route(rule, **options)(handler)
    return app


def lose() -> None:
    raise LookupError("lost")


# -- Map -----------------------------------------------------------------------------------------------------


def test_map_is_the_named_results(app: Atila) -> None:
    """Named tasks are the answer, unnamed ones are run and dropped, a status may come first."""
    ran: list[int] = []

    def handler(was: Was) -> Any:
        return was.Map(
            "201 Created",
            was.Thread(ran.append, 1),
            n=was.Thread(int, "5"),
            one__one=was.Mask([7]),
            fixed="x",
        )

    answer = get(serving(app, handler), "/")
    assert (answer.status_code, answer.json(), ran) == (201, {"n": 5, "one": 7, "fixed": "x"}, [1])


def test_map_errors(app: Atila) -> None:
    """A failing task is a 502, or the status of its HTTPError; the time of the map is for all its tasks."""
    go = threading.Event()
    app.route("/lost")(lambda was: was.Map(a=was.Thread(lose)))
    app.route("/none")(lambda was: was.Map(a__one=was.Mask([])))
    app.route("/late")(lambda was: was.Map(a=was.Thread(go.wait, 10), __timeout=0.05))
    app.route("/wrong")(lambda was: was.Map(5))
    found = [get(app, path).status_code for path in ("/lost", "/none", "/late", "/wrong")]
    go.set()
    assert found == [502, 410, 502, 502]


@pytest.mark.parametrize("form", ["map", "map of what has ended", "then", "coroutine"])
def test_a_later_answer_goes_without_a_call_that_failed_and_has_no_name(
    app: Atila, peer: Peer, form: str, caplog: pytest.LogCaptureFixture
) -> None:
    """What a group drops may fail if it is a call to a server or a database; it is logged."""
    missing = f"http://{peer.address}/status/404"

    def coroutine(was: Was) -> Any:
        tasks = yield was.Tasks(was.get(missing), word=was.Mask("w"))
        return was.API(tasks.fetch())

    def handler(was: Was) -> Any:
        call = was.get(missing)
        if form == "map of what has ended":
            call.dispatch()
        if form.startswith("map"):
            return was.Map(call, word=was.Mask("w"))
        return was.Tasks(call, word=was.Mask("w")).then(lambda was, tasks: was.API(tasks.fetch()))

    serving(app, coroutine if form == "coroutine" else handler, coroutine=form == "coroutine")
    serving(app, lambda was: was.Map(was.Thread(lose), word=was.Mask("w")), "/function")
    serving(app, lambda was: was.API(was.Tasks(was.get(missing), a=1).fetch()), "/at-once")
    assert get(app, "/").json() == {"word": "w"}
    assert "404 Not Found" in caplog.text
    assert get(app, "/function").status_code == get(app, "/at-once").status_code == 502


def test_map_can_be_kept_by_clients(app: Atila) -> None:
    """__etag and __mtime name the results that make the validators; a client that has it gets a 304."""

    def handler(was: Was) -> Any:
        found = {"tag": "v1", "at": 1600000000}
        return was.Map(a=was.Mask([found]), __maxage=60, __etag="a.0.tag", __mtime="a.0.at")

    serving(app, handler)
    answer = get(app, "/")
    assert answer.headers["cache-control"] == "max-age=60"
    assert answer.headers["last-modified"] == "Sun, 13 Sep 2020 12:26:40 GMT"
    assert get(app, "/", **{"If-None-Match": answer.headers["etag"]}).status_code == 304
    assert get(app, "/", **{"If-Modified-Since": answer.headers["last-modified"]}).status_code == 304


def test_map_with_a_wrong_etag(app: Atila) -> None:
    """An __etag that leads to no string is an error; __maxage alone is fine."""
    app.route("/nowhere")(lambda was: was.Map(a=was.Mask({}), __etag="a.b"))
    app.route("/number")(lambda was: was.Map(a=was.Mask(5), __etag="a"))
    app.route("/age")(lambda was: was.Map(a=was.Mask(5), __maxage=9))
    assert [get(app, path).status_code for path in ("/nowhere", "/number")] == [502, 502]
    assert get(app, "/age").headers["cache-control"] == "max-age=9"


def test_other_special_names_are_meta(was: Was) -> None:
    """__x becomes meta["x"] of the group."""
    assert was.Map(a=was.Mask(1), __foo=3).tasks.meta["foo"] == 3
    assert map_arguments(("200 OK", 1)) == ("200 OK", (1,))


def test_mapped_is_a_group(app: Atila) -> None:
    """was.Mapped answers with a group; one without names has nothing to say."""
    app.route("/named")(lambda was: was.Mapped("206 Partial Content", was.Tasks(a=was.Mask(1))))
    app.route("/unnamed")(lambda was: was.Mapped(was.Tasks([was.Mask(1)])))
    app.route("/wrong")(lambda was: was.Mapped([1]))
    answer = get(app, "/named")
    assert (answer.status_code, answer.json()) == (206, {"a": 1})
    assert get(app, "/unnamed").json() == {}
    assert get(app, "/wrong").status_code == 502


def test_templates_get_the_results(app: Atila, tmp_path: Path) -> None:
    """For a browser the results are the template's variables."""
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "page.j2").write_text("<p>{{ a }} {{ b }}</p>")
    app.home = str(tmp_path)
    app.route("/map")(lambda was: was.render_or_Map("page.j2", a=was.Thread(int, "5"), b="x"))
    app.route("/mapped")(lambda was: was.render_or_Mapped("page.j2", was.Tasks(a=was.Mask(1), b=2)))
    assert get(app, "/map", Accept="text/html").text == "<p>5 x</p>"
    assert get(app, "/mapped", Accept="text/html").text == "<p>1 2</p>"
    assert get(app, "/map").json() == {"a": 5, "b": "x"}


def test_a_client_that_goes_cancels_a_map(was: Was) -> None:
    """cancel reaches the tasks."""
    go = threading.Event()
    blocking = [was.Thread(go.wait) for _ in range(was.runtime.task_threads)]
    waiting = was.Thread(int)
    was.Map(a=waiting).cancel()
    go.set()
    assert waiting.dispatch().status_code == 731
    assert all(task.fetch() for task in blocking)


# -- then, tasks as answers, coroutines ----------------------------------------------------------------------


def test_tasks_are_answers(app: Atila) -> None:
    """A task that is returned is answered with its data; then makes something of it, and may go on."""

    def chained(was: Was) -> Any:
        def second(was: Was, task: Any) -> Any:
            return was.API(total=task.fetch())

        return was.Thread(int, "2").then(lambda was, task: was.Thread(pow, task.fetch(), 3).then(second))

    app.route("/task")(lambda was: was.Thread(str, 5))
    app.route("/chained")(chained)
    app.route("/failed")(lambda was: was.Thread(lose))
    assert get(app, "/task").text == "5"
    assert get(app, "/chained").json() == {"total": 8}
    assert get(app, "/failed").status_code == 502


def test_async_handlers_await_tasks(app: Atila, peer: Peer) -> None:
    """In an async def tasks of every kind are awaited."""
    aliases.define("@api", "http", peer.address)

    async def handler(was: Was) -> Any:
        rows = await was.get("@api/rows")
        both = await was.Tasks(a=was.Thread(int, "1"), b=was.Subprocess("printf x"))
        return was.API(rows=rows, **both)

    assert get(serving(app, handler), "/").json() == {"rows": [{"id": 1}, {"id": 2}], "a": 1, "b": "x"}


def test_coroutines_hold_no_thread(app: Atila, peer: Peer) -> None:
    """Many coroutines that wait for another server do so side by side."""
    aliases.define("@api", "http", peer.address, max_conns=100)

    def handler(was: Was) -> Any:
        task = yield was.get("@api/sleep/0.3")
        return was.API(code=task.status_code)

    serving(app, handler, coroutine=True)

    async def talk(client: httpx.AsyncClient) -> list[Any]:
        return [answer.json() for answer in await asyncio.gather(*(client.get("/") for _ in range(60)))]

    began = time.monotonic()
    assert ask_all(app, talk) == [{"code": 200}] * 60
    assert time.monotonic() - began < 6  # one after the other it would be 18


# -- ThreadPass ----------------------------------------------------------------------------------------------

seen: contextvars.ContextVar[str] = contextvars.ContextVar("seen")


def test_thread_pass_answers_from_a_thread(app: Atila) -> None:
    """The function gets was and its arguments, finds the context, and returns or raises like a handler."""

    def respond(was: Was, a: float, b: str = "") -> Any:
        inner = was.Thread(int, "1").fetch()
        return was.API(a=a, b=b, inner=inner, context=seen.get(), path=was.request.uri)

    def handler(was: Was) -> Any:
        seen.set("here")
        return was.ThreadPass(respond, args=(4.0,), kwargs={"b": "x"})

    def refuse(was: Was) -> Any:
        raise was.Error("403 Permission Denied", "no")

    app.route("/")(handler)
    app.route("/refuse")(lambda was: was.ThreadFuture(refuse))
    app.route("/crash")(lambda was: was.ThreadPass(lambda was: 1 / 0))
    app.route("/more")(lambda was: was.ThreadPass(lambda was, n: was.Thread(str, n), 7))
    expected = {"a": 4.0, "b": "x", "inner": 1, "context": "here", "path": "/"}
    assert get(app, "/").json() == expected
    assert [get(app, path).status_code for path in ("/refuse", "/crash")] == [403, 502]
    assert get(app, "/more").text == "7"


# -- Queue ---------------------------------------------------------------------------------------------------


def test_queues_are_streamed(app: Atila) -> None:
    """A queue is an answer, also within was.response."""

    def produce(queue: Any) -> None:
        for number in range(30):
            queue.put(f"{number};")
        queue.put(None)

    app.route("/")(lambda was: was.Queue(produce))
    app.route("/typed")(
        lambda was: was.response("200 OK", was.Queue(produce), [("Content-Type", "text/csv")])
    )
    expected = "".join(f"{number};" for number in range(30))
    assert get(app, "/").text == expected
    answer = get(app, "/typed")
    assert (answer.text, answer.headers["content-type"]) == (expected, "text/csv")


# -- ProxyPass -----------------------------------------------------------------------------------------------


@pytest.fixture
def proxy(app: Atila, peer: Peer) -> Atila:
    """An app that passes on, as the original below /old, everything below /new."""
    aliases.define("@up", "http", f"{peer.address}/base")
    aliases.define("@root", "http", peer.address)
    methods = ["GET", "POST", "PUT", "DELETE"]
    app.route("/old/<path:path>", methods=methods)(lambda was, path: was.ProxyPass("@root", path, timeout=1))
    app.route("/new/<path:path>", methods=methods)(
        lambda was, path, **query: was.ProxyPass("@root", path, forward=True, timeout=5)
    )
    app.route("/base/<path:path>")(lambda was, path: was.proxypass("@up", path))
    return app


def test_proxies_ask_with_get(proxy: Atila) -> None:
    """As the original: GET with the client's headers, any type accepted; headers come back."""

    async def talk(client: httpx.AsyncClient) -> Answer:
        return await client.post("/old/x", json={}, headers={"X-Own": "1", "Cookie": "a=b"})

    answer = ask_all(proxy, talk)
    told = answer.json()
    assert (told["method"], told["path"], told["body"]) == ("GET", "/x", "")
    assert (told["headers"]["x-own"], told["headers"]["cookie"], told["headers"]["accept"]) == (
        "1",
        "a=b",
        "*/*",
    )
    assert told["headers"]["content-type"] == "application/json"
    assert "cache-control" not in told["headers"]
    assert answer.headers["x-backend"] == "alpha"
    assert get(proxy, "/base/x").json()["path"] == "/base/x"


def test_proxies_pass_only_good_answers(proxy: Atila, peer: Peer) -> None:
    """A status of 300 or more, a dead and a slow server, and half an answer are 502."""
    aliases.define("@dead", "http", f"127.0.0.1:{free_port()}")
    proxy.route("/dead")(lambda was: was.ProxyPass("@dead", "x"))

    def half(connection: Any, number: int) -> None:
        read_head(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")

    with raw_server(half) as address:
        proxy.route("/half")(lambda was: was.ProxyPass(f"http://{address}", "x"))
        paths = ("/old/status/404", "/old/status/302", "/dead", "/old/sleep/3", "/half")
        assert [get(proxy, path).status_code for path in paths] == [502] * 5
    assert get(proxy, "/old/status/201").status_code == 201
    assert get(proxy, "/old/text").text == "plain text"


def test_proxies_cannot_be_climbed_out_of(proxy: Atila, peer: Peer) -> None:
    """A path with .. is not passed on, nor one that the other server or the way there would make into it."""
    dots = "%2e%2e", "x/%2e%2e", "%2e", "%25252e%25252e/a", "x/%25252e%25252e", "..%255ca", "..%25252fa"
    proxy.route("/url/<path:path>")(lambda was, path: was.ProxyPass(f"http://{peer.address}/base", path))
    for point in ("base", "url"):
        assert [get(proxy, f"/{point}/{path}").status_code for path in dots] == [404] * len(dots)
        for path in ("%252e%09%252e/a", "%252e%0a%252e/a"):  # readers of URLs drop these
            told = get(proxy, f"/{point}/{path}").json()["path"]
            assert told.startswith("/base/.%0"), told
        assert get(proxy, f"/{point}/a%23b").json()["path"] == "/base/a%23b"


def test_forwarding_passes_everything(proxy: Atila) -> None:
    """With forward, method, body, query and status go through, and the client's address is told."""

    async def talk(client: httpx.AsyncClient) -> Answer:
        headers = {"Content-Type": "text/plain", "X-Forwarded-For": "1.2.3.4"}
        return await client.put("/new/x?a=1&b=2", content=b"body", headers=headers)

    told = ask_all(proxy, talk).json()
    assert (told["method"], told["path"], told["body"]) == ("PUT", "/x?a=1&b=2", "body")
    assert told["headers"]["x-forwarded-for"] == "1.2.3.4, 127.0.0.1"
    assert told["headers"]["accept"] == "application/json"
    assert get(proxy, "/new/status/404").status_code == 404
    assert get(proxy, "/new/status/302").headers["location"] == "/elsewhere"


def test_long_bodies_are_streamed_through(proxy: Atila, peer: Peer) -> None:
    """A body without length, or a long one, is passed on as it comes; a compressed one as it is."""
    peer.pages["/long"] = ("application/octet-stream", bytes(range(256)) * 8000)
    assert get(proxy, "/old/chunked").text == "part0part1part2part3part4"
    assert get(proxy, "/old/long").content == peer.pages["/long"][1]
    answer = get(proxy, "/old/gzip")
    assert (answer.headers["content-encoding"], answer.json()) == ("gzip", {"zipped": True})


def test_repeated_headers_stay_apart(proxy: Atila) -> None:
    """Two cookies of the other server are two cookies."""
    assert get(proxy, "/old/cookies").headers.get_list("set-cookie") == ["a=1", "b=2"]


def test_an_upload_that_was_not_kept_is_refused(proxy: Atila) -> None:
    """A body that nobody has, announced or in chunks, is a 413: nothing goes on without it."""

    def forward(was: Was) -> Any:
        return was.ProxyPass("@root", "x", forward=True, timeout=5)

    async def pieces() -> AsyncIterator[bytes]:
        yield b"piece"

    async def nothing() -> AsyncIterator[bytes]:
        for piece in tuple[bytes, ...]():
            yield piece

    proxy.route("/stream", methods=["GET", "POST"], input_stream=True)(forward)
    proxy.route("/kept", methods=["POST"])(forward)

    async def talk(client: httpx.AsyncClient) -> list[Answer]:
        return [
            await client.post("/stream", content=pieces()),
            await client.post("/stream", content=b"body"),
            await client.get("/stream"),
            await client.post("/kept", content=pieces()),
            await client.post("/kept", content=nothing()),
        ]

    answers = ask_all(proxy, talk)
    assert [answer.status_code for answer in answers] == [413, 413, 200, 200, 200]
    assert answers[3].json()["body"] == "piece"
