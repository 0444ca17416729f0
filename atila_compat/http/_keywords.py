"""Rules for several parameters at once: `ints = ["a", "b"]`, `required = "a b"` (spec/03 section 5)."""

from __future__ import annotations

import re
from collections.abc import Callable, MutableMapping
from typing import Any

Values = MutableMapping[str, Any]
Changes = dict[str, Any]
KeywordCheck = Callable[[Values, Changes], str | None]
"""Takes the values of a scope, notes converted ones in both, returns the error text or None."""

Names = tuple[str, ...]


def names_of(value: Any) -> Names:
    """The parameters that a keyword lists: a list, a tuple, a set, or a text separated by blanks.

    Raises ValueError for anything else.
    """
    names = value.split() if isinstance(value, str) else value
    if not isinstance(names, list | tuple | set | frozenset) or not all(
        isinstance(name, str) for name in names
    ):
        raise ValueError(f'a list of parameter names is expected, ["a", "b"] or "a b", got {value!r}')
    return tuple(names)


def _present(values: Values, names: Names) -> bool:
    return any(values.get(name) is not None for name in names)


def oneof(names: Names) -> KeywordCheck:
    """At least one of the names is there; so did the original, whatever the name says."""
    text = f"one parameter of {', '.join(names)} are required"
    return lambda values, changes: None if _present(values, names) else text


def manyof(names: Names) -> KeywordCheck:
    """At least one of the names is there."""
    text = f"one or more parameters of {', '.join(names)} are required"
    return lambda values, changes: None if _present(values, names) else text


def required(names: Names) -> KeywordCheck:
    """Every name has a value that is not empty, zero or false."""

    def check(values: Values, changes: Changes) -> str | None:
        for name in names:
            if not values.get(name):
                return f"parameter {name} required"
        return None

    return check


def nones(names: Names) -> KeywordCheck:
    """Empty values become None."""

    def check(values: Values, changes: Changes) -> str | None:
        for name in names:
            value = values.get(name)
            if value is not None and not value:
                values[name] = changes[name] = None
        return None

    return check


def _converts(convert: Callable[[Any], Any], error: str) -> Callable[[Names], KeywordCheck]:
    """A keyword that replaces values; `convert` raises where it cannot."""

    def keyword(names: Names) -> KeywordCheck:
        def check(values: Values, changes: Changes) -> str | None:
            for name in names:
                value = values.get(name)
                if value is None:
                    continue
                try:
                    converted = convert(value)
                except (TypeError, ValueError, OverflowError):
                    return f"parameter {name} {error}"
                if converted is not value:
                    values[name] = changes[name] = converted
            return None

        return check

    return keyword


def _demands(test: Callable[[Any], bool], error: str) -> Callable[[Names], KeywordCheck]:
    """A keyword that looks at values and leaves them."""

    def keyword(names: Names) -> KeywordCheck:
        def check(values: Values, changes: Changes) -> str | None:
            for name in names:
                value = values.get(name)
                if value is not None and not test(value):
                    return f"parameter {name} {error}"
            return None

        return check

    return keyword


_BOOLEANS = dict.fromkeys(("True", "yes", "true", "y", "t"), True) | dict.fromkeys(
    ("False", "no", "false", "n", "f"), False
)


def _to_boolean(value: Any) -> Any:
    if isinstance(value, str):
        if value in _BOOLEANS:
            return _BOOLEANS[value]
    elif isinstance(value, bool | int | float) and value in (0, 1):
        return value
    raise ValueError(value)


def _to_list(value: Any) -> Any:
    if isinstance(value, str):
        return value.split("|")
    if isinstance(value, list | tuple):
        return value
    raise TypeError(value)


def _to_range(value: Any) -> Any:
    # A tuple comes from a default or from another inspect in front.
    if isinstance(value, tuple):
        return value
    low, high = value.split("~") if isinstance(value, str) else ("", "")
    return int(low), int(high)


def _without_tags(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(value)
    if "<" in value or ">" in value:
        return value.replace("<", "&lt;").replace(">", "&gt;")
    return value


_HOST = re.compile(r"[-a-z0-9]+\.[-.a-z0-9]+[a-z]", re.IGNORECASE | re.ASCII)
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE | re.ASCII)
_UNSAFE = re.compile(r"""<script[\s/>]|["'=]\s*javascript:|\son[a-z]+\s*=|&#x[0-9a-f]+;|┻━┻""", re.IGNORECASE)


def is_email(value: Any) -> bool:
    """Whether a text ends like a mail address; what stands in front does not matter, as in the original.

    Split by hand: a pattern that is searched for would take quadratic time on a long text.
    """
    if not isinstance(value, str):
        return False
    local, at, host = value.rpartition("@")
    local = local.rstrip("-.")
    return bool(at and local and local[-1].isascii() and local[-1].isalnum() and _HOST.fullmatch(host))


def _is_uuid(value: Any) -> bool:
    return isinstance(value, str) and _UUID.search(value) is not None


def _is_str(value: Any) -> bool:
    return isinstance(value, str)


def _is_dict(value: Any) -> bool:
    return isinstance(value, dict)


def safes(names: Names) -> KeywordCheck:
    """No `<script>` and no `javascript:` in a text."""

    def check(values: Values, changes: Changes) -> str | None:
        for name in names:
            value = values.get(name)
            if value is None:
                continue
            if not isinstance(value, str):
                return f"parameter {name} should be string type"
            if _UNSAFE.search(value):
                return f"parameter {name} is unsafe"
        return None

    return check


FIRST: dict[str, Callable[[Names], KeywordCheck]] = {
    "manyof": manyof,
    "oneof": oneof,
    "ints": _converts(int, "should be int type"),
    "floats": _converts(float, "should be float type"),
    "strings": _demands(_is_str, "should be string type"),
    "booleans": _converts(_to_boolean, "should be a boolean (one of yes, no, y, n, t, f, true or false)"),
    "lists": _converts(_to_list, "should be a list or bar delimtered string"),
    "dicts": _demands(_is_dict, "should be dict type"),
    "ranges": _converts(_to_range, "should be range type"),
    "notags": _converts(_without_tags, "should be string type"),
    "safes": safes,
    "required": required,
}
"""Keywords that come before the rules for single parameters, in order of declaration, `required` last.

That is the original's order. It shows where several are violated, and where one keyword sees what another has
converted."""

LAST: dict[str, Callable[[Names], KeywordCheck]] = {
    "emails": _demands(is_email, "is invalid"),
    "uuids": _demands(_is_uuid, "is invalid"),
    "nones": nones,
}
"""Keywords that come after them, in this order."""
