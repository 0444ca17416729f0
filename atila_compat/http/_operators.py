"""Rules for one parameter: `name = condition` and `name__operator = condition` (spec/03 section 6)."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Collection, Mapping
from types import NoneType, UnionType
from typing import Any

from ._paths import Target, Unreachable, getter, parse

Values = Mapping[str, Any]
Test = Callable[[Any], bool]
ParameterCheck = Callable[[Values], str | None]
"""Takes the values of a scope, returns the error text or None."""


def _contains(condition: Any) -> Test:
    return lambda value: condition in value


def _starts(condition: Any) -> Test:
    return lambda value: bool(value.startswith(condition))


def _ends(condition: Any) -> Test:
    return lambda value: bool(value.endswith(condition))


def _equals(condition: Any) -> Test:
    return lambda value: bool(value == condition)


def _among(condition: Any) -> Test:
    if not hasattr(condition, "__contains__"):
        raise ValueError(f"a list of values is expected, got {condition!r}")
    return lambda value: value in condition


def _matches(condition: Any) -> Test:
    try:
        search = re.compile(condition).search
    except (re.error, TypeError) as error:
        raise ValueError(f"{condition!r} is no regular expression: {error}") from None
    return lambda value: search(value) is not None


def _between(condition: Any) -> Test:
    if not isinstance(condition, list | tuple) or len(condition) != 2:
        raise ValueError(f"two values are expected, the lowest and the highest, got {condition!r}")
    low, high = condition
    return lambda value: bool(low <= value <= high)


def _opposite(make: Callable[[Any], Test]) -> Callable[[Any], Test]:
    def opposite(condition: Any) -> Test:
        test = make(condition)
        return lambda value: not test(value)

    return opposite


OPERATORS: dict[str, tuple[Callable[[Any], Test], str]] = {
    "between": (_between, "be between {0[0]} ~ {0[1]}"),
    "in": (_among, "be one of {0}"),
    "notin": (_opposite(_among), "be not one of {0}"),
    "eq": (_equals, "be {0}"),
    "exact": (_equals, "be {0}"),
    "neq": (_opposite(_equals), "not be {0}"),
    "lte": (lambda condition: lambda value: bool(value <= condition), "less or equal than {0}"),
    "lt": (lambda condition: lambda value: bool(value < condition), "less than {0}"),
    "gte": (lambda condition: lambda value: bool(value >= condition), "greater or equal than {0}"),
    "gt": (lambda condition: lambda value: bool(value > condition), "greater than {0}"),
    "contains": (_contains, "contain {0}"),
    "notcontain": (_opposite(_contains), "not contain {0}"),
    "ncontains": (_opposite(_contains), "not contain {0}"),
    "startswith": (_starts, "start with {0}"),
    "notstartwith": (_opposite(_starts), "not start with {0}"),
    "nstartswith": (_opposite(_starts), "not start with {0}"),
    "endswith": (_ends, "end with {0}"),
    "notendwith": (_opposite(_ends), "not end with {0}"),
    "nendswith": (_opposite(_ends), "not end with {0}"),
    "regex": (_matches, "match with regular expression {0}"),
}
"""By name: what makes the test of a condition, and the error text behind `parameter NAME should `."""


def _from_iso(kind: Any) -> Callable[[Any], Any]:
    return lambda value: kind.fromisoformat(value)


# Types whose constructor would not read what a client sends.
_READERS: dict[type, Callable[[Any], Any]] = {
    kind: _from_iso(kind) for kind in (datetime.datetime, datetime.date, datetime.time)
}
_CAST_ERRORS: dict[type, str] = {
    int: "should be int type",
    float: "should be float type",
    str: "should be string type",
}


def _sample_type(operator: str, condition: Any) -> type | None:
    """The type that a value is cast to before it is compared; None: as it is."""
    if operator in ("contains", "notcontain", "ncontains") and not isinstance(condition, str):
        return None
    if operator == "regex":
        return str
    kind: type | None = type(condition)
    if isinstance(condition, list | tuple):
        kind = type(condition[0]) if condition else None
    elif isinstance(condition, range):
        kind = int
    elif isinstance(condition, Collection) and not isinstance(condition, str | bytes):
        kinds = {type(each) for each in condition}
        kind = kinds.pop() if len(kinds) == 1 else None
    return None if kind is None or issubclass(kind, NoneType | bytes | bytearray) else kind


def operator_check(target: Target, operator: str, condition: Any) -> ParameterCheck:
    """The check of `name__operator = condition`.

    Raises ValueError where the condition does not suit the operator.
    """
    make, template = OPERATORS[operator]
    get, label, measured = getter(target), target.label, target.function == "len"
    try:
        test = make(condition)
    except ValueError as error:
        raise ValueError(f"{target.keyword}: {error}") from None
    kind = _sample_type(operator, condition)
    read = _READERS.get(kind, kind) if kind is not None else None
    not_cast = f"parameter {label} {_CAST_ERRORS.get(kind, 'is invalid type')}" if kind is not None else ""

    def failed() -> str:
        shown = condition.pattern if isinstance(condition, re.Pattern) else condition
        # A tuple is one argument, not several.
        return f"parameter {label} should {template.format(shown)}"

    def check(values: Values) -> str | None:
        try:
            value = get(values)
        except Unreachable as error:
            return str(error)
        if value is None:
            return None
        if measured:
            try:
                value = len(value)
            except TypeError:
                return f"parameter {label.removeprefix('length of ')} is invalid type"
        if read is not None and type(value) is not kind:
            # Whatever a constructor raises, it does not take what the client sent.
            try:
                value = read(value)
            except Exception:
                return not_cast
        try:
            return None if test(value) else failed()
        except Exception:
            return failed()

    return check


def plain_check(target: Target, condition: Any) -> ParameterCheck:
    """The check of `name = condition`: a type, several types, a pattern, or the value itself.

    Raises ValueError for a list that does not hold types.
    """
    get, label = getter(target), target.label
    test: Test
    text = f"parameter {label} is invalid"
    if isinstance(condition, type | UnionType):
        text = f"parameter {label} should be an instance of {condition}"

        def test(value: Any) -> bool:
            return isinstance(value, condition)

    elif isinstance(condition, list | tuple):
        if not condition or not all(isinstance(kind, type) for kind in condition):
            raise ValueError(
                f"{target.keyword} = {condition!r}: a list or tuple has to hold types here. "
                f"For one of several values say {target.keyword}__in; lists of parameters need a keyword: "
                "ints, strings, required..."
            )
        kinds = tuple(condition)
        text = f"parameter {label} is invalid type"

        def test(value: Any) -> bool:
            return isinstance(value, kinds)

    elif hasattr(condition, "search"):
        search = condition.search

        def test(value: Any) -> bool:
            return isinstance(value, str) and bool(search(value))

    else:
        test = _equals(condition)

    def check(values: Values) -> str | None:
        try:
            value = get(values)
        except Unreachable as error:
            return str(error)
        try:
            return None if value is None or test(value) else text
        except Exception:
            return text

    return check


def parameter_check(keyword: str, condition: Any, arguments: Collection[str] = ()) -> ParameterCheck:
    """The check of one rule; `arguments` are the names that the handler declares.

    Raises ValueError with the remedy for a rule that could never work.
    """
    target = parse(keyword, OPERATORS, arguments)
    if target.operator is None:
        return plain_check(target, condition)
    return operator_check(target, target.operator, condition)
