"""Rules such as `/users/<int:id>/<path:rest>`: what they match and what they deliver (spec/02 section 2)."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, quote_plus, unquote_plus

from ..errors import HTTPError

SPECIAL_VALUES = ("me", "notme", "new")
"""Words that int and float parameters take as they are; permissions give them a meaning (spec/05)."""

_PARAMETER = re.compile(r"/<(?:(int|float|path|string):)?([^<>:/]+)>")
_ANY_PARAMETER = re.compile(r"<[^<>]*>")
_WORDS = "|".join(SPECIAL_VALUES)
_PATTERNS = {
    "string": r"/([^/]+)",
    "int": rf"/([0-9]+|{_WORDS})",
    "float": rf"/([.0-9]+|{_WORDS})",
    "path": r"/(.*)",
}


def _to_string(text: str) -> str:
    return unquote_plus(text).replace("_", " ")


def _to_int(text: str) -> int | str:
    if text in SPECIAL_VALUES:
        return text
    try:
        return int(text)
    except ValueError:  # more digits than the interpreter converts
        raise HTTPError("400 Bad Request") from None


def _to_float(text: str) -> float | str:
    if text in SPECIAL_VALUES:
        return text
    try:
        return float(text)
    except ValueError:
        raise HTTPError("400 Bad Request") from None


_CONVERTERS: dict[str, Callable[[str], Any]] = {
    "string": _to_string,
    "int": _to_int,
    "float": _to_float,
    "path": unquote_plus,
}


class Rule:
    """One route rule with parameters, compiled.

    Args:
        text: the full rule, `/users/<int:id>`.
        optional: the last parameter may be left out together with its slash.

    Attributes:
        prefix: the literal text before the first parameter; routes are tried in order of its length.
        names: the parameters' names in order.
    """

    __slots__ = ("_match", "converters", "kinds", "names", "optional", "prefix", "text")

    def __init__(self, text: str, optional: bool = False) -> None:
        self.text = text
        self.optional = optional
        pieces: list[str] = []
        kinds: list[str] = []
        names: list[str] = []
        end = 0
        for found in _PARAMETER.finditer(text):
            pieces.append(re.escape(text[end : found.start()]))
            kinds.append(found[1] or "string")
            names.append(found[2])
            pieces.append(_PATTERNS[kinds[-1]])
            end = found.end()
        rest = text[end:]
        leftover = _ANY_PARAMETER.search(_PARAMETER.sub("", text))
        if leftover:
            raise ValueError(
                f"rule {text!r}: {leftover[0]} is not a parameter; a parameter is a whole path segment: "
                "/<name>, /<int:name>, /<float:name> or /<path:name>"
            )
        if optional and not rest:
            pieces[-1] = f"(?:{pieces[-1]})?"
        pieces.append(re.escape(rest))
        self.prefix = text[: text.index("/<")] if names else text
        self.kinds = tuple(kinds)
        self.names = tuple(names)
        self.converters = tuple(_CONVERTERS[kind] for kind in kinds)
        self._match = re.compile("".join(pieces), re.DOTALL).fullmatch

    def match(self, path: str) -> dict[str, Any] | None:
        """The typed parameters of `path`, or None where it does not match.

        Parameters that were left out are missing in the dict. Raises HTTPError 400 for a value that its type
        lets through but cannot hold, `1.2.3` for a float.
        """
        found = self._match(path)
        if found is None:
            return None
        params: dict[str, Any] = {}
        for name, convert, value in zip(self.names, self.converters, found.groups(), strict=True):
            if value:
                params[name] = convert(value)
            elif not self.optional:
                return None  # an empty <path:...> that nobody has a default for
        return params

    def build(self, values: dict[str, Any]) -> str:
        """The path for `values`; a trailing optional parameter without value is left out (spec/02 section 6).

        Raises AssertionError when a required parameter is missing.
        """
        parts: list[str] = []
        end = 0
        for index, found in enumerate(_PARAMETER.finditer(self.text)):
            parts.append(self.text[end : found.start()])
            end = found.end()
            value = values.get(self.names[index])
            if value is None:
                last = index == len(self.names) - 1
                required = not (last and self.optional)
                assert not required, f"parameter {self.names[index]} is required for {self.text}"
                continue
            parts.append("/" + quote_parameter(self.kinds[index], value))
        parts.append(self.text[end:])
        return "".join(parts) or "/"

    def __repr__(self) -> str:
        return f"<Rule {self.text}>"


def quote_parameter(kind: str, value: Any) -> str:
    """A value as it stands in a path; routing turns it back into the same value."""
    if kind == "path":
        return quote(str(value), safe="/").replace("%20", "+")
    quoted = quote_plus(str(value))
    return quoted.replace("+", "_") if kind == "string" else quoted


def has_parameters(rule: str) -> bool:
    """Whether a rule has parameters."""
    return "/<" in rule
