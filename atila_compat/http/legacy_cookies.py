"""Reads sessions, message boxes and one-time tokens that the original has signed (spec/04 sections 5, 6, 10).

On for apps with `read_legacy_sessions`, so that nobody is logged out by the move. The signature is verified
first; the pickles behind it are read as plain data, nothing in them can run.
"""

from __future__ import annotations

import base64
import hmac
from typing import Any
from urllib.parse import unquote_plus

from ._plain_pickle import loads


def _decoded(text: str) -> bytes:
    """Base64 in the standard alphabet, with or without padding; ValueError for anything else."""
    return base64.b64decode(text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4), validate=True)


def _verified(signature: str, content: bytes, keys: tuple[bytes, ...]) -> bool:
    try:
        given = _decoded(signature)
    except ValueError:
        return False
    return any(hmac.compare_digest(hmac.digest(key, content, "sha1"), given) for key in keys)


def _items(text: str, keys: tuple[bytes, ...]) -> list[str] | None:
    """The items of a signed cookie; None where the signature does not fit."""
    signature, mark, content = text.partition("?")
    items = content.split("&")
    if (
        not mark
        or not text.isascii()
        or not _verified(signature, "".join(f"|{item}" for item in items).encode(), keys)
    ):
        return None
    return items


def read_session(text: str, keys: tuple[bytes, ...]) -> list[Any] | None:
    """[expiry (epoch seconds), client address, values] of a session cookie; None where it is no valid one."""
    items = _items(text, keys)
    if items is None:
        return None
    try:
        values: dict[str, Any] = {}
        for item in items:
            name, _, packed = item.partition("=")
            values[unquote_plus(name)] = loads(_decoded(packed))
        expiry, source = values.pop("_valids")
        return [int(expiry), str(source), values]
    except (KeyError, OverflowError, TypeError, ValueError):
        return None


def read_mbox(text: str, keys: tuple[bytes, ...]) -> list[Any] | None:
    """[client address, messages] of a message box cookie; None where it is no valid one."""
    items = _items(text, keys)
    if items is None:
        return None
    try:
        (_, _, source), *messages = (loads(_decoded(item)) for item in items)
        return [str(source), messages]
    except (TypeError, ValueError):
        return None


def read_ott(text: str, keys: tuple[bytes, ...]) -> tuple[Any, float, tuple[str, str] | None] | None:
    """(value, expiry or 0, (name, value) in the session or None) of a valid one-time token; else None."""
    signature, _, packed = text.partition("?")
    try:
        content = _decoded(packed)
        if not text.isascii() or not _verified(signature, content, keys):
            return None
        fields = loads(content)
        value, expiry, session_token = fields["object"], fields["timeout"], fields.get("_session_token")
        if not isinstance(expiry, (int, float)):
            return None
        if session_token is None:
            return value, expiry, None
        name, secret = session_token
        return value, expiry, (str(name), str(secret))
    except (AttributeError, LookupError, TypeError, ValueError):
        return None
