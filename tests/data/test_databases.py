"""Tests of atila_compat.data.databases: any database that the package `databases` knows, by URL.

What statements do is proved by the other tests of this folder, which run on it too.
"""

from __future__ import annotations

import asyncio
import sqlite3
import sys
import threading
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from atila_compat.data import databases
from atila_compat.data.engines import MYSQL, PGSQL, SQLITE, engine_of_url
from atila_compat.data.lexer import as_format, statements_of, writes
from atila_compat.data.query import Query
from atila_compat.data.writer import Statement
from atila_compat.errors import AtilaError, MissingExtra

from .databases import Database, postgres_at

pytestmark = pytest.mark.anyio

ENDLESS = "with recursive c(x) as (select 1 union all select x + 1 from c) select count(*) from c"


def sqlite_at(path: Path, max_conns: int = 2) -> Any:
    """A backend for a file."""
    return databases.connect(f"sqlite:///{path}", max_conns)


async def test_urls_name_databases(tmp_path: Path, postgres_url: str) -> None:
    """The scheme of a URL decides, its query holds options of the driver."""
    file = tmp_path / "a b%.db"
    sqlite3.connect(file).close()
    for url, engine in (
        (f"sqlite:///{tmp_path}/a%20b%25.db", SQLITE),
        (f"sqlite:///{tmp_path}/new.db?timeout=1", SQLITE),
        ("sqlite://", SQLITE),
        ("sqlite:///:memory:", SQLITE),
        (postgres_url, PGSQL),
        (f"{postgres_url.replace('postgresql:', 'postgres:')}?ssl=false", PGSQL),
    ):
        backend = databases.connect(url, 1)
        assert backend.engine == engine == engine_of_url(url)
        assert await backend.execute([Statement("select 1 as a")]) == [{"a": 1}]
        await backend.close()
    assert (tmp_path / "new.db").exists()
    with pytest.raises(ValueError, match="'oracle'; known are postgresql"):
        databases.connect("oracle://localhost/x")


async def test_what_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the package or a driver the error says what to install, and shows no password."""
    monkeypatch.setitem(sys.modules, "aiomysql", None)
    monkeypatch.delitem(sys.modules, "databases.backends.mysql", raising=False)
    with pytest.raises(AtilaError, match="mysql:// URLs: pip install aiomysql") as caught:
        databases.connect("mysql://me:secret@localhost/shop")
    assert "secret" not in str(caught.value)
    monkeypatch.setitem(sys.modules, "asyncpg", None)
    monkeypatch.delitem(sys.modules, "databases.backends.postgres", raising=False)
    with pytest.raises(MissingExtra, match=r"atila_compat\[postgres\]"):
        databases.connect("postgresql://localhost/shop")
    monkeypatch.setitem(sys.modules, "databases", None)
    with pytest.raises(MissingExtra, match=r"atila_compat\[databases\]"):
        databases.connect("sqlite:///a.db")


async def test_databases_in_memory_are_told_apart() -> None:
    """Connections of one share their data, those of another name do not; it is gone with the backend."""
    first, second = (databases.connect("sqlite://", 3, name) for name in ("@first", "@second"))
    await first.execute(statements_of("create table t (a integer); insert into t values (1)", (), SQLITE))
    found = await asyncio.gather(*(first.execute([Statement("select a from t")]) for _ in range(6)))
    assert found == [[{"a": 1}]] * 6
    with pytest.raises(sqlite3.OperationalError, match="no such table"):
        await second.execute([Statement("select a from t")])
    await asyncio.gather(*(first.execute([Statement(f"insert into t values ({n})")]) for n in range(20)))
    assert await first.execute([Statement("select count(*) as n from t")]) == [{"n": 21}]
    await first.close()
    await first.close()
    await second.close()


async def test_a_cancelled_statement_ends(tmp_path: Path, postgres_url: str) -> None:
    """Who is cancelled leaves neither a running statement nor a lost connection behind."""
    backends: list[tuple[Any, str]] = [
        (sqlite_at(tmp_path / "a.db", 1), ENDLESS),
        (databases.connect(postgres_url, 1), "select pg_sleep(30)"),
    ]
    for backend, endless in backends:
        running: Any = asyncio.ensure_future(backend.execute([Statement(endless)]))
        await asyncio.sleep(0.2)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        one = asyncio.wait_for(backend.execute([Statement("select 1 as a")]), 5)
        assert await one == [{"a": 1}]
        session = await asyncio.wait_for(backend.transaction(), 5)
        running = asyncio.ensure_future(session.execute([Statement(endless)]))
        await asyncio.sleep(0.2)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        await session.close()
        with pytest.raises(RuntimeError, match="ended"):
            await session.commit()
        assert await asyncio.wait_for(backend.execute([Statement("select 1 as a")]), 5) == [{"a": 1}]
        assert backend.pool.count == backend.pool.idle == 1
        await backend.close()


async def test_connections_are_closed(tmp_path: Path, postgres_url: str) -> None:
    """close() leaves no thread and no connection, a failed statement loses none."""
    before = threading.active_count()
    backend = sqlite_at(tmp_path / "a.db")
    for _ in range(5):
        with pytest.raises(sqlite3.OperationalError):
            await backend.execute([Statement("begin"), Statement("selec")])
    assert (backend.pool.count, backend.pool.idle) <= (1, 1)
    await backend.execute([Statement("begin")])
    assert await backend.execute([Statement("select 1 as a")]) == [{"a": 1}]
    await backend.close()
    while threading.active_count() > before:
        await asyncio.sleep(0.01)
    with pytest.raises(RuntimeError, match="closed"):
        await backend.execute([Statement("select 1")])
    with pytest.raises(sqlite3.OperationalError, match="unable to open"):
        await sqlite_at(tmp_path / "no" / "where.db").execute([Statement("select 1")])
    while threading.active_count() > before:  # the thread of aiosqlite tells the loop that it has ended
        await asyncio.sleep(0.01)


async def test_a_server_that_hangs_up_is_asked_again(postgres_url: str) -> None:
    """A connection that the server has closed is not used again."""
    backend: Any = databases.connect(postgres_url, 1)
    direct = postgres_at(postgres_url, 1)
    (row,) = await backend.execute([Statement("select pg_backend_pid() as pid")])
    await direct.execute([Statement(f"select pg_terminate_backend({row.pid})")])
    await asyncio.sleep(0.1)
    assert await backend.execute([Statement("select 1 as a")]) == [{"a": 1}]
    (row,) = await backend.execute([Statement("select pg_backend_pid() as pid")])
    running = asyncio.ensure_future(backend.execute([Statement("select pg_sleep(30)")]))
    await asyncio.sleep(0.2)
    await direct.execute([Statement(f"select pg_terminate_backend({row.pid})")])
    with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError, OSError)):
        await running
    assert await backend.execute([Statement("select 1 as a")]) == [{"a": 1}]
    assert backend.pool.count == backend.pool.idle == 1
    await backend.close()
    await direct.close()


@pytest.mark.parametrize(
    ("sql", "params", "expected"),
    [
        ("select '?%', `?`, \"?\" from t where a = ?", (1,), "select '?%%', `?`, \"?\" from t where a = %s"),
        ("select 'it\\'s ?' -- ?\nwhere a = ?", (1,), "select 'it\\'s ?' -- ?\nwhere a = %s"),
        ("select ':a' where a = :a and b = :b_1", {"a": 1}, "select ':a' where a = %(a)s and b = %(b_1)s"),
        ("select '%%' where a = %s", (1,), "select '%%' where a = %s"),
        ("select 7 % 2 where a = %(a)s", {"a": 1}, "select 7 % 2 where a = %(a)s"),
        ("select 7 % 2", (), "select 7 % 2"),
    ],
)
def test_placeholders_of_mysql(sql: str, params: Any, expected: str) -> None:
    """`?` and `:name` become what MySQL's drivers know; text and what the app wrote for them stays."""
    assert as_format(sql, params) == (expected, params)


def test_queries_for_mysql() -> None:
    """What MySQL has other words for is written in its own; the rest is as for SQLite."""

    def sql(verb: str, **conditions: Any) -> Query:
        return Query(verb, "t", None, MYSQL).filter(**conditions)

    assert sql("select", a__contains="5%").compile() == (
        "SELECT * FROM t\nWHERE a LIKE ?",
        ("%5\\%%",),
    )
    assert sql("select", id__in=[]).compile()[0].endswith("WHERE 1 = 0")
    assert sql("select").offset(3).compile()[0].endswith(f"LIMIT {2**63 - 1}\nOFFSET 3")
    both = sql("select", a=1).union(sql("select", a=2)).compile()[0]
    assert both.startswith("(SELECT")
    insert = Query("insert", "t", None, MYSQL).set(id=1, a="x")
    assert insert.upflict("id", a="y").compile()[0].endswith("\nON DUPLICATE KEY UPDATE a = ?")
    again = Query("insert", "t", None, MYSQL).set(id=1)
    assert again.upflict("id, a").compile()[0].endswith("\nON DUPLICATE KEY UPDATE id = id")
    assert [each.sql for each in statements_of("set @a = ';'; # ;\nselect `;`", (), MYSQL)] == [
        "set @a = ';'",
        "# ;\nselect `;`",
    ]
    assert not writes("select `update` from t", MYSQL)


async def test_rows_of_several_statements(tmp_path: Path) -> None:
    """A script is one transaction; the rows are the last one's."""
    database = Database(sqlite_at(tmp_path / "a.db"))
    assert await database.sql("create table t (a integer); select 2 as b") == [{"b": 2}]
    with pytest.raises(sqlite3.OperationalError):
        await database.sql("insert into t values (1); selec")
    assert await database.sql("select * from t") == []
    await database.backend.close()
