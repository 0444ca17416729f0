"""One-time passwords that follow the clock."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atila_compat.security.otp import generate_otp, password, verify

from ..http.browsing import App, Browser

NOW = 1_795_340_000.3


def test_algorithm() -> None:
    """A password is the digest of the time in tens of seconds, less a number that the secret makes."""
    serial = int(hashlib.md5(b"b'otp-key'").hexdigest()[-8:], 16)
    expected = hashlib.md5(str(round(NOW - serial, -1)).encode()).hexdigest()
    assert password(b"otp-key", NOW) == expected


@pytest.mark.parametrize("salt", [b"key", "key", 5, "한"])
def test_clocks_may_differ(salt: object) -> None:
    """A password is accepted while the clocks differ by up to about 20 seconds, and not much longer."""
    made = password(salt, NOW)
    assert all(verify(made, (salt,), NOW + offset) for offset in range(-20, 21))
    assert not any(verify(made, (salt,), NOW + offset) for offset in (-40, -31, 31, 40, 3600))


def test_any_of_several_secrets() -> None:
    """After a change of keys passwords of the older one are still accepted."""
    assert verify(password(b"old", NOW), (b"new", b"old"), NOW)
    assert not verify(password(b"gone", NOW), (b"new", b"old"), NOW)


def test_clients_make_what_apps_verify() -> None:
    """README: `generate_otp(secret_key)` with the app's `securekey`, as str or bytes."""
    with Browser(App(securekey="otp-key")).request() as was:
        for key in ("otp-key", b"otp-key"):
            code = generate_otp(key)
            assert was.verify_otp(code) == code
        assert was.verify_otp(generate_otp("other")) is False
        assert was.verify_otp(was.generate_otp()) == was.generate_otp()


def test_own_secret() -> None:
    """A secret that is given stands for the app's, by what `str()` makes of it."""
    with Browser().request() as was:
        code = was.generate_otp("other")
        assert was.verify_otp(code) is False
        assert was.verify_otp(code, "other") == code


def test_rotated_keys() -> None:
    """With several keys the first one makes passwords, all verify."""
    app = App(securekey="old")
    with Browser(app).request() as was:
        code = was.generate_otp()
        app.securekey = ["new", "old"]
        assert was.verify_otp(code) == code
        assert was.generate_otp() != code


@pytest.mark.parametrize("otp", [None, "", 5, b"x", ["x"], "é" * 32, "0" * 32, "\ud800"])
def test_bad_passwords(otp: object) -> None:
    """Anything that is no right password is refused."""
    with Browser().request() as was:
        assert was.verify_otp(otp) is False


@given(st.text())
def test_any_text_is_refused(otp: str) -> None:
    """No text but the password is accepted, and none raises."""
    assert verify(otp, (b"key",), NOW) is False
