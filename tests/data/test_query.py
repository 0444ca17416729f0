"""Tests of atila_compat.data.query: what the builder writes for people, as the original printed it."""

from __future__ import annotations

import datetime
import decimal
import uuid
from collections.abc import Callable
from typing import Any

import pytest

from atila_compat.data.builder import Builder
from atila_compat.data.conditions import Q
from atila_compat.data.engines import PGSQL, SQLITE
from atila_compat.data.expressions import D, F, V, const
from atila_compat.data.query import Query
from atila_compat.errors import HTTPError

Make = Callable[[Builder], Query]

AT = datetime.datetime(2020, 1, 2, 3, 4, 5, 678)
DAY = datetime.date(2020, 1, 2)

SELECTS: list[tuple[Make, str]] = [
    (lambda t: t.select("foo"), "SELECT * FROM foo"),
    (lambda t: t.select("foo", "f"), "SELECT * FROM foo AS f"),
    (lambda t: t.select("foo").get("id", "name as n"), "SELECT id, name as n FROM foo"),
    (lambda t: t.select("foo").get("id").get("name, x"), "SELECT id, name, x FROM foo"),
    (lambda t: t.select("foo").get("*").get("a", None, ""), "SELECT a FROM foo"),
    (lambda t: t.select("foo").get("a", "*").get(), "SELECT a, * FROM foo"),
    (
        lambda t: t.select("foo").join("bar", "bar.id = foo.id"),
        "SELECT * FROM foo\nINNER JOIN bar ON bar.id = foo.id",
    ),
    (
        lambda t: t.select("foo").left_join("bar", "true", bar__a=1),
        "SELECT * FROM foo\nLEFT OUTER JOIN bar ON true AND bar.a = 1",
    ),
    (lambda t: t.select("foo").get("a", F("count(*)"), V(1)), "SELECT a, count(*), 1 FROM foo"),
    (
        lambda t: t.select("foo").get(t.select("bar").get("max(id)")),
        "SELECT (SELECT max(id) FROM bar) FROM foo",
    ),
    (lambda t: t.select("foo").order_by("-a", "b", "+c"), "SELECT * FROM foo\nORDER BY a DESC, b, c"),
    (lambda t: t.select("foo").order_by("a, -b"), "SELECT * FROM foo\nORDER BY a, b DESC"),
    (lambda t: t.select("foo").order_by("-a, b"), "SELECT * FROM foo\nORDER BY a, b DESC"),
    (lambda t: t.select("foo").order_by("a, +b", "-c"), "SELECT * FROM foo\nORDER BY a, b, c DESC"),
    (
        lambda t: t.select("foo").order_by("max(a, -1), x - 1,-b"),
        "SELECT * FROM foo\nORDER BY max(a, -1), x - 1,b DESC",
    ),
    (lambda t: t.select("foo").order_by("a = ', -(', b"), "SELECT * FROM foo\nORDER BY a = ', -(', b"),
    (lambda t: t.select("foo").order_by("a").order_by("b"), "SELECT * FROM foo\nORDER BY b"),
    (lambda t: t.select("foo").order_by("random()"), "SELECT * FROM foo\nORDER BY random()"),
    (lambda t: t.select("foo").order_by(), "SELECT * FROM foo"),
    (lambda t: t.select("foo").group_by("a", "b"), "SELECT * FROM foo\nGROUP BY a, b"),
    (
        lambda t: t.select("foo").group_by("a").having("count(*) > 1"),
        "SELECT * FROM foo\nGROUP BY a\nHAVING count(*) > 1",
    ),
    (lambda t: t.select("foo").limit(3).offset(5), "SELECT * FROM foo\nLIMIT 3\nOFFSET 5"),
    (lambda t: t.select("foo").limit("3"), "SELECT * FROM foo\nLIMIT 3"),
    (lambda t: t.select("foo").limit(None).offset(None), "SELECT * FROM foo"),
    (lambda t: t.select("foo")[2:4], "SELECT * FROM foo\nLIMIT 2\nOFFSET 2"),
    (lambda t: t.select("foo")[:4], "SELECT * FROM foo\nLIMIT 4"),
    (lambda t: t.select("foo")[2:], "SELECT * FROM foo\nOFFSET 2"),
    (lambda t: t.select("foo")[:], "SELECT * FROM foo"),
    (
        lambda t: (
            t.select("foo").limit(3).filter(a=1).group_by("a").having("x").order_by("z").get("q").offset(2)
        ),
        "SELECT q FROM foo\nWHERE a = 1\nGROUP BY a\nHAVING x\nORDER BY z\nLIMIT 3\nOFFSET 2",
    ),
    (lambda t: t.select("foo").all(), "SELECT * FROM foo\nWHERE 1 = 1"),
    (
        lambda t: t.select(t.select("bar").filter(z=1), "b"),
        "SELECT * FROM (SELECT * FROM bar\nWHERE z = 1) AS b",
    ),
    (
        lambda t: t.select("foo", "f").join("bar", "b", "b.id = f.id", Q(x=1) | Q(y=2), z__gt=3),
        "SELECT * FROM foo AS f\nINNER JOIN bar AS b ON b.id = f.id AND (x = 1 OR y = 2) AND z > 3",
    ),
    (lambda t: t.select("foo").join("bar"), "SELECT * FROM foo\nINNER JOIN bar"),
    (
        lambda t: t.select("foo", "f").left_join("bar", "b", b__id=F("f.id")),
        "SELECT * FROM foo AS f\nLEFT OUTER JOIN bar AS b ON b.id = f.id",
    ),
    (
        lambda t: t.select("a").right_join("bar", "b", "x = y").full_join("c", "z", "x = z").cross_join("q"),
        "SELECT * FROM a\nRIGHT OUTER JOIN bar AS b ON x = y\nFULL OUTER JOIN c AS z ON x = z\nCROSS JOIN q",
    ),
    (
        lambda t: t.select("foo", "f").join(t.select("bar").filter(z=1), "b", "b.id = f.id"),
        "SELECT * FROM foo AS f\nINNER JOIN (SELECT * FROM bar\nWHERE z = 1) AS b ON b.id = f.id",
    ),
    (
        lambda t: t.select("foo").join("bar", "b", on="x = y or z = 2", c=3),
        "SELECT * FROM foo\nINNER JOIN bar AS b ON (x = y or z = 2) AND c = 3",
    ),
    (
        lambda t: t.select("foo").with_("a", t.select("bar").filter(z=1)),
        "WITH a AS (SELECT * FROM bar\nWHERE z = 1)\nSELECT * FROM foo",
    ),
    (
        lambda t: t.select("foo").with_(t.select("bar")).with_("select 1"),
        "WITH cte_1 AS (SELECT * FROM bar), cte_2 AS (select 1)\nSELECT * FROM foo",
    ),
    (
        lambda t: t.select("foo").with_("a", D(x=1, y="z")),
        "WITH a (x, y) AS (values (1, 'z'))\nSELECT * FROM foo",
    ),
    (
        lambda t: t.with_("a", t.select("bar")).with_("b", "select 1").delete("foo").filter(z=1),
        "WITH a AS (SELECT * FROM bar), b AS (select 1)\nDELETE FROM foo\nWHERE z = 1",
    ),
    (
        lambda t: t.select("x").const("pi", 3.14).filter(a__gt=const("pi")),
        "WITH pi AS (values (3.14))\nSELECT * FROM x\nWHERE a > (table pi)",
    ),
    (
        lambda t: t.select("foo").filter(a=1).union(t.select("bar").filter(b=2)),
        "(SELECT * FROM foo\nWHERE a = 1)\nUNION\n(SELECT * FROM bar\nWHERE b = 2)",
    ),
    (
        lambda t: t.select("a").union_all("select 1").intersect(t.select("b")).except_(t.select("c")),
        "(SELECT * FROM a)\nUNION ALL\n(select 1)\nINTERSECT\n(SELECT * FROM b)\nEXCEPT\n(SELECT * FROM c)",
    ),
    (
        lambda t: t.select("foo").with_("a", t.select("x")).union(t.select("b")),
        "(WITH a AS (SELECT * FROM x)\nSELECT * FROM foo)\nUNION\n(SELECT * FROM b)",
    ),
    (
        lambda t: t.select("foo").get("a").filter(b=1).into("bar", "a", "b"),
        "INSERT INTO bar (a, b)\nSELECT a FROM foo\nWHERE b = 1",
    ),
    (
        lambda t: t.select("foo").with_("a", t.select("x")).into("b"),
        "WITH a AS (SELECT * FROM x)\nINSERT INTO b\nSELECT * FROM foo",
    ),
    (
        lambda t: t.insert("foo").set(a=1).append(t.insert("bar").set(b=2)).append("select 1"),
        "INSERT INTO foo (a) VALUES (1);\nINSERT INTO bar (b) VALUES (2);\nselect 1",
    ),
    (
        lambda t: (
            t.select("foo").get("x").filter(a=1).order_by("z")[3:5].group_by("q").aggregate("count(id) as n")
        ),
        "SELECT count(id) as n FROM foo\nWHERE a = 1",
    ),
    (
        lambda t: t.select("foo").filter(a=1)[3:5].aggregate("count(id) as n", ignore_limit=False),
        "SELECT count(id) as n FROM foo\nWHERE a = 1\nLIMIT 2\nOFFSET 3",
    ),
    (
        lambda t: t.select("a").union(t.select("b")).aggregate("count(*)"),
        "SELECT count(*) FROM ((SELECT * FROM a)\nUNION\n(SELECT * FROM b)) AS matched",
    ),
]

CHANGES: list[tuple[Make, str]] = [
    (lambda t: t.update("foo").set(a=1).filter(b=2), "UPDATE foo SET a = 1\nWHERE b = 2"),
    (lambda t: t.update("foo", "f").set(a=1).all(), "UPDATE foo AS f SET a = 1\nWHERE 1 = 1"),
    (
        lambda t: t.update("foo").set({"a": 1}, b=3).set(c=None).all(),
        "UPDATE foo SET a = 1, b = 3, c = NULL\nWHERE 1 = 1",
    ),
    (lambda t: t.update("foo").data(D(a=1, b="x")).filter(b=1), "UPDATE foo SET a = 1, b = 'x'\nWHERE b = 1"),
    (lambda t: t.update("foo").set(a=F("a + 1")).filter(b=2), "UPDATE foo SET a = a + 1\nWHERE b = 2"),
    (
        lambda t: t.update("foo").set(a=t.select("bar").get("max(id)")).all(),
        "UPDATE foo SET a = (SELECT max(id) FROM bar)\nWHERE 1 = 1",
    ),
    (
        lambda t: t.update("foo").set(a=1).from_("bar", "b", "foo.id = b.id", c=3),
        "UPDATE foo SET a = 1\nFROM bar AS b\nWHERE foo.id = b.id AND c = 3",
    ),
    (
        lambda t: t.update("foo").set(a=1).filter(b=2).returning("id", "name"),
        "UPDATE foo SET a = 1\nWHERE b = 2\nRETURNING id, name",
    ),
    (
        lambda t: t.insert("foo").set(a=1, b="x", c=None, d=F("now()")),
        "INSERT INTO foo (a, b, c, d) VALUES (1, 'x', NULL, now())",
    ),
    (lambda t: t.insert("foo"), "INSERT INTO foo DEFAULT VALUES"),
    (lambda t: t.insert("foo").set(a=1).returning("*"), "INSERT INTO foo (a) VALUES (1)\nRETURNING *"),
    (
        lambda t: t.insert("foo").set(a=1).upflict("a"),
        "INSERT INTO foo (a) VALUES (1)\nON CONFLICT (a) DO NOTHING",
    ),
    (
        lambda t: t.insert("foo").set(a=1).upflict("a, c", b=2).filter(c=4).returning("a"),
        "INSERT INTO foo (a) VALUES (1)\nON CONFLICT (a, c) DO UPDATE SET b = 2\nWHERE c = 4\nRETURNING a",
    ),
    (lambda t: t.delete("foo").filter(a=1).returning("id"), "DELETE FROM foo\nWHERE a = 1\nRETURNING id"),
    (lambda t: t.delete("foo").from_("bar", "b").filter(a=1), "DELETE FROM foo\nUSING bar AS b\nWHERE a = 1"),
    (
        lambda t: t.select("foo").with_("a", t.insert("bar").set(x=1).returning("id")),
        "WITH a AS (INSERT INTO bar (x) VALUES (1)\nRETURNING id)\nSELECT * FROM foo",
    ),
]

LITERALS: list[tuple[Any, str, str]] = [
    ("it's", "'it''s'", "'it''s'"),
    ("", "''", "''"),
    (None, "NULL", "NULL"),
    (True, "true", "true"),
    (7, "7", "7"),
    (1.5, "1.5", "1.5"),
    (decimal.Decimal("1.50"), "1.50", "1.50"),
    (uuid.UUID(int=5), "'00000000-0000-0000-0000-000000000005'", "'00000000-0000-0000-0000-000000000005'"),
    (AT, "TIMESTAMP '2020-01-02 03:04:05'", "'2020-01-02 03:04:05'"),
    (DAY, "TIMESTAMP '2020-01-02 00:00:00'", "'2020-01-02 00:00:00'"),
    (datetime.time(1, 2, 3), "TIME '01:02:03'", "'01:02:03'"),
    ({"a": "it's"}, "'{\"a\": \"it''s\"}'", "'{\"a\": \"it''s\"}'"),
    ([1, 2], "'{1,2}'", "'[1, 2]'"),
    (
        ["x", "a,b", None, True, 'q"'],
        '\'{x,"a,b",NULL,true,"q\\""}\'',
        '\'["x", "a,b", null, true, "q\\""]\'',
    ),
    ([[1], [2]], "'{{1},{2}}'", "'[[1], [2]]'"),
    (b"\x00x", "'\\x0078'", "X'0078'"),
]


@pytest.mark.parametrize(("make", "expected"), SELECTS + CHANGES)
@pytest.mark.parametrize("engine", [PGSQL, SQLITE])
def test_people_read_clauses_on_lines_of_their_own(make: Make, expected: str, engine: str) -> None:
    """`str(query)` has the shape that the original printed, for both engines."""
    assert str(make(Builder(engine))) == expected


@pytest.mark.parametrize(("value", "postgres", "sqlite"), LITERALS)
def test_people_read_values_as_literals(value: Any, postgres: str, sqlite: str) -> None:
    """`str(query)` shows each value as the literal of its engine."""
    assert str(Builder(PGSQL).insert("t").set(a=value)) == f"INSERT INTO t (a) VALUES ({postgres})"
    assert str(Builder(SQLITE).insert("t").set(a=value)) == f"INSERT INTO t (a) VALUES ({sqlite})"


def test_a_query_has_several_names_for_its_text() -> None:
    """`str(q)`, `q.query`, `q.render()` and `q.as_sql()` are the same, `repr` shows it too."""
    query = Builder(PGSQL).select("foo").filter(a=1)
    assert str(query) == query.query == query.render() == query.as_sql()
    assert "WHERE a = 1" in repr(query)


@pytest.mark.parametrize("verb", ["update", "delete"])
@pytest.mark.parametrize("engine", [PGSQL, SQLITE])
def test_a_change_of_every_row_has_to_be_meant(verb: str, engine: str) -> None:
    """An update or delete without conditions is refused unless `.all()` is said, inside others too."""
    builder = Builder(engine)

    def start() -> Query:
        query: Query = getattr(builder, verb)("foo")
        return query.set(a=1) if verb == "update" else query

    for query in (start(), start().filter(a=None), builder.select("x").with_("a", start())):
        with pytest.raises(AssertionError, match=r"\.all \(\)"):
            query.compile()
    with pytest.raises(AssertionError):
        builder.insert("x").set(a=1).append(start()).statements()
    assert start().all().compile()[0].endswith("WHERE 1 = 1")


def test_limit_0_is_known_to_be_empty() -> None:
    """A plain select with limit(0), or an empty slice, has no rows; one that writes or unites may have."""
    builder = Builder(SQLITE)
    assert builder.select("a").limit(0).is_empty
    assert builder.select("a")[3:3].is_empty
    assert builder.select("a")[4:2].is_empty
    assert not builder.select("a").is_empty
    assert not builder.select("a").limit(0).union("select 1").is_empty
    assert not builder.select("a").limit(0).into("b").is_empty


def test_slices_count_from_the_beginning() -> None:
    """Negative slices and single indexes are refused, and a query is not iterated over."""
    query = Builder(SQLITE).select("a")
    with pytest.raises(ValueError, match="negative"):
        query[-3:]
    with pytest.raises(TypeError, match="slices"):
        query[2]  # type: ignore[index]
    with pytest.raises(TypeError):
        list(query)  # type: ignore[call-overload]
    for bad in ("3; drop table a", "", [1]):
        with pytest.raises(ValueError, match="number of rows"):
            query.limit(bad)  # type: ignore[arg-type]
        with pytest.raises(HTTPError) as caught:
            query.offset(bad)  # type: ignore[arg-type]
        assert caught.value.status == "400 Bad Request"


def test_a_clone_goes_its_own_way() -> None:
    """What is done to a clone, a branch or an aggregate leaves the query that it came from alone."""
    root = Builder(PGSQL).select("foo").filter(a=1)
    before = str(root)
    root.clone().get("x").filter(b=2).limit(1).join("bar").with_("c", "select 1").union("select 1").append(
        "x"
    )
    root.branch().order_by("a")
    root.aggregate("count(*)").filter(c=3)
    root.clone().parts.data["a"] = 1
    assert str(root) == before
    assert root.parts.data == {}


@pytest.mark.parametrize(
    "name",
    [
        "id = 1 or 1=1 --",
        "a;drop table x",
        "a b",
        "",
        "a'b",
        'a"b',
        "a)",
        "a.",
        ".a",
        "lower(a)",
        "ä-b",
        "__proto__",
    ],
)
def test_names_from_a_client_cannot_be_sql(name: str) -> None:
    """Keys of dicts that are no names of columns are refused: a 400 for the client that names F()."""
    builder = Builder(PGSQL)
    for use in (
        lambda: builder.update("t").set({name: 1}),
        lambda: builder.insert("t").set(**{name: 1}),
        lambda: builder.select("t").filter(**{name: 1}),
        lambda: builder.select("t").exclude(**{f"{name}__gt": 1}),
        lambda: builder.select("t").join("u", "u", None, **{name: 1}),
        lambda: Q(**{name: 1}),
        lambda: builder.insert("t").upflict("a", **{name: 1}),
        lambda: builder.insert("t").upflict(name),
        lambda: D(**{name: 1}),
    ):
        with pytest.raises(ValueError, match=r"F\(\.\.\.\)") as caught:
            use()
        assert isinstance(caught.value, HTTPError)
        assert caught.value.status_code == 400
    with pytest.raises(ValueError, match="JSON path"):
        builder.select("t").filter(**{"data___a'b": 1})


def test_names_of_columns_are_taken_as_they_are() -> None:
    """Letters, digits, underscores, dots and quoted names are names."""
    query = Builder(PGSQL).select("t").filter(**{'"My Name"': 1, "a.b": 2, "größe": 3, 'x__"Y"': 4, "A1": 5})
    assert (
        str(query).partition("WHERE ")[2]
        == '"My Name" = 1 AND a.b = 2 AND größe = 3 AND x."Y" = 4 AND A1 = 5'
    )


@pytest.mark.parametrize("use", [lambda b: b.with_("a b", "select 1"), lambda b: b.const("a;b", 1)])
def test_names_of_ctes_are_checked(use: Callable[[Query], Any]) -> None:
    """The name of a CTE or a constant has to be one."""
    with pytest.raises(ValueError, match="name"):
        use(Builder(PGSQL).select("t"))
    with pytest.raises(ValueError, match="name"):
        str(Builder(PGSQL).select("t", "x; drop table t"))


def test_values_without_a_place_are_refused() -> None:
    """A value that the engine has no type for is a ValueError that names it."""
    for engine in (PGSQL, SQLITE):
        with pytest.raises(ValueError, match="object"):
            Builder(engine).select("t").filter(a=object()).compile()
    with pytest.raises(ValueError, match="nothing to update"):
        Builder(PGSQL).update("t").filter(a=1).compile()
    with pytest.raises(AssertionError, match="INSERT"):
        Builder(PGSQL).update("t").upflict("a")


def test_a_query_of_no_database_cannot_be_executed() -> None:
    """execute() of a query that was built outside of was.db says where to build it."""
    with pytest.raises(RuntimeError, match=r"was\.db"):
        Builder(PGSQL).select("t").execute()
    with pytest.raises(RuntimeError, match=r"was\.db"):
        Query("select", "t", None).execute()
