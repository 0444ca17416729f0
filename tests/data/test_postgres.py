"""Tests of atila_compat.data.postgres: types, scripts, sessions, cancellation."""

from __future__ import annotations

import asyncio
import datetime
import sys
from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import asyncpg
import pytest

from atila_compat.data.engines import PGSQL
from atila_compat.data.failures import as_psycopg, is_integrity_error
from atila_compat.data.lexer import statements_of
from atila_compat.data.postgres import PostgresBackend
from atila_compat.data.writer import Statement
from atila_compat.errors import MissingExtra

from .databases import Database, opened, postgres_at

pytestmark = pytest.mark.anyio


@pytest.fixture(params=["postgres", "postgres by databases"])
async def database(request: pytest.FixtureRequest, postgres_url: str) -> AsyncIterator[Database]:
    """An empty PostgreSQL schema."""
    async with opened(request.param, postgres_url) as found:
        yield found


async def test_values_are_decoded_as_apps_know_them(database: Database) -> None:
    """JSON is objects, arrays are lists, UUIDs, addresses and shapes are text, numbers are what they are."""
    (row,) = await database.sql("""
        select '{"a": [1]}'::jsonb as jb, '[1,null]'::json as js, '{1,2}'::int[] as a,
               '{a,NULL}'::text[] as ta,
               '00000000-0000-0000-0000-000000000005'::uuid as u, '1.2.3.4'::inet as ip, point '(1,2)' as p,
               B'101' as bits, 1.50::numeric as n, 0.1::real as f, 0.1::float8 as d, true as o,
               '2020-01-02'::date as dd, '2020-01-02 03:04:05.5'::timestamp as ts,
               '2020-01-02 03:04:05+00'::timestamptz as tz, '03:04'::time as t, '1 day 2:00'::interval as iv,
               '\\x01'::bytea as b, 'ab'::char(4) as c, 12.5::money as m, null as nothing,
               array['00000000-0000-0000-0000-000000000005'::uuid] as ua, pg_sleep(0) as v
    """)
    assert row == {
        "jb": {"a": [1]},
        "js": [1, None],
        "a": [1, 2],
        "ta": ["a", None],
        "u": "00000000-0000-0000-0000-000000000005",
        "ip": "1.2.3.4",
        "p": "(1,2)",
        "bits": "101",
        "n": Decimal("1.50"),
        "f": 0.1,
        "d": 0.1,
        "o": True,
        "dd": datetime.date(2020, 1, 2),
        "ts": datetime.datetime(2020, 1, 2, 3, 4, 5, 500000),
        "tz": datetime.datetime(2020, 1, 2, 3, 4, 5, tzinfo=datetime.UTC),
        "t": datetime.time(3, 4),
        "iv": datetime.timedelta(days=1, hours=2),
        "b": b"\x01",
        "c": "ab  ",
        "m": "$12.50",
        "nothing": None,
        "ua": ["00000000-0000-0000-0000-000000000005"],
        "v": "",
    }


TEXTS = {
    "smallint": "3",
    "integer": " 3 ",
    "bigint": "3",
    "numeric": "1.5",
    "real": "0.5",
    "double precision": "0.5",
    "boolean": "yes",
    "date": "2020-01-02",
    "timestamp": "2020-01-02",
    "timestamptz": "2020-01-02 03:04+09",
    "time": "03:04",
    "interval": "1 day",
    "bytea": "\\x00",
    "jsonb": '{"a": 1}',
    "json": "[1]",
    "int[]": "{1,2}",
    "text[]": "{a}",
    "uuid": "00000000-0000-0000-0000-000000000005",
    "inet": "1.2.3.4",
    "point": "(1,2)",
    "int4range": "[1,5)",
    "mood": "good",
    "mood[]": "{good}",
    "varchar(3)": "abc",
    '"Odd Type"': "x",
}


async def test_text_stands_for_any_type(database: Database) -> None:
    """A str is taken like a literal in quotes: the server turns it into the type of the place."""
    await database.sql("create type mood as enum ('good', 'bad'); create domain \"Odd Type\" as text")
    for kind, text in TEXTS.items():
        await database.sql(f"drop table if exists t; create table t (a {kind})")
        await database.run(database.insert("t").set(a=text))
        literal = await database.sql("select a::text as a from t")
        assert await database.sql(f"select '{text}'::{kind}::text as a") == literal, kind
        if kind not in ("json", "point"):  # these have no equality
            assert len(await database.run(database.select("t").filter(a=text))) == 1, kind


async def test_lists_and_dicts_fit_where_they_stand(database: Database) -> None:
    """A list is an array or JSON, a dict is JSON, whatever the column is."""
    await database.sql("create table t (a int[], b jsonb, c json, d text[], e text, f jsonb[])")
    values: dict[str, Any] = {
        "a": [1, None],
        "b": [1, {"x": None}],
        "c": {"y": "it's"},
        "d": ["a,b", 'q"', None, "", "null"],
        "e": {"z": 1},
        "f": [{"x": 1}],
    }
    await database.run(database.insert("t").set(values))
    assert await database.run(database.select("t")) == [{**values, "e": '{"z": 1}'}]
    assert len(await database.run(database.select("t").filter(a=[1, None]))) == 1
    assert len(await database.run(database.select("t").filter(b__contains=[1]))) == 1


async def test_a_plan_is_forgotten_when_the_table_changes(database: Database) -> None:
    """After the type of a column has changed its statements succeed; in a transaction the next one does."""
    await database.sql("create table t (a integer)")
    query = database.select("t").filter(a="3")
    assert await database.run(query) == []
    await database.sql("alter table t alter a type text; insert into t values ('3')")
    assert await database.run(query) == [{"a": "3"}]
    await database.sql("alter table t alter a type integer using a::integer")
    session = await database.backend.transaction()
    assert (await session.execute(query.statements())).rows == [(3,)]
    await session.commit()
    await session.close()
    with pytest.raises(asyncpg.InvalidTextRepresentationError):
        await database.run(database.select("t").filter(a="x"))
    with pytest.raises(asyncpg.InvalidTextRepresentationError):
        await database.run(database.select("t").filter(a="x"))


async def test_errors_are_those_of_the_server(database: Database) -> None:
    """Errors carry the server's message and SQLSTATE, and the connection serves on."""
    await database.sql("create table t (a integer unique); insert into t values (1)")
    for sql, state in (
        ("select * from nowhere", "42P01"),
        ("select 1/0", "22012"),
        ("insert into t values (1)", "23505"),
        ("selec", "42601"),
    ):
        with pytest.raises(asyncpg.PostgresError) as caught:
            await database.sql(sql)
        assert (caught.value.sqlstate, is_integrity_error(caught.value)) == (state, state.startswith("23"))
    with pytest.raises(
        asyncpg.PostgresError, match='invalid input syntax for type integer: "x; drop table t"'
    ):
        await database.run(database.select("t").filter(a="x; drop table t"))
    assert await database.sql("select * from t") == [{"a": 1}]


async def test_an_app_with_psycopg2_catches_its_errors(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once psycopg2 is imported, errors are of its classes too; without it they are asyncpg's alone."""
    import psycopg2
    from psycopg2 import errors

    with pytest.raises(psycopg2.ProgrammingError) as caught:
        await database.sql("select * from nowhere")
    assert isinstance(caught.value, asyncpg.UndefinedTableError)
    assert isinstance(caught.value, errors.UndefinedTable)
    assert caught.value.pgcode == "42P01"
    assert str(caught.value) == (
        'relation "nowhere" does not exist\nLINE 1: select * from nowhere\n                      ^\n'
    )
    assert caught.value.pgerror.startswith('ERROR:  relation "nowhere"')
    await database.sql("create table single (a int unique); insert into single values (1)")
    with pytest.raises(psycopg2.IntegrityError) as caught:
        await database.run(database.insert("single").set(a=1))
    assert str(caught.value) == (
        'duplicate key value violates unique constraint "single_a_key"\n'
        "DETAIL:  Key (a)=(1) already exists.\n"
    )
    with pytest.raises(psycopg2.DataError) as caught:
        await database.sql("select 1\n  + 'x'::int")
    assert str(caught.value).endswith("\nLINE 2:   + 'x'::int\n            ^\n")
    refused = as_psycopg(ConnectionRefusedError("refused"))
    assert isinstance(refused, psycopg2.OperationalError)
    monkeypatch.delitem(sys.modules, "psycopg2")
    error = asyncpg.UniqueViolationError("x")
    assert as_psycopg(error) is error


async def test_a_script_is_one_transaction(database: Database) -> None:
    """Several statements succeed or fail together; the rows are the last one's."""
    assert await database.sql("select 1 as a; select 2 as b") == [{"b": 2}]
    assert await database.sql("create table t (a integer); insert into t values (1)") is None
    with pytest.raises(asyncpg.DivisionByZeroError):
        await database.sql("update t set a = 2; select 1/0")
    assert await database.sql("select a from t") == [{"a": 1}]
    await database.sql("begin")
    with pytest.raises(asyncpg.PostgresError):
        await database.sql("selec")
    assert await database.sql("select a from t") == [{"a": 1}]


async def test_a_cancelled_statement_ends_on_the_server(postgres_url: str) -> None:
    """Who is cancelled leaves neither a running statement nor a lost connection behind."""
    backend = postgres_at(postgres_url, 2)
    task = asyncio.ensure_future(backend.execute([Statement("select pg_sleep(30), 'cancelled here'")]))
    await asyncio.sleep(0.3)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    running = (
        "select count(*) as n from pg_stat_activity"
        " where state = 'active' and query like %s and pid <> pg_backend_pid()"
    )
    for _ in range(100):
        rows = await backend.execute(statements_of(running, ("%cancelled here%",), PGSQL))
        if rows == [{"n": 0}]:
            break
        await asyncio.sleep(0.05)
    assert rows == [{"n": 0}]
    assert backend.pool.count == backend.pool.idle <= 2
    await backend.close()


async def test_a_session_holds_one_connection(postgres_url: str) -> None:
    """Statements of a session see each other; what is not committed is undone at close."""
    backend = postgres_at(postgres_url, 2)
    await backend.execute(
        statements_of("drop table if exists session_t; create table session_t (a integer)", (), PGSQL)
    )
    session = await backend.transaction()
    outcome = await session.execute([Statement("insert into session_t values (1), (2)")])
    assert (outcome.columns, outcome.rowcount) == (None, 2)
    assert (await session.execute([Statement("select a from session_t")])).rows == [(1,), (2,)]
    assert await backend.execute([Statement("select * from session_t")]) == []
    await session.commit()
    empty = await session.execute([Statement("delete from session_t where a > 5 returning a")])
    assert (empty.columns, empty.rows) == (("a",), [])
    await session.execute([Statement("delete from session_t")])
    await session.rollback()
    await session.execute([Statement("delete from session_t")])
    await session.close()
    await session.close()
    with pytest.raises(RuntimeError, match="ended"):
        await session.execute([Statement("select 1")])
    assert len(await backend.execute([Statement("select * from session_t")]) or []) == 2
    assert backend.pool.count == backend.pool.idle
    await backend.execute([Statement("drop table session_t")])
    await backend.close()


async def test_no_more_connections_than_allowed(postgres_url: str) -> None:
    """max_conns bounds the connections; statements wait for one."""
    backend = postgres_at(postgres_url, 2)
    await asyncio.gather(*(backend.execute([Statement("select pg_sleep(0.01)")]) for _ in range(10)))
    assert 1 <= backend.pool.count <= 2
    await backend.close()
    await backend.close()


async def test_a_missing_driver_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without asyncpg the error says which extra to install."""
    monkeypatch.setitem(sys.modules, "asyncpg", None)
    with pytest.raises(MissingExtra, match=r"atila_compat\[postgres\]"):
        PostgresBackend("127.0.0.1")
