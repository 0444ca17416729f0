"""JSON Web Tokens: the original's form, other issuers' tokens, and bad ones."""

from __future__ import annotations

import base64
import copy
import hmac
import json
import time
import warnings
from typing import Any

import jwt as pyjwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from atila_compat.security.jwt import DIGESTS, MAX_TOKEN, JWTUser, decode, encode, well_formed

from ..http import recorded_cookies as recorded

KEY = b"a key of more than thirty-two bytes, as PyJWT wants it"
FAR = 4_102_444_800
INVALID = {"err": "invalid token"}


def token(claims: Any, header: Any = None, key: bytes = KEY, urlsafe: bool = False) -> str:
    """A token with any header and any content, properly signed by HS256."""
    write = base64.urlsafe_b64encode if urlsafe else base64.b64encode
    parts = [
        write(part if isinstance(part, bytes) else json.dumps(part).encode()).decode().rstrip("=")
        for part in ({"alg": "HS256", "typ": "JWT"} if header is None else header, claims)
    ]
    signature = write(hmac.digest(key, ".".join(parts).encode(), "sha256")).decode().rstrip("=")
    return ".".join([*parts, signature])


def test_recorded_token() -> None:
    """The same claims give the same token as the original, to the last character."""
    claims = {"iss": "example.com", "exp": FAR}
    assert encode(claims, recorded.KEY.encode()) == recorded.JWT
    assert decode(recorded.JWT, (recorded.KEY.encode(),), 0) == claims


@pytest.mark.parametrize("alg", DIGESTS)
def test_algorithms(alg: str) -> None:
    """Each algorithm verifies what it has signed."""
    assert decode(encode({"exp": FAR, "a": "한"}, KEY, alg), (KEY,), 0) == {"exp": FAR, "a": "한"}


@pytest.mark.parametrize("alg", ["none", "RS256", "HS", "", "hs256"])
def test_other_algorithms_cannot_sign(alg: str) -> None:
    """The error names the algorithms that can."""
    with pytest.raises(ValueError, match="use one of HS1, HS256, HS384, HS512"):
        encode({"exp": FAR}, KEY, alg)


@pytest.mark.parametrize("claims", [{}, {"a": 1}, [1], "exp", None])
def test_expiry_is_required(claims: Any) -> None:
    """No token is made without the time at which it expires."""
    with pytest.raises(AssertionError, match="exp claim required"):
        encode(claims, KEY)


def test_unstorable_claims() -> None:
    """Claims are what JSON can hold."""
    with pytest.raises(TypeError, match="not JSON serializable"):
        encode({"exp": FAR, "a": {1}}, KEY)


def test_tokens_of_other_issuers() -> None:
    """Tokens in the url-safe alphabet of RFC 7515 are read, with any `sub` and `iat`."""
    for number in range(30):
        claims = {"exp": FAR, "n": number, "text": "?>~ÿ"}
        made = pyjwt.encode(claims, KEY, "HS256")
        assert decode(made, (KEY,), 0) == claims
    odd = {"exp": FAR, "sub": 5, "iat": FAR, "aud": "x"}
    assert decode(token(odd, urlsafe=True), (KEY,), 0) == odd


def test_others_can_read_our_tokens() -> None:
    """With the alphabet changed to the url-safe one, PyJWT verifies a token's content and algorithm."""
    made = encode({"exp": FAR, "a": 1}, KEY, "HS512")
    head, content, _ = made.split(".")
    assert "+" not in head + content
    assert "/" not in head + content
    urlsafe = made.replace("+", "-").replace("/", "_")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # on the length of the key
        assert pyjwt.decode(urlsafe, KEY, ["HS512"]) == {"exp": FAR, "a": 1}


def test_short_keys_do_not_warn() -> None:
    """Keys of any length sign and verify silently, as in the original."""
    assert decode(encode({"exp": FAR}, b"k"), (b"k",), 0) == {"exp": FAR}


def test_key_rotation() -> None:
    """Any of several keys verifies."""
    made = encode({"exp": FAR}, b"old")
    assert decode(made, (b"new", b"old"), 0) == {"exp": FAR}
    assert decode(made, (b"new",), 0) == INVALID


@pytest.mark.parametrize(
    ("claims", "now", "expected"),
    [
        ({"exp": 100}, 100.0, None),
        ({"exp": 100}, 100.1, "token expired"),
        ({"exp": 100.5}, 100.4, None),
        ({"exp": 100, "nbf": 50}, 49.9, "token not activated yet"),
        ({"exp": 100, "nbf": 50}, 50.0, None),
        ({"exp": 10, "nbf": 50}, 20.0, "token expired"),
        ({"a": 1}, 1e12, None),
        ({"nbf": 50}, 1.0, "token not activated yet"),
        ({"exp": "100"}, 1.0, "invalid token"),
        ({"exp": None}, 1.0, "invalid token"),
        ({"exp": True}, 1.0, "invalid token"),
        ({"exp": float("nan")}, 1.0, "invalid token"),
        ({"exp": 10**400}, 1.0, None),
        ({"exp": 100, "nbf": "x"}, 1.0, "invalid token"),
        ({"exp": 100, "nbf": []}, 1.0, "invalid token"),
    ],
)
def test_times(claims: dict[str, Any], now: float, expected: str | None) -> None:
    """`exp` and `nbf` count; a token without `exp` does not expire; times that are no numbers are invalid."""
    assert decode(token(claims), (KEY,), now) == ({"err": expected} if expected else claims)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a.b",
        "a.b.c",
        "!.!.!",
        "..",
        "a" * 50_000,
        token({"exp": FAR}) + "x",
        token({"exp": FAR})[:-1],
        token({"exp": FAR}) + ".x",
        " " + token({"exp": FAR}),
        token({"exp": FAR}) + "\n",
        token({"exp": FAR}, key=b"other"),
        token([1]),
        token("text"),
        token(b"no json"),
        token(b"\xff\xfe"),
        token(b"[" * 5000),
        token({"exp": FAR}, header=[1]),
        token({"exp": FAR}, header={}),
        token({"exp": FAR}, header={"alg": "none"}),
        token({"exp": FAR}, header={"alg": "RS256"}),
        token({"exp": FAR}, header={"alg": ["HS256"]}),
        token({"exp": FAR}, header={"alg": None}),
        token({"exp": FAR}, header={"alg": "HS256", "crit": ["exp"]}),
        token({"exp": FAR}, header=b"\xff"),
        token({"exp": FAR}).rpartition(".")[0] + ".",
        "é.é.é",
    ],
)
def test_invalid_tokens(text: str) -> None:
    """Format, algorithm or signature: each is told as an invalid token."""
    assert decode(text, (KEY,), 0) == INVALID


def test_unsigned_tokens_of_pyjwt_are_invalid() -> None:
    """The algorithm "none" never passes."""
    assert decode(pyjwt.encode({"exp": FAR}, None, "none"), (KEY,), 0) == INVALID
    assert decode(pyjwt.encode({"exp": FAR}, None, "none") + "AAAA", (KEY,), 0) == INVALID


def test_padding_is_tolerated() -> None:
    """Segments may end in padding, as those of some issuers do."""
    assert decode(token({"exp": FAR}) + "=", (KEY,), 0) == {"exp": FAR}


def test_overlong_tokens_are_invalid() -> None:
    """A token above the limit is not looked at, even where it is signed."""
    made = encode({"exp": FAR, "a": "x" * MAX_TOKEN}, KEY)
    assert decode(made, (KEY,), 0) == INVALID
    assert not well_formed(made)


@pytest.mark.parametrize("alg", ["HS1", "HS256"])
def test_no_single_byte_can_be_changed(alg: str) -> None:
    """Whatever byte of a token is changed, it has the same claims, or is invalid."""
    claims = {"exp": FAR, "username": "hans"}
    made = encode(claims, KEY, alg)
    for place in range(len(made)):
        for code in range(256):
            assert decode(made[:place] + chr(code) + made[place + 1 :], (KEY,), 0) in (INVALID, claims)


@given(st.text() | st.from_regex(r"[\w+/-]{0,40}\.[\w+/-]{0,40}\.[\w+/-]{0,50}", fullmatch=True))
def test_any_text_is_invalid(text: str) -> None:
    """Text that nobody has signed is invalid, and raises nothing."""
    assert decode(text, (KEY,), 0) == INVALID


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["exp", "nbf", "alg"]), inner)
        ),
    )
)
def test_any_signed_content(content: Any) -> None:
    """Whatever a signed token contains, there is an answer to it."""
    assert isinstance(decode(token(content), (KEY,), time.time()), dict)
    assert isinstance(decode(token({"exp": FAR}, header=content), (KEY,), time.time()), dict)


def test_user() -> None:
    """Who a token speaks for: its name, its claims as attributes, None for those that it has not."""
    user = JWTUser({"username": "hans", "name": "Hans Roh", "level": 3, "__class__": "x"})
    assert (str(user), user.name, user.username, user.level, user.nothing) == (
        "hans",
        "hans",
        "hans",
        3,
        None,
    )
    assert repr(user) == "<JWTUser hans>"
    assert str(JWTUser({"username": 5})) == "5"
    assert not hasattr(user, "__html__")
    assert copy.deepcopy(user).level == 3
