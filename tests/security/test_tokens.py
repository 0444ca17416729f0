"""The token methods of `was`: names, defaults, and what they share with session and user."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atila_compat.security import jwt
from atila_compat.security.jwt import JWTUser

from ..http.browsing import KEY, App, Browser, Was, attributes

FAR = 4_102_444_800


def bearer(**claims: Any) -> dict[str, str]:
    """The header that a client sends with a token of the app."""
    return {"Authorization": "Bearer " + jwt.encode({"exp": FAR, **claims}, KEY.encode())}


# -- JSON Web Tokens ----------------------------------------------------------------------------------------


def test_bearer_token() -> None:
    """Without an argument the bearer token of the request is decoded, whatever the case of the scheme."""
    for scheme in ("Bearer ", "bearer ", "BEARER "):
        headers = {"Authorization": scheme + jwt.encode({"exp": FAR, "a": 1}, KEY.encode())}
        with Browser().request(headers) as was:
            assert was.decode_jwt() == was.dejwt() == {"exp": FAR, "a": 1}


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Basic aGFuczp4", "token", "Bearer\ta.b.c"])
def test_no_bearer_token(header: str) -> None:
    """A request without a bearer token has no claims but the reason."""
    with Browser().request({"Authorization": header}) as was:
        assert was.decode_jwt() == {"err": "no bearer token"}
    with Browser().request() as was:
        assert was.decode_jwt() == {"err": "no bearer token"}


@pytest.mark.parametrize("header", ["Bearer a", "Bearer a.b.c", "Bearer  a.b.c d", "Bearer \xff"])
def test_invalid_bearer_token(header: str) -> None:
    """A bearer token that is none of ours is invalid."""
    with Browser().request({"Authorization": header}) as was:
        assert was.decode_jwt() == {"err": "invalid token"}


def test_last_claims_are_kept() -> None:
    """Without an argument the last token of the request is told again, right or wrong."""
    with Browser().request(bearer(a=1)) as was:
        assert was.decode_jwt()["a"] == 1
        other = was.encode_jwt({"exp": FAR, "b": 2})
        assert was.decode_jwt(other) == was.decode_jwt() == {"exp": FAR, "b": 2}
        assert was.decode_jwt("bad") == was.decode_jwt() == {"err": "invalid token"}
        assert was.decode_jwt(other)["b"] == 2


def test_absence_is_not_kept() -> None:
    """That there was no bearer token does not hide one that is decoded later."""
    with Browser().request() as was:
        assert "err" in was.decode_jwt()
        was.decode_jwt(was.mkjwt({"exp": FAR}))
        assert was.decode_jwt() == {"exp": FAR}


def test_own_secret() -> None:
    """A secret that is given, as str or bytes, stands for the app's."""
    with Browser().request() as was:
        token = was.mkjwt({"uid": 3, "exp": FAR}, salt=b"another")
        assert was.dejwt(token) == {"err": "invalid token"}
        assert was.dejwt(token, b"another") == was.dejwt(token, "another") == {"uid": 3, "exp": FAR}
        assert was.encode_jwt({"uid": 3, "exp": FAR}, "another") == token


def test_username_makes_the_user() -> None:
    """Claims with a `username` make `was.request.user`, others leave it."""
    with Browser().request(bearer(username="hans", level=3)) as was:
        assert was.request.user is None
        was.decode_jwt()
        assert isinstance(was.request.user, JWTUser)
        assert (str(was.request.user), was.request.user.level) == ("hans", 3)
        was.decode_jwt(was.encode_jwt({"exp": FAR}))
        assert str(was.request.user) == "hans"


def test_expired_tokens_make_no_user() -> None:
    """Who comes with an expired or forged token is nobody."""
    for token in (
        jwt.encode({"exp": 1, "username": "hans"}, KEY.encode()),
        jwt.encode({"exp": FAR, "username": "hans"}, b"forged"),
    ):
        with Browser().request({"Authorization": "Bearer " + token}) as was:
            assert "err" in was.decode_jwt()
            assert was.request.user is None


@given(st.text() | st.integers() | st.binary() | st.lists(st.integers()))
def test_any_token_has_an_answer(token: Any) -> None:
    """Whatever stands for a token, there is a reason why it is none."""
    with Browser().request() as was:
        assert was.decode_jwt(token) == {"err": "invalid token"}


# -- one-time tokens ----------------------------------------------------------------------------------------

ALIASES = [
    (Was.encode_ott, Was.decode_ott, Was.revoke_ott),
    (Was.mkott, Was.deott, Was.rvott),
    (Was.mktoken, Was.detoken, Was.rmtoken),
    (Was.token, Was.decode_ott, Was.revoke_ott),
]


@pytest.mark.parametrize(("make", "read", "revoke"), ALIASES)
def test_aliases(make: Callable[..., str], read: Callable[..., Any], revoke: Callable[..., None]) -> None:
    """All names of the original make, read and revoke tokens."""
    browser = Browser()
    with browser.request() as was:
        token = make(was, {"id": 3}, 900, "key")
    with browser.request() as was:
        assert read(was, token) == {"id": 3}
        revoke(was, token)
        assert read(was, token) is None


def test_expiry() -> None:
    """A token is valid for its timeout, 1200 seconds by default, for ever with 0 or None."""
    browser = Browser()
    with browser.request() as was:
        tokens = [
            was.encode_ott("x"),
            was.encode_ott("x", 60),
            was.encode_ott("x", 0),
            was.encode_ott("x", None),
        ]
        assert was.decode_ott(was.encode_ott("x", -1)) is None
    valid = {0: 4, 59: 4, 61: 3, 1199: 3, 1201: 2, 10**9: 2}
    start = browser.now
    for seconds, count in valid.items():
        browser.now = start + seconds
        with browser.request() as was:
            assert [was.decode_ott(token) for token in tokens].count("x") == count


def test_session_key() -> None:
    """A token with a session key is for the client that it was made with, until it is revoked."""
    browser = Browser()
    with browser.request() as was:
        token = was.encode_ott("hans", 900, "rset")
        assert was.decode_ott(token) == "hans"
    assert [line.partition("=")[0] for line in browser.lines] == ["ATLSES_RSET"]
    assert [attributes(line) for line in browser.lines] == ["path=/; expires"]
    with browser.request() as was:
        assert was.decode_ott(token) == was.decode_ott(token) == "hans"
    assert browser.lines == []
    with Browser().request() as was:
        assert was.decode_ott(token) is None
    with browser.request() as was:
        was.revoke_ott(token)
    assert browser.cookies == {}
    with browser.request() as was:
        assert was.decode_ott(token) is None
        was.revoke_ott(token)
    assert browser.lines == []


def test_newer_token_takes_the_place() -> None:
    """A session key holds for its last token; the older one neither passes nor ends it."""
    browser = Browser()
    with browser.request() as was:
        old = was.encode_ott("old", 900, "rset")
    with browser.request() as was:
        new = was.encode_ott("new", 900, "rset")
    with browser.request() as was:
        assert was.decode_ott(old) is None
        was.revoke_ott(old)
        assert was.decode_ott(new) == "new"


def test_failed_requests_make_no_revocable_token() -> None:
    """Where the request fails its session is not sent, so the token is worthless."""
    browser = Browser()
    tokens: list[str] = []
    with pytest.raises(RuntimeError):
        browser.fail(lambda was: tokens.append(was.encode_ott("x", 60, "rset")))
    with browser.request() as was:
        assert was.decode_ott(tokens[0]) is None


def test_sessions_stay_mounted() -> None:
    """Tokens with a session key leave the app's own session as it is, mounted and with its changes."""
    browser = Browser()
    with browser.request() as was:
        was.session.mount("cart")
        was.session["item"] = 1
        token = was.encode_ott("x", 900, "rset")
        assert was.session["item"] == 1
        same = was.encode_ott("y", 900, "CART")
        assert was.session["item"] == 1
        assert was.decode_ott(same) == "y"
    with browser.request() as was:
        assert was.decode_ott(token) == "x"
        was.session.mount("cart")
        assert was.session["item"] == 1
        assert was.decode_ott(same) == "y"


def test_session_key_needs_a_timeout() -> None:
    """A token for ever cannot have a session key."""
    with Browser().request() as was:
        for timeout in (0, None):
            with pytest.raises(AssertionError, match="session ott require timeout"):
                was.encode_ott("x", timeout, "key")


@pytest.mark.parametrize("text", [None, "", "garbage", "x?y", "a.b", 5, "é", "\ud800", "A" * 100_000])
def test_bad_tokens(text: Any) -> None:
    """What is no token is None, and there is nothing to revoke."""
    with Browser().request() as was:
        assert was.decode_ott(text) is None
        was.revoke_ott(text)


# -- keys ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "use",
    [
        lambda was: was.encode_jwt({"exp": FAR}),
        lambda was: was.decode_jwt(jwt.encode({"exp": FAR}, b"k")),
        lambda was: was.generate_otp(),
        lambda was: was.verify_otp("x"),
        lambda was: was.encode_ott("x"),
        lambda was: was.decode_ott("x"),
        lambda was: was.revoke_ott("x"),
    ],
)
def test_missing_secure_key(use: Callable[[Was], Any]) -> None:
    """Without a `securekey` what needs one says so, and what to do."""
    with (
        Browser(App(securekey=None)).request() as was,
        pytest.raises(AssertionError, match=r"Secret key is not configured: set pref\.securekey"),
    ):
        use(was)


def test_what_needs_no_secure_key() -> None:
    """CSRF tokens, passwords, secrets that are given, and requests without a token work without one."""
    with Browser(App(securekey=None)).request() as was:
        assert was.csrf_token
        assert was.verify_csrf() is False
        assert was.decode_jwt() == {"err": "no bearer token"}
        assert was.decode_jwt("x") == {"err": "invalid token"}
        assert was.decode_jwt("a.b.c") == {"err": "invalid token"}
        assert was.decode_jwt(was.encode_jwt({"exp": FAR}, b"k"), b"k") == {"exp": FAR}
        assert was.verify_otp(was.generate_otp("k"), "k")
        assert was.verify_otp("") is False


def test_rotated_keys() -> None:
    """With several keys the first one signs, all verify."""
    app = App(securekey="old")
    browser = Browser(app)
    with browser.request() as was:
        token, link = was.encode_jwt({"exp": FAR}), was.encode_ott("x", 900, "k")
    app.securekey = ["new", "old"]
    with browser.request() as was:
        assert was.decode_jwt(token) == {"exp": FAR}
        assert was.decode_ott(link) == "x"
        token = was.encode_jwt({"exp": FAR})
    app.securekey = "new"
    with browser.request() as was:
        assert was.decode_jwt(token) == {"exp": FAR}
        assert was.decode_ott(link) is None
