"""From an alias to the data source behind it: one backend for each server and event loop."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from .backend import CommandBackend, SQLBackend
from .engines import DATABASES, MONGODB, PGSQL, REDIS, SQL_ENGINES, SQLITE, engine_of_url

if TYPE_CHECKING:
    from ..serving.runtime import Runtime
    from ..tasks.aliases import Alias, Member

Backend = SQLBackend | CommandBackend


def is_sql(alias: Alias) -> bool:
    """Whether the alias is a database that speaks SQL."""
    return alias.ctype == DATABASES or alias.ctype in SQL_ENGINES


def engine_of(alias: Alias) -> str:
    """What an alias is: its type, or what the URLs of `skitai.DB_DATABASES` stand for.

    Raises ValueError for a URL of no database that is known, or of several kinds.
    """
    if alias.ctype != DATABASES:
        return alias.ctype
    engines = {engine_of_url(member.path) for member in alias.members}
    if len(engines) > 1:
        raise ValueError(f"the members of {alias.name} are databases of several kinds")
    return engines.pop()


def _url(alias: Alias, member: Member) -> str:
    """The URL that `databases` knows a server by."""
    if alias.ctype == DATABASES:
        return member.path
    if alias.ctype == SQLITE:
        return f"sqlite:///{quote(member.path)}"
    login = f"{quote(member.user, safe='')}:{quote(member.password, safe='')}@" if member.user else ""
    return f"postgresql://{login}{member.authority}/{quote(member.path, safe='')}"


def connect(alias: Alias, member: Member, by_databases: bool = False) -> Backend:
    """A backend for one server of an alias; connections are opened when needed, on the running loop.

    Args:
        by_databases: reach SQLite and PostgreSQL through the package `databases` too.

    Raises MissingExtra without the driver, KeyError for a type that nobody has registered, ValueError for a
    member string that means nothing to its type.
    """
    kind, size, ssl = alias.ctype, alias.max_conns, alias.ssl
    server = (member.host, member.port, member.user, member.password)
    if kind == DATABASES or (by_databases and kind in (SQLITE, PGSQL)):
        from .databases import connect as connect_by_url

        return connect_by_url(_url(alias, member), size, alias.name, ssl)
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


def backend_of(runtime: Runtime, alias: Alias, member: Member, by_databases: bool = False) -> Backend:
    """The backend for one server of an alias, the same for all calls of a runtime and closed with it.

    Raises what `connect` does.
    """

    def make() -> Backend:
        made = connect(alias, member, by_databases)
        runtime.on_close(made.close)
        return made

    name = alias.name if alias.ctype in (SQLITE, DATABASES) else ""
    key = ("data", alias.ctype, member.raw, alias.max_conns, alias.ssl, name, by_databases)
    return runtime.shared(key, make)
