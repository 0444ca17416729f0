"""The databases that tests of this folder run against, and what they need of them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import unquote, urlsplit

from atila_compat.data.backend import SQLBackend
from atila_compat.data.engines import PGSQL
from atila_compat.data.lexer import Params, statements_of
from atila_compat.data.postgres import PostgresBackend
from atila_compat.data.query import Query
from atila_compat.data.sqlite import SQLiteBackend


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
    """A database of that engine; on PostgreSQL in a schema of its own that is gone afterwards."""
    if engine != PGSQL:
        database = Database(SQLiteBackend(":memory:"))
        try:
            yield database
        finally:
            await database.backend.close()
        return
    backend = postgres_at(postgres_url, 1)
    database = Database(backend)
    await database.sql("DROP SCHEMA IF EXISTS builder CASCADE; CREATE SCHEMA builder")
    await database.sql("SET search_path TO builder")
    try:
        yield database
    finally:
        await database.sql("DROP SCHEMA builder CASCADE")
        await backend.close()
