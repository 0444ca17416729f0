"""`rs4.webkit`: tokens and passwords that are valid once."""

from __future__ import annotations
