"""`aquests.protocols.http`."""

from __future__ import annotations
