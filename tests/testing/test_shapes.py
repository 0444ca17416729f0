"""JSON schemas of recorded values."""

from __future__ import annotations

from typing import Any

import jsonschema
from hypothesis import given, settings
from hypothesis import strategies as st

from atila_compat.testing.shapes import schema_of_values


@settings(max_examples=60)
@given(
    st.lists(
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
            lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        ),
        min_size=1,
    )
)
def test_schema_of_values_admits_them_all(values: list[Any]) -> None:
    """What recorded values look like is a valid schema that holds for each of them."""
    schema = schema_of_values(values)
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    assert all(validator.is_valid(value) for value in values)


def test_schema_of_objects() -> None:
    """A member that is not in every recorded object is not required."""
    assert schema_of_values([{"a": 1, "b": None}, {"a": 1.5, "b": "x", "c": []}]) == {
        "type": "object",
        "properties": {
            "a": {"type": "number"},
            "b": {"type": ["null", "string"]},
            "c": {"type": "array", "items": {}},
        },
        "required": ["a", "b"],
    }
    assert schema_of_values([1, None]) == {"type": ["integer", "null"]}
    assert schema_of_values([]) == {}


def test_different_kinds() -> None:
    """Where values of different kinds were seen, the schema names them all."""
    assert schema_of_values([[1], {"a": 1}, "x"]) == {
        "anyOf": [
            {"type": "array", "items": {"type": "integer"}},
            {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]},
            {"type": "string"},
        ]
    }
