"""SQLite: the standard library's module on threads of its own, one a connection.

Statements may be submitted from any thread and their futures waited for in any: a handler's statement goes
from its worker thread to a connection's thread and back. Measured for one row: `databases` takes 1,200 us, it
opens a file and a thread each time; aiosqlite 300 us, with three hops between loop and thread; a single hop
through the event loop 105 us of processor time, and without the loop 42 us.

A short read costs less than any change of thread, so it is tried where it is asked for, on a connection kept
for that. It gives up after some thousand steps of SQLite's machine, or at a lock, and goes to the threads
like everything else: tasks that take their time still run side by side.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import os
import sqlite3
import threading
import time
import weakref
from collections.abc import Callable, Sequence
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

from .. import affinity
from ..structures import AttrDict, DoneFuture
from .backend import Outcome
from .engines import SQLITE
from .lexer import writes
from .writer import Statement

T = TypeVar("T")

BUSY_SECONDS = 5.0
"""How long a statement waits for another one's lock; what sqlite3 does by default."""
CLOSE_SECONDS = 2.0
MEMORY = ":memory:"
MEMORY_CONNECTIONS = 4
LOCKED = 6
_STEPS = 500_000
"""Steps of SQLite's machine between two looks at the clock, some milliseconds."""
_LOOK_EVERY = 1000
"""Steps between two looks at a read that is done where it is asked for."""
_SHORT_LOOKS = 50
"""How often it is looked at before it counts as long: some milliseconds of work."""
_SHORT_SECONDS = 0.02
"""How long it may take where the disk is slow. More than the work takes: a thread also waits for the others
to let go of the interpreter."""
_LONG_SECONDS = 10.0
"""How long a read that took longer is left to the threads at once."""
_STANDALONE = frozenset(
    "pragma begin commit end rollback savepoint release vacuum attach detach".split()  # noqa: SIM905
)
"""First words of statements that manage transactions themselves, or do nothing inside of one."""

Func = Callable[[sqlite3.Connection], Any]


class Job(concurrent.futures.Future[Any]):
    """Something to do with a connection. `cancel()` interrupts what runs already.

    Args:
        func: what to do.
        seconds: how long it may take before it is interrupted.
    """

    def __init__(self, func: Func, seconds: float | None = None) -> None:
        super().__init__()
        self._func = func
        self._deadline = None if seconds is None else time.monotonic() + seconds
        self._raw: sqlite3.Connection | None = None
        self._lock = threading.Lock()

    def is_late(self) -> bool:
        """Whether it has taken too long."""
        return self._deadline is not None and time.monotonic() > self._deadline

    def cancel(self) -> bool:
        """Leave out what has not begun, interrupt what has; tells whether it was left out."""
        if super().cancel():
            return True
        with self._lock:  # the connection must not go on to somebody else's job in between
            if self._raw is not None:
                self._raw.interrupt()
        return False

    def run(self, raw: sqlite3.Connection) -> None:
        """Do it, on the connection's thread."""
        if not self.set_running_or_notify_cancel():
            return
        self._raw = raw
        try:
            result = self._func(raw)
        except BaseException as error:
            self._let_go()
            self.set_exception(error)
        else:
            self._let_go()
            self.set_result(result)

    def _let_go(self) -> None:
        with self._lock:
            self._raw = None


class Threads:
    """Threads with a connection each, which do the jobs of one queue; a thread is started when none is idle.

    Args:
        opening: opens a connection.
        size: threads at most.
    """

    def __init__(self, opening: Callable[[], sqlite3.Connection], size: int) -> None:
        self._opening = opening
        self._size = max(size, 1)
        self._jobs: SimpleQueue[Job | None] = SimpleQueue()
        self._idle = threading.Semaphore(0)
        self._lock = threading.RLock()
        self._running: set[Job] = set()
        self._under_way = 0
        self._threads: list[threading.Thread] = []
        self._closed = False

    @property
    def count(self) -> int:
        """Threads there are."""
        return len(self._threads)

    @property
    def is_quiet(self) -> bool:
        """Whether nothing is under way and nothing waits."""
        return not self._under_way and not self._closed

    @property
    def busy(self) -> int:
        """Jobs under way."""
        return len(self._running)

    def put(self, job: Job) -> None:
        """Have `job` done. Raises RuntimeError after `close`."""
        with self._lock:
            if self._closed:
                raise RuntimeError("the data source is closed: the server is shutting down")
            self._under_way += 1
            self._jobs.put(job)
            if not self._idle.acquire(blocking=False) and len(self._threads) < self._size:
                thread = threading.Thread(target=self._work, name="atila-sqlite", daemon=True)
                self._threads.append(thread)
                thread.start()

    def _work(self) -> None:
        affinity.release()
        raw: sqlite3.Connection | None = None
        try:
            while (job := self._jobs.get()) is not None:
                self._running.add(job)
                try:
                    if raw is None:
                        raw = self._opening()
                    raw.set_progress_handler(job.is_late, _STEPS)
                    job.run(raw)
                    raw.set_progress_handler(None, 0)
                except BaseException as error:  # it could not be opened
                    if job.set_running_or_notify_cancel():
                        job.set_exception(error)
                finally:
                    self._running.discard(job)
                    with self._lock:
                        self._under_way -= 1
                del job
                self._idle.release()
        finally:
            if raw is not None:
                raw.close()

    def close(self) -> list[threading.Thread]:
        """Interrupt what runs and end all threads; the ones that are still to end."""
        with self._lock:
            self._closed = True
            jobs: list[Job | None] = list(self._running)
            with contextlib.suppress(Empty):
                while True:
                    jobs.append(self._jobs.get_nowait())
            for job in filter(None, jobs):
                job.cancel()
            for _ in self._threads:
                self._jobs.put(None)
            return list(self._threads)


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
    together = not raw.in_transaction and not any(map(is_standalone, statements))
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


def _execute_in_transaction(raw: sqlite3.Connection, statements: Sequence[Statement]) -> Outcome:
    if not raw.in_transaction and any(
        writes(each.sql, SQLITE) and not is_standalone(each) for each in statements
    ):
        raw.execute("BEGIN IMMEDIATE")
    return _execute(raw, statements)


def is_standalone(statement: Statement) -> bool:
    """Whether a statement manages transactions itself, or does nothing inside of one."""
    words = statement.sql.split(None, 1)
    return bool(words) and words[0].lower() in _STANDALONE


def _patient(func: Callable[[sqlite3.Connection], T], raw: sqlite3.Connection) -> T:
    """Run `func`, again for a while if a table is locked: databases in memory do not wait for locks."""
    deadline = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            return func(raw)
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != LOCKED or time.monotonic() > deadline:
                raise
        time.sleep(0.005)


class ShortReads:
    """Reads that are done at once, in the thread that asks.

    Args:
        database: the file, or its URI.
        uri: whether it is one.
    """

    def __init__(self, database: str, uri: bool) -> None:
        self._database, self._uri = database, uri
        self._idle: list[_Reader] = []
        self._long: dict[str, float] = {}
        self._closed = False

    def attempt(self, statement: Statement) -> list[AttrDict] | None:
        """The rows of a SELECT, None where it has to be left to the threads: also for every error."""
        sql = statement.sql
        if sql[:6].upper() != "SELECT" or asyncio._get_running_loop() is not None or writes(sql, SQLITE):
            return None
        begun = time.perf_counter()
        if self._long and self._is_long(sql, begun):
            return None
        reader: _Reader | None = None
        try:
            reader = self._reader()
            reader.begin(begun + _SHORT_SECONDS)
            return _execute_one(reader.raw, statement).dicts()
        except Exception as error:  # the threads find it out again, and tell the task
            if getattr(error, "sqlite_errorcode", 0) == sqlite3.SQLITE_INTERRUPT:
                self._long[sql] = begun + _LONG_SECONDS
            return None
        finally:
            if reader is not None:
                self._idle.append(reader)
                if self._closed:
                    self.close()

    def _is_long(self, sql: str, now: float) -> bool:
        until = self._long.get(sql)
        if until is not None and until <= now:
            self._long = {each: end for each, end in self._long.items() if end > now}
        return until is not None and until > now

    def _reader(self) -> _Reader:
        try:
            return self._idle.pop()
        except IndexError:
            return _Reader(self._database, self._uri)

    def close(self) -> None:
        """Close all connections; those in use when they come back."""
        self._closed = True
        with contextlib.suppress(IndexError):
            while True:
                self._idle.pop().raw.close()


class _Reader:
    """A connection that neither waits for locks nor goes on with a read that turns out to be long."""

    def __init__(self, database: str, uri: bool) -> None:
        self._deadline = 0.0
        self._looks = 0
        self.raw = sqlite3.connect(
            database, timeout=0, isolation_level=None, check_same_thread=False, uri=uri
        )
        self.raw.set_progress_handler(self._is_long, _LOOK_EVERY)

    def begin(self, deadline: float) -> None:
        """The next read may go on until then, on the clock of `time.perf_counter`."""
        self._deadline, self._looks = deadline, 0

    def _is_long(self) -> bool:
        self._looks += 1
        # SQLite counts the steps of a statement through all of its uses: the first look says nothing
        return self._looks > _SHORT_LOOKS or (self._looks > 1 and time.perf_counter() > self._deadline)


class SQLiteBackend:
    """A SQLite database.

    Args:
        path: the file, a `file:` URI, or `:memory:` for a database that lives as long as this object.
        max_conns: connections, and so threads, at most.
        name: tells databases in memory apart; those of one name are one, in a process.
    """

    engine = SQLITE

    def __init__(self, path: str, max_conns: int = 32, name: str = "") -> None:
        self.path = path
        database, uri = path, path.startswith("file:")
        self._in_memory = path == MEMORY
        if self._in_memory:
            database, uri = f"file:atila-{os.getpid()}-{name.strip('@')}?mode=memory&cache=shared", True
            max_conns = min(max_conns, MEMORY_CONNECTIONS)

        def opening() -> sqlite3.Connection:
            return sqlite3.connect(
                database, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False, uri=uri
            )

        # the data of a database in memory is gone with its last connection
        self._keeper = opening() if self._in_memory else None
        self.threads = Threads(opening, max_conns)
        self._short = None if self._in_memory else ShortReads(path, uri)
        weakref.finalize(self, self.threads.close)
        if self._short:
            weakref.finalize(self, self._short.close)

    def job(self, func: Callable[[sqlite3.Connection], T]) -> Callable[[sqlite3.Connection], T]:
        """`func` as this database needs it done."""
        return (lambda raw: _patient(func, raw)) if self._in_memory else func

    def submit(
        self, statements: Sequence[Statement], seconds: float | None = None
    ) -> concurrent.futures.Future[list[AttrDict] | None]:
        """Begin to execute statements, from any thread; see `execute`. Interrupted after `seconds`."""
        # what was begun before may be a change that this has to see
        if self._short and len(statements) == 1 and self.threads.is_quiet:
            rows = self._short.attempt(statements[0])
            if rows is not None:
                return DoneFuture(rows)
        job = Job(self.job(lambda raw: _execute(raw, statements).dicts()), seconds)
        self.threads.put(job)
        return job

    async def execute(self, statements: Sequence[Statement]) -> list[AttrDict] | None:
        """Execute statements, several as one transaction; see `SQLBackend.execute`.

        Raises sqlite3.Error.
        """
        return await asyncio.wrap_future(self.submit(statements))

    async def transaction(self) -> SQLiteSession:
        """A session; its transaction begins with the first statement that writes, as sqlite3 has it."""
        session = SQLiteSession(self)
        try:
            await asyncio.wrap_future(session.done.begun)
        except BaseException:
            session.end()
            raise
        return session

    async def close(self) -> None:
        """Close all connections and end their threads; a statement that runs is interrupted."""
        threads = self.threads.close()
        if self._short:
            self._short.close()
        deadline = time.monotonic() + CLOSE_SECONDS
        while any(each.is_alive() for each in threads) and time.monotonic() < deadline:
            await asyncio.sleep(0.001)
        if self._keeper is not None:
            self._keeper.close()
            self._keeper = None


class Serving(Job):
    """What a thread does for a session: its jobs, until there is None.

    Attributes:
        begun: done when the thread is there; fails with what opening its connection raised.
    """

    def __init__(self, jobs: SimpleQueue[Job | None]) -> None:
        super().__init__(self._serve)
        self._jobs = jobs
        self.begun: concurrent.futures.Future[None] = concurrent.futures.Future()
        self.add_done_callback(self._ended)

    def _serve(self, raw: sqlite3.Connection) -> None:
        if self.begun.set_running_or_notify_cancel():
            self.begun.set_result(None)
        try:
            while (job := self._jobs.get()) is not None:
                job.run(raw)
                del job
        finally:
            raw.rollback()

    def _ended(self, _: concurrent.futures.Future[Any]) -> None:
        if not self.begun.done() and self.begun.set_running_or_notify_cancel():
            error = None if self.cancelled() else self.exception()
            self.begun.set_exception(error or RuntimeError("the data source is closed"))

    def cancel(self) -> bool:
        """End the session, interrupting what it does now."""
        self._jobs.put(None)
        return super().cancel()


class SQLiteSession:
    """A connection of one's own; see `Session`. It keeps a thread to itself until it is closed."""

    def __init__(self, backend: SQLiteBackend) -> None:
        self._backend = backend
        self._jobs: SimpleQueue[Job | None] = SimpleQueue()
        self._ended = False
        self.done = Serving(self._jobs)
        backend.threads.put(self.done)

    async def _run(self, func: Callable[[sqlite3.Connection], T]) -> T:
        if self._ended:
            raise RuntimeError("this transaction has ended: begin another one")
        job = Job(self._backend.job(func))
        self._jobs.put(job)
        return await asyncio.wrap_future(job)

    async def execute(self, statements: Sequence[Statement]) -> Outcome:
        """Execute statements; see `Session.execute`. Raises sqlite3.Error."""
        return await self._run(lambda raw: _execute_in_transaction(raw, statements))

    async def commit(self) -> None:
        """Keep what was done."""
        await self._run(sqlite3.Connection.commit)

    async def rollback(self) -> None:
        """Undo what was done."""
        await self._run(sqlite3.Connection.rollback)

    def end(self) -> None:
        """Let go of the thread; what was not committed is undone."""
        if not self._ended:
            self._ended = True
            self._jobs.put(None)

    async def close(self) -> None:
        """Undo what was not committed and give the connection back."""
        if not self._ended:
            self.end()
            await asyncio.shield(asyncio.wrap_future(self.done))
