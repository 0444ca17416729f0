"""Passwords as apps keep them: a random salt and a signature (spec/04 section 10)."""

from __future__ import annotations

import base64
import hmac
import secrets


def _signature(password: str, salt: str) -> str:
    digest = hmac.digest(
        password.encode("utf-8", "surrogatepass"), salt.encode("utf-8", "surrogatepass"), "sha256"
    )
    return base64.b64encode(digest).decode("ascii")


def encrypt_password(password: str) -> tuple[str, str]:
    """(salt, signature) to be kept in place of a password; made anew, with another salt, at each call.

    Raises TypeError where the password is no str.
    """
    if not isinstance(password, str):
        raise TypeError(f"a password is a str, not {type(password).__name__}")
    salt = base64.b64encode(secrets.token_bytes(16)).decode("ascii")
    return salt, _signature(password, salt)


def verify_password(password: str, salt: str, signature: str) -> bool:
    """Whether `salt` and `signature` were made of this password; False for anything that is no str."""
    if not (isinstance(password, str) and isinstance(salt, str) and isinstance(signature, str)):
        return False
    given = signature.encode("utf-8", "surrogatepass")
    return hmac.compare_digest(_signature(password, salt).encode(), given)
