"""Tests of atila_compat.data.sqlmaps and .builder: templates of SQL."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from atila_compat.data.builder import Builder
from atila_compat.data.conditions import Q
from atila_compat.data.engines import PGSQL, SQLITE
from atila_compat.data.expressions import D, F, V
from atila_compat.data.sqlmaps import SQLMaps, Templates, parse

from .databases import Database

FILE = """
<sqlmap version="1.0">
<!-- <sql name="commented">select 0</sql> -->
<sql name="get_x">
SELECT * FROM {tbl} WHERE {this.filter} {this.limit}
</sql>
<sql kind="a" name='get_y'>
   SELECT *
     FROM {tbl}
    WHERE a < 3 and b > 4 and {this.filter}
</sql>
<sql name="#hidden">select 1</sql>
</sqlmap>
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with templates in two namespaces."""
    (tmp_path / "default.sqlmap").write_text(FILE)
    (tmp_path / "user.sql").write_text('<sql name="one">\nselect * from user where {_filters}\n</sql>')
    (tmp_path / "#off.sqlmap").write_text('<sql name="off">select 1</sql>')
    (tmp_path / "sub").mkdir()
    return tmp_path


def test_templates_are_found_by_name(folder: Path) -> None:
    """Those of `default` by their names, others by namespace and name; `#` hides files and templates."""
    db: Any = Builder(PGSQL, Templates(PGSQL, folder))
    assert str(db.get_x(tbl="foo").filter(id=1).limit(1)) == "SELECT * FROM foo WHERE id = 1 LIMIT 1"
    assert str(db.get_y(tbl="foo").filter(x="it's")) == (
        "SELECT *\nFROM foo\nWHERE a < 3 and b > 4 and x = 'it''s'"
    )
    assert str(db.user.one().filter(a=1)) == "select * from user where a = 1"
    assert str(db.default.get_x(tbl="foo").filter(id=1)) == "SELECT * FROM foo WHERE id = 1 "
    assert str(db.default.get_x.feed(tbl="foo").filter(id=1)) == "SELECT * FROM foo WHERE id = 1 "
    assert str(db.user.one.filter(a=1)) == "select * from user where a = 1"
    for name in ("hidden", "commented", "off", "sub", "nothing"):
        with pytest.raises(AttributeError, match=r"known: .*get_x"):
            getattr(db, name)
    with pytest.raises(AttributeError, match=r"user\.two; known: one"):
        _ = db.user.two


def test_no_folder_is_fine(tmp_path: Path) -> None:
    """Without a folder, or without a `default` file, everything else works."""
    db: Any = Builder(PGSQL, Templates(PGSQL, tmp_path / "none"))
    assert str(db.select("t")) == "SELECT * FROM t"
    with pytest.raises(AttributeError, match="known: none"):
        _ = db.get_x


@pytest.mark.parametrize(
    ("text", "build", "expected"),
    [
        (
            (
                "SELECT * FROM {tbl} WHERE {this.filter} {this.group_by} {this.having} {this.order_by} "
                "{this.limit} {this.offset}"
            ),
            lambda t: t.feed(tbl="t").filter(a=1).group_by("x").having("y").order_by("-z")[2:5],
            "SELECT * FROM t WHERE a = 1 GROUP BY x HAVING y ORDER BY z DESC LIMIT 3 OFFSET 2",
        ),
        (
            "INSERT INTO t ({this.columns}) VALUES ({this.values}) {this.returning}",
            lambda t: t.set(a=1, b="it's").returning("a"),
            "INSERT INTO t (a, b) VALUES (1, 'it''s') RETURNING a",
        ),
        (
            "UPDATE t SET {this.pairs} WHERE {this.filter}",
            lambda t: t.set(a=1).filter(c=2),
            "UPDATE t SET a = 1 WHERE c = 2",
        ),
        (
            "INSERT INTO t ({_columns}) VALUES ({_values}) {_returning}{_limit}{_offset}{_order_by}",
            lambda t: t.set(a=1),
            "INSERT INTO t (a) VALUES (1) ",
        ),
        ("a = {a}, {b}", lambda t: t.feed(a=V("it's"), b=F("now()")), "a = 'it''s', now()"),
        ("{q}", lambda t: t.feed(q=Q(a=1) | Q(b="it's")), "(a = 1 OR b = 'it''s')"),
        ("{q}", lambda t: t.feed(q=Builder(PGSQL).select("bar")), "SELECT * FROM bar"),
        (
            "({d.columns}) ({d.values}) {d.pairs}",
            lambda t: t.feed(d=D(a=1, b="")),
            "(a, b) (1, '') a = 1, b = ''",
        ),
        ("{d.columns} {this.pairs}", lambda t: t.data(d=D(a=1), b=2), "a b = 2"),
        ("WHERE {q} AND {this.filter}", lambda t: t(q=Q()).filter(a=1), "WHERE 1 = 1 AND a = 1"),
        ("{n} {x}", lambda t: t.feed(n=3, x=None), "3 NULL"),
        ("{x}", lambda t: t.data(x="it's"), "'it''s'"),
        ("'{{x}}' {this.filter}", lambda t: t.filter("a = 1"), "'{x}' a = 1"),
        ("{a}", lambda t: t.feed(a="x").feed(a="y"), "y"),
        ("select 1", lambda t: t.filter(a=1).limit(3), "select 1"),
        ("SELECT 1", lambda t: t.union("select 2"), "(SELECT 1)\nUNION\n(select 2)"),
        ("SELECT 1", lambda t: t.with_("a", "select 2"), "WITH a AS (select 2)\nSELECT 1"),
        ("SELECT {this.columns} FROM t", lambda t: t.get("a", "b"), "SELECT a, b FROM t"),
        ("SELECT 1", lambda t: t.aggregate("count(*)"), "SELECT count(*) FROM (SELECT 1) AS matched"),
    ],
)
def test_clauses_stand_where_the_template_puts_them(text: str, build: Any, expected: str) -> None:
    """Placeholders are filled by the clauses of the query and by what is fed."""
    assert str(build(Builder(PGSQL).template(text))) == expected


def test_values_of_templates_are_bound() -> None:
    """filter(), set(), data() and V() become parameters; only what is fed as text is SQL."""
    query = Builder(SQLITE).from_string("SELECT {c} FROM {t} WHERE a = {a} AND {this.filter} AND b = {b}")
    sql, params = query.feed(c="x", t="t", b=V("v'")).data(a="it's").filter(d="q'").compile()
    assert sql == "SELECT x FROM t WHERE a = ? AND d = ? AND b = ?"
    assert params == ("it's", "q'", "v'")


def test_templates_say_what_is_missing() -> None:
    """A placeholder that nothing was fed for is a KeyError; a change without its filter is refused."""
    with pytest.raises(KeyError, match="feed"):
        str(Builder(PGSQL).template("{x}"))
    with pytest.raises(AssertionError, match="filter"):
        Builder(PGSQL).template("DELETE FROM t WHERE {this.filter}").compile()
    assert Builder(PGSQL).template("DELETE FROM t WHERE {this.filter}").all().compile()[0].endswith("1 = 1")
    query = Builder(PGSQL).template("SELECT 1 {this.limit}")
    assert query.clone().limit(0).is_empty
    assert not Builder(PGSQL).template("SELECT 1").limit(0).is_empty


def test_a_clone_of_a_template_goes_its_own_way() -> None:
    """Feeding a clone leaves the query that it came from alone."""
    query = Builder(PGSQL).template("{a} {this.filter}").feed(a="x").filter(b=1)
    assert str(query.clone().feed(a="y").filter(c=2)) == "y b = 1 AND c = 2"
    assert str(query) == "x b = 1"


def test_files_are_read_again_in_devel(tmp_path: Path) -> None:
    """With a reloader changed, new and deleted files are noticed; without one they are read once."""
    path = tmp_path / "default.sql"
    path.write_text('<sql name="a">select 1</sql>')
    devel, production = Templates(PGSQL, tmp_path, True), Templates(PGSQL, tmp_path)
    assert devel.find("a") == production.find("a") == "select 1"
    path.write_text('<sql name="a">select 22</sql>')
    (tmp_path / "more.sql").write_text('<sql name="b">select 3</sql>')
    assert devel.find("a") == "select 22"
    assert devel.find("more") == {"b": "select 3"}
    assert production.find("a") == "select 1"
    path.unlink()
    with pytest.raises(AttributeError):
        devel.find("a")


def test_an_app_says_where_its_templates_are(folder: Path) -> None:
    """setup_sqlphile names engine and folder below the app's home; by default it is `sqlmaps`."""

    class App(SQLMaps):
        home = str(folder.parent)
        use_reloader = False

    app = App()
    assert app.sql_templates.folder == folder.parent / "sqlmaps"
    app.setup_sqlphile(SQLITE, folder.name)
    templates = app.sql_templates
    assert (templates.engine, templates.find("get_x")) == (SQLITE, parse(FILE)["get_x"])
    assert app.sql_templates is templates
    query: Any = app.get_sql_template().get_x
    assert str(query.feed(tbl="a").filter(b=1)) == "SELECT * FROM a WHERE b = 1 "
    app.use_reloader = True
    assert app.sql_templates.auto_reload
    with pytest.raises(ValueError, match="engine"):
        app.setup_sqlphile("*redis")


@pytest.mark.anyio
async def test_templates_are_executed(database: Database) -> None:
    """A template runs on both engines."""
    await database.sql("CREATE TABLE t (id integer, a text); INSERT INTO t VALUES (1, 'x'), (2, 'y')")
    builder = Builder(database.engine)
    query = builder.template("SELECT id FROM {tbl} WHERE {this.filter} {this.order_by} {this.limit}").feed(
        tbl="t"
    )
    assert await database.run(query.filter(a__in=["x", "y"]).order_by("-id").limit(1)) == [{"id": 2}]
    insert = builder.template("INSERT INTO t ({this.columns}) VALUES ({this.values}) {this.returning}")
    assert await database.run(insert.set(id=3, a="it's").returning("a")) == [{"a": "it's"}]
    assert await database.run(query.aggregate("count(*) as n")) == [{"n": 2}]
