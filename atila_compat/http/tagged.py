"""JSON that keeps dates, bytes, tuples, sets and keys of any plain type: what sessions and tokens hold.

A value that JSON has no form for is an object with one key that begins with "!"; an object of the app's own
that looks like one, or has keys that are not strings, is written as its items.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

MAX_DEPTH = 32
"""Levels: containers nested deeper than this are refused; so are those that contain themselves."""

_WITHIN = 4  # levels that are left for what `value` becomes a part of

SCALARS = frozenset({str, int, float, bool, type(None)})
"""Types that are stored as they are."""

STORABLE = (
    "None, bool, int, float, str, bytes, list, tuple, dict, set, frozenset, "
    "datetime, date, time, timedelta, Decimal and UUID"
)

_writer = json.JSONEncoder(ensure_ascii=False, check_circular=False, separators=(",", ":"))


def _items(value: dict[Any, Any], depth: int) -> Any:
    plain = all(type(key) is str for key in value)
    if plain and not (len(value) == 1 and next(iter(value)).startswith("!")):
        return {key: item if type(item) in SCALARS else _tagged(item, depth) for key, item in value.items()}
    return {"!d": [[_tagged(key, depth), _tagged(item, depth)] for key, item in value.items()]}


def _sequence(value: Any, depth: int) -> list[Any]:
    return [item if type(item) in SCALARS else _tagged(item, depth) for item in value]


_FORMS: dict[type, Callable[[Any, int], Any]] = {
    list: _sequence,
    dict: _items,
    tuple: lambda value, depth: {"!t": _sequence(value, depth)},
    set: lambda value, depth: {"!s": _sequence(value, depth)},
    frozenset: lambda value, depth: {"!f": _sequence(value, depth)},
    bytes: lambda value, _: {"!b": base64.b64encode(value).decode("ascii")},
    datetime: lambda value, _: {"!dt": value.isoformat()},
    date: lambda value, _: {"!da": value.isoformat()},
    time: lambda value, _: {"!ti": value.isoformat()},
    timedelta: lambda value, _: {"!td": [value.days, value.seconds, value.microseconds]},
    Decimal: lambda value, _: {"!n": str(value)},
    UUID: lambda value, _: {"!u": value.hex},
    str: lambda value, _: str.__str__(value),
    int: lambda value, _: int(value),
    float: lambda value, _: float(value),
}  # a subclass is stored as the first of these that it derives from

_VALUES: dict[str, Callable[[Any], Any]] = {
    "!d": lambda items: {key: value for key, value in items},  # noqa: C416 - dict() would take other shapes too
    "!t": tuple,
    "!s": set,
    "!f": frozenset,
    "!b": base64.b64decode,
    "!dt": datetime.fromisoformat,
    "!da": date.fromisoformat,
    "!ti": time.fromisoformat,
    "!td": lambda parts: timedelta(*parts),
    "!n": Decimal,
    "!u": UUID,
}


def _tagged(value: Any, depth: int) -> Any:
    kind = type(value)
    if kind in SCALARS:
        return value
    if depth >= MAX_DEPTH:
        raise ValueError(f"a value nested deeper than {MAX_DEPTH} levels cannot be stored: store less of it")
    form = _FORMS.get(kind)
    if form is None:
        form = next((each for base, each in _FORMS.items() if isinstance(value, base)), None)
        if form is None:
            raise TypeError(f"{kind.__name__} cannot be stored in a cookie or token: store {STORABLE}")
    return form(value, depth + 1)


def check(value: Any) -> None:
    """See that `value` can be stored, also within some lists.

    Raises TypeError that names what can, ValueError for values nested too deep.
    """
    if type(value) not in SCALARS:
        _tagged(value, _WITHIN)


def dumps(value: Any) -> bytes:
    """The value as tagged JSON.

    Raises TypeError for types that cannot be stored, ValueError for values nested deeper than `MAX_DEPTH`.
    """
    return _writer.encode(_tagged(value, 0)).encode("utf-8", "surrogatepass")


def _restore(item: dict[str, Any]) -> Any:
    if len(item) == 1:
        ((key, value),) = item.items()
        if key[:1] == "!":
            return _VALUES[key](value)
    return item


_reader = json.JSONDecoder(object_hook=_restore)


def loads(content: bytes) -> Any:
    """The value that `dumps` was given.

    Raises ValueError for anything that `dumps` does not write.
    """
    try:
        return _reader.decode(content.decode("utf-8", "surrogatepass"))
    except (ArithmeticError, LookupError, RecursionError, TypeError, ValueError) as error:
        raise ValueError("this is not what was stored") from error
