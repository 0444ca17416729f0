"""`aquests.dbapi.asynredis`: the base of database classes of an app's own (README, custom databases)."""

from __future__ import annotations

from ....data.redis import RedisConnect as AsynConnect

__all__ = ["DEBUG", "AsynConnect"]

DEBUG = False
