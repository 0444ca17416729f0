"""Seals: what they accept, and what they make of everything else."""

from __future__ import annotations

import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atila_compat.http.signing import MAX_CONTENT, MAX_SEALED, Seal, seal, secure_keys, unpack

KEYS = (b"first", b"second")


@given(st.binary(max_size=3000))
def test_opens_what_it_closed(content: bytes) -> None:
    """Any content comes back as it was."""
    one = Seal(KEYS, "p")
    assert one.open(one.close(content)) == content


def test_text_fits_cookies_and_urls() -> None:
    """A sealed text consists of characters that neither cookies nor URLs quote."""
    for content in (b"\xff\xfe" * 300, b"a" * 5000):
        assert all(c.isalnum() or c in "-_.~" for c in Seal(KEYS, "p").close(content))


def test_long_content_is_compressed() -> None:
    """Repetitive content of some size takes less room than it has bytes."""
    assert len(Seal(KEYS, "p").close(b"abcd" * 1000)) < 200


def test_every_key_verifies() -> None:
    """A text sealed with an older key opens; one with a key that is gone does not."""
    assert Seal(KEYS, "p").open(Seal((b"second",), "p").close(b"x")) == b"x"
    assert Seal(KEYS, "p").open(Seal((b"third",), "p").close(b"x")) is None


def test_first_key_signs() -> None:
    """New texts are sealed with the first key."""
    text = Seal(KEYS, "p").close(b"x")
    assert Seal((b"first",), "p").open(text) == b"x"
    assert Seal((b"second",), "p").open(text) is None


def test_purposes_do_not_mix() -> None:
    """The text of one purpose never opens for another."""
    assert Seal(KEYS, "session").open(Seal(KEYS, "token").close(b"x")) is None


def test_no_single_byte_can_be_changed() -> None:
    """Whatever byte is changed, the text opens to what it was, or not at all."""
    one = Seal(KEYS, "p")
    for content in (b"some content", b"compressed content " * 100):
        text = one.close(content)
        for place in range(len(text)):
            for code in range(256):
                changed = text[:place] + chr(code) + text[place + 1 :]
                assert one.open(changed) in (None, content)


def test_truncated_and_extended_texts_are_refused() -> None:
    """Pieces of a text, and text that is longer, do not open."""
    one = Seal(KEYS, "p")
    text = one.close(b"some content")
    assert all(one.open(text[:end]) is None for end in range(len(text)))
    assert all(one.open(text[start:]) is None for start in range(1, len(text)))
    assert one.open("x" + text) is None


@given(st.text())
def test_any_text_is_refused(text: str) -> None:
    """No text but a sealed one opens, and none raises."""
    assert Seal(KEYS, "p").open(text) is None


def test_overlong_text_is_refused() -> None:
    """A text above the limit is not looked at, even where it is signed."""
    one = Seal(KEYS, "p")
    noise = b"".join(zlib.crc32(bytes([n % 256, n // 256])).to_bytes(4, "big") for n in range(4000))
    fitting, overlong = noise[: MAX_SEALED // 2], noise[:MAX_SEALED]
    assert one.open(one.close(fitting)) == fitting
    assert one.open(one.close(overlong)) is None


def test_bombs_are_refused() -> None:
    """Compressed content does not unpack beyond the limit, truncated content not at all."""
    assert unpack(zlib.compress(bytes(MAX_CONTENT))) == bytes(MAX_CONTENT)
    assert unpack(zlib.compress(bytes(MAX_CONTENT + 1))) is None
    assert unpack(zlib.compress(b"abc")[:-1]) is None
    assert unpack(b"no zlib") is None


def test_keys_of_an_app() -> None:
    """One key or several, as str or bytes, become bytes in the same order."""
    assert secure_keys("ä") == ("ä".encode(),)
    assert secure_keys(b"x") == (b"x",)
    assert secure_keys(["new", b"old"]) == (b"new", b"old")


@pytest.mark.parametrize("securekey", [None, "", b"", [], [""], ["a", ""]])
def test_missing_key(securekey: list[str | bytes] | str | bytes | None) -> None:
    """Without a key the error says so by name, and what to do."""
    with pytest.raises(AssertionError, match=r"^Secret key is not configured: set pref\.securekey"):
        secure_keys(securekey)


def test_keys_are_derived_once() -> None:
    """The seal of an app and purpose is made once."""
    assert seal(KEYS, "p") is seal((b"first", b"second"), "p")
    assert seal(KEYS, "p") is not seal(KEYS, "q")
