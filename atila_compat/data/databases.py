"""SQL through the package `databases` (extra `databases`): every database that it knows, by URL.

It opens and closes the connections. Statements are given to the driver's connection that it hands out: what
it makes of a text itself knows neither the columns of an empty result nor how many rows were changed, and
takes `:name` and `%` inside of the app's SQL for placeholders. Connections stay in a pool of ours, because
it opens a file and a thread for each statement on SQLite and asks PostgreSQL once more after each.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import sqlite3
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from ..errors import AtilaError, MissingExtra
from ..structures import AttrDict
from .backend import Outcome, SQLBackend
from .engines import MYSQL, PGSQL, SQLITE, engine_of_url
from .lexer import as_format, writes
from .pool import Pool
from .postgres import PostgresBackend
from .sqlite import BUSY_SECONDS, LOCKED, MEMORY, MEMORY_CONNECTIONS, is_standalone
from .writer import Statement

T = TypeVar("T")

log = logging.getLogger("atila_compat.data")

CLOSE_SECONDS = 3.0
"""How long connections in use may take to come back when the database is closed."""


def _package() -> Any:
    try:
        import databases
    except ImportError:
        raise MissingExtra("SQL through `databases`", "databases") from None
    return databases


class Connections:
    """The connections of a `databases.Database`, as their driver has them.

    Args:
        url: of the database.
        options: for the driver.

    Raises MissingExtra without the package, AtilaError naming a driver that is not installed.
    """

    def __init__(self, url: str, **options: Any) -> None:
        package = _package()
        try:
            self.database = package.Database(url, **options)
        except ImportError as error:
            scheme = url.partition(":")[0]
            if error.name == "asyncpg":
                raise MissingExtra("PostgreSQL", "postgres") from None
            raise AtilaError(f"no driver for {scheme}:// URLs: pip install {error.name or scheme}") from error
        self._kind = package.core.Connection
        self._connecting = asyncio.Lock()
        self._handed_out: dict[int, Any] = {}

    async def open(self) -> Any:
        """A connection of the driver. Raises the driver's errors."""
        async with self._connecting:
            await self.database.connect()
        # `database.connection()` is one for each asyncio task, ours outlive theirs
        connection = self._kind(self.database, self.database._backend)
        await connection.__aenter__()
        raw = connection.raw_connection
        self._handed_out[id(raw)] = connection
        return raw

    async def close(self, raw: Any) -> None:
        """Take a connection of `open` back."""
        await self._handed_out.pop(id(raw)).__aexit__()

    async def aclose(self) -> None:
        """Close what is left, without waiting for long; may be called again."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_SECONDS):
                await self.database.disconnect()


def connect(url: str, max_conns: int = 32, name: str = "", ssl: bool = False) -> SQLBackend:
    """The backend for a database URL such as `"mysql+aiomysql://user:pass@host/db"`.

    Args:
        url: see the documentation of `databases`; `sqlite:///a.db` is a file of the working directory,
            `sqlite://` a database in memory that lives as long as the backend.
        max_conns: connections at most.
        name: tells databases in memory apart.
        ssl: refuse connections to servers that are not encrypted.

    Raises MissingExtra without the package, AtilaError without the driver, ValueError for a URL of
    another kind.
    """
    engine = engine_of_url(url)
    if engine == SQLITE:
        return _sqlite(url, max_conns, name)
    options: dict[str, Any] = {"min_size": 0, "max_size": max(max_conns, 1)}
    if engine == PGSQL:
        if ssl:
            options["ssl"] = "require"
        # whatever driver the URL names, asyncpg is the one that types are known of
        connections = Connections(f"postgresql://{url.partition('://')[2]}", **options)
        return PostgresBackend("", max_conns=max_conns, source=connections)
    if ssl:
        import ssl as tls

        options["ssl"] = tls.create_default_context()
    return DatabasesBackend(Connections(url, **options), engine, max_conns)


def _sqlite(url: str, max_conns: int, name: str) -> SQLBackend:
    parts = urlsplit(url)
    path, keeper = unquote(parts.path.removeprefix("/")), None
    options: dict[str, Any] = {"timeout": BUSY_SECONDS, **dict(parse_qsl(parts.query))}
    if path in ("", MEMORY):
        path = f"file:atila-databases-{os.getpid()}-{name.strip('@')}?mode=memory&cache=shared"
        max_conns = min(max_conns, MEMORY_CONNECTIONS)
        # the data is gone with the last connection
        keeper = sqlite3.connect(path, uri=True, check_same_thread=False)
    options["timeout"] = float(options["timeout"])
    connections = Connections(f"sqlite:///{quote(path)}", uri=path.startswith("file:"), **options)
    return DatabasesBackend(connections, SQLITE, max_conns, keeper)


def _in_transaction(raw: Any) -> bool:
    found = getattr(raw, "in_transaction", None)
    return bool(raw.get_transaction_status() if found is None else found)


def _is_usable(raw: Any) -> bool:
    return not getattr(raw, "closed", False)


class DatabasesBackend:
    """A database of `databases` whose driver has cursors: SQLite, MySQL.

    Args:
        connections: where they come from.
        engine: `"*sqlite3"` or `"*mysql"`.
        max_conns: connections at most.
        keeper: a connection that is closed at the end.
    """

    def __init__(
        self,
        connections: Connections,
        engine: str,
        max_conns: int,
        keeper: sqlite3.Connection | None = None,
    ) -> None:
        self.engine = engine
        self._connections = connections
        self._keeper = keeper
        self.pool: Pool[Any] = Pool(connections.open, connections.close, max_conns, _is_usable)

    def release(self, raw: Any, is_idle: bool) -> None:
        """Take a connection back; one that still does something, or is in a transaction, is closed."""
        try:
            is_idle = is_idle and _is_usable(raw) and not _in_transaction(raw)
        except Exception:
            is_idle = False
        if is_idle:
            self.pool.release(raw)
        else:
            self.pool.discard(raw)

    async def begin(self, raw: Any, statements: Sequence[Statement]) -> bool:
        """Begin a transaction, unless there is one or these statements manage transactions themselves."""
        if _in_transaction(raw) or any(is_standalone(each) for each in statements):
            return False
        await self._execute_one(raw, Statement("BEGIN IMMEDIATE" if self.engine == SQLITE else "BEGIN"))
        return True

    async def _execute_one(self, raw: Any, statement: Statement) -> Outcome:
        sql, params = statement.sql, statement.params
        if self.engine == MYSQL:
            sql, params = as_format(sql, params)
        async with raw.cursor() as cursor:
            try:
                await (cursor.execute(sql, params) if params else cursor.execute(sql))
                rows = await cursor.fetchall() if cursor.description else []
            except asyncio.CancelledError:
                if self.engine == SQLITE:
                    await raw.interrupt()  # the cursor could not be closed before the statement has ended
                raise
            if not cursor.description:
                return Outcome(None, [], cursor.rowcount, cursor.lastrowid)
            columns = tuple(column[0] for column in cursor.description)
            return Outcome(columns, [tuple(row) for row in rows], len(rows), cursor.lastrowid)

    async def run(self, raw: Any, statements: Sequence[Statement]) -> Outcome:
        """Execute statements; several succeed or fail together."""
        if len(statements) == 1:
            return await self._execute_one(raw, statements[0])
        together = await self.begin(raw, statements)
        outcome = Outcome()
        try:
            for statement in statements:
                outcome = await self._execute_one(raw, statement)
            if together:
                await raw.commit()
        except Exception:
            if together and _in_transaction(raw):
                await raw.rollback()
            raise
        return outcome

    async def patiently(self, work: Callable[[], Awaitable[T]]) -> T:
        """What `work` gives, tried again while a table is locked: databases in memory do not wait."""
        deadline = time.monotonic() + BUSY_SECONDS
        while True:
            try:
                return await work()
            except sqlite3.OperationalError as error:
                locked = getattr(error, "sqlite_errorcode", 0) & 0xFF == LOCKED
                if self._keeper is None or not locked or time.monotonic() > deadline:
                    raise
            await asyncio.sleep(0.005)

    async def execute(self, statements: Sequence[Statement]) -> list[AttrDict] | None:
        """Execute statements, several as one transaction; see `SQLBackend.execute`.

        Raises the driver's errors.
        """
        raw, is_idle = await self.pool.acquire(), False
        try:
            outcome = await self.patiently(lambda: self.run(raw, statements))
            is_idle = True
        except Exception:
            is_idle = True
            raise
        finally:
            self.release(raw, is_idle)
        return outcome.dicts()

    async def transaction(self) -> DatabasesSession:
        """A session; its transaction begins with the first statement that writes."""
        return DatabasesSession(self, await self.pool.acquire())

    async def close(self) -> None:
        """Close all connections; those in use when they come back."""
        await self.pool.close()
        await self._connections.aclose()
        if self._keeper is not None:
            self._keeper.close()
            self._keeper = None


class DatabasesSession:
    """A connection of one's own; see `Session`."""

    def __init__(self, backend: DatabasesBackend, raw: Any) -> None:
        self._backend = backend
        self._raw: Any = raw
        self._is_idle = True

    async def _run(self, work: Callable[[Any], Awaitable[T]]) -> T:
        raw = self._raw
        if raw is None:
            raise RuntimeError("this transaction has ended: begin another one")
        self._is_idle = False
        try:
            result = await self._backend.patiently(lambda: work(raw))
        except Exception:
            self._is_idle = True
            raise
        self._is_idle = True  # it is not where a statement was cancelled, which may still run
        return result

    async def execute(self, statements: Sequence[Statement]) -> Outcome:
        """Execute statements; see `Session.execute`. Raises the driver's errors."""

        async def work(raw: Any) -> Outcome:
            if any(writes(each.sql, self._backend.engine) for each in statements):
                await self._backend.begin(raw, statements)
            return await self._backend.run(raw, statements)

        return await self._run(work)

    async def commit(self) -> None:
        """Keep what was done."""
        await self._run(lambda raw: raw.commit())

    async def rollback(self) -> None:
        """Undo what was done."""
        await self._run(lambda raw: raw.rollback())

    async def close(self) -> None:
        """Undo what was not committed and give the connection back."""
        raw, self._raw = self._raw, None
        if raw is None:
            return
        try:
            if self._is_idle and _in_transaction(raw):
                await raw.rollback()
        except Exception:
            log.debug("the rollback of %r failed", raw, exc_info=True)
            self._is_idle = False
        finally:
            self._backend.release(raw, self._is_idle)
