"""Tests of atila_compat.data.sources and .failures."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from pathlib import Path
from typing import Any, cast

import asyncpg
import pytest
import redis

from atila_compat.data.backend import SQLBackend
from atila_compat.data.failures import is_connection_error, is_integrity_error, is_unsent, mark_unsent
from atila_compat.data.mongo import MongoBackend
from atila_compat.data.postgres import PostgresBackend
from atila_compat.data.redis import RedisBackend
from atila_compat.data.sources import backend_of, connect, is_sql
from atila_compat.data.sqlite import SQLiteBackend
from atila_compat.data.writer import Statement
from atila_compat.serving.runtime import Runtime
from atila_compat.tasks.aliases import Alias, parse_member


def alias(ctype: str, member: str, **options: Any) -> Alias:
    """An alias of one server."""
    return Alias("@x", ctype, (parse_member(member, ctype),), **options)


@pytest.mark.parametrize(
    ("ctype", "member", "kind"),
    [
        ("*sqlite3", "./a.db", SQLiteBackend),
        ("*postgresql", "user:p%40ss@localhost/mydb 3", PostgresBackend),
        ("*redis", "localhost/0", RedisBackend),
        ("*mongodb", "localhost/mycollection", MongoBackend),
    ],
)
def test_the_type_of_an_alias_decides(ctype: str, member: str, kind: type) -> None:
    """Each type of alias has its backend."""
    found = alias(ctype, member)
    made = connect(found, found.members[0])
    assert type(made) is kind
    assert made.engine == ctype
    assert is_sql(found) == (ctype in ("*sqlite3", "*postgresql"))


def test_members_become_options() -> None:
    """Host, port, user, password and name of a member string reach the driver."""
    found = alias("*postgresql", "user:p%40ss@db.example:5433/mydb", max_conns=7, ssl=True)
    made: Any = connect(found, found.members[0])
    names = ("host", "port", "user", "password", "database", "ssl")
    assert {name: made._options[name] for name in names} == {
        "host": "db.example",
        "port": 5433,
        "user": "user",
        "password": "p@ss",
        "database": "mydb",
        "ssl": "require",
    }
    assert made.pool._size == 7
    found = alias("*mongodb", "me:secret@localhost/geo/cities", max_conns=3)
    mongo: Any = connect(found, found.members[0])
    assert (mongo.database, mongo.collection) == ("geo", "cities")
    assert (mongo._options["username"], mongo._options["maxPoolSize"]) == ("me", 3)
    with pytest.raises(KeyError, match="add_database_interface"):
        connect(Alias("@x", "*nothing", (parse_member("h", "*nothing"),)), parse_member("h", "*nothing"))


@pytest.mark.anyio
async def test_a_runtime_has_one_backend_for_a_server(tmp_path: Path) -> None:
    """Calls of one runtime share a backend, which is closed with it; equal aliases are one."""
    path = str(tmp_path / "a.db")
    async with Runtime() as runtime:
        first, second = alias("*sqlite3", path), alias("*sqlite3", path)
        backend = cast("SQLBackend", backend_of(runtime, first, first.members[0]))
        assert backend_of(runtime, second, second.members[0]) is backend
        await backend.execute([Statement("select 1")])
        assert any(each.name == "atila-sqlite" for each in threading.enumerate())
    for _ in range(100):
        if not any(each.name == "atila-sqlite" for each in threading.enumerate()):
            break
        await asyncio.sleep(0.01)
    assert not any(each.name == "atila-sqlite" for each in threading.enumerate())


@pytest.mark.parametrize(
    ("error", "lost", "integrity"),
    [
        (ConnectionRefusedError(), True, False),
        (TimeoutError(), True, False),
        (asyncpg.ConnectionDoesNotExistError("x"), True, False),
        (asyncpg.InterfaceError("x"), True, False),
        (asyncpg.CannotConnectNowError("x"), True, False),
        (asyncpg.UniqueViolationError("x"), False, True),
        (asyncpg.ForeignKeyViolationError("x"), False, True),
        (asyncpg.PostgresSyntaxError("x"), False, False),
        (redis.ConnectionError("x"), True, False),
        (redis.ResponseError("x"), False, False),
        (sqlite3.IntegrityError("x"), False, True),
        (sqlite3.OperationalError("x"), False, False),
        (sqlite3.InterfaceError("x"), False, False),
        (ValueError("x"), False, False),
    ],
)
def test_errors_are_recognised(error: Exception, lost: bool, integrity: bool) -> None:
    """Lost connections and broken constraints are recognised whatever the driver."""
    assert (is_connection_error(error), is_integrity_error(error)) == (lost, integrity)
    assert not is_unsent(error)
    mark_unsent(error)
    assert is_unsent(error)
