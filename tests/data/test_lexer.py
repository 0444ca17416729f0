"""Tests of atila_compat.data.lexer: placeholders and ends of statements, outside of what is quoted."""

from __future__ import annotations

from typing import Any

import pytest

from atila_compat.data.engines import PGSQL, SQLITE
from atila_compat.data.lexer import split, statements_of, with_casts, writes


@pytest.mark.parametrize(
    ("sql", "params", "expected", "bound"),
    [
        ("select %s, %s", (1, "x"), "select $1::int4, $2", (1, "x")),
        ("select '%s', \"%s\", %s", (1,), "select '%s', \"%s\", $1::int4", (1,)),
        ("a like '5%%' and b = %s", ("x",), "a like '5%' and b = $1", ("x",)),
        ("a %% 2 = %s", (1,), "a % 2 = $1::int4", (1,)),
        ("id in %s", ((1, 2),), "id in ($1::int4,$2::int4)", (1, 2)),
        ("id in %s", ((),), "id in (NULL)", ()),
        ("id = any(%s)", ([1, 2],), "id = any($1)", ([1, 2],)),
        ("%(a)s, %(b)s, %(a)s", {"a": 1, "b": None}, "$1::int4, NULL, $2::int4", (1, 1)),
        ("$1, $2", (1, "x"), "$1, $2", (1, "x")),
        ("$$ %s $$, $x$ ; $x$, %s", (1,), "$$ %s $$, $x$ ; $x$, $1::int4", (1,)),
        ("E'\\'%s', %s", (1,), "E'\\'%s', $1::int4", (1,)),
        ("a -- %s\n, %s", (1,), "a -- %s\n, $1::int4", (1,)),
        ("a /* %s */, %s", (1,), "a /* %s */, $1::int4", (1,)),
        ("select ?, ?", (1, 2), "select $1::int4, $2::int4", (1, 2)),
        ("j ? 'k' and a = %s", (1,), "j ? 'k' and a = $1::int4", (1,)),
        ("a::text = %s", ("x",), "a::text = $1", ("x",)),
    ],
)
def test_placeholders_of_postgresql(sql: str, params: Any, expected: str, bound: tuple[Any, ...]) -> None:
    """%s, %(name)s, $1 and ? are placeholders outside of quotes and comments; a tuple is a list for IN."""
    (statement,) = statements_of(sql, params, PGSQL)
    assert (statement.sql, statement.params) == (expected, bound)


def test_placeholders_of_sqlite() -> None:
    """SQLite's own placeholders are left to it."""
    (statement,) = statements_of("select ?, '?'", (1,), SQLITE)
    assert (statement.sql, statement.params) == ("select ?, '?'", (1,))
    (statement,) = statements_of("select :a", {"a": True}, SQLITE)
    assert (statement.sql, statement.params) == ("select :a", {"a": 1})


def test_sql_without_parameters_is_left_alone() -> None:
    """Without parameters percent signs and question marks mean nothing."""
    for engine in (PGSQL, SQLITE):
        (statement,) = statements_of("select 'a%s?' where a % 2 = 1", (), engine)
        assert statement.sql == "select 'a%s?' where a % 2 = 1"


@pytest.mark.parametrize(
    ("sql", "params"),
    [("%s, %s", (1,)), ("%s", (1, 2)), ("%(a)s", {"b": 1}), ("%(a)s", (1,)), ("$1", {"a": 1})],
)
def test_placeholders_and_parameters_have_to_fit(sql: str, params: Any) -> None:
    """Missing and surplus parameters are a ValueError before anything is sent."""
    with pytest.raises(ValueError, match=r"placeholder|parameter"):
        statements_of(sql, params, PGSQL)


def test_placeholders_are_counted_for_each_statement() -> None:
    """In a script each statement gets its own parameters."""
    found = statements_of("insert into t values (%s); select %s; ", (1, "x"), PGSQL)
    assert [(each.sql.strip(), each.params) for each in found] == [
        ("insert into t values ($1::int4)", (1,)),
        ("select $1", ("x",)),
    ]


@pytest.mark.parametrize(
    ("sql", "engine", "expected"),
    [
        ("select 1", PGSQL, ["select 1"]),
        ("select 1;", PGSQL, ["select 1"]),
        ("select 1; select 2;\n", PGSQL, ["select 1", "select 2"]),
        ("select ';'; select \";\"", SQLITE, ["select ';'", 'select ";"']),
        ("select 1; -- ;\n/* ; */", SQLITE, ["select 1"]),
        ("do $$ begin a; b; end $$; select 1", PGSQL, ["do $$ begin a; b; end $$", "select 1"]),
        (
            "create trigger t after insert on a begin delete from b; delete from c; end; select 1",
            SQLITE,
            ["create trigger t after insert on a begin delete from b; delete from c; end", "select 1"],
        ),
        ("", PGSQL, []),
        (" ; ;", SQLITE, []),
    ],
)
def test_scripts_are_split_where_statements_end(sql: str, engine: str, expected: list[str]) -> None:
    """A semicolon ends a statement unless it is quoted, commented out or inside a trigger."""
    assert split(sql, engine) == expected


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("select * from t", False),
        ("select 'delete'", False),
        ("select updated from t -- insert", False),
        ("DELETE from t", True),
        ("with a as (insert into t values (1)) select 1", True),
        ("create table t (a int)", True),
    ],
)
def test_writing_is_recognised(sql: str, expected: bool) -> None:
    """A statement writes if one of the words that write stands outside of quotes."""
    for engine in (PGSQL, SQLITE):
        assert writes(sql, engine) is expected


def test_casts_are_added_outside_of_quotes() -> None:
    """`with_casts` changes placeholders only."""
    assert with_casts("$1, '$1', $2, $11", {1: "int4"}) == "CAST($1::text AS int4), '$1', $2, $11"
