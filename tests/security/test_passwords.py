"""Passwords as apps keep them."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atila_compat.security.passwords import encrypt_password, verify_password

from ..http import recorded_cookies as recorded
from ..http.browsing import App, Browser


@given(st.text(st.characters(exclude_categories=[])))
def test_verifies_what_was_encrypted(password: str) -> None:
    """A password fits what was made of it, another does not."""
    salt, signature = encrypt_password(password)
    assert verify_password(password, salt, signature) is True
    assert verify_password(password + "x", salt, signature) is False


def test_recorded_password() -> None:
    """What apps have stored with the original still fits."""
    assert verify_password("pässword", *recorded.PASSWORD)
    assert not verify_password("password", *recorded.PASSWORD)


def test_salts_are_random() -> None:
    """The same password is kept in another way each time, with a salt of 16 bytes."""
    pairs = [encrypt_password("pw") for _ in range(20)]
    assert len({salt for salt, _ in pairs}) == len({signature for _, signature in pairs}) == 20
    assert {len(base64.b64decode(salt)) for salt, _ in pairs} == {16}


@pytest.mark.parametrize(
    "arguments",
    [
        (None, "a", "b"),
        ("pw", None, "b"),
        ("pw", "a", None),
        (b"pw", "a", "b"),
        ("pw", "é", "é"),
        ("pw", "\ud800", ""),
    ],
)
def test_bad_arguments_do_not_fit(arguments: tuple[Any, Any, Any]) -> None:
    """Values of other types, or other alphabets, never fit and never raise."""
    assert verify_password(*arguments) is False


def test_only_text_is_encrypted() -> None:
    """A password that is no str is a TypeError."""
    with pytest.raises(TypeError, match="a password is a str, not bytes"):
        encrypt_password(b"pw")  # type: ignore[arg-type]


def test_needs_no_secure_key() -> None:
    """`was` offers both, in apps without a `securekey` too."""
    with Browser(App(securekey=None)).request() as was:
        assert was.verify_password("pw", *was.encrypt_password("pw"))
