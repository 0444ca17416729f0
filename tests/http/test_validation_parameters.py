"""Rules for one parameter, `name = condition` and `name__operator = condition` (spec/03 section 6)."""

from __future__ import annotations

import datetime
import decimal
import enum
import re
from typing import Any

import pytest

from .asking import ask, converted, refusal, verdict


class Color(enum.Enum):
    RED = "red"
    BLUE = "blue"


def test_a_type_is_an_isinstance_test() -> None:
    """A type is asked for and nothing is converted: a query value is never an int."""
    assert verdict(3, a=int) is None
    assert verdict(True, a=int) is None
    assert verdict("3", a=int) == "parameter a should be an instance of <class 'int'>"
    assert refusal(ask("a=3"), a=int) == "parameter a should be an instance of <class 'int'>"


def test_several_types() -> None:
    """A list or tuple of types, or a union, takes any of them."""
    for kinds in ((int, str), [int, str]):
        assert verdict(1, a=kinds) is None
        assert verdict([1], a=kinds) == "parameter a is invalid type"
    assert verdict("x", a=int | str) is None
    assert verdict([1], a=int | str) == "parameter a should be an instance of int | str"


def test_a_pattern_is_searched_for() -> None:
    """Anything with `search()`; only a text can match."""
    pattern = re.compile("[0-9]{3}-[0-9]{4}")
    assert verdict("x 010-1234", a=pattern) is None
    values: list[Any] = ["1", "", 3, []]
    for value in values:
        assert verdict(value, a=pattern) == "parameter a is invalid"


def test_a_pattern_that_fails_refuses() -> None:
    """An object whose `search()` raises lets nothing pass."""

    class Broken:
        def search(self, text: str) -> bool:
            raise RuntimeError(text)

    assert verdict("x", a=Broken()) == "parameter a is invalid"


def test_any_other_value_has_to_be_equal() -> None:
    """A value stands for itself."""
    assert verdict("yes", a="yes") is None
    assert verdict(3.0, a=3) is None
    for value in ("no", "", 3):
        assert verdict(value, a="yes") == "parameter a is invalid"
    assert verdict("3", a=3) == "parameter a is invalid"


def test_a_missing_parameter_passes_every_rule() -> None:
    """Rules say what a parameter has to be if it is there."""
    rules: dict[str, Any] = {
        "a": int,
        "b": (int, str),
        "c": re.compile("x"),
        "d": "yes",
        "e__gte": 3,
        "f__len__lte": 1,
    }
    assert refusal(ask(), **rules) is None
    assert refusal(ask(json=dict.fromkeys("abcdef")), **rules) is None


@pytest.mark.parametrize(
    ("operator", "condition", "good", "bad", "text"),
    [
        ("between", (1, 5), [1, 5, "3", 5.6], [0, 6, "9"], "be between 1 ~ 5"),
        ("in", ["m", "f"], ["m", "f"], ["x", "", "mf"], "be one of ['m', 'f']"),
        ("in", (2, 4, 6), ["2", 4], ["3", 5], "be one of (2, 4, 6)"),
        ("in", "abc", ["a", "ab", ""], ["d", "ac"], "be one of abc"),
        ("in", range(1, 3), [1, "2"], [0, "3"], "be one of range(1, 3)"),
        ("in", {5}, [5, "5"], [4], "be one of {5}"),
        ("in", {"a": 1}, ["a"], ["b"], "be one of {'a': 1}"),
        ("in", [], [], ["a", 1], "be one of []"),
        ("notin", ["root", "admin"], ["hans", ""], ["root"], "be not one of ['root', 'admin']"),
        ("eq", 3, [3, "3", 3.9], [4, "4"], "be 3"),
        ("exact", "x", ["x"], ["y", ""], "be x"),
        ("neq", "x", ["y", ""], ["x"], "not be x"),
        ("neq", 3, [4, "4"], [3, "3"], "not be 3"),
        ("lte", 10, [10, "9"], [11, "11"], "less or equal than 10"),
        ("lt", 10, [9, "9"], [10, "10"], "less than 10"),
        ("gte", 10, [10, "11"], [9, "9"], "greater or equal than 10"),
        ("gt", 10, [11, "11"], [10, "10"], "greater than 10"),
        ("gte", 2.5, [2.5, "3", 3], ["2.4", 2], "greater or equal than 2.5"),
        ("contains", "mid", ["amidb"], ["x", ""], "contain mid"),
        ("contains", 5, [[5, 6]], [[6], "5", 5], "contain 5"),
        ("notcontain", "bad", ["good", ""], ["xbadx"], "not contain bad"),
        ("ncontains", "bad", ["good"], ["bad"], "not contain bad"),
        ("startswith", "pre", ["prefix"], ["x"], "start with pre"),
        ("startswith", ("a", "b"), ["ax", "bx"], ["cx"], "start with ('a', 'b')"),
        ("notstartwith", "no", ["yes"], ["none"], "not start with no"),
        ("nstartswith", "no", ["yes"], ["none"], "not start with no"),
        ("endswith", ".txt", ["a.txt"], ["a.doc"], "end with .txt"),
        ("notendwith", ".exe", ["a.txt"], ["a.exe"], "not end with .exe"),
        ("nendswith", ".exe", ["a.txt"], ["a.exe"], "not end with .exe"),
        ("regex", "^[a-z]+[0-9]$", ["abc1"], ["ABC", "", 3], "match with regular expression ^[a-z]+[0-9]$"),
        ("regex", re.compile("^x"), ["xa"], ["ax"], "match with regular expression ^x"),
        ("eq", None, [], ["x", 3], "be None"),
        ("neq", None, ["x", 3], [], "not be None"),
        ("lte", datetime.date(2021, 5, 1), ["2021-05-01"], ["2021-05-02"], "less or equal than 2021-05-01"),
        ("gt", decimal.Decimal("1.5"), ["1.6", 2], ["1.5"], "greater than 1.5"),
        ("eq", Color.RED, ["red"], ["blue"], "be Color.RED"),
    ],
)
def test_operators(operator: str, condition: Any, good: list[Any], bad: list[Any], text: str) -> None:
    """Each operator passes and refuses, with the original's text."""
    rules: dict[str, Any] = {f"a__{operator}": condition}
    for value in good:
        assert verdict(value, **rules) is None, value
    for value in bad:
        assert verdict(value, **rules) == f"parameter a should {text}", value


@pytest.mark.parametrize(
    ("condition", "value", "text"),
    [
        (3, "x", "parameter a should be int type"),
        (3, "", "parameter a should be int type"),
        (3, "3.5", "parameter a should be int type"),
        (3, [5], "parameter a should be int type"),
        (3, {}, "parameter a should be int type"),
        (3, float("inf"), "parameter a should be int type"),
        (2.5, "x", "parameter a should be float type"),
        (datetime.date(2021, 5, 1), "yesterday", "parameter a is invalid type"),
        (datetime.date(2021, 5, 1), 20210501, "parameter a is invalid type"),
        (Color.RED, "green", "parameter a is invalid type"),
        (decimal.Decimal(1), "x", "parameter a is invalid type"),
    ],
)
def test_a_value_that_cannot_be_compared_is_refused(condition: Any, value: Any, text: str) -> None:
    """A value is read as the condition's type; the original breaks down where that is not possible."""
    assert verdict(value, a__gte=condition) == text
    assert verdict(value, a__in=[condition]) == text
    assert verdict(value, a__between=(condition, condition)) == text


def test_a_comparison_that_fails_refuses() -> None:
    """What cannot be compared has not passed."""
    assert verdict(1, a__gte=b"x") == "parameter a should greater or equal than b'x'"
    assert verdict(["x"], a__in={"x"}) == "parameter a should be one of {'x'}"
    assert verdict({}, a__contains=3) == "parameter a should contain 3"
    assert verdict({"x": 1}, a__startswith=3) == "parameter a should be int type"


def test_the_argument_keeps_its_own_type() -> None:
    """Operators compare a converted value and leave the argument alone."""
    assert converted("3", a__gte=3) == "3"


def test_a_list_that_grows_is_seen_as_it_is() -> None:
    """A condition that the app changes later counts as it stands then, in the test and in the text."""
    choices = ["a"]
    rules: dict[str, Any] = {"a__in": choices}
    assert verdict("b", **rules) == "parameter a should be one of ['a']"
    choices.append("b")
    assert verdict("b", **rules) is None
    assert verdict("c", **rules) == "parameter a should be one of ['a', 'b']"


@pytest.mark.parametrize("value", ["abc", [1, 2, 3], {"a": 1, "b": 2, "c": 3}])
def test_len_measures(value: Any) -> None:
    """`len` works for texts, lists and objects, before any operator."""
    assert verdict(value, a__len__lte=3, a__len__gt=2, a__len__between=(3, 3), a__len__in=[1, 3]) is None
    assert verdict(value, a__len__lte=2) == "parameter length of a should less or equal than 2"
    assert verdict(value, a__len__between=(4, 5)) == "parameter length of a should be between 4 ~ 5"
    assert verdict(value, a__len__eq=4) == "parameter length of a should be 4"


def test_what_has_no_length_is_refused() -> None:
    """A number has none; the original breaks down at it."""
    for value in (3, 2.5, True):
        assert verdict(value, a__len__lte=9) == "parameter a is invalid type"
    assert verdict({"b": 3}, a___b__len__lte=9) == "parameter a.b is invalid type"


def test_rules_are_looked_at_in_order_of_declaration() -> None:
    """The first violated rule is the one that is told."""
    assert verdict("2", ints="a", a__gte=3, a__neq=2) == "parameter a should greater or equal than 3"
    assert verdict("2", ints="a", a__neq=2, a__gte=3) == "parameter a should not be 2"
