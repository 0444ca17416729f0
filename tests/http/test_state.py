"""Cookies, session and messages within a request: commit, rollback, and state that is not used."""

from __future__ import annotations

import pytest

from atila_compat.http.state import commit, rollback, settings_of

from .browsing import App, Browser


def test_unused_state_is_not_touched() -> None:
    """A request that asks for no cookie makes none of the objects, and no Set-Cookie line."""
    browser = Browser()
    browser.cookies = {"ATLSES_": "garbage", "a": "1"}
    with browser.request() as was:
        assert commit(was) == []
        rollback(was)
    assert not {"cookie", "session", "mbox"} & set(was.__dict__)


def test_one_object_a_request() -> None:
    """Each access in a request gives the same object, also through `was.request`."""
    with Browser().request() as was:
        assert was.cookie is was.cookie
        assert was.session is was.session
        assert was.mbox is was.mbox


def test_all_changes_are_committed_together() -> None:
    """Cookies, session and messages of a request are sent with one answer, each once."""
    browser = Browser()
    with browser.request() as was:
        was.mbox.send("x")
        was.session["a"] = 1
        was.cookie["b"] = "1"
    assert sorted(line.partition("=")[0] for line in browser.lines) == ["ATLMBX_", "ATLSES_", "b"]


def test_commit_twice() -> None:
    """What changes after a commit is in the next one, without what was sent."""
    with Browser().request() as was:
        was.session["a"] = 1
        was.cookie["b"] = "1"
        assert len(commit(was)) == 2
        assert commit(was) == []
        was.session["c"] = 1
        (line,) = commit(was)
        assert line.startswith("ATLSES_=")
        assert was.session.keys() == ["a", "c"]


def test_rollback_starts_anew() -> None:
    """After a rollback everything is as the client has sent it, and can be changed again."""
    browser = Browser()
    with browser.request() as was:
        was.session["a"] = 1
    with browser.request() as was:
        was.session["a"] = 2
        was.cookie["b"] = "1"
        was.mbox.send("x")
        rollback(was)
        assert (was.session["a"], was.cookie["b"], was.mbox.get()) == (1, None, [])
        was.cookie["c"] = "1"
    assert [line.partition("=")[0] for line in browser.lines] == ["c"]


def test_cookies_get_the_apps_mount_point() -> None:
    """Cookies are for the app's mount point by default, sessions and message boxes for the whole site."""
    browser = Browser(App("/shop/"))
    with browser.request() as was:
        was.cookie["a"] = "1"
        was.session["a"] = 1
        was.mbox.send("x")
    paths = {line.partition("=")[0]: line.split("; ")[1] for line in browser.lines}
    assert paths == {"a": "path=/shop", "ATLSES_": "path=/", "ATLMBX_": "path=/"}


def test_missing_secure_key() -> None:
    """Without a key cookies work, and what is signed says what is missing."""
    browser = Browser(App(securekey=None))
    with browser.request() as was:
        was.cookie["a"] = "1"
        for name in ("session", "mbox"):
            with pytest.raises(AssertionError, match=r"Secret key is not configured: set pref\.securekey"):
                getattr(was, name)
    assert len(browser.lines) == 1


def test_settings() -> None:
    """An app's options become settings that all its requests share; the session time is 1200 s by default."""
    app = App()
    settings = settings_of(app)
    assert settings is settings_of(app)
    assert settings.timeout == 1200
    assert (settings.attributes.secure, settings.attributes.http_only, settings.legacy) == (
        False,
        False,
        False,
    )
    app.session_timeout = 5
    app.securekey = ["a", b"b"]
    assert (settings_of(app).timeout, settings_of(app).keys) == (5, (b"a", b"b"))


def test_what_was_spoilt_after_it_was_set() -> None:
    """A container that was filled with what cannot be stored raises at the end of the request."""
    browser = Browser()
    spoilt: list[object] = []
    with browser.request() as was:
        was.session["list"] = spoilt
        spoilt.append(object())
        with pytest.raises(TypeError, match="cannot be stored"):
            commit(was)
        rollback(was)
    assert browser.cookies == {}
