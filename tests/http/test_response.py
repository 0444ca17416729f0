from __future__ import annotations

import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atila_compat import Atila
from atila_compat.errors import HTTPError
from atila_compat.http.response import ErrorReply, Reply, Response
from tests.http.asking import ask
from tests.serving.connection import ask as ask_app


def response(**headers: str) -> Response:
    """The response to a request; If_Match="x" is the header If-Match: x."""
    return Response(ask(headers={name.replace("_", "-"): value for name, value in headers.items()}))


# -- answers ------------------------------------------------------------------------------------------------


def test_calling_makes_an_answer() -> None:
    """`was.response(status, body, headers)` sets status and headers and gives the body to be returned."""
    made = response()
    reply = made("201 Created", "made", [("X-Id", "7")])
    assert isinstance(reply, Reply)
    assert reply.body == "made"
    assert (made.status_code, made.reason, made.get_header("x-id")) == (201, "Created", "7")


def test_empty_body_is_a_body() -> None:
    """An empty text is an answer, None is the status's error body."""
    assert isinstance(response()("200 OK", ""), Reply)
    error = response()("403 Permission Denied")
    assert isinstance(error, ErrorReply)
    assert error.status_code == 403


def test_errors_to_be_returned() -> None:
    """`with_explain` and `adaptive_error` are errors with texts and codes of their own."""
    explained = response().with_explain("400 Bad Request", "because", 40011)
    assert (explained.status_code, explained.detail, explained.errno) == (400, "because", 40011)
    adaptive = response().adaptive_error("410 Gone", "it is gone", 41001, "for ever")
    assert (adaptive.status_code, adaptive.message, adaptive.errno) == (410, "it is gone", 41001)
    assert adaptive.detail == "for ever"


def test_errors_to_be_raised() -> None:
    """`throw` ends the request with an error."""
    with pytest.raises(HTTPError, match="'404 Not Found', 'no such thing'"):
        response().throw("404 Not Found", "no such thing")


def test_objects_set_their_content_type() -> None:
    """An API object's content type follows Accept; a fault has a status."""
    made = response()
    made.make_api({"a": 1})
    assert made["content-type"] == "application/json"
    made = response(Accept="text/xml")
    made.make_fault("404 Not Found", "gone")
    assert made["content-type"] == "text/xml"
    assert made.status_code == 404


def test_answers_of_was_are_found_here_too() -> None:
    """`was.response.API`, `Fault`, `File` and `MountedFile` are those of `was`."""
    app = Atila("app")

    @app.route("/<kind>")
    def answer(was: Any, kind: str) -> Any:
        if kind == "api":
            return was.response.API("201 Created", a=1)
        if kind == "fault":
            return was.response.Fault("410 Gone", "gone")
        if kind == "file":
            return was.response.File(__file__, "text/x-python")
        return was.response.MountedFile("/static/none.txt")

    assert (ask_app(app, "/api").status_code, ask_app(app, "/api").json()) == (201, {"a": 1})
    assert ask_app(app, "/fault").json()["message"] == "gone"
    assert "def test_answers_of_was" in ask_app(app, "/file").text
    assert ask_app(app, "/mounted").status_code == 404


# -- status -------------------------------------------------------------------------------------------------


def test_status() -> None:
    """Status code and reason are set by a line or a code and read in three ways."""
    made = response()
    assert made.get_status() == made.status == "200 OK"
    assert made.get_reply() == (200, "OK")
    made.set_status("201 Well Made")
    assert (made.status_code, made.reason, made.status) == (201, "Well Made", "201 Well Made")
    made.set_reply("204")
    assert made.status == "204 No Content"
    made.set_code(404)
    assert made.status == "404 Not Found"


@pytest.mark.parametrize(
    "status", ["", "OK", "20 OK", "100 Continue", "2000 OK", "abc", "٢٠٠ OK", "200 OK\r\nX: y"]
)
def test_malformed_status_is_refused(status: str) -> None:
    """A status that is none is an AssertionError (spec/04 section 12.1)."""
    with pytest.raises(AssertionError):
        response().set_status(status)
    with pytest.raises(AssertionError):
        response()(status)


# -- headers ------------------------------------------------------------------------------------------------


def test_headers_are_appended_or_replaced() -> None:
    """`add_header` and `[]=` append, `set_header` replaces, without regard to case."""
    made = response()
    made.add_header("X-A", 1)
    made["x-a"] = 2
    made.set("X-B", "b")
    assert made.headers == [("X-A", "1"), ("x-a", "2"), ("X-B", "b")]
    made.set_header("x-A", 3)
    made.update("X-C", "c")
    assert made.headers == [("X-B", "b"), ("x-A", "3"), ("X-C", "c")]


def test_headers_are_read_and_removed() -> None:
    """The first header of a name is read, None without one; removing removes them all."""
    made = response()
    made.set_headers({"X-A": "1", "X-B": "2"})
    made.add_header("X-A", "3")
    assert made["x-a"] == made.get("X-A") == made.get_header("x-A") == "1"
    assert made["none"] is None
    assert made.get("none", "d") == "d"
    assert made.has_key("x-a")
    assert "x-b" in made
    assert "x-c" not in made
    del made["x-a"]
    made.delete("none")
    assert made.headers == [("X-B", "2")]


def test_values_are_joined_behind_commas() -> None:
    """`append_header` adds a value to the header that is there, and leaves one line."""
    made = response()
    made.append_header("Link", "<a>")
    made.append_header("link", "<b>")
    assert made.headers == [("link", "<a>, <b>")]


def test_several_headers_of_one_name() -> None:
    """A list of headers replaces those of its names, but not cookies; a name in it twice is sent twice."""
    made = response()
    made.set_header("Set-Cookie", "c=1")
    made.set_header("X-Kept", "1")
    made.set_header("X-Old", "1")
    made("200 OK", "", [("Set-Cookie", "a=1"), ("x-old", "2"), ("X-Old", "3")])
    cookies = [("Set-Cookie", "c=1"), ("Set-Cookie", "a=1")]
    assert [pair for pair in made.headers if pair[0] == "Set-Cookie"] == cookies
    assert [pair for pair in made.headers if pair not in cookies] == [
        ("X-Kept", "1"),
        ("x-old", "2"),
        ("X-Old", "3"),
    ]


@pytest.mark.parametrize("value", ["a\r\nSet-Cookie: x=1", "a\nb", "a\rb", "a\0b"])
def test_values_that_break_the_header_block_are_refused(value: str) -> None:
    """Line breaks and NUL in a value are a ValueError: nobody adds headers of his own."""
    made = response()
    with pytest.raises(ValueError, match="line breaks"):
        made.set_header("X-A", value)
    with pytest.raises(ValueError, match="line breaks"):
        made("200 OK", "", {"X-A": value})
    assert made.headers == []


@pytest.mark.parametrize("name", ["", "X A", "X:", "X\r\nY", "é", "X\0"])
def test_names_that_are_none_are_refused(name: str) -> None:
    """A header name is a token."""
    with pytest.raises(ValueError, match="is not a header name"):
        response().add_header(name, "v")


@given(st.text(), st.text())
def test_any_header_is_sent_whole_or_refused(name: str, value: str) -> None:
    """Whatever an app puts into a header, it is one line of it, or a ValueError."""
    made = response()
    try:
        made.set_header(name, value)
    except ValueError:
        assert made.headers == []
    else:
        assert made.headers == [(name, value)]
        assert not any(c in name + value for c in "\r\n\0")


def test_time_to_keep() -> None:
    """`set_cache` and `set_max_age` are Cache-Control: max-age."""
    made = response()
    made.set_cache(60)
    assert made["Cache-Control"] == "max-age=60"
    made.set_max_age(5)
    made.expire_now()
    assert made["Cache-Control"] == "max-age=0"
    assert made["Expires"].endswith(" GMT")


# -- conditions ---------------------------------------------------------------------------------------------


def test_entity_tags() -> None:
    """An entity tag is made of the identifier or is it; equal identifiers have equal tags."""
    made = response()
    tag = made.set_etag("version 1", max_age=9)
    assert made["ETag"] == f'"{tag}"'
    assert made["Cache-Control"] == "max-age=9"
    assert response().set_etag("version 1") == tag != response().set_etag("version 2")
    assert response().set_etag("own", as_etag=True) == "own"


def refusal(made: Response, **tags: Any) -> int:
    """The status code that the conditions of a request lead to; 0 for none."""
    try:
        made.set_etag_mtime(**tags) if "mtime" in tags else made.set_etag(**tags)
    except HTTPError as error:
        return error.status_code
    return 0


def test_conditions_on_entity_tags() -> None:
    """If-None-Match that matches is 304, If-Match that does not is 412; headers stay."""
    fresh = response(If_None_Match='"own"')
    assert refusal(fresh, identifier="own", as_etag=True) == 304
    assert fresh["ETag"] == '"own"'
    assert refusal(response(If_None_Match='"other"'), identifier="own", as_etag=True) == 0
    assert refusal(response(If_Match='"other"'), identifier="own", as_etag=True) == 412


def test_conditions_on_times() -> None:
    """If-Modified-Since and If-Unmodified-Since compare with the time of modification."""
    day = datetime.datetime(2020, 1, 2, tzinfo=datetime.UTC)
    date = "Thu, 02 Jan 2020 00:00:00 GMT"
    made = response(If_Modified_Since=date)
    with pytest.raises(HTTPError, match="304"):
        made.set_mtime(day, max_age=60)
    assert (made["Last-Modified"], made["Expires"]) == (date, "Thu, 02 Jan 2020 00:01:00 GMT")
    with pytest.raises(HTTPError, match="412"):
        response(If_Unmodified_Since=date).set_mtime(day.timestamp() + 1)
    response(If_Modified_Since=date).set_mtime(day.timestamp() + 1)


def test_both_conditions() -> None:
    """`set_etag_mtime` sets both and returns the tag."""
    made = response()
    tag = made.set_etag_mtime("v", 0, max_age=1)
    assert (made["ETag"], made["Last-Modified"]) == (f'"{tag}"', "Thu, 01 Jan 1970 00:00:00 GMT")
