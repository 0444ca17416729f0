"""Rules of `@app.inspect` as people read them, from `__spec__` or a resource (spec/08 section 2.2)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from ..http._operators import OPERATORS
from ..http._paths import parse
from ..http.validation import KEYWORDS

_SINGULAR = {"required": "require", "oneof": "one of", "manyof": "one or more of"}
"""What keywords are called that are no plural of a type."""


def shown(value: Any) -> str:
    """A condition: several values with bars between them."""
    if isinstance(value, (list, tuple, set, frozenset)):
        return "|".join(map(shown, value))
    return str(value)


def rules_by_name(rules: Mapping[str, Any], arguments: Collection[str] = ()) -> dict[str, list[str]]:
    """The rules of each parameter: `{"a": ["int", "gte `3`"]}`, in order of declaration.

    Args:
        rules: of one scope: keywords with names, and rules for single parameters.
        arguments: names that the handler declares.
    """
    found: dict[str, list[str]] = {}
    for keyword, condition in rules.items():
        if keyword in KEYWORDS:
            names = [condition] if isinstance(condition, str) else condition or []
            text = _SINGULAR.get(keyword, keyword.removesuffix("s"))
            if keyword in ("oneof", "manyof"):
                text = f"{text} `{'|'.join(names)}`"
            for name in names:
                found.setdefault(name, []).append(text)
            continue
        try:
            target = parse(keyword, OPERATORS, arguments)
        except ValueError:
            name, text = keyword, shown(condition)
        else:
            name = ".".join([target.name, *map(str, target.steps)])
            words = [word for word in (target.function, target.operator) if word]
            text = " ".join([*words, f"`{shown(condition)}`"]) if words else shown(condition)
        found.setdefault(name, []).append(text)
    return found
