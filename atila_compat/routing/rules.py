"""Rules such as `/users/<int:id>/<path:rest>`: what they match and what they deliver (spec/02 section 2)."""

from __future__ import annotations

import re
import sys
import warnings
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, quote_plus, unquote_plus

from ..errors import HTTPError

SPECIAL_VALUES = ("me", "notme", "new")
"""Words that int and float parameters take as they are; permissions give them a meaning (spec/05)."""

_PARAMETER = re.compile(r"/<(?:(int|float|path|string):)?([^<>/]+)>")
_LONGEST = 4096
"""Characters of a path that is held against a rule with two `path` parameters, half of it for three: these
could share it out in so many ways that to try them all takes seconds."""
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
        optional: the last parameter may be left out; with its slash, unless it is the only one: then the
            router knows the path without it as a rule of its own.
        default: what the optional parameter is when it is left out.

    Attributes:
        pattern: what is matched, as a regular expression. Rules that match the same paths have the same
            one, whatever their parameters are called; for an app they are one rule.
        prefix: the literal text before the first parameter; routes are tried in order of its length.
        names: the parameters' names in order.

    A parameter that is none, of an unknown type or in the middle of a segment, is a warning.
    """

    __slots__ = (
        "_fullmatch",
        "_longest",
        "converters",
        "default",
        "kinds",
        "names",
        "optional",
        "pattern",
        "prefix",
        "text",
    )

    def __init__(self, text: str, optional: bool = False, default: Any = None) -> None:
        self.text = text
        self.optional = optional
        self.default = default
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
        odd = [f"<{name}>" for name in names if ":" in name] or _ANY_PARAMETER.findall(
            _PARAMETER.sub("", text)
        )
        if odd:
            # served as the original does: an unknown type belongs to the name, the rest is literal text
            warnings.warn(
                f"rule {text!r}: {odd[0]} is not a parameter that can be delivered; one begins a path "
                "segment: /<name>, /<int:name>, /<float:name> or /<path:name>",
                UserWarning,
                stacklevel=6,
            )
        if optional and len(names) > 1:
            pieces[-1] = f"(?:{pieces[-1]})?"
        pieces.append(re.escape(text[end:]))
        self.prefix = text[: text.index("/<")] if names else text
        self.kinds = tuple(kinds)
        self.names = tuple(names)
        self.converters = tuple(_CONVERTERS[kind] for kind in kinds)
        self.pattern = "".join(pieces)
        shares = self.kinds.count("path") - 1
        self._longest = _LONGEST // shares if shares > 0 else sys.maxsize
        self._fullmatch = re.compile(self.pattern, re.DOTALL).fullmatch

    def match(self, path: str) -> tuple[str | None, ...] | None:
        """The parameters of `path` as they stand there, or None where it does not match."""
        found = self._fullmatch(path) if len(path) <= self._longest else None
        return None if found is None else found.groups()

    def deliver(self, values: tuple[str | None, ...]) -> dict[str, Any] | None:
        """The typed parameters for what `match` gave; None where one is missing that may not be.

        The last one may be, if it is optional: then it has its default. Raises HTTPError 400 for a value
        that its type lets through but cannot hold, `1.2.3` for a float.
        """
        params: dict[str, Any] = {}
        for name, convert, value in zip(self.names, self.converters, values, strict=True):
            if value:
                params[name] = convert(value)
            elif self.optional and name == self.names[-1]:
                params[name] = self.default
            else:
                return None
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
        return quote(str(value), safe="/", errors="replace").replace("%20", "+")
    quoted = quote_plus(str(value), errors="replace")
    return quoted.replace("+", "_") if kind == "string" else quoted


def has_parameters(rule: str) -> bool:
    """Whether a rule has parameters."""
    return "/<" in rule
