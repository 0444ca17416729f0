from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atila_compat.security.cors import answer_headers, is_allowed, preflight

SHOP = "http://shop.example"


def ask(**options: Any) -> tuple[int, dict[str, str]]:
    """A preflight request for POST from the shop, but for `options`."""
    asked: dict[str, Any] = {
        "origin": SHOP,
        "requested_method": "POST",
        "requested_headers": None,
        "methods": {"POST", "OPTIONS"},
        "allowed": ["*"],
    }
    status_code, headers = preflight(**(asked | options))
    return status_code, dict(headers)


@pytest.mark.parametrize(
    ("origin", "allowed", "expected"),
    [
        (None, None, True),
        (None, [SHOP], True),
        (None, "same", True),
        (SHOP, None, True),
        (SHOP, ["*"], True),
        (SHOP, "*", True),
        (SHOP, [SHOP], True),
        (SHOP, ["http://other.example", SHOP], True),
        (SHOP, ["http://other.example"], False),
        (SHOP, ["shop.example"], False),
        (SHOP, [], False),
        (SHOP, "same", False),
        ("HTTP://SHOP.example", [SHOP], False),
        ("null", [SHOP], False),
        ("null", ["*"], True),
    ],
)
def test_who_may_ask(origin: str | None, allowed: Any, expected: bool) -> None:
    """No Origin header and no list let pass; a list lets pass what it names, to the letter."""
    assert is_allowed(origin, allowed) is expected


def test_same_admits_the_servers_own_pages() -> None:
    """`"same"` lets pass pages of the host that is asked."""
    assert is_allowed("http://shop.example:5000", "same", "Shop.example:5000")
    assert not is_allowed("http://shop.example", "same", "shop.example:5000")
    assert not is_allowed("null", "same", "shop.example")
    assert not is_allowed("http://[", "same", "shop.example")


def test_named_origins_may_send_cookies() -> None:
    """The origin is echoed; credentials are allowed unless the list lets anybody in."""
    headers = dict(answer_headers(SHOP, [SHOP]))
    assert headers["Access-Control-Allow-Origin"] == SHOP
    assert headers["Access-Control-Allow-Credentials"] == "true"
    headers = dict(answer_headers(SHOP, ["*", SHOP]))
    assert headers["Access-Control-Allow-Origin"] == SHOP
    assert "Access-Control-Allow-Credentials" not in headers


@pytest.mark.parametrize(("origin", "allowed"), [(None, ["*"]), (SHOP, None), (SHOP, "same")])
def test_nothing_is_said_otherwise(origin: str | None, allowed: Any) -> None:
    """Without an origin, without a list and for `"same"` there are no headers."""
    assert answer_headers(origin, allowed) == []


def test_preflight() -> None:
    """A preflight request is told methods, age, headers and origin."""
    assert ask(requested_headers="Content-Type, X-Key", max_age=3600) == (
        200,
        {
            "Access-Control-Allow-Methods": "OPTIONS, POST",
            "Access-Control-Max-Age": "3600",
            "Access-Control-Allow-Headers": "Content-Type, X-Key",
            "Access-Control-Allow-Origin": SHOP,
            "Vary": "Origin",
        },
    )


@pytest.mark.parametrize("max_age", [0, None, -1])
def test_no_age_without_one(max_age: int | None) -> None:
    """Access-Control-Max-Age is sent where it is positive only."""
    assert "Access-Control-Max-Age" not in ask(max_age=max_age)[1]


def test_plain_options() -> None:
    """OPTIONS without a requested method, and without an origin, is told what there is."""
    assert ask(origin=None, requested_method=None) == (200, {"Access-Control-Allow-Methods": "OPTIONS, POST"})


def test_a_method_that_the_rule_lacks() -> None:
    """405 for a method that the rule has not got, whoever asks."""
    assert ask(requested_method="DELETE") == (405, {})


def test_an_origin_that_may_not_ask() -> None:
    """403 for an origin that is not allowed; methods and age are told, no origin is."""
    assert ask(allowed=["http://other.example"], max_age=9) == (
        403,
        {"Access-Control-Allow-Methods": "OPTIONS, POST", "Access-Control-Max-Age": "9"},
    )


@given(st.text(), st.none() | st.text() | st.lists(st.text()), st.none() | st.text())
def test_any_origin_is_judged(origin: str, allowed: Any, host: str | None) -> None:
    """No Origin header fails, and none is let in that nothing names."""
    if is_allowed(origin, allowed, host) and allowed is not None and allowed != "same":
        assert "*" in allowed or origin in allowed
