"""Where a rule looks: its keyword taken apart, `buyer___items__0___price__gte` (spec/03 sections 6 and 7)."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

Step = str | int
"""A key of an object, or an index of a list."""

FUNCTIONS = ("len",)


class Unreachable(Exception):
    """A value that a rule asks for is not where its keyword points; the message is the error text."""


@dataclass(frozen=True, slots=True)
class Target:
    """A rule's keyword, understood.

    Attributes:
        keyword: as declared.
        name: the parameter.
        steps: the way from the parameter to the value, keys and indices.
        function: `"len"` or None.
        operator: the operator's name, or None for the plain form.
        label: how error texts call it.
    """

    keyword: str
    name: str
    steps: tuple[Step, ...]
    function: str | None
    operator: str | None
    label: str


def parse(keyword: str, operators: Collection[str], arguments: Collection[str] = ()) -> Target:
    """Understand a rule's keyword.

    Three low dashes lead to a key, two to an index, to `len` or to an operator. `arguments` are the names
    that the handler declares: one of them may contain low dashes itself. Where a keyword can be read in two
    ways, the one whose parameter the handler declares wins.

    Raises ValueError with the remedy for a keyword that cannot be understood.
    """
    first, *inner = _split(keyword, "___")
    name, rest = _take_name(_split(first, "__"), arguments, _are_indices if inner else _is_tail(operators))
    steps: list[Step] = []
    labels: list[str] = []
    for number, segment in enumerate([first, *inner]):
        if number:
            name, *rest = _split(segment, "__")
        indices = [int(part) for part in _leading_digits(rest)]
        steps += [name, *indices]
        # The original names the index before the key that holds the list.
        labels += [*map(str, indices), name] if number else [name, *map(str, indices)]
        rest = rest[len(indices) :]
        if number < len(inner) and rest:
            raise ValueError(
                f"{keyword}: {rest[0]!r} is no list index; before the last key, two low dashes lead to one"
            )
    function, operator = _tail(keyword, rest, operators)
    label = ("length of " if function else "") + ".".join(labels)
    return Target(keyword, str(steps[0]), tuple(steps[1:]), function, operator, label)


def parameter_of(keyword: str) -> str:
    """The parameter that a rule's keyword begins with, whatever follows."""
    return _split(keyword, "__")[0]


def _take_name(
    parts: list[str], arguments: Collection[str], fits: Callable[[list[str]], bool]
) -> tuple[str, list[str]]:
    for length in range(1, len(parts) + 1):
        name, rest = "__".join(parts[:length]), parts[length:]
        if name in arguments and fits(rest):
            return name, rest
    return parts[0], parts[1:]


def _split(text: str, separator: str) -> list[str]:
    # A name may begin with low dashes.
    bare = text.lstrip("_")
    head, *rest = bare.split(separator)
    return [text[: len(text) - len(bare)] + head, *rest] if bare else [text]


def _leading_digits(parts: list[str]) -> list[str]:
    digits = []
    for part in parts:
        if not (part.isascii() and part.isdigit()):
            break
        digits.append(part)
    return digits


def _are_indices(parts: list[str]) -> bool:
    return len(_leading_digits(parts)) == len(parts)


def _is_tail(operators: Collection[str]) -> Callable[[list[str]], bool]:
    def fits(parts: list[str]) -> bool:
        rest = parts[len(_leading_digits(parts)) :]
        if len(rest) == 2:
            return rest[0] in FUNCTIONS and rest[1] in operators
        return not rest or (len(rest) == 1 and rest[0] in operators)

    return fits


def _tail(keyword: str, parts: list[str], operators: Collection[str]) -> tuple[str | None, str | None]:
    if not parts:
        return None, None
    *functions, operator = parts
    if operator in FUNCTIONS and not functions:
        raise ValueError(f"{keyword}: {operator} needs an operator, as in {keyword}__lte")
    if operator not in operators:
        raise ValueError(
            f"{keyword}: unknown operator {operator!r}{_guess(operator, operators)}; known are "
            f"{', '.join(sorted(operators))}. A parameter's own name may contain two low dashes only if the "
            "handler names it as an argument"
        )
    if len(functions) > 1:
        raise ValueError(
            f"{keyword}: one function and one operator may follow a name, found {'__'.join(parts)!r}; "
            "three low dashes lead to a key of a JSON object"
        )
    if functions and functions[0] not in FUNCTIONS:
        raise ValueError(
            f"{keyword}: unknown function {functions[0]!r}{_guess(functions[0], FUNCTIONS)}; known is "
            f"{', '.join(FUNCTIONS)}. Three low dashes lead to a key of a JSON object"
        )
    return (functions[0] if functions else None), operator


def _guess(word: str, known: Collection[str]) -> str:
    close = difflib.get_close_matches(word, known, 1)
    return f" (is {close[0]!r} meant?)" if close else ""


def getter(target: Target) -> Callable[[Mapping[str, Any]], Any]:
    """A function that takes the target's value out of a scope, before `len` is applied.

    It returns None where the parameter is missing or null and raises Unreachable where the way inside it ends
    early.
    """
    name, steps, keyword = target.name, target.steps, target.keyword
    if not steps:
        return lambda values: values.get(name)

    def get(values: Mapping[str, Any]) -> Any:
        value: Any = values.get(name)
        if value is None:
            return None
        for step in steps:
            if isinstance(step, int):
                if not isinstance(value, list | tuple | str) or step >= len(value):
                    raise Unreachable(f"parameter {keyword} has index related error")
                value = value[step]
            else:
                if not isinstance(value, dict) or step not in value:
                    raise Unreachable(f"parameter {keyword} has key related error")
                value = value[step]
        return value

    return get
