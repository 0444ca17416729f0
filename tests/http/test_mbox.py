"""`was.mbox`: messages for one reading or some time, and cookies that we have not made."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atila_compat.http.cookies import Cookies
from atila_compat.http.mbox import MessageBox
from atila_compat.http.sealed import Settings
from atila_compat.http.signing import seal
from atila_compat.http.tagged import dumps

from .browsing import Browser, attributes

KEYS = (b"one",)


def mbox(text: str = "", now: float = 1000.7) -> MessageBox:
    """The message box of a request that has sent this text."""
    return MessageBox(
        Cookies(f"ATLMBX_={text}" if text else "", clock=lambda: now), Settings(KEYS), lambda: "1.2.3.4"
    )


def text_of(box: MessageBox) -> str:
    """The text that a box is sent as; "" where it is deleted or not sent."""
    box.commit()
    lines = box._cookies.commit()
    return lines[0].partition("=")[2].partition(";")[0] if lines else ""


def test_message() -> None:
    """A message is id, category, time, valid seconds, text and extra values."""
    box = mbox()
    box.send("one")
    box.send("two", "notice", 60, user="hans", group=(1, 2))
    assert mbox(text_of(box)).get() == [
        (0, "info", 1000, 0, "one", {}),
        (1, "notice", 1000, 60, "two", {"user": "hans", "group": (1, 2)}),
    ]


def test_aliases() -> None:
    """`push` is `send`, and the README's `valid_seconds` is `valid`."""
    box = mbox()
    box.push("a", category="c", valid=5)
    box.send("b", "c", valid_seconds=6)
    assert [message[3] for message in box.get()] == [5, 6]


def test_one_reading() -> None:
    """A message without time is gone when it was returned, others stay until their time is over."""
    browser = Browser()
    with browser.request() as was:
        was.mbox.send("flash")
        was.mbox.send("kept", valid=60)
    assert [attributes(line) for line in browser.lines] == ["path=/; expires"]
    with browser.request() as was:
        assert [message[4] for message in was.mbox.get()] == ["flash", "kept"]
        assert [message[4] for message in was.mbox.get()] == ["kept"]
    assert len(browser.lines) == 1
    with browser.request() as was:
        assert [message[4] for message in was.mbox.get()] == ["kept"]
    assert browser.lines == []
    browser.now += 60
    with browser.request() as was:
        assert [message[4] for message in was.mbox.get()] == ["kept"]
    browser.now += 1
    with browser.request() as was:
        assert was.mbox.search("info") == []
        assert was.mbox.get() == []
    assert browser.cookies == {}


def test_filters() -> None:
    """By category, or by an extra value; a filter that nothing fits gives nothing, and nothing is lost."""
    box = mbox()
    box.send("one", "notice")
    box.send("two", "news", user="hans")
    box.send("three", "news", user="roh", valid=60)
    assert [message[4] for message in box.get("zzz")] == []
    assert [message[4] for message in box.get("user", "nobody")] == []
    assert [message[4] for message in box.get("user", "hans")] == ["two"]
    assert [message[4] for message in box.get("news")] == ["three"]
    assert [message[4] for message in box.get()] == ["one", "three"]


def test_search_keeps() -> None:
    """`search` gives the ids of what `get` would return, and removes nothing."""
    browser = Browser()
    with browser.request() as was:
        was.mbox.send("one", "notice", user="hans")
        was.mbox.send("two", "news", valid=1)
    browser.now += 2.5
    with browser.request() as was:
        assert was.mbox.search("notice") == was.mbox.search("user", "hans") == was.mbox.search(None) == [0]
        assert was.mbox.search("news") == was.mbox.search("user", "roh") == was.mbox.search("zzz") == []
    assert browser.lines == []


def test_remove() -> None:
    """A message can be removed by its id; the cookie goes with the last, and is sent for unknown ids too."""
    browser = Browser()
    with browser.request() as was:
        was.mbox.send("one", valid=60)
        was.mbox.send("two", valid=60)
    with browser.request() as was:
        was.mbox.remove(99)
    assert [line.partition("=")[0] for line in browser.lines] == ["ATLMBX_"]
    assert "ATLMBX_=;" not in browser.lines[0]
    with browser.request() as was:
        was.mbox.remove(0)
    with browser.request() as was:
        assert was.mbox.search("info") == [1]
        was.mbox.remove(1)
    assert [attributes(line) for line in browser.lines] == ["path=/; expires"]
    assert browser.cookies == {}


def test_ids_are_not_used_again() -> None:
    """A message's id is larger than those of the messages before it."""
    box = mbox()
    for _ in range(3):
        box.send("x", valid=60)
    box.remove(2)
    box.send("y", valid=60)
    assert box.search("info") == [0, 1, 3]
    again = mbox(text_of(box))
    again.send("z", valid=60)
    assert again.search("info") == [0, 1, 3, 4]


def test_clear_and_exists() -> None:
    """`clear` removes all; `exists` tells whether the client has sent any."""
    box = mbox()
    assert not box.exists()
    box.send("x")
    again = mbox(text_of(box))
    assert again.exists()
    again.clear()
    assert again.get() == []
    assert text_of(again) == ""


def test_nothing_read_nothing_sent() -> None:
    """A request that finds no message has no Set-Cookie line."""
    browser = Browser()
    with browser.request() as was:
        assert was.mbox.get() == []
        was.mbox.clear()
    assert browser.lines == []


def test_read_in_the_same_request() -> None:
    """Messages that are sent and read in one request leave an empty box."""
    browser = Browser()
    with browser.request() as was:
        was.mbox.send("x")
        assert len(was.mbox.get()) == 1
    assert browser.cookies == {}


def test_named_boxes() -> None:
    """`mount` switches to another box, with cookie attributes of its own."""
    browser = Browser()
    with browser.request() as was:
        was.mbox.mount("adm", path="/q", domain="d", secure=True, http_only=True, same_site="Lax")
        was.mbox.send("x")
        was.mbox.mount()
        assert was.mbox.get() == []
    assert [attributes(line) for line in browser.lines] == [
        "path=/q; expires; domain=d; SameSite=Lax; Secure; HttpOnly"
    ]
    assert list(browser.cookies) == ["ATLMBX_ADM"]


def test_source() -> None:
    """`getv` raises for a box that comes from another address than it was given to."""
    browser = Browser()
    with browser.request() as was:
        assert was.mbox.getv() == []
        was.mbox.send("x", valid=60)
    with browser.request() as was:
        assert was.mbox.source_verified()
        assert len(was.mbox.getv("info")) == 1
    browser.peer = "10.0.0.1"
    with browser.request() as was:
        assert not was.mbox.source_verified()
        with pytest.raises(ValueError, match="source verification failed"):
            was.mbox.getv()
        with pytest.raises(ValueError, match="source verification failed"):
            was.mbox.getv(expire_if_error=True)
    assert browser.cookies == {}


def test_rollback() -> None:
    """What a failed request has sent or read is as if it had not been."""
    browser = Browser()
    with browser.request() as was:
        was.mbox.send("kept")
    with pytest.raises(RuntimeError):
        browser.fail(lambda was: was.mbox.get(), lambda was: was.mbox.send("lost"))
    with browser.request() as was:
        assert [message[4] for message in was.mbox.get()] == ["kept"]


def test_unstorable_messages_are_refused() -> None:
    """The call that gives what cannot be stored raises."""
    box = mbox()
    with pytest.raises(TypeError, match="cannot be stored"):
        box.send("m", x=len)
    with pytest.raises(TypeError, match="valid is a number of seconds, not str"):
        box.send("m", valid="60")  # type: ignore[arg-type]
    assert box.get() == []


def test_no_single_byte_can_be_changed() -> None:
    """Whatever byte of a box is changed, it holds what it held, or nothing."""
    box = mbox()
    box.send("hello", "notice", 60)
    text = text_of(box)
    expected = mbox(text).get()
    for place in range(len(text)):
        for code in range(256):
            if chr(code) != ";":
                assert mbox(text[:place] + chr(code) + text[place + 1 :]).get() in ([], expected)


@given(st.text())
def test_any_text_is_an_empty_box(text: str) -> None:
    """A cookie that we have not made is no message box; it can be written over."""
    box = mbox(text)
    assert box.get() == []
    box.send("a")
    assert len(mbox(text_of(box)).get()) == 1


signed = st.recursive(
    st.none() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=7) | st.dictionaries(st.text(max_size=2), inner, max_size=2),
)


@given(signed | st.tuples(st.text(), st.lists(st.tuples(*[signed] * 6), max_size=3)))
def test_any_signed_content_is_taken(content: Any) -> None:
    """Even a text that was signed with our key, but does not hold messages, raises nothing."""
    box = mbox(seal(KEYS, "ATLMBX_").close(dumps(content)))
    box.search("a")
    box.get("a", 1)
    box.send("a")
    assert mbox(text_of(box)).get("info")
