"""What `was.db("@x")` gives: an object whose methods call the data source, each call a task."""

from __future__ import annotations

import concurrent.futures
import logging
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from .backend import CommandBackend, SQLBackend
from .builder import Builder
from .engines import MONGODB, REDIS, sql_engine
from .lexer import Params, statements_of, writes
from .query import Query
from .redis import Word, command
from .sources import Backend
from .sqlite import SQLiteBackend
from .sqlmaps import Templates
from .writer import Statement

log = logging.getLogger("atila_compat.data")


@dataclass(slots=True)
class Call:
    """A call that is still to be made: `await call(backend)`; logged with its time in `atila_compat.data`.

    Attributes:
        method: what is called: `"execute"`, the name of a command.
        args: what tells two calls of that name apart, for caches.
        describe: gives the call as people read it.
        writes: whether it may change something.
        make: makes the call.
        statements: what is to be executed, of a call that is SQL.
        is_known: whether its answer is known without asking anybody, `limit(0)`; `backend` is None then.
    """

    method: str
    args: Any
    describe: Callable[[], str]
    writes: bool
    make: Callable[[Any], Awaitable[Any]]
    is_known: bool = False
    statements: Sequence[Statement] = ()

    @property
    def text(self) -> str:
        """The call as people read it."""
        return self.describe()

    def submit(self, backend: SQLiteBackend, seconds: float) -> concurrent.futures.Future[Any]:
        """Make the call on a thread of SQLite's own, without the event loop; ended after `seconds`."""
        begun = time.perf_counter()
        future = backend.submit(self.statements, seconds)
        if log.isEnabledFor(logging.DEBUG):
            future.add_done_callback(lambda done: self._log(begun, "failed" if done.exception() else "done"))
        return future

    def _log(self, begun: float, how: str) -> None:
        log.debug("%s after %.1f ms: %s", how, (time.perf_counter() - begun) * 1000, self.text)

    async def __call__(self, backend: Backend | None) -> Any:
        if not log.isEnabledFor(logging.DEBUG):
            return await self.make(backend)
        begun, how = time.perf_counter(), "failed"
        try:
            result = await self.make(backend)
            how = "done"
            return result
        finally:
            self._log(begun, how)


Start = Callable[[Call], Any]
"""Starts a task for a call and returns it."""


class Stub:
    """What stubs have in common: `with was.db("@x") as db:` is the same as without `with`."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing ends here: tasks that were started go on."""


def params_of(params: tuple[Any, ...]) -> Params:
    """The parameters in `execute(sql, (1, 2))`, `execute(sql, {"a": 1})` or `execute(sql, 1, 2)`."""
    if len(params) == 1 and (params[0] is None or isinstance(params[0], (list, tuple, Mapping))):
        return params[0] or ()
    return params


def prepare(sql: str | Query | Sequence[str | Query], params: Params, engine: str) -> list[Statement]:
    """The statements of what `execute` was given: SQL, a query, or a list of them.

    Raises AssertionError for an update or delete without conditions, ValueError for parameters that do not
    fit.
    """
    if isinstance(sql, Query):
        return sql.statements()
    if isinstance(sql, str):
        return statements_of(sql, params, engine)
    return [statement for each in sql for statement in prepare(each, (), engine)]


class SQLStub(Stub, Builder):
    """A database that speaks SQL: `execute`, the query builder and the app's templates.

    Args:
        start: starts a task for a call.
        engine: `"*postgresql"` or `"*sqlite3"`.
        templates: the app's SQL templates.
    """

    def __init__(self, start: Start, engine: str, templates: Templates | None = None) -> None:
        super().__init__(sql_engine(engine), templates)
        self._start = start

    def execute(self, sql: str | Query | Sequence[str | Query], *params: Any) -> Any:
        """Start a task that executes SQL; a list of statements is one transaction.

        Args:
            sql: text, a query, or a list of both.
            params: a sequence or mapping, or the parameters themselves; see `lexer.statements_of`.

        Raises AssertionError for an update or delete without conditions, ValueError for parameters that
        do not fit.
        """
        if isinstance(sql, Query):
            return self.run(sql)
        return self._start_statements(prepare(sql, params_of(params), self._engine))

    def run(self, query: Query) -> Any:
        """Start a task that executes `query`."""
        if query.is_empty:
            return self._start(Call("execute", (), query.render, False, _empty, is_known=True))
        return self._start_statements(query.statements())

    def _start_statements(self, statements: list[Statement]) -> Any:
        async def make(backend: SQLBackend) -> Any:
            return await backend.execute(statements)

        def describe() -> str:
            return "; ".join(
                f"{each.sql} {each.params!r}" if each.params else each.sql for each in statements
            )

        changes = any(writes(each.sql, self._engine) for each in statements)
        args = tuple((each.sql, each.params) for each in statements)
        return self._start(Call("execute", args, describe, changes, make, statements=statements))


async def _empty(_: Any) -> list[Any]:
    return []


_READING = (
    "bitcount bitpos exists get getbit getrange dbsize echo geodist geohash geopos georadius_ro"
    " geosearch hexists hget hgetall hkeys hlen hmget hrandfield hscan hstrlen hvals info keys lindex"
    " llen lolwut lpos lrange mget object_encoding object_idletime ping pttl randomkey scan scard sdiff"
    " sinter sintercard sismember smembers smismember srandmember sscan strlen substr sunion time touch"
    " ttl type xinfo_stream xlen xpending xrange xrevrange zcard zcount zdiff zinter zlexcount zmscore"
    " zrandmember zrange zrangebylex zrangebyscore zrank zrevrange zrevrangebylex zrevrangebyscore"
    " zrevrank zscan zscore zunion find findone find_one count count_documents estimated_document_count"
    " distinct index_information list_collection_names list_collections list_database_names list_indexes"
    " server_info options"
)
_READS = frozenset(_READING.split())
"""Methods of Redis and MongoDB that change nothing."""


class CommandStub(Stub):
    """A data source that is asked by method: `db.set("k", "v")`, `db.find({...})`, `db.users.find({...})`.

    Args:
        start: starts a task for a call.
        engine: `"*redis"`, `"*mongodb"` or the name of an interface of the app's own.
        path: names that come before the method's.
    """

    def __init__(self, start: Start, engine: str, path: tuple[str, ...] = ()) -> None:
        self._start, self._engine, self._path = start, engine, path

    def __getattr__(self, name: str) -> CommandStub:
        if name.startswith("__"):
            raise AttributeError(name)
        return CommandStub(self._start, self._engine, (*self._path, name))

    def __getitem__(self, name: str) -> CommandStub:
        return CommandStub(self._start, self._engine, (*self._path, str(name)))

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Start a task that calls the method.

        Raises ValueError for values that Redis has no form for, TypeError where no method is named.
        """
        path = self._path
        if not path:
            raise TypeError("name the method to call: was.db('@x').get('key')")
        if self._engine == REDIS:
            if path == ("pipeline",):
                return Pipeline(self._start, *args, **kwargs)
            command("_".join(path), args, kwargs)  # refuses what cannot be sent where it is written

        async def make(backend: CommandBackend) -> Any:
            return await backend.execute(path, args, kwargs)

        def describe() -> str:
            return f"{name}({', '.join([*map(repr, args), *(f'{k}={v!r}' for k, v in kwargs.items())])})"

        name = ".".join(path)
        changes = self._engine not in (REDIS, MONGODB) or path[-1].strip("_").lower() not in _READS
        return self._start(Call(name, (args, tuple(kwargs.items())), describe, changes, make))


class Pipeline(Stub):
    """Commands of Redis that are sent together: `pipe = db.pipeline()`, `pipe.set(...)`, `pipe.execute()`.

    Args:
        start: starts a task for a call.
        transaction: put them between MULTI and EXEC.
    """

    def __init__(self, start: Start, transaction: bool = True) -> None:
        self._start, self._transaction = start, transaction
        self._commands: list[list[Word]] = []

    def __getattr__(self, name: str) -> Callable[..., Pipeline]:
        if name.startswith("__"):
            raise AttributeError(name)

        def add(*args: Any, **kwargs: Any) -> Pipeline:
            self._commands.append(command(name, args, kwargs))
            return self

        return add

    def execute(self) -> Any:
        """Start a task that sends the commands; its data is the list of their replies."""
        commands, self._commands = tuple(map(tuple, self._commands)), []
        args = (commands, self._transaction)

        async def make(backend: CommandBackend) -> Any:
            return await backend.execute(("pipeline",), args, {})

        return self._start(Call("pipeline", args, lambda: f"pipeline {commands!r}", True, make))
