"""From `was.db` to the data sources: which one an alias means, and tasks for what is asked of it."""

from __future__ import annotations

import concurrent.futures
import os
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, cast

from ..data.cursor import Cursor, Transaction
from ..data.engines import SQLITE
from ..data.failures import is_connection_error, is_unsent
from ..data.sources import Backend, backend_of, engine_of, is_sql
from ..data.stub import Call, CommandStub, SQLStub
from .aliases import Alias, find, parse_member
from .clusters import Node, cluster_of
from .group import Spread
from .remote import CallOptions, RemoteTask, start
from .response import STA_NETERR, STA_NORMAL, Result
from .task import Origin

if TYPE_CHECKING:
    from ..data.backend import SQLBackend
    from ..data.sqlite import SQLiteBackend
    from ..serving.runtime import Runtime
    from ..was import Was


_NO_OPTIONS = CallOptions(use_cache=False)
"""What a call without options has; made once."""


def open_database(
    was: Was,
    alias: str,
    dbname: str = "",
    user: str = "",
    password: str = "",
    *,
    dbtype: str = "*postgresql",
    to_all: bool = False,
    transaction: bool = False,
    cursor: bool = False,
    **options: Any,
) -> Any:
    """What `was.db(...)` gives: a stub whose methods start tasks, or a connection that waits.

    Args:
        alias: `"@alias"`, or a server: `host[:port]` with `dbname`, `user` and `password`, a member string,
            or the path of a SQLite file.
        dbtype: what a server is, where `alias` is no alias.
        to_all: ask every server of the alias (`was.db.map`).
        transaction, cursor: a connection for one thread, see `data.cursor`.
        options: see `CallOptions`.

    Raises AssertionError without a server, KeyError for an unknown alias, TypeError for one of another kind.
    """
    assert alias, "Missing param uri or cluster name"
    is_alias = alias.startswith("@")
    found = find(alias, was.app) if is_alias else _unnamed(alias, dbname, user, password, dbtype)
    if not found.ctype.startswith("*"):
        raise TypeError(f"{found.name} is no data source but {found.ctype}: use was.get or was.stub")
    by_databases = _by_databases(was)
    if transaction or cursor:
        kind = Cursor if cursor else Transaction
        return _connection(was, found, kind, options.get("timeout"), by_databases)
    # a kept result is used where the app asks for it, for HTTP unless the app says otherwise
    settings = CallOptions(**{"use_cache": False, **options}) if options else _NO_OPTIONS

    is_direct = found.ctype == SQLITE and not by_databases

    def begin(call: Call) -> RemoteTask | Spread:
        # one file is reached without the event loop, which would be two more changes of thread
        direct = is_direct and call.statements and (to_all or len(found.members) == 1)
        kind = _SQLiteTask if direct else RemoteTask
        nodes: list[Node | None] = [None]
        if to_all:
            nodes = [*cluster_of(was.runtime, found).nodes]
        started = [
            start(
                was,
                _Work(was.runtime, found, call, node, by_databases),
                origin=_origin(found, call, node),
                options=settings,
                kind=kind,
            )
            for node in nodes
        ]
        return Spread(started) if to_all else started[0]

    if is_sql(found):
        return SQLStub(begin, engine_of(found), was.app.sql_templates)
    return CommandStub(begin, found.ctype)


def _by_databases(was: Was) -> bool:
    """Whether SQL goes through the package `databases`: `app.config.SQL_ENGINE`, else ATILA_SQL_ENGINE.

    Raises ValueError for an engine that is not known.
    """
    engine = was.app.config.get("SQL_ENGINE") or _engine_of_process()
    if engine not in ("", "direct", "databases"):
        raise ValueError(f"SQL_ENGINE is 'direct' or 'databases', not {engine!r}")
    return bool(engine == "databases")


@cache
def _engine_of_process() -> str:
    return os.environ.get("ATILA_SQL_ENGINE", "")


@lru_cache(maxsize=256)
def _unnamed(server: str, dbname: str, user: str, password: str, dbtype: str) -> Alias:
    """An alias for a server that the app names itself; equal ones share it, and so their connections."""
    text = "/".join((server, dbname, user, password)) if user else f"{server}/{dbname}" if dbname else server
    return Alias(name=server, ctype=dbtype.removesuffix("_syn"), members=(parse_member(text, dbtype),))


def _origin(alias: Alias, call: Call, only: Node | None) -> Origin:
    members = [only.member] if only else alias.members
    return Origin(
        alias=alias.name,
        method=call.method,
        args=(alias, call.args, only.member if only else None),
        writes=call.writes,
        node=members[0].authority or members[0].path if len(members) == 1 else None,
        cacheable=not call.is_known,
    )


@dataclass(slots=True)
class _Work:
    """Makes a call, at `only` or at the server of the alias that has most room."""

    runtime: Runtime
    alias: Alias
    call: Call
    only: Node | None
    by_databases: bool

    async def __call__(self) -> Any:
        if self.call.is_known:
            return await self.call(None)
        nodes = cluster_of(self.runtime, self.alias).nodes
        node = self.only or (nodes[0] if len(nodes) == 1 else None)
        if node is None:
            return await self._ask_any()
        try:
            return await self.call(self._backend(node))
        except Exception as error:
            return _failed(error)

    def _backend(self, node: Node) -> Backend:
        found: Backend | None = node.backends.get(self.by_databases)
        if found is None:
            found = backend_of(self.runtime, self.alias, node.member, self.by_databases)
            node.backends[self.by_databases] = found
        return found

    async def _ask_any(self) -> Any:
        """Ask a server; one that cannot be reached is left alone for a while and the next is asked.

        It is not if the call may have changed something already.
        """
        cluster = cluster_of(self.runtime, self.alias)
        tried: list[Node] = []
        while (node := cluster.pick(tried)) is not None:
            tried.append(node)
            try:
                data = await self.call(self._backend(node))
            except Exception as error:
                failure = _failed(error)
                if failure.status == STA_NORMAL:
                    return failure
                cluster.failed(node)
                if self.call.writes and not is_unsent(error):
                    return failure
            else:
                cluster.succeeded(node)
                return data
            finally:
                cluster.release(node)
        return failure

    def submit(self, seconds: float) -> concurrent.futures.Future[Any]:
        """Make the call on a thread of SQLite's own."""
        node = self.only or cluster_of(self.runtime, self.alias).nodes[0]
        return self.call.submit(cast("SQLiteBackend", self._backend(node)), seconds)


class _SQLiteTask(RemoteTask):
    """A statement for one file; the event loop, which would be two more changes of thread, is left out."""

    def _launch(self, work: Callable[[], Awaitable[Any]], timeout: float) -> concurrent.futures.Future[Any]:
        self.set_timeout(timeout)
        self.started = True
        return cast("_Work", work).submit(timeout)

    def _conclude(self, value: Any, error: BaseException | None) -> Result:
        if not isinstance(error, Exception):
            return super()._conclude(value, error)
        if self._deadline is not None and time.monotonic() >= self._deadline and "interrupted" in str(error):
            return self._expire(self.get_timeout() or 0)
        return _failed(error)


def _failed(error: Exception) -> Result:
    status = STA_NETERR if is_connection_error(error) else STA_NORMAL
    return Result(None, error, status=status, reason="Database Error")


def _connection(
    was: Was,
    alias: Alias,
    kind: type[Transaction] | type[Cursor],
    timeout: float | None,
    by_databases: bool,
) -> Transaction | Cursor:
    if not is_sql(alias):
        raise TypeError(f"{alias.name} has no transactions: it is {alias.ctype}")
    cluster = cluster_of(was.runtime, alias)
    node = cluster.pick()
    assert node is not None
    cluster.release(node)
    backend = cast("SQLBackend", backend_of(was.runtime, alias, node.member, by_databases))
    return kind(backend, was.runtime, was.app.sql_templates, timeout)
