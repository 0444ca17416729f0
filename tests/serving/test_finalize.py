from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from atila_compat import Atila
from tests.serving.connection import ask, play


class Producer:
    """What the original calls a producer."""

    def __init__(self, *pieces: str) -> None:
        self.pieces = list(pieces)
        self.closed = False

    def more(self) -> str:
        return self.pieces.pop(0) if self.pieces else ""

    def close(self) -> None:
        self.closed = True


class Content:
    """A response of another framework."""

    def __init__(self, content: Any) -> None:
        self.content = content


class Text(str):
    """A text of a class of its own."""


class Iterable:
    """Neither list nor iterator."""

    def __iter__(self) -> Iterator[str]:
        return iter(("x", "y"))


def returning(value: Any, **options: Any) -> httpx.Response:
    """The answer of a handler that returns `value`, or `value(was)` for a function; `options` are httpx's."""
    app = Atila("app")
    app.route("/")(value if callable(value) else lambda was: value)
    return ask(app, "/", **options)


@pytest.mark.parametrize(
    ("value", "body"),
    [
        ("text", "text"),
        ("é글", "é글"),
        (Text("own"), "own"),
        (b"bytes", "bytes"),
        (bytearray(b"array"), "array"),
        (memoryview(b"view"), "view"),
        (["a", b"b", "c"], "abc"),
        (("a", ["b", ("c",)]), "abc"),
        (["a", Producer("b", "c"), io.BytesIO(b"d"), iter("ef")], "abcdef"),
        (Producer("a", "b"), "ab"),
        (io.BytesIO(b"file"), "file"),
        (io.StringIO("text file"), "text file"),
        (iter(["a", b"b"]), "ab"),
        (map(str, [1, 2]), "12"),
        (Iterable(), "xy"),
        (Content("inner"), "inner"),
        (Content(b"inner"), "inner"),
        ("\ud800", "?"),
    ],
)
def test_what_handlers_may_return(value: Any, body: str) -> None:
    """Text, bytes, lists, producers, files and iterators are answers of type text/html."""
    answer = returning(value)
    assert (answer.status_code, answer.text) == (200, body)
    assert answer.headers["content-type"] == "text/html"


@pytest.mark.parametrize("value", ["", b"", [], ()])
def test_empty_answers(value: Any) -> None:
    """What is empty but not None is an empty answer without a type."""
    answer = returning(value)
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["content-length"] == "0"
    assert "content-type" not in answer.headers


@pytest.mark.parametrize(
    "value", [None, 0, 5, 1.5, True, {}, {"a": 1}, {1}, object(), [None], [{"a": 1}], ["a", 5]]
)
def test_what_is_no_answer(value: Any, caplog: pytest.LogCaptureFixture) -> None:
    """None, numbers, dicts and others are 500, and the log says what may be returned."""
    answer = returning(value)
    assert (answer.status_code, answer.json()) == (500, {"code": 50000, "message": "internal server error"})
    assert "cannot be sent" in caplog.text


def test_objects_that_cannot_be_encoded() -> None:
    """An API object with a value that JSON has no form for is 500."""
    assert returning(lambda was: was.API(a=object())).status_code == 500


def test_own_headers_and_status() -> None:
    """Status and headers of `was.response` are the answer's, the type too."""

    def handler(was: Any) -> Any:
        was.response.set_status("202 Accepted")
        was.response.set_header("Content-Type", "text/plain")
        was.response.set_header("X-A", "é€")
        return "text"

    answer = returning(handler)
    assert (answer.status_code, answer.headers["content-type"]) == (202, "text/plain")
    assert answer.headers["x-a"] == "é€"


def test_lengths_of_the_apps_own() -> None:
    """A Content-Length that a handler has set does not cut the body, nor that of an error."""

    def handler(was: Any, fail: str = "") -> Any:
        was.response.set_header("Content-Length", "1")
        if fail:
            raise was.Error("400 Bad Request")
        return "text"

    app = Atila("app")
    app.route("/")(handler)
    assert ask(app, "/").text == "text"
    assert ask(app, "/?fail=1").json() == {"code": 40000, "message": "bad request"}


def test_long_errors_are_compressed() -> None:
    """Bodies of errors are compressed as all others are."""

    def handler(was: Any) -> Any:
        raise was.Error("400 Bad Request", "x" * 5000)

    answer = returning(handler, headers={"Accept-Encoding": "gzip"})
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.json()["more_info"] == "x" * 5000


def test_answers_without_body() -> None:
    """204 and 304 have neither body nor type."""
    for status in ("204 No Content", "304 Not Modified"):
        answer = returning(lambda was, status=status: was.response(status, "body"))
        assert (answer.content, "content-type" in answer.headers) == (b"", False)


def test_api_answers_have_the_type_of_their_form() -> None:
    """The Content-Type of an API answer is that of its JSON or XML, whatever else has been set."""

    def typed(was: Any) -> Any:
        made = was.API(a=1)
        was.response["Content-Type"] = "text/plain"
        return made

    for handler in (typed, lambda was: was.response("200 OK", was.API(a=1), {"Content-Type": "text/x"})):
        assert returning(handler).headers.get_list("content-type") == ["application/json"]


def test_replies_in_replies() -> None:
    """`was.response` takes whatever a handler may return."""
    assert returning(lambda was: was.response("200 OK", iter("abc"))).text == "abc"
    assert returning(lambda was: was.response("200 OK", was.API(a=1))).json() == {"a": 1}
    assert returning(lambda was: was.response("404 Not Found")).json() == {
        "code": 40400,
        "message": "not found",
    }


@pytest.mark.parametrize(
    ("encoding", "decode"),
    [("gzip", gzip.decompress), ("deflate", zlib.decompress), ("gzip, deflate", gzip.decompress)],
)
@pytest.mark.parametrize("streamed", [True, False])
def test_long_texts_are_compressed(encoding: str, decode: Any, streamed: bool) -> None:
    """Text above 2048 bytes is compressed for clients that take it; the length is that of what is sent."""
    text = "long text " * 500
    app = Atila("app")
    app.route("/")(lambda was: iter([text]) if streamed else text)
    answer = play(app, headers={"Accept-Encoding": encoding})
    assert answer.headers["content-encoding"] == encoding.partition(",")[0]
    assert answer.headers["vary"] == "Accept-Encoding"
    assert answer.headers.get("content-length", str(len(answer.body))) == str(len(answer.body))
    assert decode(answer.body).decode() == text


@pytest.mark.parametrize(
    ("text", "headers", "content_type"),
    [
        ("short", {"Accept-Encoding": "gzip"}, "text/html"),
        ("x" * 5000, {}, "text/html"),
        ("x" * 5000, {"Accept-Encoding": "br"}, "text/html"),
        ("x" * 5000, {"Accept-Encoding": "gzip"}, "image/png"),
    ],
)
def test_what_is_not_compressed(text: str, headers: dict[str, str], content_type: str) -> None:
    """Short bodies, other types, and what the client does not ask for stay as they are."""
    app = Atila("app")
    app.route("/")(lambda was: was.response("200 OK", text, {"Content-Type": content_type}))
    answer = play(app, headers=headers)
    assert "content-encoding" not in answer.headers
    assert answer.body.decode() == text


@pytest.mark.parametrize(
    ("wanted", "status", "body", "content_range"),
    [
        ("bytes=2-4", 206, "234", "bytes 2-4/10"),
        ("bytes=7-", 206, "789", "bytes 7-9/10"),
        ("bytes=20-30", 416, None, "bytes */10"),
        ("pages=1-2", 200, "0123456789", None),
    ],
)
def test_ranges(wanted: str, status: int, body: str | None, content_range: str | None) -> None:
    """A part of a plain body can be asked for; one that lies behind its end is 416."""
    answer = returning("0123456789", headers={"Range": wanted})
    assert (answer.status_code, answer.headers.get("content-range")) == (status, content_range)
    assert body is None or answer.text == body


def test_ranges_of_other_answers() -> None:
    """Answers to POST, and those that are no plain success, are sent whole."""
    headers = {"Range": "bytes=0-1"}
    assert returning("0123456789", method="POST", headers=headers).text == "0123456789"
    assert returning(lambda was: was.response("201 Created", "0123"), headers=headers).status_code == 201


def test_error_pages_by_accept() -> None:
    """Errors are JSON, XML or a page, as the client accepts (spec/02 section 7.2)."""

    def handler(was: Any) -> Any:
        raise was.Error("400 Bad Request", "because", 40011)

    assert returning(handler).json() == {"code": 40011, "message": "bad request", "more_info": "because"}
    page = returning(handler, headers={"Accept": "text/html"})
    assert page.headers["content-type"].startswith("text/html")
    assert "<h1>400 Bad Request</h1>" in page.text
    xml = returning(handler, headers={"Accept": "text/xml"})
    assert xml.headers["content-type"] == "text/xml"
    assert "<int>40011</int>" in xml.text


def test_errors_in_assertions() -> None:
    """`assert condition, was.Error(...)` raises that error; a plain assertion is 502."""

    def refusing(was: Any) -> Any:
        raise AssertionError(was.Error("403 Forbidden", "not you"))  # as pytest would not rewrite `assert`

    def failing(was: Any) -> Any:
        raise AssertionError("text")

    assert returning(refusing).json() == {"code": 40300, "message": "forbidden", "more_info": "not you"}
    assert returning(failing).status_code == 502


def test_headers_of_errors() -> None:
    """Headers that a handler has set before it failed stay, but for the type of its body."""

    def handler(was: Any) -> Any:
        was.response.set_header("X-A", "1")
        was.response.set_header("Content-Type", "text/csv")
        was.response.set_status("201 Created")
        raise LookupError

    answer = returning(handler)
    assert (answer.status_code, answer.headers["x-a"]) == (502, "1")
    assert answer.headers["content-type"] == "application/json"
    assert answer.json() == {"code": 50200, "message": "bad gateway"}


def test_malformed_errors_are_errors_of_the_app() -> None:
    """`was.Error` with a status that is none is answered all the same."""

    def handler(was: Any) -> Any:
        raise was.Error("not a status")

    assert returning(handler).status_code in (500, 502)


@pytest.mark.parametrize(("debug", "shown"), [(True, True), (False, False)])
def test_tracebacks_are_for_debugging(debug: bool, shown: bool) -> None:
    """Only an app that is debugged shows why it failed."""
    app = Atila("app")
    app.debug = debug

    @app.route("/")
    def fails(was: Any) -> str:
        raise LookupError("secret detail")

    answer = ask(app, "/")
    assert answer.status_code == 502
    assert ("secret detail" in answer.text) is shown


def test_minified_pages() -> None:
    """`MINIFY_HTML = "strip"` takes leading white space off the lines of pages."""
    app = Atila("app")
    app.config.MINIFY_HTML = "strip"
    app.route("/page")(lambda was: "<p>\n    text\n</p>")
    app.route("/plain")(lambda was: was.response("200 OK", "a\n    b", {"Content-Type": "text/plain"}))
    assert ask(app, "/page").text == "<p>\ntext\n</p>"
    assert ask(app, "/plain").text == "a\n    b"
