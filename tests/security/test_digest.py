from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atila_compat.security._nonces import LIFETIME, make_nonce
from atila_compat.security.digest import Verdict, is_complete, judge, parse_parameters

from .stubs import digest_response

NOW = 1_700_000_000


def answer(nonce: str, **options: Any) -> dict[str, str]:
    """The parameters of a client's answer to a nonce."""
    return parse_parameters(digest_response(nonce, **options).removeprefix("Digest "))


def verdict(given: dict[str, str], **options: Any) -> Verdict:
    """The verdict on an answer to GET / by hans, whose password is secret."""
    asked: dict[str, Any] = {"method": "GET", "realm": "Vault", "password": "secret", "now": NOW}
    return judge(given, **(asked | options))


def test_parameters() -> None:
    """Parameters may be quoted or not, with escapes and white-space; names are in lower case."""
    assert parse_parameters(' A="b \\"c\\" \\\\", d=e ,F = "g,h",') == {"a": 'b "c" \\', "d": "e", "f": "g,h"}


@pytest.mark.parametrize("text", ["hans", 'a="b', "a=b c=d", "a=1, a=2", "=x", "a", 'a="b"c', "x" * 9000, ""])
def test_malformed_parameters(text: str) -> None:
    """What is malformed, doubled or endless has no parameters at all."""
    assert parse_parameters(text) == {}


@given(st.text() | st.text('ab="\\, \t'))
def test_any_text_may_stand_for_parameters(text: str) -> None:
    """No Authorization header fails, or takes long."""
    assert isinstance(parse_parameters(text), dict)


def test_right_and_wrong_answers() -> None:
    """Only who knows the password has the right answer, for this user, method, realm and target."""
    assert verdict(answer(make_nonce(NOW))) is Verdict.RIGHT
    assert verdict(answer(make_nonce(NOW), password="guess")) is Verdict.WRONG
    assert verdict(answer(make_nonce(NOW)), method="POST") is Verdict.WRONG
    assert verdict(answer(make_nonce(NOW)), realm="Other") is Verdict.WRONG
    assert verdict(answer(make_nonce(NOW)) | {"username": "eve"}) is Verdict.WRONG
    assert verdict(answer(make_nonce(NOW)) | {"nonce": make_nonce(NOW)}) is Verdict.WRONG
    assert verdict(answer(make_nonce(NOW)) | {"response": "é\ud800"}) is Verdict.WRONG


def test_answers_pass_once() -> None:
    """The same answer is stale at the second time; the next count of the nonce passes."""
    nonce = make_nonce(NOW)
    assert verdict(answer(nonce)) is Verdict.RIGHT
    assert verdict(answer(nonce)) is Verdict.STALE
    assert verdict(answer(nonce, nc="00000002")) is Verdict.RIGHT


def test_old_nonces_are_stale() -> None:
    """A nonce expires."""
    nonce = make_nonce(NOW)
    assert verdict(answer(nonce), now=NOW + LIFETIME) is Verdict.STALE


def test_forged_nonces_are_stale() -> None:
    """What has the form of our nonces has to have our signature."""
    forged = make_nonce(NOW)[:-1] + "x"
    assert verdict(answer(forged)) is Verdict.STALE


def test_foreign_nonces() -> None:
    """With a nonce of the client's own each answer passes once, and none where that is switched off."""
    given = answer("abcdef0123456789")
    assert verdict(given, foreign=False) is Verdict.STALE
    assert verdict(given) is Verdict.RIGHT
    assert verdict(given) is Verdict.STALE
    assert verdict(answer("abcdef0123456789", cnonce="d")) is Verdict.RIGHT


def test_encrypted_passwords() -> None:
    """A record may hold the MD5 of user, realm and password; it has no SHA-256 answers."""
    import hashlib

    kept = hashlib.md5(b"hans:Vault:secret").hexdigest().upper()
    assert verdict(answer(make_nonce(NOW)), password=kept, encrypted=True) is Verdict.RIGHT
    sha = answer(make_nonce(NOW), algorithm="SHA-256")
    assert verdict(sha, password=kept, encrypted=True) is Verdict.WRONG


def test_sha_256() -> None:
    """Clients may answer with SHA-256."""
    assert verdict(answer(make_nonce(NOW), algorithm="SHA-256")) is Verdict.RIGHT


def test_complete_answers() -> None:
    """An answer needs everything that was asked for."""
    given = answer("n")
    assert is_complete(given, target="/", realm="Vault")
    assert not is_complete(given, target="/?a=1", realm="Vault")
    assert not is_complete(given, target="/", realm="Other")
    for name in ("username", "nonce", "cnonce", "response", "nc", "qop", "uri", "realm"):
        assert not is_complete({k: v for k, v in given.items() if k != name}, target="/", realm="Vault")
    for change in (
        {"qop": "auth-int"},
        {"algorithm": "MD5-sess"},
        {"nc": "x"},
        {"nc": "1" * 9},
        {"username": ""},
    ):
        assert not is_complete(given | change, target="/", realm="Vault")
