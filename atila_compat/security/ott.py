"""One-time tokens: a value in a signed text that expires and can be revoked (spec/04 section 10)."""

from __future__ import annotations

from typing import Any, NamedTuple

from ..http import tagged
from ..http.signing import seal

_PURPOSE = "one-time token"


class OneTimeToken(NamedTuple):
    """What a token says.

    Attributes:
        value: what it was made of.
        expiry: epoch seconds; 0: never.
        session_key: the session that holds its secret; None: it cannot be revoked.
        secret: what that session must hold for the token to be valid.
    """

    value: Any
    expiry: float
    session_key: str | None = None
    secret: str = ""

    @property
    def session_item(self) -> str:
        """The name under which the session holds the secret."""
        return secret_name(self.session_key or "")


def secret_name(session_key: str) -> str:
    """The name under which a session holds the secret of its token."""
    return f"_{session_key}_token"


def encode(token: OneTimeToken, keys: tuple[bytes, ...]) -> str:
    """The signed text of a token, of characters that URLs and forms leave alone.

    Raises TypeError or ValueError for values that cannot be stored.
    """
    return seal(keys, _PURPOSE).close(tagged.dumps(list(token)))


def decode(text: Any, keys: tuple[bytes, ...], legacy: bool = False) -> OneTimeToken | None:
    """The token, expired or not; None for anything that was not signed by one of the keys.

    Args:
        text: what `encode` has returned.
        keys: the secrets that are trusted.
        legacy: whether the original's tokens are read too.
    """
    if not isinstance(text, str):
        return None
    text = text.replace(" ", "+")  # what a query string makes of the original's "+"
    content = seal(keys, _PURPOSE).open(text)
    if content is not None:
        try:
            return OneTimeToken(*tagged.loads(content))
        except (TypeError, ValueError):  # sealed by another version of this package
            return None
    return _decode_original(text, keys) if legacy else None


def _decode_original(text: str, keys: tuple[bytes, ...]) -> OneTimeToken | None:
    from ..http.legacy_cookies import read_ott

    found = read_ott(text, keys)
    if found is None:
        return None
    value, expiry, session_token = found
    if session_token is None:
        return OneTimeToken(value, expiry)
    name, secret = session_token
    return OneTimeToken(value, expiry, name.removeprefix("_").removesuffix("_token"), secret)
