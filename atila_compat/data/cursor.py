"""Transactions and cursors that wait: `was.transaction("@x")`, `was.cursor("@x")` (spec/06 section 5).

They are used in worker threads; the database's connection lives on the event loop like everyone else's.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import weakref
from collections.abc import Callable, Coroutine, Iterator, Sequence
from types import TracebackType
from typing import Any, Protocol, Self, TypeVar

from ..context import on_event_loop
from ..errors import HTTPError
from ..structures import AttrDict
from .backend import Outcome, Session, SQLBackend
from .builder import Builder
from .query import Query
from .sqlmaps import Templates
from .stub import params_of, prepare
from .writer import Statement

T = TypeVar("T")

WAIT_SECONDS = 300.0
"""How long one statement may take where nothing else is said."""


class Spawner(Protocol):
    """What runs coroutines on an event loop; a Runtime does."""

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The loop."""

    def spawn(self, coroutine: Coroutine[Any, Any, T]) -> concurrent.futures.Future[T]:
        """Run a coroutine on the loop."""


class Rows:
    """The rows of a statement; what was read is gone."""

    def __init__(self, outcome: Outcome | None = None) -> None:
        self._outcome = outcome or Outcome(())
        self._position = 0

    def _take(self, count: int | None, as_dict: bool) -> list[Any]:
        rows = self._outcome.rows
        end = len(rows) if count is None else min(self._position + count, len(rows))
        taken, self._position = rows[self._position : end], end
        return [self.as_dict(row) for row in taken] if as_dict else taken

    def as_dict(self, row: Sequence[Any]) -> AttrDict:
        """A row as an AttrDict."""
        return AttrDict(zip(self._outcome.columns or (), row, strict=True))

    def fetchall(self, as_dict: bool = False) -> list[Any]:
        """The rows that are left, as tuples or AttrDicts."""
        return self._take(None, as_dict)

    def fetchmany(self, size: int = 1, as_dict: bool = False) -> list[Any]:
        """The next `size` rows, as tuples or AttrDicts."""
        return self._take(size, as_dict)

    def fetchone(self, as_dict: bool = False) -> Any:
        """The next row as a tuple or AttrDict, None at the end."""
        rows = self._take(1, as_dict)
        return rows[0] if rows else None

    def fetchn(self, n: int) -> list[AttrDict]:
        """The next `n` rows as AttrDicts."""
        return self._take(n, True)

    def fetch1(self) -> AttrDict | None:
        """The next row as an AttrDict, None at the end."""
        row: AttrDict | None = self.fetchone(True)
        return row

    def fetch(self, *_: Any, **__: Any) -> list[AttrDict]:
        """The rows that are left as AttrDicts."""
        return self._take(None, True)

    def one(self, *_: Any, **__: Any) -> AttrDict:
        """The only row.

        Raises HTTPError "410 Partial Not Found" without rows, "409 Conflict" with several.
        """
        rows = self.fetch()
        if len(rows) != 1:
            raise HTTPError("409 Conflict" if rows else "410 Partial Not Found")
        return rows[0]

    def field_names(self) -> list[str]:
        """The names of the columns."""
        return list(self._outcome.columns or ())

    @property
    def description(self) -> list[tuple[Any, ...]] | None:
        """The columns as drivers describe them: seven items for each, the name first; None without rows."""
        columns = self._outcome.columns
        return None if columns is None else [(name, *(None,) * 6) for name in columns]

    @property
    def rowcount(self) -> int:
        """Rows that were found or changed, -1 where the database does not say."""
        return self._outcome.rowcount

    @property
    def lastrowid(self) -> int | None:
        """The id that SQLite gave the row inserted last; on PostgreSQL use RETURNING."""
        return self._outcome.lastrowid

    def __iter__(self) -> Iterator[AttrDict]:
        while (row := self.fetch1()) is not None:
            yield row


class _Connection(Builder):
    """A session of the database that a thread waits for.

    Args:
        backend: the database, or what opens it on the loop.
        spawner: runs coroutines on the loop, as a rule the runtime.
        templates: the app's SQL templates.
        timeout: seconds that one statement may take.
    """

    def __init__(
        self,
        backend: SQLBackend,
        spawner: Spawner,
        templates: Templates | None = None,
        timeout: float | None = None,
    ) -> None:
        super().__init__(backend.engine, templates)
        self._backend = backend
        self._spawner = spawner
        self._timeout = timeout or WAIT_SECONDS
        self._session: Session | None = None
        self._abandoned: weakref.finalize[Any, Any] | None = None
        self._autocommit = False

    def _wait(self, make: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Run a coroutine on the loop and wait for it.

        Raises TimeoutError, and RuntimeError on the event loop itself.
        """
        if on_event_loop():
            raise RuntimeError(
                "transactions and cursors wait, which would stop the event loop: "
                "use them in a plain handler or in was.Thread, or `await was.db('@name').execute(...)`"
            )
        future = self._spawner.spawn(make())
        try:
            return future.result(self._timeout)
        except TimeoutError:
            if future.done() and not future.cancelled():
                return future.result()  # it is the coroutine's own, or it ended in this very moment
            future.cancel()
            raise TimeoutError(f"the database did not answer in {self._timeout:g} s") from None

    def _begin(self) -> Session:
        begun: list[Session] = []

        async def begin() -> None:
            begun.append(await self._backend.transaction())

        try:
            self._wait(begin)
        except BaseException:
            self._spawner.spawn(_close_all(begun))  # it may still come when nobody waits for it any more
            raise
        self._abandoned = weakref.finalize(self, _abandon, self._spawner, begun)
        return begun[0]

    def _execute(self, statements: list[Statement]) -> Outcome:
        session = self._session
        if session is None:
            session = self._session = self._begin()
        outcome = self._wait(lambda: session.execute(statements))
        if self._autocommit:
            self._wait(session.commit)
        return outcome

    def set_autocommit(self, flag: bool = True) -> None:
        """Commit after each statement."""
        self._autocommit = flag

    def commit(self, *_: Any, **__: Any) -> None:
        """Keep what was done; another transaction begins with the next statement."""
        if self._session is not None:
            self._wait(self._session.commit)

    def rollback(self) -> None:
        """Undo what was not committed."""
        if self._session is not None:
            self._wait(self._session.rollback)

    def close(self) -> None:
        """Undo what was not committed and give the connection back; the next statement takes another one."""
        session, self._session = self._session, None
        if session is not None:
            if self._abandoned is not None:
                self._abandoned.detach()
            self._wait(session.close)

    @property
    def closed(self) -> bool:
        """Whether no connection is held."""
        return self._session is None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


async def _close_all(sessions: list[Session]) -> None:
    for session in sessions:
        await session.close()


def _abandon(spawner: Spawner, sessions: list[Session]) -> None:
    """Give the connection of a transaction back that nobody has closed."""
    if spawner.loop.is_running():
        spawner.spawn(_close_all(sessions))


class Transaction(_Connection, Rows):
    """`was.transaction("@x")`: statements on one connection, from the first to `commit()`.

    At the end of a `with` block, on an exception and when it is forgotten, what was not committed is undone.
    """

    def __init__(
        self,
        backend: SQLBackend,
        spawner: Spawner,
        templates: Templates | None = None,
        timeout: float | None = None,
    ) -> None:
        _Connection.__init__(self, backend, spawner, templates, timeout)
        Rows.__init__(self)

    def execute(self, sql: str | Query | Sequence[str | Query], *params: Any) -> Self:
        """Execute SQL or a query and wait; the rows are read from this object.

        Raises the driver's errors, TimeoutError, AssertionError for an update or delete without conditions.
        """
        if isinstance(sql, Query):
            return self.run(sql)
        Rows.__init__(self, self._execute(prepare(sql, params_of(params), self._engine)))
        return self

    def run(self, query: Query) -> Self:
        """Execute a query and wait."""
        Rows.__init__(self, Outcome(()) if query.is_empty else self._execute(query.statements()))
        return self

    @property
    def c(self) -> Self:
        """The cursor: this object."""
        return self

    cursor = conn = c


class Cursor(_Connection):
    """`was.cursor("@x")`: each statement gives a result of its own, which knows `commit` and `rollback`."""

    def execute(self, sql: str | Query | Sequence[str | Query], *params: Any) -> CursorResult:
        """Execute SQL or a query and wait; errors are raised when the result is used."""
        if isinstance(sql, Query):
            return self.run(sql)
        statements = prepare(sql, params_of(params), self._engine)
        return self._result(lambda: self._execute(statements))

    def run(self, query: Query) -> CursorResult:
        """Execute a query and wait."""
        if query.is_empty:
            return CursorResult(self, Outcome(()))
        statements = query.statements()
        return self._result(lambda: self._execute(statements))

    def _result(self, execute: Callable[[], Outcome]) -> CursorResult:
        try:
            return CursorResult(self, execute())
        except Exception as error:
            return CursorResult(self, None, error)


class CursorResult(Rows):
    """What a statement gave; used like a task that has ended.

    Attributes:
        expt: what went wrong, None if nothing did.
    """

    def __init__(self, cursor: Cursor, outcome: Outcome | None, expt: Exception | None = None) -> None:
        super().__init__(outcome)
        self._cursor = cursor
        self.expt = expt
        self.meta: dict[str, Any] = {}

    def _take(self, count: int | None, as_dict: bool) -> list[Any]:
        self.reraise()
        return super()._take(count, as_dict)

    def reraise(self) -> None:
        """Raise what went wrong."""
        if self.expt is not None:
            raise self.expt

    maybe_reraise = reraise

    def commit(self, *_: Any, **__: Any) -> None:
        """Keep what was done; raises what went wrong."""
        self.reraise()
        self._cursor.commit()

    def rollback(self) -> None:
        """Undo what was not committed."""
        self._cursor.rollback()

    def close(self) -> None:
        """Undo what was not committed and give the connection back."""
        self._cursor.close()

    def dispatch(self, *_: Any, **__: Any) -> Self:
        """This object, whatever happened."""
        return self

    wait = getwait = getswait = dispatch

    def wait_or_throw(self, *_: Any, **__: Any) -> None:
        """Raise what went wrong."""
        self.reraise()

    @property
    def data(self) -> list[AttrDict] | None:
        """All rows, None for a statement that gives none."""
        return self._outcome.dicts()

    @property
    def status(self) -> int:
        """STA_NORMAL: there is an answer."""
        return 3

    @property
    def status_code(self) -> int:
        """200, or 500 after an error."""
        return 200 if self.expt is None else 500

    @property
    def reason(self) -> str:
        """OK, or what the original says of an error."""
        return "OK" if self.expt is None else "Database Error"
