"""`aquests`: the original's client library, as far as apps import it (spec/08 section 5)."""

from __future__ import annotations
