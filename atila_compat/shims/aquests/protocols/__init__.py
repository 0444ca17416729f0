"""`aquests.protocols`."""

from __future__ import annotations
