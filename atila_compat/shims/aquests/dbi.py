"""`aquests.dbi`: the README's name of `aquests.dbapi`."""

from __future__ import annotations

from .dbapi import asynredis

__all__ = ["asynredis"]
