"""The text of one-time tokens."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atila_compat.http.signing import seal
from atila_compat.http.tagged import dumps
from atila_compat.security.ott import OneTimeToken, decode, encode

from ..http import recorded_cookies as recorded

KEYS = (b"one", b"two")


@pytest.mark.parametrize(
    "value", ["hans", None, 0, {"id": 3, "tags": ["a", None]}, (1, {2}), datetime(2020, 1, 2), b"x"]
)
def test_comes_back_as_it_was(value: Any) -> None:
    """A token holds any storable value, of the same types."""
    token = OneTimeToken(value, 5.5, "rset", "secret")
    assert decode(encode(token, KEYS), KEYS) == token


def test_text_is_fit_for_links() -> None:
    """No character of a token is changed in a URL, a form or a mail."""
    for size in (1, 5000):
        text = encode(OneTimeToken("한 ?&=+/" * size, 0), KEYS)
        assert re.fullmatch(r"[\w.~-]+", text, re.ASCII)


def test_every_key_verifies() -> None:
    """A token of an older key is read, one of a key that is gone is not."""
    text = encode(OneTimeToken("x", 0), (b"two",))
    assert decode(text, KEYS) is not None
    assert decode(text, (b"three",)) is None


def test_unstorable_values_are_refused() -> None:
    """The error says what can be stored."""
    with pytest.raises(TypeError, match="object cannot be stored in a cookie or token"):
        encode(OneTimeToken(object(), 0), KEYS)


def test_no_single_byte_can_be_changed() -> None:
    """Whatever byte of a token is changed, it says what it said, or nothing."""
    token = OneTimeToken("hans", 1000, "rset", "secret")
    text = encode(token, KEYS)
    for place in range(len(text)):
        for code in range(256):
            assert decode(text[:place] + chr(code) + text[place + 1 :], KEYS, legacy=True) in (None, token)
        assert decode(text[:place], KEYS, legacy=True) is None


@given(st.text() | st.none() | st.integers() | st.binary())
def test_anything_else_is_nothing(text: Any) -> None:
    """What nobody has signed, or is no text, is no token, and raises nothing."""
    assert decode(text, KEYS, legacy=True) is None


@given(
    st.recursive(
        st.none() | st.integers() | st.text(max_size=3),
        lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=2), inner, max_size=2),
    )
)
def test_any_signed_content(content: Any) -> None:
    """Even a text that was signed with our key, but holds no token, raises nothing."""
    decode(seal(KEYS, "one-time token").close(dumps(content)), KEYS)


def test_other_sealed_texts_are_no_tokens() -> None:
    """A session's text is not accepted as a token."""
    assert decode(seal(KEYS, "ATLSES_").close(dumps(["x", 0, None, ""])), KEYS) is None


def test_tokens_of_the_original() -> None:
    """They are read where that is asked for, with the name of their session."""
    keys = (recorded.KEY.encode(),)
    assert decode(recorded.OTT_KEYED, keys) is None
    token = decode(recorded.OTT_KEYED, keys, legacy=True)
    assert token is not None
    assert (token.value, token.session_key, token.session_item) == ("hans", "rset", "_rset_token")
