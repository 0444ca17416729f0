"""Tokens against cross-site request forgery."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atila_compat.errors import HTTPError
from atila_compat.http.cookies import Cookies
from atila_compat.routing.resource import resource_of
from atila_compat.security import csrf

from ..http.browsing import App, Browser, Was, attributes


def visited(app: App | None = None) -> tuple[Browser, str]:
    """A browser that was given a token, and the token."""
    browser = Browser(app)
    with browser.request() as was:
        token = was.csrf_token
    return browser, token


def test_token() -> None:
    """A client without a token gets one as cookie, and keeps it."""
    browser, token = visited()
    assert int(token, 16) >= 0
    assert len(token) == 16
    assert [attributes(line) for line in browser.lines] == ["path=/"]
    with browser.request() as was:
        assert was.csrf_token == was.generate_csrf() == token
        assert was.csrf_token_input == f'<input type="hidden" name="XSRF_TOKEN" value="{token}">'
    assert browser.lines == []
    assert visited()[1] != token


def test_debug_token() -> None:
    """In debug mode all tokens are the same, which nobody else relies on."""
    app = App()
    app.debug = True
    assert visited(app)[1] == csrf.DEBUG_TOKEN
    assert visited()[1] != csrf.DEBUG_TOKEN


def test_verified_by_argument_or_header() -> None:
    """A request passes that repeats its token, in either place; the header is looked at first."""
    browser, token = visited()
    with browser.request(XSRF_TOKEN=token) as was:
        assert was.verify_csrf() is True
        assert was.csrf_verify() is True
    with browser.request({"X-XSRF-TOKEN": token}) as was:
        assert was.verify_csrf() is True
    with browser.request({"X-XSRF-TOKEN": "wrong"}, XSRF_TOKEN=token) as was:
        assert was.verify_csrf() is False
    assert browser.lines == []


def test_requests_without_token() -> None:
    """A request that repeats nothing fails, and gets no cookie by that."""
    browser = Browser()
    for headers in ({}, {"X-XSRF-TOKEN": ""}):
        with browser.request(headers, XSRF_TOKEN="") as was:
            assert was.verify_csrf() is False
    assert browser.lines == []
    browser.cookies["XSRF_TOKEN"] = ""
    with browser.request(XSRF_TOKEN="") as was:
        assert was.verify_csrf() is False


def test_requests_without_cookie() -> None:
    """A token from elsewhere fails; the client is given one of its own."""
    browser = Browser()
    with browser.request(XSRF_TOKEN=visited()[1]) as was:
        assert was.verify_csrf() is False
    assert [line.partition("=")[0] for line in browser.lines] == ["XSRF_TOKEN"]


def test_token_for_one_use() -> None:
    """With `keep` False a right token is deleted, a wrong one deletes nothing."""
    browser, token = visited()
    with browser.request(XSRF_TOKEN="wrong") as was:
        assert was.verify_csrf(keep=False) is False
    assert browser.lines == []
    with browser.request(XSRF_TOKEN=token) as was:
        assert was.verify_csrf(keep=False) is True
    assert browser.cookies == {}


def test_remove() -> None:
    """The token can be deleted."""
    browser, _ = visited()
    with browser.request() as was:
        was.remove_csrf()
    assert browser.cookies == {}


def test_cookie_of_the_mount_point() -> None:
    """The token's cookie belongs to the app's mount point."""
    browser, _ = visited(App("/shop/"))
    assert [attributes(line) for line in browser.lines] == ["path=/shop"]


def test_field_is_escaped() -> None:
    """A cookie that somebody has planted cannot break out of the form."""
    browser = Browser()
    browser.cookies["XSRF_TOKEN"] = "%22%3E%3Cscript%3E"
    with browser.request() as was:
        assert was.csrf_token_input.endswith('value="&quot;&gt;&lt;script&gt;">')


def test_decorator() -> None:
    """A handler, or any function of `was`, runs for verified requests only; others end with 400."""
    app = App()

    @app.csrf_verification_required
    def guarded(was: Was, name: str, **others: Any) -> str:
        """Say who."""
        return "passed " + name

    assert guarded.__doc__ == "Say who."
    assert resource_of(guarded).args == ("name",)
    browser, token = visited(app)
    with browser.request(XSRF_TOKEN=token) as was:
        assert guarded(was, "bob", other=1) == "passed bob"
    with browser.request() as was:
        with pytest.raises(HTTPError, match="CSRF token error") as caught:
            guarded(was, "bob")
        assert caught.value.status == "400 Bad Request"


@given(st.text() | st.none() | st.binary() | st.lists(st.text()), st.text())
def test_anything_else_fails(given_: Any, kept: str) -> None:
    """Whatever is sent, in whatever type, only the cookie's own value passes."""
    cookies = Cookies()
    cookies.set("XSRF_TOKEN", kept)
    assert csrf.verify(cookies, given_) is (bool(kept) and given_ == cookies["XSRF_TOKEN"])
