"""Tests of atila_compat.data.cursor: transactions and cursors in worker threads."""

from __future__ import annotations

import asyncio
import gc
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from atila_compat.data.cursor import Cursor, Transaction
from atila_compat.data.sqlite import SQLiteBackend
from atila_compat.errors import HTTPError
from atila_compat.serving.runtime import Runtime

from .databases import ENGINES, Database, sql_backend

pytestmark = pytest.mark.anyio

MAKE = "DROP TABLE IF EXISTS moved; CREATE TABLE moved (id integer primary key, a text unique)"


async def in_thread(
    engine: str, postgres_url: str, tmp_path: Path, work: Callable[[Any, Runtime], None]
) -> int:
    """Run `work(backend, runtime)` in a thread on a fresh table; the connections in use afterwards."""
    async with Runtime() as runtime:
        backend = sql_backend(engine, postgres_url, tmp_path, 3)
        database = Database(backend)
        await database.sql(MAKE)
        await database.sql("INSERT INTO moved VALUES (1, 'x'), (2, 'y'), (3, 'z')")
        try:
            await asyncio.to_thread(work, backend, runtime)
            gc.collect()
            await asyncio.sleep(0.05)
            if isinstance(backend, SQLiteBackend):
                return backend.threads.busy
            return int(backend.pool.count - backend.pool.idle)
        finally:
            await database.sql("DROP TABLE moved")
            await backend.close()


@pytest.fixture(params=ENGINES)
def check(request: pytest.FixtureRequest, postgres_url: str, tmp_path: Path) -> Callable[[Any], Any]:
    """Runs sync code against every engine and makes sure that no connection is left in use."""

    async def run(work: Callable[[Any, Runtime], None]) -> None:
        assert await in_thread(request.param, postgres_url, tmp_path, work) == 0

    return run


async def test_rows_can_be_read_in_several_ways(check: Any) -> None:
    """fetchall and fetchone give tuples or AttrDicts, fetchn, fetch1, fetch and one AttrDicts."""

    def work(backend: Any, runtime: Runtime) -> None:
        db = Transaction(backend, runtime)
        everything = "select * from moved order by id"
        assert db.execute(everything) is db
        assert db.fetchall() == [(1, "x"), (2, "y"), (3, "z")]
        assert db.fetchall() == []
        assert db.execute(everything).fetchall(as_dict=True)[0].a == "x"
        assert db.execute(everything).fetchone() == (1, "x")
        assert db.fetchone(True) == {"id": 2, "a": "y"}
        assert db.fetch1() == {"id": 3, "a": "z"}
        assert (db.fetch1(), db.fetchone()) == (None, None)
        assert db.execute(everything).fetchmany(2) == [(1, "x"), (2, "y")]
        assert db.execute(everything).fetchn(2) == [{"id": 1, "a": "x"}, {"id": 2, "a": "y"}]
        assert [row.id for row in db.execute(everything)] == [1, 2, 3]
        assert db.field_names() == ["id", "a"]
        assert [column[0] for column in db.description or ()] == ["id", "a"]
        assert db.execute("select * from moved where id = 1").one() == {"id": 1, "a": "x"}
        for sql, status in (
            (everything, "409 Conflict"),
            ("select * from moved where id = 9", "410 Partial"),
        ):
            with pytest.raises(HTTPError, match=status):
                db.execute(sql).one()
        assert db.select("moved").filter(a="y").execute().fetch() == [{"id": 2, "a": "y"}]
        assert db.select("moved").filter(a="y").exone().id == 2
        assert db.select("moved").limit(0).execute().fetch() == []
        assert db.update("moved").set(a="w").filter(id__gt=1, id__lt=3).execute().rowcount == 1
        with pytest.raises(AssertionError, match=r"\.all"):
            db.delete("moved").execute()
        assert db.c is db.cursor is db
        db.close()
        assert db.closed

    await check(work)


async def test_what_is_not_committed_is_undone(check: Any) -> None:
    """The end of a block, an exception and rollback() undo; commit() keeps, and the object goes on."""

    def work(backend: Any, runtime: Runtime) -> None:
        def names() -> list[str]:
            with Transaction(backend, runtime) as db:
                return [row.a for row in db.execute("select a from moved order by id").fetch()]

        with Transaction(backend, runtime) as db:
            db.insert("moved").set(id=4, a="four").execute()
            assert db.execute("select count(*) as n from moved").one().n == 4
        assert names() == ["x", "y", "z"]

        def fail() -> None:
            with Transaction(backend, runtime) as db:
                db.execute("delete from moved")
                raise ValueError("mine")

        with pytest.raises(ValueError, match="mine"):
            fail()
        assert names() == ["x", "y", "z"]
        with Transaction(backend, runtime) as db:
            db.execute("delete from moved")
            db.rollback()
            db.insert("moved").set(id=4, a="it's").execute()
            db.commit()
            db.execute("delete from moved")
        assert names() == ["x", "y", "z", "it's"]
        with Transaction(backend, runtime) as db:
            db.set_autocommit()
            db.execute("delete from moved where id = 4")
        assert names() == ["x", "y", "z"]

    await check(work)


async def test_a_transaction_that_is_forgotten_gives_its_connection_back(check: Any) -> None:
    """Without close() the connection comes back when the object is gone, and nothing is kept."""

    def work(backend: Any, runtime: Runtime) -> None:
        for number in range(10, 20):
            Transaction(backend, runtime).insert("moved").set(id=number, a=str(number)).execute()
            gc.collect()
        with Transaction(backend, runtime) as db:
            assert db.execute("select count(*) as n from moved").one().n == 3

    await check(work)


async def test_an_error_leaves_the_transaction_usable_after_rollback(check: Any) -> None:
    """The driver's error is raised by execute(), and rollback() begins anew."""

    def work(backend: Any, runtime: Runtime) -> None:
        with Transaction(backend, runtime) as db:
            db.insert("moved").set(id=7, a="seven").execute()
            with pytest.raises(Exception, match=r"(?i)unique"):
                db.insert("moved").set(id=8, a="x").execute()
            db.rollback()
            assert db.execute("select count(*) as n from moved").one().n == 3

    await check(work)


async def test_a_cursor_gives_a_result_for_each_statement(check: Any) -> None:
    """Results of a cursor have the methods of tasks; errors are raised when they are used."""

    def work(backend: Any, runtime: Runtime) -> None:
        db = Cursor(backend, runtime)
        first = db.execute("select * from moved where id = 1")
        second = db.select("moved").filter(id__in=[2, 3]).order_by("id").execute()
        assert (first.one().a, [row.a for row in second.fetch()]) == ("x", ["y", "z"])
        assert (first.status, first.status_code, first.reason, first.data) == (
            3,
            200,
            "OK",
            [{"id": 1, "a": "x"}],
        )
        assert first.dispatch() is first.wait() is first
        assert db.insert("moved").set(id=4, a="four").execute().commit() is None
        db.insert("moved").set(id=5, a="five").execute().rollback()
        assert db.select("moved").limit(0).execute().fetch() == []
        failed = db.execute("selec")
        assert (failed.status_code, failed.reason, failed.data) == (500, "Database Error", [])
        assert failed.expt is not None
        for use in (failed.fetch, failed.one, failed.commit, failed.fetchall, failed.wait_or_throw):
            with pytest.raises(type(failed.expt)):
                use()
        failed.rollback()
        assert db.execute("select count(*) as n from moved").one().n == 4
        db.execute("delete from moved")
        first.close()
        with Cursor(backend, runtime) as other:
            assert other.execute("select count(*) as n from moved").one().n == 4

    await check(work)


async def test_the_event_loop_does_not_wait(tmp_path: Path) -> None:
    """On the loop itself a transaction refuses and says what to use."""
    async with Runtime() as runtime:
        backend = SQLiteBackend(str(tmp_path / "a.db"))
        with pytest.raises(RuntimeError, match="await was"):
            Transaction(backend, runtime).execute("select 1")
        await backend.close()


async def test_waiting_ends_in_time(tmp_path: Path) -> None:
    """A statement, and the wait for a connection, take no longer than the timeout; nothing is lost by it."""
    async with Runtime() as runtime:
        backend = SQLiteBackend(str(tmp_path / "a.db"), 1)
        endless = "with recursive c(x) as (select 1 union all select x + 1 from c) select count(*) from c"

        def work() -> None:
            with Transaction(backend, runtime, timeout=0.2) as db:
                with pytest.raises(TimeoutError, match=r"0\.2 s"):
                    db.execute(endless)
                waiting = Transaction(backend, runtime, timeout=0.1)
                with pytest.raises(TimeoutError):
                    waiting.execute("select 1")
                db.rollback()
            with Transaction(backend, runtime, timeout=5) as db:
                assert db.execute("select 2 as a").one().a == 2

        await asyncio.to_thread(work)
        await asyncio.sleep(0.05)
        assert (backend.threads.busy, backend.threads.count) == (0, 1)
        await backend.close()


async def test_several_threads_have_transactions_of_their_own(tmp_path: Path) -> None:
    """Transactions of different threads do not see what the others have not committed."""
    async with Runtime() as runtime:
        backend = SQLiteBackend(str(tmp_path / "a.db"), 4)
        await Database(backend).sql("CREATE TABLE t (a integer)")
        barrier = threading.Barrier(3)
        seen: list[int] = []

        def work(number: int) -> None:
            with Transaction(backend, runtime) as db:
                if number == 0:
                    db.execute("insert into t values (1)")
                barrier.wait(5)
                seen.append(db.execute("select count(*) as n from t").one().n)
                barrier.wait(5)
                db.commit()

        await asyncio.gather(*(asyncio.to_thread(work, number) for number in range(3)))
        assert sorted(seen) == [0, 0, 1]
        await backend.close()
