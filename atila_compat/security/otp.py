"""One-time passwords that follow the clock, in steps of ten seconds (spec/04 section 9).

The algorithm is the original's, so that its clients go on to work. It hides no more than 32 bits of the key:
let it guard test pages, not money.
"""

from __future__ import annotations

import hashlib
import hmac
import time
from typing import Any

OFFSETS = (0, -10, 10, -20, 20)
"""Seconds that the other's clock may be off."""


def password(salt: Any, now: float) -> str:
    """The password for a moment.

    Args:
        salt: the secret; its `str()` counts, which for bytes is `b'...'`.
        now: epoch seconds.
    """
    serial = int(hashlib.md5(str(salt).encode(), usedforsecurity=False).hexdigest()[-8:], 16)
    return hashlib.md5(str(round(now - serial, -1)).encode(), usedforsecurity=False).hexdigest()


def generate_otp(secret_key: str | bytes) -> str:
    """The password of this moment, for clients of an app with this `securekey`."""
    return password(secret_key.encode() if isinstance(secret_key, str) else secret_key, time.time())


def verify(otp: Any, salts: tuple[Any, ...], now: float) -> bool:
    """Whether `otp` is the password of one of the secrets, up to 20 seconds ago or ahead."""
    if not isinstance(otp, str) or not otp.isascii():
        return False
    given = otp.encode()
    moments = [now + offset for offset in OFFSETS]
    return any(
        hmac.compare_digest(password(salt, moment).encode(), given) for salt in salts for moment in moments
    )
