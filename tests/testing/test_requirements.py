"""Rules of `@app.inspect` as people read them (spec/08 section 2.2)."""

from __future__ import annotations

from typing import Any

import pytest

from atila_compat.testing.requirements import rules_by_name


@pytest.mark.parametrize(
    ("rules", "shown"),
    [
        ({"ints": ["a", "b"]}, {"a": ["int"], "b": ["int"]}),
        ({"emails": ["e"], "booleans": ["e"], "nones": ["e"]}, {"e": ["email", "boolean", "none"]}),
        ({"required": ["a"]}, {"a": ["require"]}),
        ({"oneof": ["a", "b"]}, {"a": ["one of `a|b`"], "b": ["one of `a|b`"]}),
        ({"manyof": ["a"]}, {"a": ["one or more of `a`"]}),
        ({"a__lte": 5}, {"a": ["lte `5`"]}),
        ({"a__between": [1, 5]}, {"a": ["between `1|5`"]}),
        ({"a__in": ["x", "y"]}, {"a": ["in `x|y`"]}),
        ({"a__len__lte": 8}, {"a": ["len lte `8`"]}),
        ({"a___key__0__gte": 3}, {"a.key.0": ["gte `3`"]}),
        ({"a": "int"}, {"a": ["int"]}),
        ({"a": "^x"}, {"a": ["^x"]}),
        ({"ints": "a"}, {"a": ["int"]}),
        ({"ints": None}, {}),
        ({"a__nonsense__lte__x": 1}, {"a__nonsense__lte__x": ["1"]}),
    ],
)
def test_rules(rules: dict[str, Any], shown: dict[str, list[str]]) -> None:
    """Keywords lose their plural, operators show their condition, several values have bars between them."""
    assert rules_by_name(rules) == shown


def test_rules_of_one_parameter_stand_together() -> None:
    """All rules of a parameter are one entry, in order."""
    assert rules_by_name({"ints": ["a"], "required": ["a"], "a__gte": 3}) == {
        "a": ["int", "require", "gte `3`"]
    }


def test_names_with_low_dashes() -> None:
    """A name that the handler declares may have two low dashes itself."""
    assert rules_by_name({"a__b__lte": 3}, ["a__b"]) == {"a__b": ["lte `3`"]}
