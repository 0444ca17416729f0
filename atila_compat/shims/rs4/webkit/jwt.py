"""`rs4.webkit.jwt`: signed tokens, as `was.encode_jwt` makes them."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

from ....security.jwt import INVALID, decode, encode


def _bytes(secret_key: str | bytes) -> bytes:
    return secret_key.encode() if isinstance(secret_key, str) else secret_key


def gen_token(secret_key: str | bytes, claim: Mapping[str, Any], alg: str = "HS256") -> str:
    """A signed token.

    Args:
        claim: with `exp`, in epoch seconds.
        alg: HS1, HS256, HS384 or HS512.

    Raises AssertionError where `exp` is missing, ValueError for other algorithms.
    """
    return encode(claim, _bytes(secret_key), alg)


def get_claim(secret_key: str | bytes, token: str) -> dict[str, Any]:
    """The claims of a token, whether it is valid now or not: look at `exp` and `nbf`.

    Raises ValueError for a token that is malformed, or signed by another key.
    """
    claims = decode(token, (_bytes(secret_key),), 0)
    if claims == {"err": INVALID}:
        raise ValueError("the token is malformed, or another key has signed it")
    if set(claims) == {"err"}:  # it is signed by this key, and its time is another one
        segment = token.split(".")[1].replace("-", "+").replace("_", "/")
        return dict(json.loads(base64.b64decode(segment + "=" * (-len(segment) % 4))))
    return claims
