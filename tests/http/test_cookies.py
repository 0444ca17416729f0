"""`was.cookie`: what is read of a request, and the lines that an answer gets."""

from __future__ import annotations

import logging
from typing import Any
from urllib.parse import quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atila_compat.http.cookies import CENTURY, MAX_COOKIES, MAX_HEADER, Cookies, default_path, expires_at

NOW = 1_795_000_000.5
DATE = "Wed, 18 Nov 2026 11:06:40 GMT"


def cookies(header: str = "", path: str = "/") -> Cookies:
    """The cookies of a request at a fixed time."""
    return Cookies(header, path, lambda: NOW)


def lines(**options: Any) -> list[str]:
    """The Set-Cookie lines for one cookie `k=v`."""
    one = cookies()
    one.set("k", "v", **options)
    return one.commit()


# -- reading ------------------------------------------------------------------------------------------------


def test_reads_and_unquotes() -> None:
    """Names and values of the header are unquoted; a piece without "=" is a cookie without value."""
    one = cookies("user_id=hans%20roh; b=x+y; empty=; flag; %ED%95%9C=%ED%95%9C; c=d=e")
    assert dict(one.items()) == {
        "user_id": "hans roh",
        "b": "x y",
        "empty": "",
        "flag": "",
        "한": "한",
        "c": "d=e",
    }


def test_missing_cookies_are_none() -> None:
    """Unlike a dict, nothing raises KeyError."""
    one = cookies("a=1")
    assert (one["x"], one.get("x"), one.get("x", "default"), one["a"]) == (None, None, "default", "1")


def test_is_a_mapping() -> None:
    """Membership, keys, values, items, iteration and length are those of the cookies."""
    one = cookies("a=1; b=2")
    assert "a" in one
    assert one.has_key("b")
    assert "c" not in one
    assert list(one.keys()) == list(one) == ["a", "b"]
    assert list(one.values()) == ["1", "2"]
    assert len(one) == 2
    assert bool(cookies()) is True


def test_last_of_two_counts() -> None:
    """Of two cookies with one name the last is taken, as in the original."""
    assert cookies("a=1; a=2")["a"] == "2"


def test_sessions_and_message_boxes_are_hidden() -> None:
    """Cookies that are signed do not appear, and keep their text as it was sent."""
    one = cookies("ATLSES_=a+b%20; a=1; ATLMBX_=c; ATLSES_CART=d")
    assert list(one.items()) == [("a", "1")]
    assert one["ATLSES_"] is None
    assert one.sealed("ATLSES_") == "a+b%20"
    assert one.sealed("ATLSES_OTHER") is None


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("", {}),
        (";;; ;", {}),
        ("  a  =  1  ;b=2", {"a": "1", "b": "2"}),
        ("a=1; ", {"a": "1"}),
        ("a=%zz%", {"a": "%zz%"}),
        ("a=%ff", {"a": "\ufffd"}),
        ('a="x y"', {"a": '"x y"'}),
        ("$Version=1; a=1", {"$Version": "1", "a": "1"}),
        ("=x; a=1", {"a": "1"}),
        ("a=\x00\x01", {"a": "\x00\x01"}),
        ("a=한".encode().decode("latin-1"), {"a": "한"}),
        ("a=\xff", {"a": "\xff"}),
    ],
)
def test_garbage_is_taken(header: str, expected: dict[str, str]) -> None:
    """Odd headers are read as far as they make sense."""
    assert dict(cookies(header).items()) == expected


@given(st.text())
def test_any_header_is_taken(header: str) -> None:
    """No header raises."""
    one = cookies(header)
    assert all(isinstance(value, str) for value in one.values())
    one.clear()
    one.commit()


def test_limits() -> None:
    """Cookies behind the limits of number and length are not read."""
    assert len(cookies("; ".join(f"c{n}=1" for n in range(MAX_COOKIES + 50)))) == MAX_COOKIES
    long = cookies("a=1; b=" + "x" * MAX_HEADER + "; c=1")
    assert list(long.keys()) == ["a"]


# -- writing ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "line"),
    [
        ({}, "k=v; path=/"),
        ({"expires": 60}, "k=v; path=/; expires=Wed, 18 Nov 2026 11:07:40 GMT"),
        ({"expires": 0.5}, "k=v; path=/; expires=Wed, 18 Nov 2026 11:06:41 GMT"),
        ({"expires": -5}, "k=v; path=/; expires=Wed, 18 Nov 2026 11:06:35 GMT"),
        ({"expires": 0}, f"k=; path=/; expires={DATE}"),
        ({"expires": "now"}, f"k=; path=/; expires={DATE}"),
        ({"expires": "never"}, "k=v; path=/; expires=Fri, 25 Oct 2126 11:06:40 GMT"),
        ({"expires": "Tue, 19 Jan 2038 03:14:07 GMT"}, "k=v; path=/; expires=Tue, 19 Jan 2038 03:14:07 GMT"),
        ({"path": "/a/b"}, "k=v; path=/a/b"),
        ({"path": ""}, "k=v; path=/"),
        ({"domain": "example.com"}, "k=v; path=/; domain=example.com"),
        ({"secure": True, "http_only": True}, "k=v; path=/; Secure; HttpOnly"),
        ({"same_site": "Lax"}, "k=v; path=/; SameSite=Lax"),
        ({"same_site": "None"}, "k=v; path=/; SameSite=None; Secure"),
        ({"same_site": "none"}, "k=v; path=/; SameSite=none; Secure"),
        (
            {"expires": 10, "domain": "x.com", "secure": True, "http_only": True, "same_site": "Strict"},
            (
                "k=v; path=/; expires=Wed, 18 Nov 2026 11:06:50 GMT; domain=x.com; SameSite=Strict; "
                "Secure; HttpOnly"
            ),
        ),
    ],
)
def test_set_cookie_lines(options: dict[str, Any], line: str) -> None:
    """Each option of `set` has its place in the line."""
    assert lines(**options) == [line]


def test_path_of_the_mount_point() -> None:
    """Without a path a cookie is for the app's mount point; `/` where that is the root."""
    assert default_path("/") == "/"
    assert default_path("/shop/deep/") == "/shop/deep"
    assert default_path("/가;/") == "/%EA%B0%80%3B"
    one = cookies(path="/shop")
    one["b"] = "1"
    assert one.commit() == ["b=1; path=/shop"]


def test_far_times_are_moved_to_what_a_date_can_tell() -> None:
    """No number of seconds breaks the date."""
    assert expires_at(1e300) == expires_at(float("inf")) == "Fri, 31 Dec 9999 23:59:59 GMT"
    assert expires_at(-1e300) == "Thu, 01 Jan 1970 00:00:00 GMT"
    assert lines(expires=10**400)[0].endswith("9999 23:59:59 GMT")
    assert CENTURY == 36500 * 86400


def test_changes_are_seen_at_once() -> None:
    """What is set, deleted or cleared is so for the rest of the request."""
    one = cookies("a=1; b=2")
    one["c"] = "light blue; x=%"
    one.set("a", "", expires=0)
    assert list(one.items()) == [("b", "2"), ("c", "light blue; x=%")]
    del one["b"]
    assert list(one) == ["c"]
    one.clear()
    assert list(one) == []


def test_bytes_are_read_back_as_text() -> None:
    """A value given as bytes is what the next request will read."""
    one = cookies()
    one.set("b", "한 +".encode())
    assert one["b"] == "한 +"


def test_last_change_of_a_name_counts() -> None:
    """A cookie that is set twice has one line, that of the second call."""
    one = cookies()
    one.set("t", "1", path="/x")
    one.set("t", "2", 100)
    assert one.commit() == ["t=2; path=/; expires=Wed, 18 Nov 2026 11:08:20 GMT"]


def test_remove_and_clear() -> None:
    """Removing deletes with the path and domain given, and only what there is."""
    one = cookies("x=1; y=2; ATLSES_=s", path="/shop")
    one.remove("nope")
    one.remove("x", "/p", "d.com")
    one.clear("/q")
    assert one.commit() == [
        f"x=; path=/p; expires={DATE}; domain=d.com",
        f"y=; path=/q; expires={DATE}",
    ]


def test_nothing_changed_nothing_sent() -> None:
    """Reading makes no line, and a commit sends each change once."""
    one = cookies("a=1")
    assert one["a"] == "1"
    assert one.commit() == []
    one["a"] = "2"
    assert len(one.commit()) == 1
    assert one.commit() == []


def test_rollback() -> None:
    """A failed request sends nothing, and sees its cookies as they were."""
    one = cookies("a=1")
    one["a"] = "2"
    one["b"] = "3"
    one.rollback()
    assert list(one.items()) == [("a", "1")]
    assert one.commit() == []


# -- injection ----------------------------------------------------------------------------------------------


@given(st.text(), st.text())
def test_names_and_values_cannot_inject(name: str, value: str) -> None:
    """Whatever a name and a value contain, the line has one attribute more than they, and is one line."""
    one = cookies()
    try:
        one.set(name, value)
    except ValueError:
        assert not name
        return
    (line,) = one.commit()
    assert line.isascii()
    assert line.isprintable()
    assert line.count(";") == 1
    assert line.endswith("; path=/")


def test_written_cookies_are_read_back() -> None:
    """A browser that returns the pair of a line gives name and value back."""
    for name, value in {"a b;c": "1", "한": "한스 Roh+", "x=y": '=;,\r\n\x00"\\', "a": "\t"}.items():
        one = cookies()
        one.set(name, value)
        pair = one.commit()[0].partition(";")[0]
        assert dict(cookies(pair).items()) == {name: value}


@pytest.mark.parametrize("option", ["path", "domain", "expires"])
@pytest.mark.parametrize("text", ["a; Secure", "a\r\nSet-Cookie: b=1", "a\nb", "a\0", "a\x7f", "한"])
def test_attributes_cannot_inject(option: str, text: str) -> None:
    """Text that would become another attribute or line is refused with a remedy."""
    one = cookies()
    with pytest.raises(ValueError, match=rf"cannot be a cookie's {option}: (leave out|write it)"):
        one.set("k", "v", **{option: text})  # type: ignore[arg-type]
    assert one.commit() == []
    assert "k" not in one


def test_unknown_same_site() -> None:
    """A value that browsers do not know, or that is more than one, names those that they do."""
    for text in ("Bogus", "Lax; Domain=evil.com"):
        with pytest.raises(ValueError, match="use 'Strict', 'Lax' or 'None'"):
            lines(same_site=text)


@pytest.mark.parametrize(
    ("arguments", "error", "remedy"),
    [
        (("", "v"), ValueError, "give a string that is not empty"),
        ((5, "v"), TypeError, "name is a str, not int"),
        (("k", 5), TypeError, r"use str\(value\)"),
        (("k", None), TypeError, "not NoneType"),
        (("k", "v", object()), TypeError, "number of seconds, 'now' or 'never'"),
        (("k", "v", None, 5), TypeError, "path is a str, not int"),
    ],
)
def test_wrong_types(arguments: tuple[Any, ...], error: type[Exception], remedy: str) -> None:
    """Arguments of a wrong type are refused with a remedy, and change nothing."""
    one = cookies()
    with pytest.raises(error, match=remedy):
        one.set(*arguments)
    assert one.commit() == []


def test_lone_surrogates_do_not_fail() -> None:
    """Text that has no UTF-8 form, as JSON bodies can smuggle in, is sent with replacements."""
    one = cookies()
    one.set("k\ud800", "v\ud800")
    assert one.commit() == [f"{quote_plus('k?')}={quote_plus('v?')}; path=/"]


def test_long_cookies_are_warned_of(caplog: pytest.LogCaptureFixture) -> None:
    """A cookie that browsers will drop is named in the log."""
    one = cookies()
    with caplog.at_level(logging.WARNING, "atila_compat.http"):
        one.set("small", "x" * 4000)
        assert not caplog.records
        one.set("large", "x" * 4100)
    (record,) = caplog.records
    assert record.getMessage().startswith("the cookie large has 4114 bytes: browsers drop those above 4093")
