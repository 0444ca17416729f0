"""From an alias to the data source behind it: one backend for each server and event loop."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .backend import CommandBackend, SQLBackend
from .engines import MONGODB, PGSQL, REDIS, SQL_ENGINES, SQLITE

if TYPE_CHECKING:
    from ..serving.runtime import Runtime
    from ..tasks.aliases import Alias, Member

Backend = SQLBackend | CommandBackend


def is_sql(alias: Alias) -> bool:
    """Whether the alias is a database that speaks SQL."""
    return alias.ctype in SQL_ENGINES


def connect(alias: Alias, member: Member) -> Backend:
    """A backend for one server of an alias; connections are opened when needed, on the running loop.

    Raises MissingExtra without the driver, KeyError for a type that nobody has registered, ValueError for a
    member string that means nothing to its type.
    """
    kind, size, ssl = alias.ctype, alias.max_conns, alias.ssl
    server = (member.host, member.port, member.user, member.password)
    if kind == SQLITE:
        from .sqlite import SQLiteBackend

        return SQLiteBackend(member.path, size, alias.name)
    if kind == PGSQL:
        from .postgres import PostgresBackend

        return PostgresBackend(*server, member.path, size, ssl)
    if kind == REDIS:
        from .redis import RedisBackend

        return RedisBackend(*server, member.path, size, ssl)
    if kind == MONGODB:
        from .mongo import MongoBackend

        return MongoBackend(*server, member.path, size, ssl)
    from .interfaces import InterfaceBackend

    params = (member.path, member.user, member.password)
    return InterfaceBackend(kind, (member.host, member.port), params, size)


def backend_of(runtime: Runtime, alias: Alias, member: Member) -> Backend:
    """The backend for one server of an alias, the same for all calls of a runtime and closed with it.

    Raises what `connect` does.
    """

    def make() -> Backend:
        made = connect(alias, member)
        runtime.on_close(made.close)
        return made

    name = alias.name if alias.ctype == SQLITE else ""
    key = ("data", alias.ctype, member.raw, alias.max_conns, alias.ssl, name)
    return runtime.shared(key, make)
