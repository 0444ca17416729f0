"""The databases that tests of this folder run against, and what they need of them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from atila_compat.data import databases
from atila_compat.data.backend import SQLBackend
from atila_compat.data.lexer import Params, statements_of
from atila_compat.data.postgres import PostgresBackend
from atila_compat.data.query import Query
from atila_compat.data.sqlite import SQLiteBackend

ENGINES = ("sqlite", "postgres", "sqlite by databases", "postgres by databases")
"""What the tests of SQL run on: our own engines, and the package `databases`."""


def sql_backend(engine: str, postgres_url: str, folder: Path | None = None, max_conns: int = 4) -> Any:
    """The backend that one of ENGINES names; SQLite in memory, or as a file of a folder."""
    name, _, by_databases = engine.partition(" ")
    path = ":memory:" if folder is None else f"{folder}/a.db"
    if by_databases:
        return databases.connect(postgres_url if name == "postgres" else f"sqlite:///{path}", max_conns)
    return postgres_at(postgres_url, max_conns) if name == "postgres" else SQLiteBackend(path, max_conns)


def postgres_at(url: str, max_conns: int = 4) -> PostgresBackend:
    """A backend for the PostgreSQL at `url`."""
    parts = urlsplit(url)
    return PostgresBackend(
        parts.hostname or "",
        parts.port or 5432,
        unquote(parts.username or ""),
        unquote(parts.password or ""),
        parts.path.strip("/"),
        max_conns,
    )


class Database:
    """A backend with shortcuts.

    Attributes:
        backend: the backend.
        engine: its engine.
    """

    def __init__(self, backend: SQLBackend) -> None:
        self.backend = backend
        self.engine = backend.engine

    async def sql(self, sql: str, params: Params = ()) -> Any:
        """Execute SQL."""
        return await self.backend.execute(statements_of(sql, params, self.engine))

    async def run(self, query: Query) -> Any:
        """Execute a query."""
        return await self.backend.execute(query.statements())

    def query(self, verb: str, table: Any, alias: str | None = None) -> Query:
        """Begin a query."""
        return Query(verb, table, alias, self.engine)

    def select(self, table: Any, alias: str | None = None) -> Query:
        """Begin a select."""
        return self.query("select", table, alias)

    def insert(self, table: Any) -> Query:
        """Begin an insert."""
        return self.query("insert", table)

    def update(self, table: Any) -> Query:
        """Begin an update."""
        return self.query("update", table)

    def delete(self, table: Any) -> Query:
        """Begin a delete."""
        return self.query("delete", table)


@asynccontextmanager
async def opened(engine: str, postgres_url: str) -> AsyncIterator[Database]:
    """A database of one of ENGINES; on PostgreSQL in a schema of its own that is gone afterwards."""
    if not engine.startswith("postgres"):
        database = Database(sql_backend(engine, postgres_url))
        try:
            yield database
        finally:
            await database.backend.close()
        return
    backend = sql_backend(engine, postgres_url, max_conns=1)
    database = Database(backend)
    await database.sql("DROP SCHEMA IF EXISTS builder CASCADE; CREATE SCHEMA builder")
    await database.sql("SET search_path TO builder")
    try:
        yield database
    finally:
        await database.sql("DROP SCHEMA builder CASCADE")
        await backend.close()
