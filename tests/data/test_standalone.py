"""Tests of atila_compat.data.standalone and of what `import sqlphile` serves."""

from __future__ import annotations

import gc
import threading
import time
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest

from atila_compat.shims import sqlphile


def test_the_names_that_apps_import_are_there() -> None:
    """`from sqlphile import ...` has what spec/08 section 4 lists."""
    names = {"Q", "F", "V", "D", "DB_PGSQL", "DB_SQLITE3", "Template", "const", "sqlite3", "postgres"}
    assert names <= set(sqlphile.__all__)
    assert (sqlphile.DB_PGSQL, sqlphile.DB_SQLITE3) == ("*postgresql", "*sqlite3")
    for name in sqlphile.__all__:
        assert hasattr(sqlphile, name)


def test_a_template_builds_queries_without_a_database(tmp_path: Path) -> None:
    """Template(engine, folder) builds queries that can be read."""
    (tmp_path / "default.sql").write_text('<sql name="a">select {x}</sql>')
    db: Any = sqlphile.Template(sqlphile.DB_SQLITE3, tmp_path)
    assert str(db.select("t").filter(sqlphile.Q(a=1))) == "SELECT * FROM t\nWHERE a = 1"
    assert str(db.a(x=1)) == "select 1"
    with pytest.raises(RuntimeError, match=r"was\.db"):
        db.select("t").execute()


def test_sqlite_is_used_without_an_app(tmp_path: Path) -> None:
    """`with sqlite3(path) as db:` executes and commits; what is not committed is undone, threads end."""
    path = str(tmp_path / "a.db")
    with sqlphile.sqlite3(path) as db:
        db.execute("create table t (id integer primary key, a text)")
        db.insert("t").set(a="it's").execute()
        assert db.lastrowid == 1
        db.commit()
        db.insert("t").set(a="lost").execute()
    with sqlphile.sqlite3(path) as db:
        assert db.select("t").execute().fetchall() == [(1, "it's")]
        assert db.select("t").filter(a="it's").exone().id == 1
    with sqlphile.sqlite3(":memory:") as db, sqlphile.sqlite3(":memory:") as other:
        db.execute("create table t (a integer)").commit()
        with pytest.raises(Exception, match="no such table"):
            other.execute("select * from t")
    del db, other
    gc.collect()
    deadline = time.monotonic() + 5
    while any(each.name == "atila-sqlite" for each in threading.enumerate()):
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_postgres_is_used_without_an_app(postgres_url: str) -> None:
    """`with postgres(name, user, password, host, port) as db:` executes and commits."""
    parts = urlsplit(postgres_url)
    place = (parts.path.strip("/"), unquote(parts.username or ""), unquote(parts.password or ""))
    with sqlphile.postgres(*place, parts.hostname or "", parts.port or 5432) as db:
        db.execute("drop table if exists alone; create table alone (id serial primary key, a text)")
        db.insert("alone").set(a="it's").returning("id").execute()
        assert db.one().id == 1
        db.commit()
    with sqlphile.postgres(*place, parts.hostname or "", parts.port or 5432) as db:
        assert db.select("alone").execute().fetch() == [{"id": 1, "a": "it's"}]
        db.execute("drop table alone")
        db.commit()
