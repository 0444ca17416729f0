from __future__ import annotations

import json
import sys
import xmlrpc.client
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atila_compat.errors import ExcInfo
from atila_compat.http.error_pages import error_details, has_body, render_error

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


def an_exception() -> ExcInfo:
    """An exception as a handler might raise it."""
    try:
        raise ValueError("kept <secret>")
    except ValueError:
        return sys.exc_info()


@pytest.mark.parametrize("accept", [None, "*/*", "application/json", "text/plain"])
def test_json_is_the_default_body(accept: str | None) -> None:
    """Without text/html or text/xml in Accept an error is JSON: code and lower-case message."""
    assert render_error(404, "Not Found", accept=accept) == (
        "application/json",
        b'{"code": 40400, "message": "not found"}',
    )


def test_json_has_errno_and_detail() -> None:
    """An errno takes the place of the code, a detail becomes more_info."""
    _, body = render_error(400, "Bad Request", "because", 40011)
    assert body == b'{"code": 40011, "message": "bad request", "more_info": "because"}'


def test_page_for_browsers() -> None:
    """A client that takes text/html gets a page titled with code and reason, in the reason's own spelling."""
    kind, body = render_error(418, "Short And Stout", "tea only", accept=BROWSER)
    page = body.decode()
    assert kind == "text/html"
    assert "<title>418 Short And Stout</title>" in page
    assert "<h1>418 Short And Stout</h1>" in page
    assert '<div id="detail">tea only</div>' in page
    assert 'id="normal"' in page


def test_page_escapes_what_apps_and_clients_say() -> None:
    """Neither reason nor detail can bring markup into the page."""
    _, body = render_error(400, "<i>", "<script>alert(1)</script>", accept="text/html")
    assert b"<script>" not in body
    assert b"<i>" not in body


def test_markup_that_vouches_for_itself_stays() -> None:
    """A detail with __html__ is markup in pages and plain text in JSON."""

    class Link(str):
        def __html__(self) -> str:
            return str(self)

    link = Link('<a href="/x/">Here</a>')
    assert b'<a href="/x/">' in render_error(301, "Object Moved", link, accept="text/html")[1]
    assert json.loads(render_error(301, "Object Moved", link)[1])["more_info"] == '<a href="/x/">Here</a>'


def test_406_is_always_a_page() -> None:
    """406 is told as a page whatever the client accepts."""
    assert render_error(406, "Not Acceptable", accept="application/json")[0] == "text/html"


def test_xml_where_asked_for() -> None:
    """text/xml in Accept gives an XML-RPC params document; text/html goes before it."""
    kind, body = render_error(409, "Conflict", "taken already", accept="text/xml")
    values, _ = xmlrpc.client.loads(body)
    assert kind == "text/xml"
    assert values[0] == {"code": 40900, "message": "conflict", "more_info": "taken already"}
    assert render_error(409, "Conflict", accept="text/html,text/xml")[0] == "text/html"


@pytest.mark.parametrize("code", [204, 304, 101])
def test_some_statuses_have_no_body(code: int) -> None:
    """204, 304 and 1xx never have a body."""
    assert render_error(code, "", "x") == ("", b"")
    assert not has_body(code)


@pytest.mark.parametrize("accept", ["application/json", "text/html", "text/xml"])
def test_exceptions_are_shown_in_debug_only(accept: str) -> None:
    """The text of an exception reaches the client in debug mode, and never otherwise."""
    quiet = render_error(502, "Bad Gateway", accept=accept, exc_info=an_exception())[1]
    loud = render_error(502, "Bad Gateway", accept=accept, exc_info=an_exception(), debug=True)[1]
    assert b"secret" not in quiet
    assert b"secret" in loud
    assert b"ValueError" in loud


def test_debug_table_is_in_the_debug_division() -> None:
    """In debug mode the page shows the traceback as a table, escaped."""
    _, body = render_error(502, "Bad Gateway", accept="text/html", exc_info=an_exception(), debug=True)
    assert b'id="debug"' in body
    assert b"<table>" in body
    assert b"<secret>" not in body


@pytest.mark.parametrize("accept", ["application/json", "text/xml"])
def test_details_that_cannot_be_encoded_become_text(accept: str) -> None:
    """An error whose detail is no plain value is told all the same."""
    _, body = render_error(400, "Bad Request", {"odd": {1, 2}}, accept=accept)
    assert b"odd" in body


@given(st.text(), st.text(), st.sampled_from([None, "text/html", "text/xml"]))
def test_any_text_renders(reason: str, detail: str, accept: str | None) -> None:
    """No reason and no detail, control characters and lone surrogates included, breaks an error answer."""
    kind, body = render_error(400, reason, detail, accept=accept)
    body.decode()
    if kind == "application/json":
        json.loads(body)
    elif kind == "text/xml":
        xmlrpc.client.loads(body)


def test_handlers_are_told_everything() -> None:
    """The error dict has the documented members."""
    details = error_details(404, "Not Found", "gone", 7, url="http://h/x?y=1")
    stamp = details.pop("time")
    assert details == {
        "code": 404,
        "errno": 7,
        "message": "Not Found",
        "detail": "gone",
        "mode": "normal",
        "url": "http://h/x?y=1",
        "software": "Skitai/0.38",
        "debug": None,
        "traceback": None,
    }
    assert stamp.endswith(" GMT")


def test_handlers_are_told_of_debugging_where_there_is_a_traceback() -> None:
    """In debug mode an error without explanation has the detail None, one with a traceback none besides."""
    plain = error_details(409, "Conflict", False, debug=True)
    crashed = error_details(502, "Bad Gateway", None, debug=True, exc_info=an_exception())
    assert (plain["mode"], plain["detail"], plain["traceback"]) == ("normal", None, None)
    assert (crashed["mode"], crashed["detail"], bool(crashed["traceback"])) == ("debug", "", True)
    assert error_details(404, "Not Found", "", debug=True)["detail"] == ""


def test_handlers_see_tracebacks_in_debug_only() -> None:
    """The error dict's traceback is None, a list, or HTML for a client that takes text/html."""

    def shown(accept: str, debug: bool) -> Any:
        details = error_details(502, "Bad Gateway", accept=accept, debug=debug, exc_info=an_exception())
        return details["traceback"]

    assert shown("text/html", False) is None
    assert isinstance(shown("text/html", True), str)
    assert isinstance(shown("application/json", True), list)
