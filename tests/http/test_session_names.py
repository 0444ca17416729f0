"""`was.session.mount`: sessions with names, paths and keys of their own."""

from __future__ import annotations

import pytest

from .browsing import App, Browser, attributes
from .test_session import session, text_of

KEYS = (b"one", b"two")


def test_named_sessions_are_apart() -> None:
    """Each name has values and a cookie of its own; `mount()` returns to the default."""
    browser = Browser()
    with browser.request() as was:
        was.session.mount("admin", path="/admin")
        was.session["login"] = True
        was.session.mount()
        was.session["seen"] = 1
        assert was.session["login"] is None
        was.session.mount("ADMIN")
        assert was.session.items() == [("login", True)]
    assert [line.partition("=")[0] for line in browser.lines] == ["ATLSES_ADMIN", "ATLSES_"]
    assert [attributes(line) for line in browser.lines] == ["path=/admin; expires", "path=/; expires"]


def test_attributes_of_a_named_session() -> None:
    """The cookie has the attributes that `mount` was given."""
    browser = Browser()
    with browser.request() as was:
        was.session.mount("a", 50, None, "/p", "d.com", True, True, "Lax")
        was.session["x"] = 1
    assert [attributes(line) for line in browser.lines] == [
        "path=/p; expires; domain=d.com; SameSite=Lax; Secure; HttpOnly"
    ]
    with browser.request() as was:
        was.session.mount("a", path="/p")
        assert was.session.get_expiry() == int(browser.now + 50)
        was.session.expire()
    assert [attributes(line) for line in browser.lines] == ["path=/p; expires"]


def test_default_session_has_only_path_and_expiry() -> None:
    """The default session's cookie is as the original sets it; options of the app add to all sessions."""
    browser = Browser()
    with browser.request() as was:
        was.session["x"] = 1
    assert [attributes(line) for line in browser.lines] == ["path=/; expires"]
    safe = App(session_cookie_secure=True, session_cookie_httponly=True, session_cookie_samesite="Strict")
    browser = Browser(safe)
    with browser.request() as was:
        was.session["x"] = 1
        was.session.mount("a", same_site="Lax")
        was.session["x"] = 1
    assert [attributes(line) for line in browser.lines] == [
        "path=/; expires; SameSite=Strict; Secure; HttpOnly",
        "path=/; expires; SameSite=Lax; Secure; HttpOnly",
    ]


def test_own_key_of_a_named_session() -> None:
    """A session mounted with another key is readable with that key only."""
    browser = Browser()
    with browser.request() as was:
        was.session.mount("a", securekey="other")
        was.session["x"] = 1
    with browser.request() as was:
        was.session.mount("a")
        assert was.session["x"] is None
        was.session.mount("a", securekey=["new", "other"])
        assert was.session["x"] == 1


def test_names_are_quoted() -> None:
    """No name can break out of its cookie."""
    browser = Browser()
    for name in ("a b;c", "한\r\n", "\ud800"):
        with browser.request() as was:
            was.session.mount(name)
            was.session["x"] = name
        assert browser.lines[0].count(";") == 2
        assert browser.lines[0].isprintable()
    with browser.request() as was:
        was.session.mount("A B;C")
        assert was.session["x"] == "a b;c"


def test_the_nameless_session_is_sent_everywhere() -> None:
    """A path of its own needs a name; without one it is left aside."""
    browser = Browser()
    with browser.request() as was:
        was.session.mount(path="/abc", http_only=True)
        was.session["a"] = 1
    assert [attributes(line) for line in browser.lines] == ["path=/; expires; HttpOnly"]


def test_mount_refuses_what_cannot_be() -> None:
    """A name is a string."""
    one = session()
    with pytest.raises(TypeError, match="name of a session is a str, not int"):
        one.mount(5)  # type: ignore[arg-type]
    one.mount(None, path=None)
    one.mount(None, 30, path="/")
    one["a"] = 1
    assert session(text_of(one), now=1029)["a"] == 1


def test_a_session_does_not_pass_for_another() -> None:
    """A text moved to the cookie of another name, or to the message box, is no session there."""
    browser = Browser()
    with browser.request() as was:
        was.session["login"] = True
    browser.cookies["ATLSES_ADMIN"] = browser.cookies["ATLMBX_"] = browser.cookies["ATLSES_"]
    with browser.request() as was:
        was.session.mount("ADMIN")
        assert was.session["login"] is None
        assert was.mbox.get() == []
