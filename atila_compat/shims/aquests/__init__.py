"""`aquests`: the original's client library, as far as apps import it (spec/08 section 5)."""

from __future__ import annotations

__version__ = "0.29.11.4"
version_info = (0, 29, 11, 4)
"""The release of the original that this package stands in for; apps compare with it."""
