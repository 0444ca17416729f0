"""No value can become SQL: hostile strings through the builder against a parametrised query."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atila_compat.data.conditions import Q
from atila_compat.data.engines import PGSQL
from atila_compat.data.expressions import V
from atila_compat.data.sqlmaps import TemplateQuery

from .databases import ENGINES, Database, opened

ATTACKS = [
    "'; DROP TABLE t; --",
    "' OR '1'='1",
    "\\'; DROP TABLE t; --",
    "$1",
    "$$; DROP TABLE t; $$",
    "?",
    "%s",
    ":a",
    "{this.filter}",
    "{0}",
    "a\\",
    "%",
    "_",
    "\\%",
    "''",
    '"',
    "/*",
    "--",
    ";",
    "E'\\x'",
    "NULL",
    "\n",
    "\u2019",
    "\x7f",
]
pieces = st.sampled_from(ATTACKS) | st.text(
    st.characters(codec="utf-8", exclude_characters="\0"), max_size=12
)
hostile = st.lists(pieces, max_size=4).map("".join)


async def check(database: Database, value: str, other: str) -> None:
    """Store and find `value` through the builder; the rows are those of parametrised queries."""
    mark = "$1" if database.engine == PGSQL else "?"

    async def plain(condition: str, *params: Any) -> list[Any]:
        return sorted(row.id for row in await database.sql(f"SELECT id FROM t WHERE {condition}", params))

    async def built(*conditions: Any, **operators: Any) -> list[Any]:
        return sorted(
            row.id for row in await database.run(database.select("t").filter(*conditions, **operators))
        )

    await database.run(database.delete("t").all())
    await database.run(database.insert("t").set(id=1, a=value))
    await database.run(database.insert("t").set(id=2, a=other))
    await database.run(database.update("t").set({"a": value}).filter(id=1, a=value))
    assert await database.sql("SELECT a FROM t ORDER BY id") == [{"a": value}, {"a": other}]
    equal = await plain(f"a = {mark}", value)
    assert 1 in equal
    assert await built(a=value) == equal
    assert await built(a__in=[value]) == equal
    assert await built(Q(a=value) | Q(id=-1)) == equal
    assert await built(a=V(value)) == equal
    assert await built(a__neq=value) == await plain(f"a <> {mark}", value)
    assert await built(a__between=(value, value)) == equal
    template = TemplateQuery("SELECT id FROM {tbl} WHERE a = {value} AND {this.filter}", database.engine)
    rows = await database.run(template.feed(tbl="t").data(value=value).filter(a=value))
    assert sorted(row.id for row in rows) == equal
    if database.engine == PGSQL:
        assert await built(a__contains=value) == await plain(f"position({mark} in a) > 0", value)
        assert await built(a__startswith=value) == await plain(f"starts_with(a, {mark})", value)
        assert await built(a__endswith=value) == await plain(f"right(a, length({mark})) = {mark}", value)
    else:
        found = await plain(f"instr(lower(a), lower({mark})) > 0", value)
        assert set(found) <= set(await built(a__contains=value))
        assert 1 in await built(a__startswith=value, a__endswith=value)
    assert await built(a__ncontains=value) == sorted({1, 2} - set(await built(a__contains=value)))
    assert await database.sql("SELECT count(*) AS n FROM t") == [{"n": 2}]


@pytest.mark.parametrize("engine", ENGINES)
def test_no_value_becomes_sql(engine: str, postgres_url: str) -> None:
    """Whatever the strings are, the builder finds what a parametrised query finds and the table survives."""
    loop = asyncio.new_event_loop()
    try:
        context = opened(engine, postgres_url)
        database = loop.run_until_complete(context.__aenter__())
        loop.run_until_complete(database.sql("CREATE TABLE t (id integer, a text)"))

        @given(hostile, hostile)
        def every(value: str, other: str) -> None:
            loop.run_until_complete(check(database, value, other))

        every()
        loop.run_until_complete(context.__aexit__(None, None, None))
    finally:
        loop.close()


@given(st.dictionaries(hostile | st.sampled_from(["a", "id", "t__a", "a___k"]), hostile, max_size=3))
def test_no_key_becomes_sql(data: dict[str, str]) -> None:
    """A dict whose keys are not names is refused; one that is accepted has only names in its SQL."""
    database = Database.__new__(Database)
    database.engine = PGSQL
    try:
        sql, params = database.select("t").filter(**data).compile()
        database.update("t").set(data).all()
    except ValueError:
        return
    for hint in (";", "--", "/*", "'; ", "\0"):
        assert hint not in sql.replace("LIKE", "")
    assert len(params) == len(data)
