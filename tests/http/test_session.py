"""`was.session`: values, expiry, names, and what becomes of cookies that we have not made."""

from __future__ import annotations

import logging
from datetime import date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atila_compat.http.cookies import Cookies
from atila_compat.http.sealed import Attributes, Settings
from atila_compat.http.session import Session
from atila_compat.http.signing import seal
from atila_compat.http.tagged import dumps

from .browsing import App, Browser, attributes

KEYS = (b"one", b"two")


def session(
    text: str = "", timeout: float = 100, now: float = 1000.0, keys: tuple[bytes, ...] = KEYS
) -> Session:
    """The session of a request that has sent this text."""
    cookies = Cookies(f"ATLSES_={text}" if text else "", clock=lambda: now)
    return Session(cookies, Settings(keys, timeout), lambda: "1.2.3.4")


def text_of(one: Session) -> str:
    """The text that a session is sent as; "" where it is deleted or not sent."""
    one.commit()
    lines = one._cookies.commit()
    return lines[0].partition("=")[2].partition(";")[0] if lines else ""


def stored(timeout_: float = 100, **values: Any) -> str:
    """The text of a session with these values, stored at 1000."""
    one = session(timeout=timeout_)
    for name, value in values.items():
        one[name] = value
    return text_of(one)


# -- values -------------------------------------------------------------------------------------------------


def test_values_are_kept() -> None:
    """What one request sets the next one reads, dates, bytes, tuples and sets as they were."""
    values: dict[str, Any] = {
        "user_id": "hansroh",
        "list": [1, 2, {"a": None}],
        "number": 3.5,
        "text": "한 & = ; text",
        "when": datetime(2020, 1, 2, 3, 4, 5),
        "day": date(2020, 1, 2),
        "blob": b"\0\xff",
        "pair": (1, (2,)),
        "tags": {"a", "b"},
    }
    assert dict(session(stored(**values)).items()) == values


def test_missing_values_are_none() -> None:
    """Unlike a dict, nothing raises KeyError."""
    one = session()
    assert (one["x"], one.get("x"), one.get("x", 5)) == (None, None, 5)
    del one["x"]
    one.remove("x")
    assert text_of(one) == ""


def test_is_a_mapping() -> None:
    """Membership, keys, values, items, iteration and length are those of the values alone."""
    one = session(stored(a=1, b=2))
    assert "a" in one
    assert one.has_key("b")
    assert "_valids" not in one
    assert one.keys() == list(one) == ["a", "b"]
    assert one.values() == [1, 2]
    assert one.items() == [("a", 1), ("b", 2)]
    assert len(one) == 2
    assert bool(session()) is True


@pytest.mark.parametrize("key", [5, None, b"a", ("a",)])
def test_keys_are_strings(key: Any) -> None:
    """A key of another type is a TypeError, by `set` and by item."""
    with pytest.raises(TypeError, match="Session key must be string type"):
        session().set(key, 1)
    with pytest.raises(TypeError, match="Session key must be string type"):
        session()[key] = 1


def test_unstorable_values_are_refused_at_once() -> None:
    """The call that gives a value of a wrong type raises, not the end of the request."""
    one = session()
    with pytest.raises(TypeError, match="object cannot be stored in a cookie or token: store None, bool"):
        one["a"] = [object()]
    assert "a" not in one
    assert text_of(one) == ""


def test_changed_containers_are_stored_as_they_are_at_the_end() -> None:
    """A list that was set and changed later in the request is stored with the change."""
    one = session()
    one["list"] = [1]
    one["list"].append(2)
    assert session(text_of(one))["list"] == [1, 2]


def test_removing_the_last_value_deletes_the_cookie() -> None:
    """A session without values is no session; one that never was is not deleted."""
    browser = Browser()
    with browser.request() as was:
        was.session["a"] = 1
        was.session["b"] = 2
    with browser.request() as was:
        was.session.remove("a")
    assert browser.lines[0].startswith("ATLSES_=W")
    with browser.request() as was:
        del was.session["b"]
        assert was.session["b"] is None
    assert browser.lines[0].startswith("ATLSES_=; path=/; expires=")
    assert browser.cookies == {}
    with browser.request() as was:
        was.session["a"] = 1
        was.session.remove("a")
    assert browser.lines == []


def test_reading_sends_nothing() -> None:
    """A request that only reads has no Set-Cookie line."""
    browser = Browser()
    with browser.request() as was:
        was.session["a"] = 1
    with browser.request() as was:
        assert was.session["a"] == 1
        assert "b" not in was.session
        assert not was.session.impending()
    assert browser.lines == []


def test_clear_is_for_this_request() -> None:
    """`clear` alone is not stored; with something written later only that is."""
    text = stored(a=1)
    one = session(text)
    one.clear()
    assert one.keys() == []
    assert text_of(one) == ""
    one = session(text)
    one.clear()
    one["b"] = 2
    assert session(text_of(one)).items() == [("b", 2)]


def test_clear_is_not_kept_by_a_session_that_is_about_to_end() -> None:
    """Reading such a session would extend it; once it is cleared it is left as it was."""
    browser = Browser()
    with browser.request() as was:
        was.session["a"] = 1
        was.session.set_expiry(5)
    with browser.request() as was:
        assert was.session["a"] == 1
        was.session.clear()
    assert browser.lines == []
    with browser.request() as was:
        assert was.session["a"] == 1


def test_expire_deletes() -> None:
    """`expire` deletes the cookie, also one that was not sent; what is written after it is a new session."""
    browser = Browser()
    with browser.request() as was:
        was.session.expire()
    assert [attributes(line) for line in browser.lines] == ["path=/; expires"]
    with browser.request() as was:
        was.session["a"] = 1
    with browser.request() as was:
        was.session.touch()
        was.session.expire()
        assert was.session.keys() == []
    assert browser.cookies == {}
    with browser.request() as was:
        was.session["a"] = 1
    with browser.request() as was:
        was.session.expire()
        was.session["b"] = 2
    with browser.request() as was:
        assert was.session.items() == [("b", 2)]


def test_rollback_and_commit() -> None:
    """`rollback` goes back to the last `commit` of this request."""
    browser = Browser()
    with browser.request() as was:
        was.session["a"] = 1
        was.session.commit()
        was.session["b"] = 2
        was.session.rollback()
        assert was.session.keys() == ["a"]
    with browser.request() as was:
        assert was.session.items() == [("a", 1)]


def test_failed_requests_store_nothing() -> None:
    """An exception undoes what was written, committed by the app or not."""
    browser = Browser()
    with pytest.raises(RuntimeError):
        browser.fail(
            lambda was: was.session.set("a", 1),
            lambda was: was.session.mount("ADMIN"),
            lambda was: was.session.set("b", 1),
        )
    assert browser.cookies == {}


# -- time ---------------------------------------------------------------------------------------------------


def test_expiry() -> None:
    """A session ends `session_timeout` seconds after the last write; at its end it is empty."""
    text = stored(a=1)
    assert session(text, now=1099.9)["a"] == 1
    assert session(text, now=1100)["a"] is None


def test_writing_extends() -> None:
    """Any write, also of the same value, gives the session its full time again."""
    one = session(stored(a=1), now=1050)
    one["a"] = 1
    assert session(text_of(one), now=1149)["a"] == 1


def test_reading_extends_only_what_is_about_to_end() -> None:
    """Reading in the last fifth of the time extends the session; `extend` False prevents that."""
    text = stored(a=1)
    early = session(text, now=1079)
    assert (early["a"], early.impending(), text_of(early)) == (1, False, "")
    late = session(text, now=1080)
    assert (late["a"], late.impending()) == (1, True)
    assert session(text_of(late), now=1179)["a"] == 1
    fixed = session(text, now=1080)
    fixed.mount(extend=False)
    assert (fixed["a"], text_of(fixed)) == (1, "")


@pytest.mark.parametrize(
    "read",
    [
        lambda one: "x" in one,
        lambda one: one.keys(),
        lambda one: one.items(),
        lambda one: one.values(),
        lambda one: one.get("nope"),
        lambda one: one.getv("a"),
        lambda one: one.remove("nope"),
    ],
)
def test_every_read_extends(read: Any) -> None:
    """Each way of looking at the values counts as reading."""
    one = session(stored(a=1), now=1095)
    read(one)
    assert text_of(one)


@pytest.mark.parametrize(
    "ask", ["impending", "use_time", "get_expiry", "source_verified", "exists", "clear", "rollback", "commit"]
)
def test_asking_about_a_session_does_not_extend(ask: str) -> None:
    """Methods that tell about the session leave it alone."""
    one = session(stored(a=1), now=1095)
    getattr(one, ask)()
    assert text_of(one) == ""


def test_impending_has_a_floor_of_ten_seconds() -> None:
    """A session of a short time is about to end for its last ten seconds."""
    assert session(stored(12, a=1), timeout=12, now=1001).impending() is False
    assert session(stored(12, a=1), timeout=12, now=1002).impending() is True
    assert session().impending() is False


def test_touch_extends_without_writing() -> None:
    """`touch` gives the full time from now; on a new session it starts one without values."""
    one = session(stored(a=1), now=1050)
    one.touch()
    assert session(text_of(one), now=1149)["a"] == 1
    new = session()
    new.touch()
    text = text_of(new)
    assert text
    assert session(text).exists()


def test_set_expiry() -> None:
    """`set_expiry` counts from now, wherever in the request, shorter or longer than the default."""
    for seconds in (10, 5000):
        one = session()
        one["a"] = 1
        one.set_expiry(seconds)
        one["b"] = 2
        text = text_of(one)
        assert session(text, now=1000 + seconds - 1).keys() == ["a", "b"]
        assert session(text, now=1000 + seconds).keys() == []


def test_longer_set_expiry_survives_writing() -> None:
    """README: automatic extension waits until it would be longer than what `set_expiry` has given."""
    one = session()
    one["a"] = 1
    one.set_expiry(500)
    again = session(text_of(one), now=1010)
    assert again.get_expiry() == 1500
    again["b"] = 1
    third = session(text_of(again), now=1450)
    assert third.get_expiry() == 1500
    third["c"] = 1
    assert session(text_of(third), now=1451).get_expiry() == 1550


@pytest.mark.parametrize("seconds", [0, -5])
def test_set_expiry_in_the_past_deletes(seconds: int) -> None:
    """No time left: the cookie is deleted, and a new session is not stored."""
    browser = Browser()
    with browser.request() as was:
        was.session["a"] = 1
    with browser.request() as was:
        was.session.set_expiry(seconds)
        assert was.session["a"] == 1
    assert browser.cookies == {}
    with browser.request() as was:
        was.session["a"] = 1
        was.session.set_expiry(seconds)
    assert browser.lines == []


def test_far_expiry() -> None:
    """No number of seconds breaks the date."""
    one = session()
    one["a"] = 1
    one.set_expiry(float("inf"))
    assert session(text_of(one)).keys() == ["a"]


def test_use_time_and_expiry() -> None:
    """They tell about the session as it was sent; a longer `set_expiry` makes the time used negative."""
    one = session(stored(a=1), now=1030)
    assert one.use_time() == 30
    assert one.get_expiry() == 1100
    one.touch()
    assert one.get_expiry() == 1100
    long = session()
    long.set_expiry(500)
    assert session(text_of(long)).use_time() == -400
    assert (session().use_time(), session().get_expiry(), session().exists()) == (0, None, False)


# -- source -------------------------------------------------------------------------------------------------


def test_source() -> None:
    """`getv` raises for a session that comes from another address than it was given to, or from nowhere."""
    browser = Browser()
    with browser.request() as was:
        assert was.session.source_verified() is False
        with pytest.raises(ValueError, match="source verification failed"):
            was.session.getv("a", 5)
        was.session["a"] = 1
    with browser.request() as was:
        assert was.session.source_verified() is True
        assert was.session.getv("a") == 1
    browser.peer = "10.0.0.1"
    with browser.request() as was:
        assert was.session["a"] == 1
        assert was.session.source_verified() is False
        with pytest.raises(ValueError, match="source verification failed"):
            was.session.getv("a")
        assert was.session["a"] == 1
        with pytest.raises(ValueError, match="source verification failed"):
            was.session.getv("a", expire_if_error=True)
    assert browser.cookies == {}


# -- keys ---------------------------------------------------------------------------------------------------


def test_key_rotation() -> None:
    """With several keys all verify and the first signs; a key that is gone logs out."""
    app = App(securekey="old")
    browser = Browser(app)
    with browser.request() as was:
        was.session["a"] = 1
    app.securekey = ["new", "old"]
    with browser.request() as was:
        was.session["b"] = was.session["a"]
    app.securekey = "new"
    with browser.request() as was:
        assert was.session["b"] == 1
    app.securekey = "old"
    with browser.request() as was:
        assert was.session["b"] is None


# -- bad input ----------------------------------------------------------------------------------------------


def test_no_single_byte_can_be_changed() -> None:
    """Whatever byte of a session is changed, it holds what it held, or nothing."""
    text = stored(user_id="hansroh", level=3)
    for place in range(len(text)):
        for code in range(256):
            if chr(code) != ";":
                one = session(text[:place] + chr(code) + text[place + 1 :])
                assert one.items() in ([], [("user_id", "hansroh"), ("level", 3)])


@given(st.text())
def test_any_text_is_an_empty_session(text: str) -> None:
    """A cookie that we have not made is no session; it can be written over."""
    one = session(text)
    assert one.items() == []
    assert one.impending() is False
    one["a"] = 1
    assert session(text_of(one))["a"] == 1


@given(
    st.recursive(
        st.none() | st.integers() | st.floats() | st.text(),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=3),
    )
)
def test_any_signed_content_is_taken(content: Any) -> None:
    """Even a text that was signed with our key, but does not hold a session, raises nothing."""
    one = session(seal(KEYS, "ATLSES_").close(dumps(content)))
    one.get("a")
    one["a"] = 1
    assert session(text_of(one))["a"] == 1


def test_overlong_sessions_are_empty(caplog: pytest.LogCaptureFixture) -> None:
    """A text that no browser would send is not looked at; writing one is warned of by its name."""
    assert session("x" * 100_000).items() == []
    one = session()
    one.mount("cart")
    one["noise"] = [n * n for n in range(1500)]
    with caplog.at_level(logging.WARNING, "atila_compat.http"):
        assert len(text_of(one)) > 4093
    assert "the cookie ATLSES_CART has" in caplog.text


def test_unusable_attributes_are_refused() -> None:
    """What would become another attribute is a ValueError at the end of the request."""
    one = Session(Cookies(), Settings(KEYS, 100, Attributes(path="/a; x=1")))
    one["a"] = 1
    with pytest.raises(ValueError, match="cannot be a cookie's path: leave out ';'"):
        one.commit()
