"""What the builder writes does what it says, on real SQLite and real PostgreSQL."""

from __future__ import annotations

import datetime
import decimal
import uuid
from typing import Any

import pytest

from atila_compat.data.conditions import Q
from atila_compat.data.engines import PGSQL
from atila_compat.data.expressions import D, F, V, const

from .databases import Database

pytestmark = pytest.mark.anyio

SHOPS = """
    CREATE TABLE shop (id integer primary key, city text, name text);
    CREATE TABLE sale (id integer primary key, shop_id integer, amount integer, memo text);
    INSERT INTO shop VALUES (1, 'Seoul', 'North'), (2, 'Busan', 'Harbor'), (3, 'Seoul', 'South');
    INSERT INTO sale VALUES (1, 1, 100, 'opening'), (2, 1, 250, NULL), (3, 2, 40, '50% off'),
        (4, 3, 75, 'it''s ok'), (5, 3, 75, 'a_b\\c');
"""


async def ids(database: Database, *conditions: Any, **operators: Any) -> list[int]:
    """The ids of the sales that a filter finds."""
    query = database.select("sale").get("id").filter(*conditions, **operators).order_by("id")
    return [row.id for row in await database.run(query)]


async def test_operators_find_what_they_say(database: Database) -> None:
    """Each filter operator finds its rows; wildcards in values are plain characters."""
    await database.sql(SHOPS)
    sub = database.select("shop").get("id").filter(city="Seoul")
    for expected, operators in (
        ([1, 2], {"shop_id": 1}),
        ([1, 2], {"shop_id__eq": "1"}),
        ([1, 2, 3], {"amount__neq": 75}),
        ([1, 2], {"amount__gt": 75}),
        ([1, 2], {"amount__gt": 99.5}),
        ([3, 4, 5], {"amount__lt": 2**40, "amount__lte": 75}),
        ([], {"amount__gt": 2**70}),
        ([1, 4, 5], {"amount__between": (50, 100)}),
        ([1, 3], {"id__in": [1, 3, 9]}),
        ([], {"id__in": []}),
        ([1, 2, 3, 4, 5], {"id__notin": []}),
        ([4, 5], {"id__notin": [1, 2, 3]}),
        ([1, 2, 4, 5], {"shop_id__in": sub}),
        ([3], {"shop_id__notin": sub}),
        ([2], {"memo__isnull": True}),
        ([1, 3, 4, 5], {"memo__isnull": False}),
        ([1], {"memo__contains": "pen"}),
        ([3], {"memo__contains": "50%"}),
        ([5], {"memo__contains": "_"}),
        ([5], {"memo__contains": "b\\c"}),
        ([3], {"memo__startswith": "50"}),
        ([4], {"memo__endswith": "'s ok"}),
        ([1, 3, 5], {"memo__notcontain": "ok"}),
        ([1, 4, 5], {"memo__nstartswith": "50%"}),
        ([1, 3, 4], {"memo__nendswith": "\\c"}),
        ([1], {"memo__contains": F("'pen'")}),
        ([4], {"memo": "it's ok"}),
        ([4], {"memo": V("it's ok")}),
        ([1, 2, 3, 4, 5], {"__exists": database.select("shop")}),
        ([], {"__nexists": database.select("shop")}),
        ([], {"__all": False}),
        ([5], {"sale__id": 5}),
    ):
        assert await ids(database, **operators) == expected, operators
    assert await ids(database, Q(shop_id=2) | Q(amount__gt=200)) == [2, 3]
    assert await ids(database, ~Q(shop_id=1)) == [3, 4, 5]
    assert await ids(database, "amount % 2 = 1 or id = 1", shop_id=3) == [4, 5]


async def test_clauses_do_what_they_say(database: Database) -> None:
    """Order, slices, groups, joins, aggregates, CTEs, unions and constants give their rows."""
    await database.sql(SHOPS)
    sales = database.select("sale").get("id").order_by("id")
    assert [row.id for row in await database.run(sales.clone()[1:3])] == [2, 3]
    assert [row.id for row in await database.run(sales.clone()[3:])] == [4, 5]
    assert [row.id for row in await database.run(sales.clone().order_by("amount", "-id"))] == [3, 5, 4, 1, 2]
    grouped = database.select("sale").get("shop_id, sum(amount) as total").group_by("shop_id")
    assert await database.run(grouped.having("sum(amount) > 100").order_by("-total")) == [
        {"shop_id": 1, "total": 350},
        {"shop_id": 3, "total": 150},
    ]
    joined = database.select("sale", "s").join("shop", "h", "s.shop_id = h.id").get("s.id, h.name")
    assert len(await database.run(joined.filter(h__city="Seoul"))) == 4
    assert await database.run(joined.aggregate("count(*) as n")) == [{"n": 4}]
    crossed = database.select("sale", "s").from_("shop", "h", "s.shop_id = h.id", h__city="Busan").get("s.id")
    assert await database.run(crossed) == [{"id": 3}]
    big = database.select("sale").get("shop_id").filter(amount__gt=90)
    named = database.select("shop").get("name").with_("big", big).filter("id in (select shop_id from big)")
    assert await database.run(named) == [{"name": "North"}]
    row = database.select("one").with_("one", D(a=1, b="it's"))
    assert await database.run(row) == [{"a": 1, "b": "it's"}]
    constant = database.select("sale").get("id").const("least", 90).filter(amount__gt=const("least"))
    assert len(await database.run(constant.order_by("id"))) == 2
    names = database.select("shop").get("city as n").union(database.select("shop").get("name").filter(id=1))
    assert sorted(row.n for row in await database.run(names)) == ["Busan", "North", "Seoul"]
    assert await database.run(names.aggregate("count(*) as n")) == [{"n": 3}]
    rest = (
        database.select("shop").get("city").except_(database.select("shop").get("city").filter(id=2).limit(1))
    )
    assert await database.run(rest) == [{"city": "Seoul"}]


async def test_changes_are_made(database: Database) -> None:
    """insert, update, delete, RETURNING, ON CONFLICT, INSERT ... SELECT and further tables change rows."""
    await database.sql(SHOPS)
    assert await database.run(database.insert("shop").set({"id": 4, "name": "x"}, city=None)) is None
    added = database.insert("shop").set(id=5, name='it\'s "q"').returning("id", "name", "city")
    assert await database.run(added) == [{"id": 5, "name": 'it\'s "q"', "city": None}]
    assert await database.run(database.update("shop").set(name=F("name || '!'")).filter(id=4)) is None
    changed = database.update("shop").set(city=V("Jeju")).filter(id__gte=4).returning("id")
    assert sorted(row.id for row in await database.run(changed)) == [4, 5]
    assert await database.run(database.delete("shop").filter(id=4).returning("name")) == [{"name": "x!"}]
    assert await database.run(database.delete("shop").filter(id=4).returning("name")) == []
    upsert = database.insert("shop").set(id=5, name="new").upflict("id", name=F("excluded.name"))
    assert await database.run(upsert.returning("name")) == [{"name": "new"}]
    await database.run(database.insert("shop").set(id=5, name="newer").upflict("id"))
    assert await database.run(database.select("shop").get("name").filter(id=5)) == [{"name": "new"}]
    copied = database.select("shop").get("id + 10, name").filter(id__lte=2).into("shop", "id", "name")
    assert await database.run(copied) is None
    linked = (
        database.update("sale").set(memo="linked").from_("shop", "h", "sale.shop_id = h.id", h__city="Busan")
    )
    await database.run(linked)
    assert await database.run(database.select("sale").get("id").filter(memo="linked")) == [{"id": 3}]
    assert await database.run(database.delete("shop").all()) is None
    assert await database.run(database.select("shop")) == []


async def test_appended_queries_run_together(database: Database) -> None:
    """append() executes both as one transaction; the rows are the last one's."""
    await database.sql(SHOPS)
    both = (
        database.insert("shop").set(id=8, name="a").append(database.select("shop").get("name").filter(id=8))
    )
    assert await database.run(both) == [{"name": "a"}]
    failing = database.insert("shop").set(id=9, name="b").append("select * from nowhere")
    with pytest.raises(Exception, match="nowhere"):
        await database.run(failing)
    assert await database.run(database.select("shop").filter(id=9)) == []


async def test_rows_have_items_and_attributes(database: Database) -> None:
    """Rows are AttrDicts; a statement without rows gives None, one that finds none an empty list."""
    await database.sql("CREATE TABLE t (a integer, b text)")
    assert await database.sql("INSERT INTO t VALUES (1, 'x')") is None
    (row,) = await database.sql("SELECT a, b, a + 1 AS c FROM t")
    assert (row.a, row["b"], row.c, list(row)) == (1, "x", 2, ["a", "b", "c"])
    assert await database.sql("SELECT * FROM t WHERE a = 2") == []
    assert await database.sql("-- nothing") is None
    assert await database.sql("SELECT 1 AS a, 2 AS a") == [{"a": 2}]


async def test_values_come_back(database: Database) -> None:
    """Each type of value that can be stored is found again by itself."""
    postgres = database.engine == PGSQL
    kinds = "n numeric, i bigint, f double precision, o boolean, s text, d date, t timestamp, u uuid, b bytea"
    await database.sql(f"CREATE TABLE v ({kinds if postgres else kinds.replace('bytea', 'blob')})")
    values = {
        "n": decimal.Decimal("1.5"),
        "i": 2**60,
        "f": 0.1,
        "o": True,
        "s": "it's \\ \" % _ ; -- \u00e9\U0001f600",
        "d": datetime.date(2024, 2, 29),
        "t": datetime.datetime(2024, 2, 29, 12, 30, 15),
        "u": uuid.UUID(int=7),
        "b": b"\x00\xff",
    }
    await database.run(database.insert("v").set(values))
    (row,) = await database.run(database.select("v"))
    assert (row.i, row.f, row.s, row.u, row.b) == (2**60, 0.1, values["s"], str(values["u"]), b"\x00\xff")
    assert (row.n, bool(row.o)) == (1.5, True)
    if postgres:
        assert (row.d, row.t) == (values["d"], values["t"])
    else:
        assert (row.d, row.t) == ("2024-02-29 00:00:00", "2024-02-29 12:30:15")
    for name, value in values.items():
        assert len(await database.run(database.select("v").filter(**{name: value}))) == 1, name
        assert len(await database.run(database.select("v").filter(**{f"{name}__in": [value]}))) == 1, name
        assert await database.run(database.select("v").filter(**{f"{name}__neq": value})) == [], name


async def test_json_is_found_by_what_is_inside(database: Database) -> None:
    """`data___key` reaches into JSON on both engines."""
    await database.sql(f"CREATE TABLE j (id integer, d {'jsonb' if database.engine == PGSQL else 'text'})")
    await database.run(
        database.insert("j").set(id=1, d={"k": "x", "n": 5, "o": True, "l": [{"v": 7}], "s": {"t": 2}})
    )
    await database.run(database.insert("j").set(id=2, d={"k": "it's", "n": 6, "o": False, "l": []}))
    for expected, operators in (
        ([1], {"d___k": "x"}),
        ([2], {"d___k__contains": "'s"}),
        ([1], {"d___n": 5}),
        ([2], {"d___n__gt": 5.5}),
        ([1], {"d___o": True}),
        ([1], {"d___l__0__v": 7}),
        ([1], {"d___l__0___v__gte": 7}),
        ([1], {"d___s___t": 2}),
        ([2], {"d___s__isnull": True}),
        ([1, 2], {"d___n__in": [5, 6, None]}),
        ([1, 2], {"d___n__between": (5, 6)}),
        ([1], {"d__haskey": "s"}),
        ([1], {"d___s__haskey": "t"}),
        ([1, 2], {"d__haskeyin": ["s", "k"]}),
    ):
        rows = await database.run(database.select("j").get("id").filter(**operators).order_by("id"))
        assert [row.id for row in rows] == expected, operators
    rows = await database.run(database.select("j").get("d").filter(id=2))
    if database.engine == PGSQL:
        assert rows[0].d == {"k": "it's", "n": 6, "o": False, "l": []}
        assert len(await database.run(database.select("j").filter(d__contains={"n": 6}))) == 1
