"""JSON schemas from the rules of `@app.inspect` and from defaults."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Collection, Mapping
from typing import Any

from ..http._operators import OPERATORS
from ..http._paths import Target, parse
from ..http.spec import as_plain
from ..http.validation import sort_rules

Schema = dict[str, Any]

KEYWORD_SCHEMAS: dict[str, Schema] = {
    "ints": {"type": "integer"},
    "floats": {"type": "number"},
    "strings": {"type": "string"},
    "booleans": {"type": "boolean"},
    "lists": {"type": "array", "items": {}},
    "dicts": {"type": "object"},
    "ranges": {"type": "string", "pattern": r"^-?\d+~-?\d+$"},
    "emails": {"type": "string", "format": "email"},
    "uuids": {"type": "string", "format": "uuid"},
}
"""What a keyword says of each parameter that it names."""

TYPE_SCHEMAS: dict[type, Schema] = {
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    float: {"type": "number"},
    str: {"type": "string"},
    list: {"type": "array", "items": {}},
    tuple: {"type": "array", "items": {}},
    dict: {"type": "object"},
    bytes: {"type": "string", "format": "binary"},
    datetime.datetime: {"type": "string", "format": "date-time"},
    datetime.date: {"type": "string", "format": "date"},
    datetime.time: {"type": "string", "format": "time"},
}


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _limit(name: str) -> Callable[[Any], Schema]:
    return lambda value: {name: value} if _is_number(value) else {}


def _negated(make: Callable[[Any], Schema]) -> Callable[[Any], Schema]:
    def negate(value: Any) -> Schema:
        made = make(value)
        return {"not": made} if made else {}

    return negate


def _between(value: Any) -> Schema:
    low, high = value
    return {"minimum": low, "maximum": high} if _is_number(low) and _is_number(high) else {}


def _pattern(before: str, behind: str) -> Callable[[Any], Schema]:
    return lambda value: {"pattern": before + re.escape(value) + behind} if isinstance(value, str) else {}


def _regex(value: Any) -> Schema:
    text = value.pattern if isinstance(value, re.Pattern) else value
    return {"pattern": text} if isinstance(text, str) else {}


def _members(value: Any) -> Schema:
    if isinstance(value, range) and value.step == 1 and len(value) > 10:
        return {"minimum": value.start, "maximum": value.stop - 1}
    found = as_plain(list(value)) if hasattr(value, "__iter__") else []
    if isinstance(value, (set, frozenset)):
        found.sort(key=str)
    return {"enum": found} if found else {}


_contains, _starts, _ends = _pattern("", ""), _pattern("^", ""), _pattern("", "$")

OPERATOR_SCHEMAS: dict[str, Callable[[Any], Schema]] = {
    "between": _between,
    "in": _members,
    "notin": _negated(_members),
    "eq": lambda value: {"const": as_plain(value)},
    "exact": lambda value: {"const": as_plain(value)},
    "neq": lambda value: {"not": {"const": as_plain(value)}},
    "lte": _limit("maximum"),
    "lt": _limit("exclusiveMaximum"),
    "gte": _limit("minimum"),
    "gt": _limit("exclusiveMinimum"),
    "contains": _contains,
    "notcontain": _negated(_contains),
    "ncontains": _negated(_contains),
    "startswith": _starts,
    "notstartwith": _negated(_starts),
    "nstartswith": _negated(_starts),
    "endswith": _ends,
    "notendwith": _negated(_ends),
    "nendswith": _negated(_ends),
    "regex": _regex,
}
"""What an operator says of a value; nothing where JSON Schema has no word for it."""

_LENGTHS: dict[str, tuple[tuple[str, int], ...]] = {
    "eq": (("min", 0), ("max", 0)),
    "exact": (("min", 0), ("max", 0)),
    "lte": (("max", 0),),
    "lt": (("max", -1),),
    "gte": (("min", 0),),
    "gt": (("min", 1),),
}


def _length(operator: str, condition: Any) -> Schema:
    """What is said of a length; for texts and for lists, since rules do not say which they mean."""
    if operator == "between":
        return {**_length("gte", condition[0]), **_length("lte", condition[1])}
    if not isinstance(condition, int):
        return {}
    return {
        f"{end}{thing}": condition + shift
        for end, shift in _LENGTHS.get(operator, ())
        for thing in ("Length", "Items")
    }


def _plain_rule(condition: Any) -> Schema:
    if isinstance(condition, type):
        return dict(TYPE_SCHEMAS.get(condition, {}))
    if isinstance(condition, (list, tuple)):
        return {"anyOf": [dict(TYPE_SCHEMAS.get(kind, {})) for kind in condition]}
    if isinstance(condition, re.Pattern):
        return {"type": "string", **_regex(condition)}
    return {} if hasattr(condition, "search") else {"const": as_plain(condition)}


def _inside(target: Target, schema: Schema) -> Schema:
    """The schema of the parameter that holds the value which `schema` is about."""
    for step in reversed(target.steps):
        if isinstance(step, int):
            schema = {"type": "array", "prefixItems": [{}] * step + [schema], "minItems": step + 1}
        else:
            schema = {"type": "object", "properties": {step: schema}, "required": [step]}
    return schema


def merge(first: Schema, second: Schema) -> Schema:
    """Both at once; what cannot be put together stays apart, as `allOf`."""
    merged = dict(first)
    for name, value in second.items():
        known: Any = merged.get(name)
        if name not in merged or known == value:
            merged[name] = value
        elif name == "properties":
            merged[name] = {**known, **{key: merge(known.get(key, {}), each) for key, each in value.items()}}
        elif name == "required":
            merged[name] = [*known, *(each for each in value if each not in known)]
        elif name == "type" and {known, value} == {"integer", "number"}:
            merged[name] = "integer"
        else:
            merged["allOf"] = [*merged.get("allOf", []), {name: value}]
    return merged


class Rules:
    """What the rules of one or more `@app.inspect` say, of each parameter and of all together.

    Attributes:
        schemas: by the names of parameters.
        required: names of those that have to be there.
        choices: lists of names one of which has to be there.
    """

    def __init__(self) -> None:
        self.schemas: dict[str, Schema] = {}
        self.required: list[str] = []
        self.choices: list[list[str]] = []

    def add(self, rules: Mapping[str, Any], arguments: Collection[str] = ()) -> None:
        """Take in the rules of a scope: keywords with names, rules for single parameters."""
        keywords, parameters = sort_rules(None, dict(rules))
        for keyword, names in keywords.items():
            if keyword in ("oneof", "manyof"):
                self.choices.append(list(names))
            elif keyword == "required":
                self.required += [name for name in names if name not in self.required]
            for name in names:
                self._say(name, KEYWORD_SCHEMAS.get(keyword, {}))
        for keyword, condition in parameters.items():
            self._add_one(keyword, condition, arguments)

    def _add_one(self, keyword: str, condition: Any, arguments: Collection[str]) -> None:
        try:
            target = parse(keyword, OPERATORS, arguments)
            if target.operator is None:
                schema = _plain_rule(condition)
            elif target.function:
                schema = _length(target.operator, condition)
            else:
                schema = OPERATOR_SCHEMAS[target.operator](condition)
        except (ValueError, TypeError):
            return
        self._say(target.name, _inside(target, schema))

    def _say(self, name: str, schema: Schema) -> None:
        self.schemas[name] = merge(self.schemas.get(name, {}), schema)


def with_default(schema: Schema, value: Any) -> Schema:
    """A schema with a default, which tells its type where no rule does; None tells nothing."""
    kind = TYPE_SCHEMAS.get(type(value))
    return schema if kind is None else {**kind, **schema, "default": as_plain(value)}
