"""The names of the data sources that an alias can have (`skitai.DB_PGSQL` and the like)."""

from __future__ import annotations

PGSQL = "*postgresql"
SQLITE = "*sqlite3"
REDIS = "*redis"
MONGODB = "*mongodb"
MYSQL = "*mysql"
"""Served through the package `databases` only."""
DATABASES = "*databases"
"""A database by its URL, served through the package `databases`."""

SQL_ENGINES = (PGSQL, SQLITE, MYSQL)

_OF_SCHEME = {"postgresql": PGSQL, "postgres": PGSQL, "sqlite": SQLITE, "mysql": MYSQL}


def sql_engine(name: str) -> str:
    """The SQL engine that `name` means, with its star or without, `"sqlite3"`.

    The mark of a synchronous form (`"*sqlite3_syn"`) does not count.
    Raises ValueError for what is no SQL engine.
    """
    engine = "*" + name.removeprefix("*").removesuffix("_syn")
    if engine not in SQL_ENGINES:
        raise ValueError(f"{name!r} is no SQL engine; use skitai.DB_PGSQL or skitai.DB_SQLITE3")
    return engine


def engine_of_url(url: str) -> str:
    """The SQL engine of a database URL such as `"mysql+aiomysql://user@host/db"`.

    Raises ValueError for a URL of another kind.
    """
    scheme = url.partition("://")[0].partition("+")[0].lower()
    if scheme not in _OF_SCHEME:
        raise ValueError(f"no database has URLs of {scheme!r}; known are {', '.join(_OF_SCHEME)}")
    return _OF_SCHEME[scheme]
