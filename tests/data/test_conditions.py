"""Tests of atila_compat.data.conditions: filter operators and the Q algebra, as the original printed them."""

from __future__ import annotations

import datetime
from typing import Any

import pytest

from atila_compat.data.builder import Builder
from atila_compat.data.conditions import Q
from atila_compat.data.engines import PGSQL, SQLITE
from atila_compat.data.expressions import F, V

DAY = datetime.date(2020, 1, 2)
SUB = Builder(PGSQL).select("bar").get("id").filter(z=1)


def where(engine: str, *conditions: Any, **operators: Any) -> str:
    """The WHERE clause of a filter, for people."""
    return str(Builder(engine).select("t").filter(*conditions, **operators)).partition("\nWHERE ")[2]


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("a", 1, "a = 1"),
        ("a__eq", 1, "a = 1"),
        ("a__exact", 1, "a = 1"),
        ("a__neq", 1, "a <> 1"),
        ("a__gt", 1, "a > 1"),
        ("a__gte", 1.5, "a >= 1.5"),
        ("a__lt", "x", "a < 'x'"),
        ("a__lte", 0, "a <= 0"),
        ("a", None, ""),
        ("a", "", "a = ''"),
        ("a__in", [1, 2], "a IN (1,2)"),
        ("a__in", ("x", "y'z"), "a IN ('x','y''z')"),
        ("a__in", {1}, "a IN (1)"),
        ("a__in", range(2), "a IN (0,1)"),
        ("a__in", [1, None], "a IN (1,NULL)"),
        ("a__in", 3, "a IN (3)"),
        ("a__in", SUB, "a IN (SELECT id FROM bar\nWHERE z = 1)"),
        ("a__in", F("select 1"), "a IN (select 1)"),
        ("a__notin", [1, 2], "a NOT IN (1,2)"),
        ("a__notin", SUB, "a NOT IN (SELECT id FROM bar\nWHERE z = 1)"),
        ("a__between", (1, 2), "a BETWEEN 1 AND 2"),
        ("a__isnull", True, "a IS NULL"),
        ("a__isnull", False, "a IS NOT NULL"),
        ("a__contains", "x%y", "a LIKE '%x\\%y%'"),
        ("a__contains", 5, "a LIKE '%5%'"),
        ("a__contains", V("x"), "a LIKE '%x%'"),
        ("a__contains", F("lower(b)"), "a LIKE '%' || lower(b) || '%'"),
        ("a__startswith", "x%y", "a LIKE 'x\\%y%'"),
        ("a__startswith", F("b"), "a LIKE b || '%'"),
        ("a__endswith", "x'", "a LIKE '%x'''"),
        ("a__ncontains", "x", "a NOT LIKE '%x%'"),
        ("a__notcontain", "x", "a NOT LIKE '%x%'"),
        ("a__nstartswith", "x", "a NOT LIKE 'x%'"),
        ("a__notstartwith", "x", "a NOT LIKE 'x%'"),
        ("a__nendswith", "x", "a NOT LIKE '%x'"),
        ("a__notendwith", "x", "a NOT LIKE '%x'"),
        ("a__regex", "^x.*", "a ~ '^x.*'"),
        ("__exists", SUB, " EXISTS (SELECT id FROM bar\nWHERE z = 1)"),
        ("__nexists", SUB, " NOT EXISTS (SELECT id FROM bar\nWHERE z = 1)"),
        ("__all", True, "1 = 1"),
        ("a__b__gt", 1, "a.b > 1"),
        ("s__a__b", 1, "s.a.b = 1"),
        ("a", SUB, "a = (SELECT id FROM bar\nWHERE z = 1)"),
        ("a", F("b + 1"), "a = b + 1"),
        ("a", V("x"), "a = 'x'"),
        ("a", True, "a = true"),
    ],
)
@pytest.mark.parametrize("engine", [PGSQL, SQLITE])
def test_an_operator_is_the_end_of_a_keyword(key: str, value: Any, expected: str, engine: str) -> None:
    """`field__operator=value` is that comparison, other double underscores are dots, None is left out."""
    assert where(engine, **{key: value}) == expected


@pytest.mark.parametrize(
    ("key", "value", "postgres", "sqlite"),
    [
        ("d___k", "x", "d ->> 'k' = 'x'", "json_extract(d, '$.\"k\"') = 'x'"),
        ("d___k", 1, "CAST (d ->> 'k' AS int) = 1", "json_extract(d, '$.\"k\"') = 1"),
        ("d___k", 2**40, f"CAST (d ->> 'k' AS numeric) = {2**40}", f"json_extract(d, '$.\"k\"') = {2**40}"),
        ("d___k", 1.5, "CAST (d ->> 'k' AS float) = 1.5", "json_extract(d, '$.\"k\"') = 1.5"),
        ("d___k", True, "CAST (d ->> 'k' AS boolean) = true", "json_extract(d, '$.\"k\"') = true"),
        (
            "d___k__lt",
            DAY,
            "CAST (d ->> 'k' AS timestamp) < TIMESTAMP '2020-01-02 00:00:00'",
            "json_extract(d, '$.\"k\"') < '2020-01-02 00:00:00'",
        ),
        (
            "d___k___z__1__gt",
            3,
            "CAST (d -> 'k' #>> '{z, 1}' AS int) > 3",
            'json_extract(d, \'$."k"."z"[1]\') > 3',
        ),
        (
            "f__d___k___z__1___n__contains",
            "x",
            "f.d -> 'k' #> '{z, 1}' ->> 'n' LIKE '%x%'",
            'json_extract(f.d, \'$."k"."z"[1]."n"\') LIKE \'%x%\'',
        ),
        ("d___k__in", [1, 2], "CAST (d ->> 'k' AS int) IN (1,2)", "json_extract(d, '$.\"k\"') IN (1,2)"),
        ("d___in", 1, "CAST (d ->> 'in' AS int) = 1", "json_extract(d, '$.\"in\"') = 1"),
        ("d___k__isnull", True, "d ->> 'k' IS NULL", "json_extract(d, '$.\"k\"') IS NULL"),
        ("d", {"a": 1}, "d = '{\"a\": 1}'", "d = '{\"a\": 1}'"),
    ],
)
def test_three_underscores_go_into_json(key: str, value: Any, postgres: str, sqlite: str) -> None:
    """`data___key` is a place in JSON, compared as what the value is."""
    assert where(PGSQL, **{key: value}) == postgres
    assert where(SQLITE, **{key: value}) == sqlite


def test_json_has_operators_of_its_own() -> None:
    """haskey, haskeyin and contains of a dict are PostgreSQL's operators on JSON."""
    assert where(PGSQL, d__haskey="x") == "d ? 'x'"
    assert where(PGSQL, d___k__haskey="x") == "d -> 'k' ? 'x'"
    assert where(PGSQL, d__haskeyin=["x", "y"]) == "d ?| array ['x','y']"
    assert where(PGSQL, d__contains={"a": 1}) == "d @> '{\"a\": 1}'"
    assert where(PGSQL, d__ncontains={"a": 1}) == "NOT (d @> '{\"a\": 1}')"


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (Q(a=1), "a = 1"),
        (Q(a=1, b="x"), "(a = 1 AND b = 'x')"),
        (Q(a=1) | Q(b=2), "(a = 1 OR b = 2)"),
        (Q(a=1) & Q(b=2), "(a = 1 AND b = 2)"),
        (~Q(a=1), "NOT (a = 1)"),
        (~(Q(a=1) | Q(b=2)), "NOT ((a = 1 OR b = 2))"),
        (Q(a=1, b=2) | Q(c=3), "((a = 1 AND b = 2) OR c = 3)"),
        (Q(a=1) | Q(b=2) | Q(c=3), "((a = 1 OR b = 2) OR c = 3)"),
        (Q(a=1) | Q(b=2) & Q(c=3), "(a = 1 OR (b = 2 AND c = 3))"),
        (Q(a=1) & ~Q(b=2), "(a = 1 AND NOT (b = 2))"),
        (Q("a = b"), "a = b"),
        (Q("a = b", c=1), "(a = b AND c = 1)"),
        (Q("a = 1 or b = 2") & Q(c=1), "((a = 1 or b = 2) AND c = 1)"),
        (Q(a=None) | Q(b=1), "b = 1"),
        (Q(a=None) & Q(b=1), "b = 1"),
        (Q() | Q(b=1), "b = 1"),
        (~Q(a=None), ""),
        (Q(F("a = b")) | Q(c=1), "(a = b OR c = 1)"),
        (Q("a__gt", 1), "a > 1"),
        (Q("a", None), ""),
        (Q(a=1) & "b = 2", "(a = 1 AND b = 2)"),
        (Q() | "b = 2", "b = 2"),
        (Q(a=1) | None, "a = 1"),
        (Q(__notexist=F("select 1")), " NOT EXISTS (select 1)"),
    ],
)
def test_conditions_can_be_combined(condition: Q, expected: str) -> None:
    """Q objects are joined by |, & and ~; what is empty leaves no trace."""
    assert str(condition) == expected
    assert where(PGSQL, condition) == expected
    assert bool(condition) == bool(expected)
    assert len(condition) == bool(expected)


def test_filter_joins_by_and() -> None:
    """Text, Q and keywords are joined by AND; an `or` in text does not tear them apart."""
    assert (
        where(PGSQL, "a = 1", Q(b=2) | Q(c=3), None, "", F("d = 4"), e=5)
        == "a = 1 AND (b = 2 OR c = 3) AND d = 4 AND e = 5"
    )
    assert where(PGSQL, "a = 1 or b = 2", c=3) == "(a = 1 or b = 2) AND c = 3"
    assert where(PGSQL, "a = 1 or b = 2") == "a = 1 or b = 2"
    assert where(PGSQL, "a in ('x or y', lower('or'))", c=3) == "a in ('x or y', lower('or')) AND c = 3"
    assert where(PGSQL) == ""


@pytest.mark.parametrize(
    ("conditions", "operators", "expected"),
    [
        ((), {"a": 1}, "NOT (a = 1)"),
        ((), {"a": 1, "b": 2}, "NOT (a = 1 AND b = 2)"),
        ((Q(a=1) | Q(b=2),), {}, "NOT ((a = 1 OR b = 2))"),
        ((Q(a=1), Q(b=2)), {}, "NOT (a = 1 AND b = 2)"),
        (("a = 1",), {}, "NOT (a = 1)"),
        ((Q(a=None),), {"b": None}, ""),
    ],
)
def test_exclude_negates(conditions: tuple[Any, ...], operators: dict[str, Any], expected: str) -> None:
    """exclude() is NOT (...) around its conditions, nothing without any."""
    query = Builder(PGSQL).select("t").exclude(*conditions, **operators)
    assert str(query).partition("\nWHERE ")[2] == expected


@pytest.mark.parametrize(
    ("operators", "message"),
    [
        ({"a__in": "1) or (1=1"}, "list or a query"),
        ({"a__notin": "select 1"}, "list or a query"),
        ({"a__between": (1, 2, 3)}, "two values"),
        ({"a__between": 1}, "two values"),
        ({"a__exists": "select 1"}, "takes a query"),
    ],
)
def test_text_is_never_taken_for_sql(operators: dict[str, Any], message: str) -> None:
    """An operator that wants several values or a query refuses text, which could come from a client."""
    with pytest.raises(ValueError, match=message):
        Builder(PGSQL).select("t").filter(**operators).compile()
    with pytest.raises(ValueError, match="Q"):
        Builder(PGSQL).select("t").filter(17)
