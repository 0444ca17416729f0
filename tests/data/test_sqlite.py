"""Tests of atila_compat.data.sqlite: threads, locks, interruption."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import sqlite3
import threading
import time
from pathlib import Path

import pytest

from atila_compat.data import sqlite
from atila_compat.data.sqlite import SQLiteBackend
from atila_compat.data.writer import Statement

pytestmark = pytest.mark.anyio

ENDLESS = "with recursive c(x) as (select 1 union all select x + 1 from c) select count(*) from c"


def threads() -> int:
    """How many threads of SQLite there are."""
    return sum(each.name == "atila-sqlite" for each in threading.enumerate())


async def settled(count: int) -> None:
    """Wait until there are `count` threads of SQLite."""
    for _ in range(200):
        if threads() == count:
            return
        gc.collect()
        await asyncio.sleep(0.01)
    assert threads() == count


def sql(text: str, *params: object) -> list[Statement]:
    """One statement."""
    return [Statement(text, params)]


async def test_errors_are_those_of_sqlite3(tmp_path: Path) -> None:
    """Exceptions keep their type and text, and the connection serves on."""
    backend = SQLiteBackend(str(tmp_path / "a.db"), 1)
    await backend.execute(sql("create table t (a integer unique)"))
    await backend.execute(sql("insert into t values (1)"))
    with pytest.raises(sqlite3.OperationalError, match="no such table: nowhere"):
        await backend.execute(sql("select * from nowhere"))
    with pytest.raises(sqlite3.IntegrityError, match=r"UNIQUE constraint failed: t\.a"):
        await backend.execute(sql("insert into t values (1)"))
    with pytest.raises(sqlite3.ProgrammingError):
        await backend.execute(sql("select ?"))
    assert await backend.execute(sql("select * from t")) == [{"a": 1}]
    assert backend.threads.count == 1
    await backend.close()
    with pytest.raises(sqlite3.OperationalError, match="unable to open"):
        await SQLiteBackend(str(tmp_path / "no" / "where.db")).execute(sql("select 1"))


async def test_a_script_is_one_transaction(tmp_path: Path) -> None:
    """Several statements succeed or fail together, unless they manage transactions themselves."""
    backend = SQLiteBackend(str(tmp_path / "a.db"), 1)
    await backend.execute(sql("create table t (a integer)"))
    with pytest.raises(sqlite3.OperationalError):
        await backend.execute([Statement("insert into t values (1)"), Statement("selec")])
    assert await backend.execute(sql("select * from t")) == []
    own = ["begin", "insert into t values (1)", "commit", "insert into t values (2)", "selec"]
    with pytest.raises(sqlite3.OperationalError):
        await backend.execute([Statement(each) for each in own])
    assert await backend.execute(sql("select * from t")) == [{"a": 1}, {"a": 2}]
    assert await backend.execute(
        [Statement("pragma user_version = 7"), Statement("pragma user_version")]
    ) == [{"user_version": 7}]
    await backend.close()


async def test_a_statement_that_nobody_waits_for_is_interrupted(tmp_path: Path) -> None:
    """A cancelled statement ends, and its connection goes back to the pool."""
    backend = SQLiteBackend(str(tmp_path / "a.db"), 1)
    task = asyncio.ensure_future(backend.execute(sql(ENDLESS)))
    await asyncio.sleep(0.1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await asyncio.wait_for(backend.execute(sql("select 1 as a")), 5) == [{"a": 1}]
    assert backend.threads.count == 1
    await backend.close()


async def test_a_statement_does_not_take_longer_than_it_may(tmp_path: Path) -> None:
    """submit() works from any thread; a statement is interrupted when its time is up, whoever waits."""
    backend = SQLiteBackend(str(tmp_path / "a.db"), 1)
    assert await asyncio.to_thread(lambda: backend.submit(sql("select 1 as a")).result(5)) == [{"a": 1}]
    late = backend.submit(sql(ENDLESS), 0.1)
    with pytest.raises(sqlite3.OperationalError, match="interrupted"):
        await asyncio.to_thread(late.result, 5)
    running, waiting = backend.submit(sql(ENDLESS)), backend.submit(sql("select 1"))
    await asyncio.sleep(0.1)
    assert waiting.cancel()
    assert not running.done()
    assert not running.cancel()
    with pytest.raises(sqlite3.OperationalError, match="interrupted"):
        await asyncio.to_thread(running.result, 5)
    assert await backend.execute(sql("select 2 as a")) == [{"a": 2}]
    await backend.close()
    with pytest.raises(RuntimeError, match="closed"):
        backend.submit(sql("select 1"))


async def test_closing_ends_what_runs(tmp_path: Path) -> None:
    """close() interrupts statements and ends sessions; no thread is left."""
    backend = SQLiteBackend(str(tmp_path / "a.db"), 2)
    session = await backend.transaction()
    await session.execute(sql("create table t (a integer)"))
    running = backend.submit(sql(ENDLESS))
    waiting = asyncio.ensure_future(backend.transaction())
    await asyncio.sleep(0.05)
    await backend.close()
    with pytest.raises(sqlite3.OperationalError, match="interrupted"):
        running.result(1)
    with pytest.raises(RuntimeError, match="closed"):
        await waiting
    await session.close()
    await settled(0)


async def test_threads_end_with_their_connections(tmp_path: Path) -> None:
    """Closing ends all threads, and so does forgetting the database."""
    await settled(0)
    backend = SQLiteBackend(str(tmp_path / "a.db"), 3)
    await asyncio.gather(*(backend.execute(sql("select 1")) for _ in range(20)))
    assert 1 <= threads() == backend.threads.count <= 3
    await backend.close()
    await settled(0)
    forgotten: SQLiteBackend | None = SQLiteBackend(str(tmp_path / "a.db"), 3)
    assert forgotten is not None
    await forgotten.execute(sql("select 1"))
    assert threads() == 1
    forgotten = None
    await settled(0)


async def test_memory_is_shared_by_connections() -> None:
    """All connections to :memory: see the same tables, even while somebody writes; names tell them apart."""
    backend, other = SQLiteBackend(":memory:", name="@a"), SQLiteBackend(":memory:", name="@b")
    await backend.execute(sql("create table t (a integer)"))
    await asyncio.gather(*(backend.execute(sql("insert into t values (?)", n)) for n in range(50)))
    assert await backend.execute(sql("select count(*) as n from t")) == [{"n": 50}]
    session = await backend.transaction()
    await session.execute(sql("insert into t values (99)"))
    reading = asyncio.ensure_future(backend.execute(sql("select count(*) as n from t")))
    await asyncio.sleep(0.05)
    await session.commit()
    assert await reading == [{"n": 51}]
    await session.close()
    with pytest.raises(sqlite3.OperationalError, match="no such table"):
        await other.execute(sql("select * from t"))
    await backend.close()
    await other.close()
    again = SQLiteBackend(":memory:", name="@a")
    with pytest.raises(sqlite3.OperationalError, match="no such table"):
        await again.execute(sql("select * from t"))
    await again.close()


async def test_writers_wait_for_each_other(tmp_path: Path) -> None:
    """A write waits for a transaction to end instead of failing at once."""
    backend = SQLiteBackend(str(tmp_path / "a.db"), 3)
    await backend.execute(sql("create table t (a integer)"))
    session = await backend.transaction()
    await session.execute(sql("insert into t values (1)"))
    begun = time.monotonic()
    writing = asyncio.ensure_future(backend.execute(sql("insert into t values (2)")))
    await asyncio.sleep(0.2)
    assert not writing.done()
    await session.commit()
    await writing
    assert time.monotonic() - begun < 4
    assert await backend.execute(sql("select count(*) as n from t")) == [{"n": 2}]
    await session.close()
    await backend.close()


async def test_a_session_reads_without_a_lock(tmp_path: Path) -> None:
    """A transaction begins with the first statement that writes; what is not committed is undone at close."""
    backend = SQLiteBackend(str(tmp_path / "a.db"), 2)
    await backend.execute(sql("create table t (a integer)"))
    session = await backend.transaction()
    assert (await session.execute(sql("select * from t"))).columns == ("a",)
    await backend.execute(sql("insert into t values (1)"))
    outcome = await session.execute(sql("insert into t values (2)"))
    assert (outcome.columns, outcome.rowcount, outcome.lastrowid) == (None, 1, 2)
    assert (await session.execute(sql("select * from t"))).rows == [(1,), (2,)]
    await session.rollback()
    await session.execute(sql("insert into t values (3)"))
    await session.close()
    await session.close()
    with pytest.raises(RuntimeError, match="ended"):
        await session.execute(sql("select 1"))
    assert await backend.execute(sql("select * from t")) == [{"a": 1}]
    await backend.close()


async def test_a_session_survives_an_interrupted_statement(tmp_path: Path) -> None:
    """A cancelled statement of a session ends; the session can be used and closed afterwards."""
    backend = SQLiteBackend(str(tmp_path / "a.db"), 1)
    session = await backend.transaction()
    task = asyncio.ensure_future(session.execute(sql(ENDLESS)))
    await asyncio.sleep(0.1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (await session.execute(sql("select 1"))).rows == [(1,)]
    await session.close()
    assert await backend.execute(sql("select 2 as a")) == [{"a": 2}]
    await backend.close()


async def test_a_uri_opens_a_file(tmp_path: Path) -> None:
    """A path that is a `file:` URI may say how to open the file."""
    path = tmp_path / "a.db"
    writable = SQLiteBackend(str(path))
    await writable.execute(sql("create table t (a integer)"))
    await writable.close()
    backend = SQLiteBackend(f"file:{path}?mode=ro")
    assert await backend.execute(sql("select * from t")) == []
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        await backend.execute(sql("insert into t values (1)"))
    await backend.close()


def test_reads_are_long_by_their_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A short read is no long one because its thread had to wait, however often it is repeated."""
    monkeypatch.setattr(sqlite, "_SHORT_SECONDS", -1.0)
    path = str(tmp_path / "short.db")
    with contextlib.closing(sqlite3.connect(path)) as raw:
        raw.execute("create table item (id integer primary key)")
        raw.executemany("insert into item values (?)", [(n,) for n in range(50)])
        raw.commit()
    reads = sqlite.ShortReads(path, uri=False)
    (statement,) = sql("select * from item")
    assert all(len(reads.attempt(statement) or ()) == 50 for _ in range(500))
    (endless,) = sql(f"select * from ({ENDLESS})")
    assert reads.attempt(endless) is None
    reads.close()
