"""`rs4.webkit.otp`: passwords that follow the clock, as `was.generate_otp` makes them."""

from __future__ import annotations

import time
from typing import Any

from ....security.otp import password
from ....security.otp import verify as _verify


def generate(salt: Any, delta: float = 0) -> str:
    """The password of this moment, or of `delta` seconds later."""
    return password(salt, time.time() + delta)


def verify(otp: str, salt: Any) -> str | bool:
    """The password itself where it is valid now, up to 20 seconds ago or ahead; else False."""
    return otp if _verify(otp, (salt,), time.time()) else False
