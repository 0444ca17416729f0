"""`atila.was`: the class of `was`, and the one-time passwords that the README imports from here."""

from __future__ import annotations

from ...security.otp import generate_otp
from ...was import Was as WAS  # noqa: N814 - the original's name

__all__ = ["WAS", "generate_otp"]
