from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from atila_compat import Atila
from tests.serving.connection import Connection, ask, make_scope, play

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
    "length-elsewhere": (411, "/nowhere", {"method": "POST"}),
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
        before = set(threading.enumerate())
        scope = make_scope(target or "/", **options)
        answer = await Connection(app, scope, None if status == 413 else b"").run()
        assert set(threading.enumerate()) <= before
        return answer

    answer = asyncio.run(run())
    assert answer.status == status
    assert answer.ended
    assert answer.headers["content-type"] == "application/json"
    assert f'"code": {status}00'.encode() in answer.body


BELOW_APPS = ("dots", "slashes", "nul", "head", "verb", "length", "length-elsewhere", "large", "huge")
"""What is refused before the original asks which app a request is for."""


@pytest.mark.parametrize("kind", REFUSALS)
def test_refusals_go_to_error_handlers(kind: str) -> None:
    """An app that has an error handler for a refusal answers it, in a worker thread; if it is its own."""
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
    if kind in BELOW_APPS:
        assert (answer.status, threads) == (status, [])
        return
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


@pytest.mark.parametrize(
    ("target", "status", "text"),
    [
        ("/cities/%zz", 200, "%zz"),
        ("/cities/%", 200, "%"),
        ("/cities/%ff", 200, "\ufffd"),
        ("/cities/a%0ab", 200, "a\nb"),
        ("/cities/a%00b", 404, None),
        ("/cities/a%2Fb", 404, None),
        ("/cities/" + "x" * 50_000, 200, "x" * 50_000),
        ("/numbers/" + "9" * 30, 200, "9" * 30),
        ("/numbers/" + "9" * 5000, 400, None),
        ("/numbers/%D9%A3", 404, None),
    ],
)
def test_odd_paths(target: str, status: int, text: str | None) -> None:
    """Bad escapes, bytes that are no UTF-8, NUL and endless values are no failure of the server."""
    app = Atila("app")
    app.route("/cities/<city>")(lambda was, city: city)
    app.route("/numbers/<int:n>")(lambda was, n: str(n))
    answer = play(app, target)
    assert answer.status == status
    assert text is None or answer.body.decode() == text


def test_apps_answer_http_and_websocket_only() -> None:
    """Another kind of connection is an error of the server."""
    with pytest.raises(RuntimeError, match="not 'smtp'"):
        play(Atila("app"), type="smtp")


@pytest.mark.parametrize("target", ["/none", "/get", "/json", "/folder", "/cors", "/gone/x"])
@pytest.mark.parametrize(("status", "length"), [(411, None), (413, "1001")])
def test_the_length_of_a_body_is_looked_at_first(target: str, status: int, length: str | None) -> None:
    """A body that cannot be received is refused before anything else that is wrong with its request."""
    headers = {"Origin": "https://foe.example"} | ({"Content-Length": length} if length else {})
    scope = make_scope(target, "POST", headers)
    assert asyncio.run(Connection(declare(Atila("app")), scope, None).run()).status == status


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


# -- anything ----------------------------------------------------------------------------------------------


def everything() -> Atila:
    """An app with rules, arguments and bodies of all kinds."""
    app = declare(Atila("app"))

    @app.route("/all/<path:rest>", methods=["GET", "POST", "PUT", "DELETE"])
    def anything(was: Any, rest: str = "", **data: Any) -> Any:
        r = was.request
        return was.API(rest=rest, names=sorted(map(str, data)), uri=r.uri, agent=r.user_agent, ip=r.real_ip)

    @app.route("/one/<int:n>/<word>")
    def one(was: Any, n: int, word: str, a: str, b: str = "b") -> str:
        return f"{n} {word} {a} {b}"

    return app


PATHS = st.one_of(
    st.text(),
    st.text().map("/all/".__add__),
    st.text().map("/one/1/".__add__),
    st.sampled_from(["/get", "/post", "/json", "/folder/", "/prices/1", "/all/x", "/one/9/x"]),
)
TYPES = st.one_of(
    st.binary(),
    st.sampled_from(
        [
            b"application/json",
            b"application/x-www-form-urlencoded",
            b"multipart/form-data; boundary=B",
            b'multipart/form-data; boundary="',
            b"text/plain; charset=\xff",
        ]
    ),
)
HEADERS = st.lists(
    st.tuples(
        st.sampled_from([b"accept", b"range", b"cookie", b"host", b"origin", b"x-forwarded-for"]), st.binary()
    ),
    max_size=4,
)
METHODS = st.sampled_from(["GET", "POST", "PUT", "DELETE", "OPTIONS", "HEAD", "BREW"])


@settings(max_examples=150)
@given(METHODS, PATHS, st.binary(), HEADERS, TYPES, st.binary(max_size=200))
def test_any_request_is_answered_or_refused(
    method: str,
    path: str,
    query: bytes,
    headers: list[tuple[bytes, bytes]],
    content_type: bytes,
    body: bytes,
) -> None:
    """Whatever bytes a client sends, it gets an answer, and never one that blames the server."""
    sent = [*headers, (b"content-type", content_type), (b"content-length", str(len(body)).encode())]
    answer = play(everything(), "/", method, body, headers=sent, path=path, raw_path=None, query_string=query)
    assert 200 <= answer.status < 500
    assert answer.ended


def test_redirects_to_rules_beyond_ascii() -> None:
    """The Location of a redirect to the slash is a URL, whatever the rule's letters are."""
    app = Atila("app")
    app.route("/글/")(lambda was: "")
    assert play(app, "/%EA%B8%80").headers["location"] == "/%EA%B8%80/"
