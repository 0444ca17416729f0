"""`sqlphile`: the SQL builder under the names that apps import (spec/08 section 4)."""

from __future__ import annotations

from pathlib import Path

from ...data.builder import Builder
from ...data.conditions import Q
from ...data.engines import PGSQL as DB_PGSQL
from ...data.engines import SQLITE as DB_SQLITE3
from ...data.expressions import D, F, V, const
from ...data.sqlmaps import Templates
from ...data.standalone import postgres, sqlite3

__all__ = [
    "DB_PGSQL",
    "DB_SQLITE3",
    "DB_SYN_PGSQL",
    "D",
    "F",
    "Q",
    "Template",
    "V",
    "const",
    "postgres",
    "sqlite3",
]

DB_SYN_PGSQL = DB_PGSQL + "_syn"
__version__ = "0.7.2"
"""The release of the original."""


def Template(  # noqa: N802 - the name that apps import
    backend: str = DB_PGSQL, path: str | Path | None = None, auto_reload: bool = False
) -> Builder:
    """A builder of queries without a database; `str(query)` shows their SQL.

    Args:
        backend: the engine they are for.
        path: a folder of SQL templates.
        auto_reload: read templates again when their files change.

    Raises ValueError for what is no SQL engine.
    """
    templates = Templates(backend, path, auto_reload)
    return Builder(templates.engine, templates)
