"""`skitai.wastuff.api`: the JSON answer, whose encoders apps extend (spec/04 section 12.3)."""

from __future__ import annotations

from ...http.api import API

__all__ = ["API"]
