"""Keywords that lead into JSON: `name___key__0__operator` (spec/03 section 7)."""

from __future__ import annotations

from typing import Any

import pytest

from atila_compat.http._operators import OPERATORS
from atila_compat.http._paths import Target, parse
from atila_compat.http.validation import compile_check

from .asking import ask, refusal, verdict


@pytest.mark.parametrize(
    ("keyword", "name", "steps", "function", "operator", "label"),
    [
        ("a", "a", (), None, None, "a"),
        ("_a", "_a", (), None, None, "_a"),
        ("__a__lte", "__a", (), None, "lte", "__a"),
        ("a_", "a_", (), None, None, "a_"),
        ("birth_year__between", "birth_year", (), None, "between", "birth_year"),
        ("a__len__lte", "a", (), "len", "lte", "length of a"),
        ("a___b", "a", ("b",), None, None, "a.b"),
        ("a___b___c__gte", "a", ("b", "c"), None, "gte", "a.b.c"),
        ("a___b__1__gte", "a", ("b", 1), None, "gte", "a.1.b"),
        ("a___b__0", "a", ("b", 0), None, None, "a.0.b"),
        ("a___b__0__1", "a", ("b", 0, 1), None, None, "a.0.1.b"),
        ("a___b__len__lte", "a", ("b",), "len", "lte", "length of a.b"),
        ("a___b__1__len__lte", "a", ("b", 1), "len", "lte", "length of a.1.b"),
        ("a___b__0___c__gt", "a", ("b", 0, "c"), None, "gt", "a.0.b.c"),
        ("a__0", "a", (0,), None, None, "a.0"),
        ("a__0___b__in", "a", (0, "b"), None, "in", "a.0.b"),
        ("a___len", "a", ("len",), None, None, "a.len"),
        ("a___in__in", "a", ("in",), None, "in", "a.in"),
        ("a____b", "a", ("_b",), None, None, "a._b"),
        ("a___birth_year__gte", "a", ("birth_year",), None, "gte", "a.birth_year"),
    ],
)
def test_keywords_are_taken_apart(
    keyword: str, name: str, steps: tuple[Any, ...], function: str | None, operator: str | None, label: str
) -> None:
    """Three low dashes lead to a key, two to an index, a function or an operator."""
    assert parse(keyword, OPERATORS) == Target(keyword, name, steps, function, operator, label)


@pytest.mark.parametrize(
    ("keyword", "arguments", "name", "operator"),
    [
        ("my__arg", {"my__arg"}, "my__arg", None),
        ("my__arg__lte", {"my__arg"}, "my__arg", "lte"),
        ("my__arg__len__lte", {"my__arg"}, "my__arg", "lte"),
        ("created__gte", {"created__gte"}, "created__gte", None),
        ("created__gte", {"created", "created__gte"}, "created", "gte"),
        ("created__gte", set(), "created", "gte"),
        ("my__arg___key__eq", {"my__arg"}, "my__arg", "eq"),
    ],
)
def test_an_argument_may_have_low_dashes_in_its_name(
    keyword: str, arguments: set[str], name: str, operator: str | None
) -> None:
    """Where the handler names such an argument it is understood; its shorter namesake comes first."""
    target = parse(keyword, OPERATORS, arguments)
    assert (target.name, target.operator) == (name, operator)


def test_a_listed_parameter_counts_as_named() -> None:
    """A handler with `**keywords` names it by a keyword such as `ints`."""
    check = compile_check("ARGS", None, {"ints": "my__arg", "my__arg__lte": 3})
    failure = check(ask({"my__arg": "4"}), {})
    assert failure is not None
    assert failure.text == "parameter my__arg should less or equal than 3"


def test_values_inside_objects_are_inspected() -> None:
    """Rules reach into objects and lists; failures name the dotted path, an index before its key."""
    order = {"buyer": {"name": "Hans", "age": 20}, "rows": {"items": [{"id": 4}, {"id": 0}]}}
    request = ask(json=order)
    assert refusal(request, buyer___name=str, buyer___age__gte=18, rows___items__0___id__gt=0) is None
    assert refusal(request, buyer___name=int) == "parameter buyer.name should be an instance of <class 'int'>"
    assert refusal(request, buyer___age__gte=21) == "parameter buyer.age should greater or equal than 21"
    assert refusal(request, buyer___name__len__lt=4) == "parameter length of buyer.name should less than 4"
    assert refusal(request, rows___items__1=int) == (
        "parameter rows.1.items should be an instance of <class 'int'>"
    )
    assert refusal(request, rows___items__1___id__gt=0) == "parameter rows.1.items.id should greater than 0"


@pytest.mark.parametrize("value", [{}, {"c": 1}, 3, "x", [], [1], True])
def test_a_missing_key_is_refused(value: Any) -> None:
    """What a rule points at has to be there; where it should be in is an object."""
    assert verdict(value, a___b__gte=3) == "parameter a___b__gte has key related error"


@pytest.mark.parametrize("value", [None, 3, {"c": 1}, [], {"1": 5}, "x"])
def test_a_missing_index_is_refused(value: Any) -> None:
    """An index wants a list, or a text, that is long enough."""
    assert verdict({"b": value}, a___b__1__gte=3) == "parameter a___b__1__gte has index related error"


def test_null_in_the_middle_is_no_object() -> None:
    """Below null there is nothing."""
    assert verdict({"b": None}, a___b___c=int) == "parameter a___b___c has key related error"


def test_null_at_the_end_passes() -> None:
    """A value that is null is skipped, as a parameter is."""
    assert verdict({"b": None}, a___b=int) is None
    assert verdict({"b": [None, None]}, a___b__1__gte=3) is None
    assert verdict({"b": None}, a___b__len__lte=1) is None


def test_a_missing_parameter_is_skipped() -> None:
    """Whoever wants it there says `required`; the original breaks down."""
    rules: dict[str, Any] = {"a___b": int, "a___c__0__gte": 3}
    assert refusal(ask(json={"z": 1}), **rules) is None
    assert verdict(None, **rules) is None


def test_a_parameter_that_is_a_list_has_indices() -> None:
    """Two low dashes lead into the parameter itself."""
    assert verdict([1, 5], a__1__gte=3) is None
    assert verdict([1, 2], a__1__gte=3) == "parameter a.1 should greater or equal than 3"
    assert verdict([{"b": "x"}], a__0___b=int) == "parameter a.0.b should be an instance of <class 'int'>"
    assert verdict([], a__0=int) == "parameter a__0 has index related error"


def test_characters_of_a_text_have_indices() -> None:
    """As in the original, an index of a text is its character."""
    assert verdict({"b": "45"}, a___b__1__gte=5) is None
    assert verdict({"b": "45"}, a___b__1__len__lte=1) is None


def test_keyword_lists_know_no_paths() -> None:
    """In lists of names low dashes belong to the name."""
    assert refusal(ask(json={"a": {"b": 3}}), required="a___b") == "parameter a___b required"
    assert refusal(ask(json={"a": {"b": "x"}}), ints="a___b") is None
