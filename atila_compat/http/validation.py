"""Checks of parameters, compiled from the rules of `@app.inspect` (README "Parameter and Validation").

A check is made once, when a handler is declared, and holds only what was asked for. It works on the plain
dicts of a request; the decorator is in `hooks/inspection.py`.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Collection, MutableMapping
from dataclasses import dataclass
from typing import Any, Protocol

from ._keywords import FIRST, LAST, KeywordCheck, names_of
from ._operators import ParameterCheck, Values, parameter_check
from ._paths import parameter_of

ERROR_CODE = 40050
"""The `code` of the error body."""

SCOPES = ("ARGS", "URL", "FORM", "DATA", "JSON", "GET", "DELETE", "POST", "PUT", "PATCH")
_BODY_METHODS = frozenset(("POST", "PUT", "PATCH"))
_OTHER_METHODS = ("HEAD", "OPTIONS", "TRACE", "CONNECT")
KEYWORDS = (*FIRST, *LAST)


class Asked(Protocol):
    """What a check needs of a request; `http.request.Request` has it."""

    method: str

    def get_content_type(self) -> str | None: ...

    @property
    def ARGS(self) -> MutableMapping[str, Any]: ...  # noqa: N802 - the original's names
    @property
    def URL(self) -> MutableMapping[str, Any]: ...  # noqa: N802
    @property
    def FORM(self) -> MutableMapping[str, Any] | None: ...  # noqa: N802
    @property
    def JSON(self) -> Any: ...  # noqa: N802
    @property
    def DATA(self) -> Any: ...  # noqa: N802


@dataclass(frozen=True, slots=True)
class Failure:
    """What is wrong with a request.

    Attributes:
        scope: where it was looked for; `POST` and its like are resolved to FORM, JSON or URL.
        text: the first violated rule.
    """

    scope: str
    text: str

    @property
    def message(self) -> str:
        """The `message` of the error body."""
        return f"missing or bad parameter in {self.scope}"


Check = Callable[[Asked, dict[str, Any]], Failure | None]
"""Takes a request and the keyword arguments of the handler's call; converted values are written into both."""

Select = Callable[[Asked], str | None]


def _is_json(request: Asked) -> bool:
    return (request.get_content_type() or "").lower().startswith("application/json")


def _selector(scope: str) -> Select:
    """A function that says which of a request's dicts a scope means now; None: nothing is inspected."""
    if scope in ("ARGS", "URL"):
        return lambda request: scope
    if scope in ("FORM", "DATA"):
        return lambda request: scope if request.method in _BODY_METHODS else None
    if scope == "JSON":
        return lambda request: "JSON" if request.method in _BODY_METHODS and _is_json(request) else None
    if scope in ("GET", "DELETE"):
        return lambda request: "URL" if request.method == scope else None
    if scope in ("POST", "PUT", "PATCH"):
        return lambda request: ("JSON" if _is_json(request) else "FORM") if request.method == scope else None
    if scope not in _OTHER_METHODS:
        warnings.warn(
            f"inspect: scope {scope!r} is unknown and nothing is inspected; known are {', '.join(SCOPES)}",
            UserWarning,
            stacklevel=4,
        )
    return lambda request: None


def compile_check(
    scope: str = "ARGS",
    required: Any = None,
    rules: dict[str, Any] | None = None,
    arguments: Collection[str] = (),
) -> Check:
    """Compile the rules of one `@app.inspect`.

    Args:
        scope: `ARGS`, `URL`, `FORM`, `JSON`, `DATA` or a method (spec/03 section 2).
        required: parameters that may not be missing or empty.
        rules: keywords (`ints`, `oneof`...) and rules for one parameter (`name = type`, `name__op = value`).
        arguments: names that the handler declares.

    A rule for one parameter that could never work, an unknown operator or function, is a warning with the
    remedy; the check raises ValueError for requests that send the parameter, and the others are answered.

    Raises ValueError, with the remedy, for what is no scope and for keywords without names.
    """
    if not isinstance(scope, str):
        raise ValueError(f"inspect: the first argument is a scope, {', '.join(SCOPES)}; got {scope!r}")
    select = _selector(scope)
    keyword_rules, parameter_rules = sort_rules(required, rules or {})
    known = {*arguments, *(name for names in keyword_rules.values() for name in names)}
    first = [FIRST[keyword](names) for keyword, names in keyword_rules.items() if keyword in FIRST and names]
    single: list[ParameterCheck] = []
    for keyword, condition in parameter_rules.items():
        try:
            single.append(parameter_check(keyword, condition, known))
        except ValueError as error:
            # apps are served with such a rule, and may never be sent the parameter
            warnings.warn(f"inspect: {error}", UserWarning, stacklevel=3)
            single.append(_mistake(keyword, str(error)))
    last = [make(keyword_rules[keyword]) for keyword, make in LAST.items() if keyword_rules.get(keyword)]
    steps: tuple[KeywordCheck, ...] = (*first, *map(_as_step, single), *last)

    def check(request: Asked, called_with: dict[str, Any]) -> Failure | None:
        selected = select(request)
        if selected is None:
            return None
        values = getattr(request, selected)
        if not isinstance(values, dict):
            values = {}
        changes: dict[str, Any] = {}
        for step in steps:
            text = step(values, changes)
            if text is not None:
                return Failure(selected, text)
        if changes:
            _write_back(request, selected, changes, called_with)
        return None

    return check


def _mistake(keyword: str, text: str) -> ParameterCheck:
    """The check of a rule that could never work."""
    name = parameter_of(keyword)

    def check(values: Values) -> str | None:
        if values.get(name) is not None:
            raise ValueError(text)
        return None

    return check


def _as_step(check: ParameterCheck) -> KeywordCheck:
    return lambda values, changes: check(values)


def sort_rules(required: Any, rules: dict[str, Any]) -> tuple[dict[str, tuple[str, ...]], dict[str, Any]]:
    """Rules of keywords, their names as tuples, and rules of single parameters.

    Both in order of declaration, `required` last.
    """
    keywords: dict[str, tuple[str, ...]] = {}
    parameters: dict[str, Any] = {}
    for keyword, value in rules.items():
        if keyword in KEYWORDS:
            if value is not None:
                try:
                    keywords[keyword] = names_of(value)
                except ValueError as error:
                    raise ValueError(f"{keyword}: {error}") from None
        else:
            parameters[keyword] = value
    if required is not None:
        try:
            keywords["required"] = names_of(required)
        except ValueError as error:
            raise ValueError(f"required: {error}") from None
    return keywords, parameters


def _write_back(request: Asked, selected: str, changes: dict[str, Any], called_with: dict[str, Any]) -> None:
    """Put converted values wherever the handler may look for them (spec/03 section 4)."""
    others = (request.DATA, request.URL) if selected == "ARGS" else (request.ARGS,)
    for values in (called_with, *others):
        if isinstance(values, dict):
            for name, value in changes.items():
                if name in values:
                    values[name] = value
