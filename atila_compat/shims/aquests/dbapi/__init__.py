"""`aquests.dbapi`."""

from __future__ import annotations
