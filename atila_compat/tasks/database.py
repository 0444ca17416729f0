"""From `was.db` to the data sources: which one an alias means, and tasks for what is asked of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Any, cast

from ..data.cursor import Cursor, Transaction
from ..data.failures import is_connection_error, is_unsent
from ..data.sources import backend_of, is_sql
from ..data.stub import Call, CommandStub, SQLStub
from .aliases import Alias, find, parse_member
from .clusters import Node, cluster_of
from .group import Spread
from .remote import CallOptions, RemoteTask, start
from .response import STA_NETERR, STA_NORMAL, Result
from .task import Origin

if TYPE_CHECKING:
    from ..data.backend import SQLBackend
    from ..serving.runtime import Runtime
    from ..was import Was


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
    if transaction or cursor:
        return _connection(was, found, Cursor if cursor else Transaction, options.get("timeout"))
    # a kept result is used where the app speaks of keeping, for HTTP unless the app says otherwise
    settings = CallOptions(**{"use_cache": bool(options.get("cache")), **options})

    def begin(call: Call) -> RemoteTask | Spread:
        nodes: list[Node | None] = [None]
        if to_all:
            nodes = [*cluster_of(was.runtime, found).nodes]
        started = [
            start(
                was,
                _work(was.runtime, found, call, node),
                origin=_origin(found, call, node),
                options=settings,
            )
            for node in nodes
        ]
        return Spread(started) if to_all else started[0]

    if is_sql(found):
        return SQLStub(begin, found.ctype, was.app.get_sql_template())
    return CommandStub(begin, found.ctype)


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


def _work(runtime: Runtime, alias: Alias, call: Call, only: Node | None) -> Callable[[], Awaitable[Any]]:
    """What makes `call`, at `only` or at the server that has most room.

    One that cannot be reached is left alone for a while and the next is asked, unless the call may have
    changed something already.
    """

    async def ask(node: Node) -> Any:
        return await call(backend_of(runtime, alias, node.member))

    async def work() -> Any:
        if call.is_known:
            return await call(None)
        cluster = cluster_of(runtime, alias)
        node = only or (cluster.nodes[0] if len(cluster.nodes) == 1 else None)
        if node is not None:
            try:
                return await ask(node)
            except Exception as error:
                return _failed(error)
        tried: list[Node] = []
        while (node := cluster.pick(tried)) is not None:
            tried.append(node)
            try:
                data = await ask(node)
            except Exception as error:
                failure = _failed(error)
                if failure.status == STA_NORMAL:
                    return failure
                cluster.failed(node)
                if call.writes and not is_unsent(error):
                    return failure
            else:
                cluster.succeeded(node)
                return data
            finally:
                cluster.release(node)
        return failure

    return work


def _failed(error: Exception) -> Result:
    status = STA_NETERR if is_connection_error(error) else STA_NORMAL
    return Result(None, error, status=status, reason="Database Error")


def _connection(
    was: Was, alias: Alias, kind: type[Transaction] | type[Cursor], timeout: float | None
) -> Transaction | Cursor:
    if not is_sql(alias):
        raise TypeError(f"{alias.name} has no transactions: it is {alias.ctype}")
    cluster = cluster_of(was.runtime, alias)
    node = cluster.pick()
    assert node is not None
    cluster.release(node)
    backend = cast("SQLBackend", backend_of(was.runtime, alias, node.member))
    return kind(backend, was.runtime, was.app.get_sql_template(), timeout)
