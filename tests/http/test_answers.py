from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atila_compat import Atila
from atila_compat.errors import HTTPError
from atila_compat.http.answers import Answers
from atila_compat.http.response import Response
from tests.http.asking import ask


def was(accept: str = "", **config: Any) -> Answers:
    """What makes answers for an app with this configuration."""
    made = Answers()
    made.app = Atila("app")
    made.app.config.update(config)
    made.response = Response(ask(headers={"Accept": accept} if accept else None))
    return made


def test_api_objects() -> None:
    """`was.API` takes a status, a dict and named members; status and content type are set at once."""
    answers = was()
    made = answers.API("201 Created", {"a": 1}, b=[2])
    assert made.encode() == b'{"a": 1, "b": [2]}'
    assert answers.response.status == "201 Created"
    assert answers.response["Content-Type"] == "application/json"
    assert was().API(c=None).encode() == b'{"c": null}'
    assert was(PRETTY_JSON=True).API(c=1).encode() == b'{\n  "c": 1\n}'


def test_api_objects_take_lists_behind_a_status_only() -> None:
    """A list or number is the answer behind a status, a TypeError without, as in the original."""
    assert was().API("200 OK", [1, {"a": 2}]).encode() == b'[1, {"a": 2}]'
    assert repr(was().API("200 OK", 5)) == "<API application/json 5>"
    with pytest.raises(TypeError):
        was().API([1, 2])


def test_faults() -> None:
    """`was.Fault` is an error object to be returned, always indented."""
    answers = was()
    made = answers.Fault("404 Not Found", "no such user", 40404)
    assert made.encode() == b'{\n  "code": 40404,\n  "message": "no such user"\n}'
    assert answers.response.status_code == 404


def test_error_class() -> None:
    """`was.Error` is the class that apps raise."""
    assert was().Error is HTTPError


def test_redirects() -> None:
    """A redirect has a Location, is not kept by clients, and has a page that links to the place."""
    answers = was()
    reply = answers.redirect("/items?a=1&b=2")
    response = answers.response
    assert (response.status, response["Location"]) == ("302 Object Moved", "/items?a=1&b=2")
    assert (response["Cache-Control"], response["Content-Type"]) == ("max-age=0", "text/html")
    assert reply.body == (
        "<html><head><title>302 Object Moved</title></head><body><h1>302 Object Moved</h1>"
        'This document may be found <a HREF="/items?a=1&amp;b=2">here</a></body></html>'
    )


def test_redirects_with_body_and_headers() -> None:
    """Status, body and headers of a redirect may be the app's own."""
    answers = was()
    reply = answers.redirect("/x", "301 Moved Permanently", "moved", [("X-A", "1")])
    assert reply.body == "moved"
    assert (answers.response.status_code, answers.response["X-A"]) == (301, "1")
    assert "Content-Type" not in answers.response


@pytest.mark.parametrize(
    ("url", "location"),
    [
        ("/a b?q=<e>", "/a b?q=<e>"),
        ("/글", "/글"),
        ("/x\r\nSet-Cookie: a=1\0", "/x%0D%0ASet-Cookie: a=1%00"),
        ("/a%20b?c=%2F#d", "/a%20b?c=%2F#d"),
        ("https://example.com:81/?a[]=1", "https://example.com:81/?a[]=1"),
    ],
)
def test_redirects_to_odd_places(url: str, location: str) -> None:
    """A URL is sent as the app gave it, but for control characters; those are escaped."""
    answers = was()
    answers.redirect(url)
    assert answers.response["Location"] == location


@given(st.text())
def test_redirects_to_any_place(url: str) -> None:
    """Whatever an app redirects to, the header is one line, and the page behind it has no markup of it."""
    answers = was()
    page = answers.redirect(url).body
    location = answers.response["Location"]
    assert not any(c < " " for c in location)
    assert page.count("<") == 12


def test_redirects_keep_a_content_type() -> None:
    """The type that a handler has set before it redirects stays."""
    answers = was()
    answers.response.set_header("Content-Type", "text/plain")
    answers.redirect("/x")
    assert answers.response["Content-Type"] == "text/plain"
