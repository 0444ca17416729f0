"""HTTP digest authentication (spec/05 section 8, RFC 7616), without the replays that the original lets pass.

An answer to a challenge of ours passes while its nonce is good, for each nonce count once; a stale one is
challenged anew with `stale=true`, which browsers answer by themselves. The original takes any nonce; with one
that a client has made up, each answer passes once, and none with `app.config.DIGEST_FOREIGN_NONCES = False`.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from enum import Enum

from ._nonces import counts, looks_like_ours, made_at

MAX_LENGTH = 8192
"""Characters of credentials that are looked at; longer ones are refused."""
ALGORITHMS = {"MD5": "md5", "SHA-256": "sha256"}
"""Hash function by the name that clients give."""

_PARAMETER = re.compile(r'\s*+([A-Za-z0-9_*-]++)\s*+=\s*+(?:"((?:[^"\\]|\\.)*+)"|([^\s,"]*+))\s*+(?:,|$)')
_COUNT = re.compile(r"[0-9a-fA-F]{1,8}")


class Verdict(Enum):
    """What is to be made of an answer."""

    RIGHT = "right"
    WRONG = "wrong"
    STALE = "stale"
    """Right, but its nonce is not good any more, or was used with this count."""


def parse_parameters(text: str) -> dict[str, str]:
    """The parameters of an Authorization header, `name=value, name="value"`; empty where it is malformed."""
    text = text.strip()
    if len(text) > MAX_LENGTH:
        return {}
    found: dict[str, str] = {}
    position = 0
    while position < len(text):
        match = _PARAMETER.match(text, position)
        if match is None or match[1].lower() in found:
            return {}
        found[match[1].lower()] = re.sub(r"\\(.)", r"\1", match[2]) if match[2] is not None else match[3]
        position = match.end()
    return found


def _hash(algorithm: str, *parts: str) -> str:
    text = ":".join(parts).encode("utf-8", "surrogatepass")
    return hashlib.new(ALGORITHMS[algorithm], text, usedforsecurity=False).hexdigest()


def expected_response(
    given: Mapping[str, str], *, method: str, realm: str, password: str, encrypted: bool = False
) -> str:
    """The response that knows the password.

    Args:
        given: the parameters of the answer; `algorithm`, if any, is one of ALGORITHMS.
        method: of the request.
        realm: of the app.
        password: the password; if `encrypted`, the MD5 of `user:realm:password` in hexadecimal digits.
    """
    algorithm = given.get("algorithm", "MD5").upper()
    secret = password.lower() if encrypted else _hash(algorithm, given["username"], realm, password)
    what = _hash(algorithm, method, given["uri"])
    return _hash(algorithm, secret, given["nonce"], given["nc"], given["cnonce"], given["qop"], what)


def is_complete(given: Mapping[str, str], *, target: str, realm: str) -> bool:
    """Whether an answer has all that is asked for: our realm, the request's own target, quality `auth`."""
    return (
        all(given.get(name) for name in ("username", "nonce", "cnonce", "response"))
        and given.get("realm") == realm
        and given.get("uri") == target
        and given.get("qop", "").lower() == "auth"
        and given.get("algorithm", "MD5").upper() in ALGORITHMS
        and _COUNT.fullmatch(given.get("nc", "")) is not None
    )


def judge(
    given: Mapping[str, str],
    *,
    method: str,
    realm: str,
    password: str,
    encrypted: bool = False,
    now: float,
    foreign: bool = True,
) -> Verdict:
    """What is to be made of a complete answer; a right one is used up.

    Args:
        given: parameters for which `is_complete` holds.
        method, realm, password, encrypted: as for `expected_response`.
        now: seconds since the epoch.
        foreign: whether nonces count that the client has made up.
    """
    if encrypted and given.get("algorithm", "MD5").upper() != "MD5":
        return Verdict.WRONG
    expected = expected_response(given, method=method, realm=realm, password=password, encrypted=encrypted)
    if not hmac.compare_digest(expected.encode(), given["response"].lower().encode("utf-8", "surrogatepass")):
        return Verdict.WRONG
    nonce, count = given["nonce"], int(given["nc"], 16)
    if looks_like_ours(nonce):
        made = made_at(nonce, now)
        good = made is not None and counts.use(nonce, count, made)
    else:
        good = foreign and counts.use(f"{nonce}:{given['response'].lower()}", 1, int(now))
    return Verdict.RIGHT if good else Verdict.STALE
