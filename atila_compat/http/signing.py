"""Seals: texts that clients keep for an app and cannot alter (itsdangerous, HMAC-SHA256).

Sessions, message boxes and one-time tokens are sealed. Each purpose has a key of its own, derived from the
app's secure key, so that the text of one can never stand for another.
"""

from __future__ import annotations

import functools
import hashlib
import hmac
import zlib
from collections.abc import Iterable

from itsdangerous import BadData, Signer
from itsdangerous.encoding import base64_decode, base64_encode

SecureKey = str | bytes | Iterable[str | bytes]
"""What `app.securekey` may be: one key, or several of which the first signs and all verify."""

MAX_SEALED = 16 * 1024
"""Bytes: a sealed text above this is not looked at."""
MAX_CONTENT = 1024 * 1024
"""Bytes: content that would unpack to more is refused."""

_COMPRESS_FROM = 800
_COMPRESSED = "~"


def secure_keys(securekey: SecureKey | None) -> tuple[bytes, ...]:
    """The keys as bytes, the one that signs first.

    Raises AssertionError where there is none (spec/04 section 5).
    """
    if isinstance(securekey, str):
        keys: tuple[bytes, ...] = (securekey.encode(),)
    elif isinstance(securekey, bytes):
        keys = (securekey,)
    else:
        keys = tuple(key.encode() if isinstance(key, str) else key for key in securekey or ())
    if not keys or not all(keys):
        raise AssertionError(
            "Secret key is not configured: set pref.securekey (or app.securekey) to a long random string"
        )
    return keys


class Seal:
    """Signs and verifies texts of one purpose.

    Args:
        keys: secret keys, the one that signs first.
        purpose: what the texts are for; the same keys make different seals for different purposes.
    """

    __slots__ = ("_signer",)

    def __init__(self, keys: tuple[bytes, ...], purpose: str) -> None:
        context = b"atila_compat:" + purpose.encode("utf-8", "surrogatepass")
        derived = [
            hmac.digest(key, context, "sha256") for key in reversed(keys)
        ]  # the signer's newest is last
        self._signer = Signer(derived, key_derivation="none", digest_method=hashlib.sha256)

    def close(self, content: bytes) -> str:
        """The sealed text of `content`: url-safe characters, `.` and `~`, fit for cookies and URLs."""
        mark = ""
        if len(content) >= _COMPRESS_FROM:
            packed = zlib.compress(content)
            if len(packed) < len(content):
                mark, content = _COMPRESSED, packed
        return self._signer.sign(mark.encode() + base64_encode(content)).decode("ascii")

    def open(self, text: str) -> bytes | None:
        """What was sealed; None for anything that `close` has not made with one of the keys."""
        if len(text) > MAX_SEALED or not text.isascii():
            return None
        try:
            encoded = self._signer.unsign(text).decode("ascii")
            content = base64_decode(encoded.removeprefix(_COMPRESSED))
        except BadData:
            return None
        return unpack(content) if encoded.startswith(_COMPRESSED) else content


def unpack(packed: bytes) -> bytes | None:
    """Decompress; None where it is no zlib data, or has more than `MAX_CONTENT` bytes."""
    inflate = zlib.decompressobj()
    try:
        content = inflate.decompress(packed, MAX_CONTENT)
    except zlib.error:
        return None
    return content if inflate.eof else None


@functools.lru_cache(maxsize=1024)
def seal(keys: tuple[bytes, ...], purpose: str) -> Seal:
    """The seal for these keys and this purpose; made once, since deriving keys is not for every request."""
    return Seal(keys, purpose)
