"""JSON Web Tokens with an HMAC signature, in the form that the original reads and writes (spec/04 section 8).

Segments are in standard base64 without padding, where RFC 7515 has the url-safe alphabet. Servers of the
original refuse any other, so that is what we write; both are read. PyJWT's `encode` and `decode` know the
url-safe one only, so its algorithms sign and verify, and the framing is ours.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import json
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jwt.algorithms import HMACAlgorithm

DIGESTS = {"HS1": "sha1", "HS256": "sha256", "HS384": "sha384", "HS512": "sha512"}
"""Hash function by algorithm."""

MAX_TOKEN = 16 * 1024
"""Characters: a longer token is invalid."""

NO_TOKEN = "no bearer token"  # noqa: S105 - what clients are told
INVALID = "invalid token"
EXPIRED = "token expired"
EARLY = "token not activated yet"

_TOKEN = re.compile(r"([A-Za-z0-9+/_-]+)={0,2}\.([A-Za-z0-9+/_-]+)={0,2}\.([A-Za-z0-9+/_-]+)={0,2}")


class JWTUser:
    """Who a token with a `username` claim speaks for; claims are attributes, missing ones are None."""

    def __init__(self, claims: Mapping[str, Any]) -> None:
        self.__dict__.update({name: value for name, value in claims.items() if not name.startswith("__")})
        self.name = claims["username"]

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # protocols such as __html__ or __deepcopy__ are not claims
            raise AttributeError(name)
        return None

    def __str__(self) -> str:
        return str(self.name)

    def __repr__(self) -> str:
        return f"<JWTUser {self.name}>"


@functools.cache
def _algorithm(name: str) -> HMACAlgorithm | None:
    from jwt.algorithms import HMACAlgorithm  # PyJWT is imported when the first token comes

    digest = DIGESTS.get(name)
    return HMACAlgorithm(getattr(hashlib, digest)) if digest else None


def _segment(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii").rstrip("=")


def _content(segment: str) -> bytes:
    text = segment.replace("-", "+").replace("_", "/")
    content = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    if _segment(content) != text:
        raise ValueError("not the one way to write it")
    return content


def _json(content: bytes) -> dict[str, Any]:
    value = json.loads(content.decode("utf-8"))
    if not isinstance(value, dict):
        raise ValueError("a JSON object is wanted")
    return value


def encode(claims: Mapping[str, Any], key: bytes, alg: str = "HS256") -> str:
    """A signed token.

    Args:
        claims: with `exp`, in epoch seconds; values are what JSON can hold.
        key: the secret.
        alg: HS1, HS256, HS384 or HS512.

    Raises AssertionError where `exp` is missing, ValueError for other algorithms, TypeError for values that
    JSON has no form for.
    """
    if not isinstance(claims, Mapping) or "exp" not in claims:
        raise AssertionError(
            'exp claim required: add "exp", the time in epoch seconds at which the token expires'
        )
    algorithm = _algorithm(alg)
    if algorithm is None:
        raise ValueError(f"tokens cannot be signed by {alg!r}: use one of {', '.join(DIGESTS)}")
    header = _segment(json.dumps({"alg": alg, "typ": "JWT"}).encode())
    content = f"{header}.{_segment(json.dumps(dict(claims)).encode())}"
    return f"{content}.{_segment(algorithm.sign(content.encode(), key))}"


def well_formed(token: str) -> bool:
    """Whether it looks like a token and its header can be read, whoever has signed it."""
    found = _TOKEN.fullmatch(token) if len(token) <= MAX_TOKEN else None
    if found is None:
        return False
    try:
        _json(_content(found[1]))
    except (RecursionError, ValueError):
        return False
    return True


def decode(token: str, keys: tuple[bytes, ...], now: float) -> dict[str, Any]:
    """The claims of a token that one of `keys` has signed, or `{"err": reason}`.

    Claims without `exp` never expire. Only `exp` and `nbf` are looked at, as in the original.

    Args:
        token: three segments of base64 in either alphabet.
        keys: the secrets that are trusted.
        now: the time as epoch seconds.
    """
    found = _TOKEN.fullmatch(token) if len(token) <= MAX_TOKEN else None
    if found is None:
        return {"err": INVALID}
    try:
        header = _json(_content(found[1]))
        signature = _content(found[3])
        algorithm = _algorithm(header["alg"]) if "crit" not in header else None
        signed = token.rpartition(".")[0].encode("ascii")
        if algorithm is None or not any(algorithm.verify(signed, key, signature) for key in keys):
            return {"err": INVALID}
        claims = _json(_content(found[2]))
    except (KeyError, RecursionError, TypeError, ValueError):
        return {"err": INVALID}
    if not all(_is_time(claims[name]) for name in ("exp", "nbf") if name in claims):
        return {"err": INVALID}
    if claims.get("exp", now) < now:
        return {"err": EXPIRED}
    if claims.get("nbf", now) > now:
        return {"err": EARLY}
    return claims


def _is_time(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and value == value
