"""JSON schemas from inspect rules and defaults."""

from __future__ import annotations

import datetime
import re
from typing import Any

import jsonschema
import pytest

from atila_compat.http.validation import compile_check
from atila_compat.testing.schemas import Rules, merge, with_default


def schema_of(name: str = "a", arguments: tuple[str, ...] = (), **rules: Any) -> dict[str, Any]:
    """The schema of a parameter."""
    found = Rules()
    found.add(rules, arguments)
    return found.schemas[name]


class Asked:
    """A request with JSON parameters."""

    method = "POST"

    def __init__(self, values: dict[str, Any]) -> None:
        self.ARGS = self.URL = self.DATA = self.JSON = dict(values)
        self.FORM = None

    def get_content_type(self) -> str:
        """The type of the body."""
        return "application/json"


VALUES = [0, 1, 3, 5, 9, -2, 2.5, "", "abc", "xabc", "abcx", "x", "long text here", [], [1, 2, 3], True]

RULES: list[dict[str, Any]] = [
    {"a__lte": 5},
    {"a__lt": 5},
    {"a__gte": 3},
    {"a__gt": 3},
    {"a__between": (1, 5)},
    {"a__in": [1, 3]},
    {"a__notin": [1, 3]},
    {"a__eq": 3},
    {"a__neq": 3},
]
TEXT_RULES: list[dict[str, Any]] = [
    {"a__contains": "bc"},
    {"a__ncontains": "bc"},
    {"a__startswith": "abc"},
    {"a__nstartswith": "abc"},
    {"a__endswith": "abc"},
    {"a__nendswith": "abc"},
    {"a__regex": "^a.*c$"},
    {"a__regex": re.compile("x")},
    {"a__in": ["abc", "x"]},
    {"a__exact": "abc"},
    {"a__len__lte": 3},
    {"a__len__lt": 4},
    {"a__len__gte": 4},
    {"a__len__gt": 3},
    {"a__len__eq": 4},
    {"a__len__between": (1, 3)},
    {"a": re.compile("b")},
    {"a": "abc"},
]


@pytest.mark.parametrize(
    ("rules", "value"),
    [(rules, value) for rules in RULES for value in VALUES if type(value) in (int, float)]
    + [(rules, value) for rules in TEXT_RULES for value in VALUES if type(value) is str]
    + [(rules, value) for rules in TEXT_RULES[10:16] for value in VALUES if type(value) is list],
)
def test_schema_admits_what_the_rule_admits(rules: dict[str, Any], value: Any) -> None:
    """A rule's schema holds for the values that the rule lets through, and for no others."""
    admitted = compile_check("JSON", None, rules)(Asked({"a": value}), {}) is None
    if isinstance(value, float) and any(isinstance(each, (int, list, tuple)) for each in rules.values()):
        admitted = compile_check("JSON", None, rules)(Asked({"a": int(value)}), {}) is None  # it is cast
        value = int(value)
    assert jsonschema.Draft202012Validator(schema_of(**rules)).is_valid(value) is admitted


@pytest.mark.parametrize(
    ("rules", "schema"),
    [
        ({"ints": ["a"]}, {"type": "integer"}),
        ({"floats": ["a"]}, {"type": "number"}),
        ({"strings": "a"}, {"type": "string"}),
        ({"booleans": ["a"]}, {"type": "boolean"}),
        ({"lists": ["a"]}, {"type": "array", "items": {}}),
        ({"dicts": ["a"]}, {"type": "object"}),
        ({"emails": ["a"]}, {"type": "string", "format": "email"}),
        ({"uuids": ["a"]}, {"type": "string", "format": "uuid"}),
        ({"nones": ["a"]}, {}),
        ({"a": int}, {"type": "integer"}),
        ({"a": (int, str)}, {"anyOf": [{"type": "integer"}, {"type": "string"}]}),
        ({"a": datetime.date}, {"type": "string", "format": "date"}),
        ({"a__in": range(1, 100)}, {"minimum": 1, "maximum": 99}),
        ({"a__in": {"y", "x"}}, {"enum": ["x", "y"]}),
        ({"a__lte": datetime.date(2020, 1, 1)}, {}),
        ({"a___b__gte": 3}, {"type": "object", "properties": {"b": {"minimum": 3}}, "required": ["b"]}),
        ({"a__1__lte": 3}, {"type": "array", "prefixItems": [{}, {"maximum": 3}], "minItems": 2}),
    ],
)
def test_schemas(rules: dict[str, Any], schema: dict[str, Any]) -> None:
    """Keywords tell types, plain rules types and values; what JSON Schema has no word for is left out."""
    assert schema_of(**rules) == schema


def test_rules_of_one_parameter_hold_together() -> None:
    """Several rules are one schema; what cannot be put together stands beside each other."""
    assert schema_of(ints=["a"], a__gte=1, a__lte=9) == {"type": "integer", "minimum": 1, "maximum": 9}
    assert schema_of(a__startswith="x", a__endswith="y") == {"pattern": "^x", "allOf": [{"pattern": "y$"}]}
    assert merge({"type": "integer"}, {"type": "number"}) == {"type": "integer"}


def test_required_and_choices() -> None:
    """Required parameters and choices are known beside the schemas."""
    rules = Rules()
    rules.add({"required": ["a", "b"], "oneof": ["c", "d"]})
    rules.add({"required": ["a"]})
    assert rules.required == ["a", "b"]
    assert rules.choices == [["c", "d"]]
    assert list(rules.schemas) == ["a", "b", "c", "d"]


def test_defaults() -> None:
    """A default tells the type where no rule does; None tells nothing."""
    assert with_default({}, 3) == {"type": "integer", "default": 3}
    assert with_default({"type": "string"}, 3) == {"type": "string", "default": 3}
    assert with_default({}, None) == {}
