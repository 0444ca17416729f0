"""The names of the data sources that an alias can have (`skitai.DB_PGSQL` and the like)."""

from __future__ import annotations

PGSQL = "*postgresql"
SQLITE = "*sqlite3"
REDIS = "*redis"
MONGODB = "*mongodb"

SQL_ENGINES = (PGSQL, SQLITE)


def sql_engine(name: str) -> str:
    """The SQL engine that `name` means; the mark of a synchronous form (`"*sqlite3_syn"`) does not count.

    Raises ValueError for what is no SQL engine.
    """
    engine = name.removesuffix("_syn")
    if engine not in SQL_ENGINES:
        raise ValueError(f"{name!r} is no SQL engine; use skitai.DB_PGSQL or skitai.DB_SQLITE3")
    return engine
