"""Tests of atila_compat.data.values and .writer: what drivers are given."""

from __future__ import annotations

import datetime
import decimal
import enum
import math
import uuid
from typing import Any

import pytest

from atila_compat.data.builder import Builder
from atila_compat.data.engines import PGSQL, SQLITE, sql_engine
from atila_compat.data.expressions import D, F, V, const
from atila_compat.data.failures import BadRequest
from atila_compat.data.values import as_array, as_postgres, as_sqlite, as_sqlite_raw

UTC = datetime.UTC


class Color(enum.Enum):
    """A choice."""

    RED = "red"


class Text(str):
    """A string of another class, such as Markup."""

    def __str__(self) -> str:
        return "something else"


@pytest.mark.parametrize(
    ("value", "bound", "cast"),
    [
        (None, None, ""),
        ("x", "x", ""),
        (Text("x"), "x", ""),
        (Color.RED, "red", ""),
        (True, True, "::bool"),
        (5, 5, "::int4"),
        (2**31, 2**31, "::int8"),
        (2**63, decimal.Decimal(2**63), "::numeric"),
        (0.1, decimal.Decimal("0.1"), "::numeric"),
        (math.inf, math.inf, "::float8"),
        (decimal.Decimal("1.5"), decimal.Decimal("1.5"), "::numeric"),
        (datetime.datetime(2020, 1, 2), datetime.datetime(2020, 1, 2), "::timestamp"),
        (
            datetime.datetime(2020, 1, 2, tzinfo=UTC),
            datetime.datetime(2020, 1, 2, tzinfo=UTC),
            "::timestamptz",
        ),
        (datetime.date(2020, 1, 2), datetime.date(2020, 1, 2), "::date"),
        (datetime.time(1), datetime.time(1), "::time"),
        (datetime.timedelta(1), datetime.timedelta(1), "::interval"),
        (uuid.UUID(int=1), str(uuid.UUID(int=1)), "::uuid"),
        (bytearray(b"x"), b"x", "::bytea"),
        ([1], [1], ""),
        ((1, 2), [1, 2], ""),
        ({"a": 1}, {"a": 1}, ""),
    ],
)
def test_postgresql_parameters_have_the_type_of_the_literal(value: Any, bound: Any, cast: str) -> None:
    """A parameter is cast to what the literal of that value would be; text, lists and dicts are left open."""
    assert as_postgres(value) == (bound, cast)


@pytest.mark.parametrize(
    ("value", "bound"),
    [
        (None, None),
        (Text("x"), "x"),
        (Color.RED, "red"),
        (True, 1),
        (2**63 - 1, 2**63 - 1),
        (2**63, float(2**63)),
        (-(10**400), -math.inf),
        (0.1, 0.1),
        (decimal.Decimal("1.5"), 1.5),
        (datetime.datetime(2020, 1, 2, 3, 4, 5, 678, tzinfo=UTC), "2020-01-02 03:04:05"),
        (datetime.date(2020, 1, 2), "2020-01-02 00:00:00"),
        (datetime.time(1, 2), "01:02:00"),
        (uuid.UUID(int=1), str(uuid.UUID(int=1))),
        (memoryview(b"x"), b"x"),
        ([1, None], "[1, null]"),
        ({"a": "\u00e9"}, '{"a": "\\u00e9"}'),
    ],
)
def test_sqlite_parameters_are_what_the_original_stored(value: Any, bound: Any) -> None:
    """Dates are text to the second, JSON is text, numbers beyond 64 bits are real numbers."""
    assert as_sqlite(value) == bound


def test_parameters_of_sql_of_the_apps_own_are_bound_as_sqlite3_does() -> None:
    """Dates in `execute(sql, (date,))` are ISO text, which Python's adapters made of them."""
    assert as_sqlite_raw(datetime.datetime(2020, 1, 2, 3, 4, 5, 6)) == "2020-01-02 03:04:05.000006"
    assert as_sqlite_raw(datetime.date(2020, 1, 2)) == "2020-01-02"
    assert as_sqlite_raw(decimal.Decimal("1.5")) == 1.5


def test_text_that_no_client_should_send_is_a_400() -> None:
    """Half a character, and NUL on PostgreSQL, are refused before anything is sent."""
    for use, text in ((as_sqlite, "\ud800"), (as_postgres, "a\udfff"), (as_postgres, "a\0")):
        with pytest.raises(BadRequest) as caught:
            use(text)
        assert caught.value.status == "400 Bad Request"
    assert as_sqlite("a\0\u00e9") == "a\0\u00e9"


def test_arrays_are_quoted_where_they_have_to_be() -> None:
    """The text of an array keeps what is inside apart."""
    items = [
        "a",
        "",
        "null",
        "b c",
        " d",
        "e,f",
        'g"h',
        "i\\j",
        "{k}",
        None,
        True,
        1.5,
        [1, 2],
        {"l": 1},
        b"\x00",
    ]
    assert as_array(items) == (
        '{a,"","null",b c," d","e,f","g\\"h","i\\\\j","{k}",NULL,true,1.5,{1,2},"{\\"l\\": 1}","\\\\x00"}'
    )


def test_compile_binds_every_value() -> None:
    """compile() gives placeholders of the engine's, in order, and NULL for None."""

    def query(engine: str) -> Any:
        builder = Builder(engine)
        sub = builder.select("u").get("id").filter(c="x").limit(3)
        return (
            builder.update("t").set(a="it's", b=None, c=F("c + 1"), d=[1]).filter(id=5, e__in=[1, "2"], f=sub)
        )

    assert query(SQLITE).compile() == (
        (
            "UPDATE t SET a = ?, b = NULL, c = c + 1, d = ?\n"
            "WHERE id = ? AND e IN (?,?) AND f = (SELECT id FROM u\nWHERE c = ?\nLIMIT 3)"
        ),
        ("it's", "[1]", 5, 1, "2", "x"),
    )
    assert query(PGSQL).compile() == (
        (
            "UPDATE t SET a = $1, b = NULL, c = c + 1, d = $2\n"
            "WHERE id = $3::int4 AND e IN ($4::int4,$5) AND f = (SELECT id FROM u\nWHERE c = $6\nLIMIT 3)"
        ),
        ("it's", [1], 5, 1, "2", "x"),
    )


def test_what_an_engine_lacks_is_said_otherwise() -> None:
    """UNION sides, TABLE, OFFSET alone and escapes in LIKE are written so that SQLite runs them."""
    lite, postgres = Builder(SQLITE), Builder(PGSQL)
    assert lite.select("a").union(lite.select("b")).compile()[0] == (
        "SELECT * FROM (SELECT * FROM a)\nUNION\nSELECT * FROM (SELECT * FROM b)"
    )
    assert postgres.select("a").union("select 1").compile()[0] == "(SELECT * FROM a)\nUNION\n(select 1)"
    assert lite.select("a").filter(b=const("c")).compile()[0].endswith("b = (select * from c)")
    assert lite.select("a").offset(3).compile()[0].endswith(f"LIMIT {2**63 - 1}\nOFFSET 3")
    assert lite.select("a").filter(b__contains="1%_\\").compile() == (
        "SELECT * FROM a\nWHERE b LIKE ? ESCAPE '\\'",
        ("%1\\%\\_\\\\%",),
    )
    assert lite.select("a").filter(b__contains="1").compile() == ("SELECT * FROM a\nWHERE b LIKE ?", ("%1%",))
    assert postgres.select("a").filter(b__contains="_").compile() == (
        "SELECT * FROM a\nWHERE b LIKE $1::text",
        ("%\\_%",),
    )


def test_expressions_can_be_read() -> None:
    """F, V, D and const show their SQL."""
    assert (str(F("a + 1")), repr(F("a"))) == ("a + 1", "F('a')")
    assert (str(V("it's")), V(1.5).render(SQLITE), repr(V(1))) == ("'it''s'", "1.5", "V(1)")
    row = D(a=1, b__c="x")
    assert (row.columns, row.values, row.pairs) == ("a, b.c", "1, 'x'", "a = 1, b.c = 'x'")
    assert row.encode(PGSQL) is row
    assert repr(D(a=1)) == "D(a=1)"
    assert str(const("x")) == "(table x)"
    with pytest.raises(ValueError, match="name"):
        const("x); drop table y")


def test_engines_have_one_name() -> None:
    """The names of synchronous forms mean the same engine; others are refused."""
    assert sql_engine("*sqlite3") == sql_engine("*sqlite3_syn") == sql_engine("sqlite3") == SQLITE
    with pytest.raises(ValueError, match="DB_PGSQL"):
        sql_engine("*redis")
