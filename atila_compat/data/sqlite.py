"""SQLite: the standard library's module on threads of its own, one a connection.

`databases` and aiosqlite were measured first: the one opens a file and a thread for each statement (1.2 ms),
the other takes three hops between loop and thread for one (0.3 ms). Here statement and rows are one hop.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
import threading
import time
import weakref
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from queue import SimpleQueue
from typing import Any, TypeVar

from ..structures import AttrDict
from .backend import Outcome
from .engines import SQLITE
from .lexer import writes
from .pool import Pool
from .writer import Statement

T = TypeVar("T")

BUSY_SECONDS = 5.0
"""How long a statement waits for another one's lock; what sqlite3 does by default."""
MEMORY = ":memory:"
_MEMORY_CONNECTIONS = 4
_LOCKED = 6
_STANDALONE = frozenset(
    "pragma begin commit end rollback savepoint release vacuum attach detach".split()  # noqa: SIM905
)
"""First words of statements that manage transactions themselves, or do nothing inside of one."""


@dataclass(slots=True)
class _Job:
    """What a connection's thread is to do.

    Attributes:
        func: what to call.
        future: who waits for it, unless given up meanwhile.
        after: called on the loop when it is done, whoever waits.
    """

    func: Callable[[], Any]
    future: asyncio.Future[Any]
    after: Callable[[], None] | None = None

    def settle(self, result: Any, error: BaseException | None) -> None:
        if self.after is not None:
            self.after()
        if self.future.done():
            return
        if error is None:
            self.future.set_result(result)
        else:
            self.future.set_exception(error)


def _work(jobs: SimpleQueue[_Job | None]) -> None:
    """A connection's thread: do jobs, one after the other, until there is None."""
    while (job := jobs.get()) is not None:
        result = error = None
        try:
            result = job.func()
        except BaseException as failure:
            error = failure
        try:
            job.future.get_loop().call_soon_threadsafe(job.settle, result, error)
        except RuntimeError:  # the loop is closed: nobody waits any more
            return
        del job, result, error


class Connection:
    """A connection and its thread, which ends when this is closed or forgotten."""

    def __init__(self, raw: sqlite3.Connection, jobs: SimpleQueue[_Job | None]) -> None:
        self._raw, self._jobs = raw, jobs
        weakref.finalize(self, jobs.put, None)

    @classmethod
    async def open(cls, database: str, uri: bool = False) -> Connection:
        """Open one; raises sqlite3.Error where that fails."""
        jobs: SimpleQueue[_Job | None] = SimpleQueue()
        threading.Thread(target=_work, args=(jobs,), name="atila-sqlite", daemon=True).start()
        future = asyncio.get_running_loop().create_future()
        connect = partial(sqlite3.connect, database, timeout=BUSY_SECONDS, isolation_level=None, uri=uri)
        jobs.put(_Job(partial(connect, check_same_thread=False), future))
        try:
            return cls(await future, jobs)
        except BaseException:
            jobs.put(None)
            raise

    def submit(
        self, func: Callable[[sqlite3.Connection], T], after: Callable[[], None] | None = None
    ) -> asyncio.Future[T]:
        """Run `func` with the connection on its thread, then `after` on the loop, whoever still waits."""
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._jobs.put(_Job(partial(func, self._raw), future, after))
        return future

    def interrupt(self) -> None:
        """End the statement that runs now."""
        self._raw.interrupt()

    async def close(self) -> None:
        """Close the connection and end its thread."""
        await self.submit(sqlite3.Connection.close)
        self._jobs.put(None)


def _execute_one(raw: sqlite3.Connection, statement: Statement) -> Outcome:
    cursor = raw.execute(statement.sql, statement.params)
    try:
        if cursor.description is None:
            return Outcome(None, [], cursor.rowcount, cursor.lastrowid)
        columns = tuple(column[0] for column in cursor.description)
        rows = cursor.fetchall()
        return Outcome(columns, rows, len(rows), cursor.lastrowid)
    finally:
        cursor.close()


def _execute(raw: sqlite3.Connection, statements: Sequence[Statement]) -> Outcome:
    """Execute statements; several succeed or fail together, unless they manage transactions themselves."""
    if len(statements) == 1:
        return _execute_one(raw, statements[0])
    together = not raw.in_transaction and not any(_first_word(each) in _STANDALONE for each in statements)
    outcome = Outcome()
    if together:
        raw.execute("BEGIN IMMEDIATE")
    try:
        for statement in statements:
            outcome = _execute_one(raw, statement)
        if together:
            raw.execute("COMMIT")
    except BaseException:
        if together and raw.in_transaction:
            raw.execute("ROLLBACK")
        raise
    return outcome


def _first_word(statement: Statement) -> str:
    return statement.sql.split(None, 1)[0].lower() if statement.sql.strip() else ""


def _patient(func: Callable[[sqlite3.Connection], T], raw: sqlite3.Connection) -> T:
    """Run `func`, again for a while if a table is locked: databases in memory do not wait for locks."""
    deadline = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            return func(raw)
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != _LOCKED or time.monotonic() > deadline:
                raise
        time.sleep(0.005)


class SQLiteBackend:
    """A SQLite database.

    Args:
        path: the file, or `:memory:` for a database that lives as long as this object.
        max_conns: connections, and so threads, at most.
        name: tells databases in memory apart; those of one name are one, in a process.
    """

    engine = SQLITE

    def __init__(self, path: str, max_conns: int = 32, name: str = "") -> None:
        self.path = path
        self._in_memory = path == MEMORY
        database, uri = path, path.startswith("file:")
        if self._in_memory:
            database, uri = f"file:atila-{os.getpid()}-{name.strip('@')}?mode=memory&cache=shared", True
            max_conns = min(max_conns, _MEMORY_CONNECTIONS)
        self._keeper: sqlite3.Connection | None = None
        if self._in_memory:  # the data is gone with the last connection
            self._keeper = sqlite3.connect(database, uri=True, check_same_thread=False)
        self.pool: Pool[Connection] = Pool(
            lambda: Connection.open(database, uri), Connection.close, max_conns
        )

    def job(self, func: Callable[[sqlite3.Connection], T]) -> Callable[[sqlite3.Connection], T]:
        """`func` as this database needs it done."""
        return partial(_patient, func) if self._in_memory else func

    async def execute(self, statements: Sequence[Statement]) -> list[AttrDict] | None:
        """Execute statements, several as one transaction; see `SQLBackend.execute`.

        Raises sqlite3.Error.
        """
        connection = await self.pool.acquire()
        # the connection goes back when its thread has done with it, not when its user has
        future = connection.submit(
            self.job(lambda raw: _execute(raw, statements).dicts()), lambda: self.pool.release(connection)
        )
        try:
            return await future
        except asyncio.CancelledError:
            connection.interrupt()
            raise

    async def transaction(self) -> SQLiteSession:
        """A session; its transaction begins with the first statement that writes, as sqlite3 has it."""
        return SQLiteSession(self, await self.pool.acquire())

    async def close(self) -> None:
        """Close all connections and end their threads."""
        await self.pool.close()
        if self._keeper is not None:
            self._keeper.close()
            self._keeper = None


class SQLiteSession:
    """A connection of one's own; see `Session`."""

    def __init__(self, backend: SQLiteBackend, connection: Connection) -> None:
        self._backend = backend
        self._connection: Connection | None = connection

    async def _run(self, func: Callable[[sqlite3.Connection], T]) -> T:
        if self._connection is None:
            raise RuntimeError("this transaction has ended: begin another one")
        connection = self._connection
        try:
            return await connection.submit(self._backend.job(func))
        except asyncio.CancelledError:
            connection.interrupt()
            raise

    async def execute(self, statements: Sequence[Statement]) -> Outcome:
        """Execute statements; see `Session.execute`. Raises sqlite3.Error."""

        def execute(raw: sqlite3.Connection) -> Outcome:
            if not raw.in_transaction and any(
                writes(each.sql, SQLITE) and _first_word(each) not in _STANDALONE for each in statements
            ):
                raw.execute("BEGIN IMMEDIATE")
            return _execute(raw, statements)

        return await self._run(execute)

    async def commit(self) -> None:
        """Keep what was done."""
        await self._run(lambda raw: raw.commit())

    async def rollback(self) -> None:
        """Undo what was done."""
        await self._run(lambda raw: raw.rollback())

    async def close(self) -> None:
        """Undo what was not committed and give the connection back."""
        connection, self._connection = self._connection, None
        if connection is not None:
            backend = self._backend
            await connection.submit(sqlite3.Connection.rollback, lambda: backend.pool.release(connection))
