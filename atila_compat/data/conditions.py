"""Conditions: `field__operator=value` and the Q algebra over them (spec/08 section 4)."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar

from .expressions import F, V
from .failures import BadRequest
from .identifiers import checked_key, dotted
from .values import quoted
from .writer import Fragment, Writer

COMPARISONS = {"eq": "=", "exact": "=", "neq": "<>", "gt": ">", "gte": ">=", "lt": "<", "lte": "<="}
PATTERNS = {  # operator: (negated, wildcard before, wildcard behind)
    "contains": (False, "%", "%"),
    "startswith": (False, "", "%"),
    "endswith": (False, "%", ""),
    "ncontains": (True, "%", "%"),
    "notcontain": (True, "%", "%"),
    "nstartswith": (True, "", "%"),
    "notstartwith": (True, "", "%"),
    "nendswith": (True, "%", ""),
    "notendwith": (True, "%", ""),
}
OTHERS = (
    *("in", "notin", "between", "isnull", "regex", "exists", "nexists", "notexist"),
    *("haskey", "haskeyin", "all"),
)
OPERATORS = frozenset((*COMPARISONS, *PATTERNS, *OTHERS))

Names = Callable[[str], str]
"""Turns the column of a keyword into the one of the table; models translate foreign keys."""

_OR = re.compile(r"\bor\b", re.IGNORECASE)
_CLOSED = re.compile(r"'[^']*'|\"[^\"]*\"|\([^()]*\)")


def split_key(key: str) -> tuple[str, str]:
    """Split `a__b__gt` into column and operator (`eq` where none is named).

    A JSON key may be called like an operator: `data___in` is the key `in`.
    """
    column, separator, operator = key.rpartition("__")
    if separator and operator in OPERATORS and not column.endswith("_"):
        return column, operator
    return key, "eq"


_WITHOUT_COLUMN = frozenset({"exists", "nexists", "notexist", "all"})


class Column(Fragment):
    """The left side of a condition: `name`, `table.name` or a place inside JSON, `data___key___list__0`.

    Raises ValueError for what is no name.
    """

    __slots__ = ("name", "path")

    def __init__(self, text: str, names: Names = dotted) -> None:
        base, *path = text.split("___") if "___" in text else (text,)
        self.name = names(base)
        self.path = [[checked_key(key) for key in step.split("__")] for step in path]

    def write(self, writer: Writer) -> None:
        self.write_json(writer, as_text=True)

    def write_json(self, writer: Writer, as_text: bool) -> None:
        """Add the place, its content as text or, for operators on JSON, as JSON."""
        if not self.path or not writer.is_postgres:
            writer.raw(f"json_extract({self.name}, {self.sqlite_path()})" if self.path else self.name)
            return
        writer.raw(self.name)
        for index, step in enumerate(self.path):
            arrow = ">>" if as_text and index == len(self.path) - 1 else ">"
            writer.raw(f" -{arrow} '{step[0]}'" if len(step) == 1 else f" #{arrow} '{{{', '.join(step)}}}'")

    def sqlite_path(self) -> str:
        """The path as SQLite writes it, in quotes; names were checked."""
        keys = [key for step in self.path for key in step]
        return quoted("$" + "".join(f"[{key}]" if key.isdecimal() else f'."{key}"' for key in keys))

    def write_for(self, writer: Writer, sample: Any) -> None:
        """Add the place so that it compares with values such as `sample`: the text of JSON is cast first."""
        kind = self._cast(sample) if self.path and writer.is_postgres else ""
        if not kind:
            self.write(writer)
            return
        writer.raw("CAST (")
        self.write(writer)
        writer.raw(f" AS {kind})")

    @staticmethod
    def _cast(sample: Any) -> str:
        if isinstance(sample, V):
            sample = sample.content
        if isinstance(sample, bool):
            return "boolean"
        if isinstance(sample, int):
            return "int" if -(2**31) <= sample < 2**31 else "numeric"
        if isinstance(sample, float):
            return "float"
        if isinstance(sample, (datetime.datetime, datetime.date)):
            return "timestamp" if getattr(sample, "tzinfo", None) is None else "timestamptz"
        return ""


def _refused_text(key: str, value: str) -> ValueError:
    return BadRequest(
        f"{key} takes a list or a query, not the text {value!r:.60}; wrap SQL of your own in F(...)"
    )


def _sequence(key: str, value: Any) -> list[Any]:
    if isinstance(value, (str, bytes)):
        raise _refused_text(key, str(value))
    if isinstance(value, Iterable) and not isinstance(value, Mapping):
        return list(value)
    return [value]


def _write_in(writer: Writer, column: Column, key: str, value: Any, negated: bool) -> None:
    word = " NOT IN (" if negated else " IN ("
    if isinstance(value, Fragment):
        column.write(writer)
        writer.raw(word)
        value.write(writer)
        writer.raw(")")
        return
    items = _sequence(key, value)
    if not items and not (writer.is_sqlite or writer.literal):  # only SQLite has an empty list
        writer.raw("1 = 1" if negated else "1 = 0")
        return
    column.write_for(writer, next((item for item in items if item is not None), None))
    writer.raw(word)
    writer.values(items)
    writer.raw(")")


def _escaped(text: str, for_people: bool) -> str:
    if not for_people:
        text = text.replace("\\", "\\\\").replace("_", "\\_")
    return text.replace("%", "\\%")


def _write_pattern(writer: Writer, column: Column, operator: str, value: Any) -> None:
    negated, before, behind = PATTERNS[operator]
    value = value.content if isinstance(value, V) else value
    if isinstance(value, (Mapping, list)) and operator in ("contains", "ncontains", "notcontain"):
        writer.raw("NOT (" if negated else "")
        column.write_json(writer, as_text=False)
        writer.raw(" @> ")
        writer.value(value)
        writer.raw(")" if negated else "")
        return
    column.write(writer)
    writer.raw(" NOT LIKE " if negated else " LIKE ")
    if isinstance(value, Fragment):
        writer.raw("'%' || " if before else "")
        value.write_operand(writer)
        writer.raw(" || '%'" if behind else "")
        return
    text = str(value)
    escaped = _escaped(text, writer.literal)
    writer.text(f"{before}{escaped}{behind}")
    if escaped != text and writer.is_sqlite and not writer.literal:
        writer.raw(" ESCAPE '\\'")  # the default of the others


def _write_without_column(writer: Writer, text: str, operator: str, value: Any) -> None:
    if operator == "all":
        writer.raw(f"1 = {int(value)}")
        return
    if not isinstance(value, Fragment):
        raise BadRequest(f"{text}__{operator} takes a query; if it is SQL of your own wrap it in F(...)")
    writer.raw(" EXISTS (" if operator == "exists" else " NOT EXISTS (")
    value.write(writer)
    writer.raw(")")


def _write_haskey(writer: Writer, column: Column, keys: list[Any], any_of: bool) -> None:
    if writer.is_postgres or writer.literal:
        column.write_json(writer, as_text=False)
        writer.raw(" ?| array [" if any_of else " ? ")
        for index, key in enumerate(keys):
            writer.raw("," if index else "")
            writer.text(str(key))
        writer.raw("]" if any_of else "")
        return
    path = f", {column.sqlite_path()}" if column.path else ""
    writer.raw(f"EXISTS (SELECT 1 FROM json_each({column.name}{path}) WHERE key IN (")  # noqa: S608
    writer.values(str(key) for key in keys)
    writer.raw("))")


def write_condition(writer: Writer, key: str, value: Any, names: Names = dotted) -> None:
    """Add the condition `key=value` means.

    Raises ValueError for keys that are no columns and values that the operator cannot take.
    """
    text, operator = split_key(key)
    if operator in _WITHOUT_COLUMN:
        _write_without_column(writer, text, operator, value)
        return
    column = Column(text, names)
    if operator in COMPARISONS:
        column.write_for(writer, value)
        writer.raw(f" {COMPARISONS[operator]} ")
        writer.value(value)
    elif operator in PATTERNS:
        _write_pattern(writer, column, operator, value)
    elif operator in ("in", "notin"):
        _write_in(writer, column, key, value, operator == "notin")
    elif operator == "between":
        low, high = _pair(key, value)
        column.write_for(writer, low if low is not None else high)
        writer.raw(" BETWEEN ")
        writer.values((low, high), " AND ")
    elif operator == "isnull":
        column.write(writer)
        writer.raw(" IS NULL" if value else " IS NOT NULL")
    elif operator == "regex":
        column.write(writer)
        writer.raw(" ~ " if writer.is_postgres or writer.literal else " REGEXP ")
        writer.text(value) if isinstance(value, str) else writer.value(value)
    else:
        keys = _sequence(key, value) if operator == "haskeyin" else [value]
        _write_haskey(writer, column, keys, operator == "haskeyin")


def _pair(key: str, value: Any) -> tuple[Any, Any]:
    pair = _sequence(key, value)
    if len(pair) != 2:
        raise BadRequest(f"{key} takes two values, (lowest, highest), not {value!r:.60}")
    return pair[0], pair[1]


class Condition(Fragment):
    """One `key=value`; values of None are left out before one is made."""

    __slots__ = ("key", "names", "value")

    def __init__(self, key: str, value: Any, names: Names = dotted) -> None:
        self.key, self.value, self.names = key, value, names

    def write(self, writer: Writer) -> None:
        write_condition(writer, self.key, self.value, self.names)


class Text(Fragment):
    """A condition that the app wrote in SQL."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text

    def write(self, writer: Writer) -> None:
        writer.raw(self.text)

    @property
    def is_alternative(self) -> bool:
        """Whether an `or` outside of parentheses and quotes would tear other conditions apart."""
        text, last = self.text, ""
        while text != last:
            text, last = _CLOSED.sub("", text), text
        return _OR.search(text) is not None


def write_all(writer: Writer, terms: Iterable[Fragment], joint: str = " AND ") -> None:
    """Add several conditions, joined."""
    terms = list(terms)
    for index, term in enumerate(terms):
        writer.raw(joint if index else "")
        core = term
        while isinstance(core, Q) and len(core.terms) == 1 and not core.negated:
            core = core.terms[0]
        if isinstance(core, Text) and len(terms) > 1 and joint == " AND " and core.is_alternative:
            writer.raw(f"({core.text})")
        else:
            core.write(writer)


def terms_of(
    conditions: Iterable[Any], operators: Mapping[str, Any], names: Names = dotted
) -> list[Fragment]:
    """What `filter(*conditions, **operators)` adds; empty ones and values of None are left out.

    Raises ValueError for conditions that are neither Q, F nor text, and for names that are no columns.
    """
    found: list[Fragment] = []
    for condition in conditions:
        if condition is None or condition == "":
            continue
        if isinstance(condition, Q):
            if condition:
                found.append(condition.named(names))
        elif isinstance(condition, str):
            found.append(Text(condition))
        elif isinstance(condition, F):
            found.append(Text(condition.expression) if type(condition) is F else condition)
        elif isinstance(condition, Fragment):
            found.append(condition)
        else:
            raise ValueError(f"a condition is Q(...), F(...) or text, not {condition!r:.60}")
    for key, value in operators.items():
        if value is None:
            continue
        column, operator = split_key(key)
        if column or operator not in _WITHOUT_COLUMN:
            Column(column, names)  # refuses bad names where they are given
        found.append(Condition(key, value, names))
    return found


class Q(Fragment):
    """A condition that can be combined: `Q(a=1) | Q(b__gt=2)`, `&`, `~`; several keywords are joined by AND.

    A key that is no keyword comes with its value: `Q("b__gt", 2)`.
    One without conditions, or with values of None only, is false and leaves no trace.
    """

    __slots__ = ("joint", "negated", "terms")
    AND: ClassVar[str] = " AND "
    OR: ClassVar[str] = " OR "

    def __init__(self, *conditions: Any, **operators: Any) -> None:
        match conditions:
            case (str() as key, value):
                conditions, operators = (), {key: value, **operators}
        self.terms: list[Fragment] = terms_of(conditions, operators)
        self.joint = self.AND
        self.negated = False

    def _joined(self, joint: str, other: Any) -> Q:
        """Itself and `other`, which may be SQL of the app's own; an empty side leaves no trace."""
        terms = [side for side in (self, other if isinstance(other, Q) else Q(other)) if side]
        if len(terms) == 1:
            return terms[0]
        made = Q()
        made.terms, made.joint = list(terms), joint
        return made

    def __or__(self, other: Any) -> Q:
        return self._joined(self.OR, other)

    def __and__(self, other: Any) -> Q:
        return self._joined(self.AND, other)

    def __invert__(self) -> Q:
        made = Q()
        made.terms, made.negated = [self] if self else [], True
        return made

    def __bool__(self) -> bool:
        return bool(self.terms)

    def __len__(self) -> int:
        return int(bool(self))

    def named(self, names: Names) -> Q:
        """The same with columns translated by `names`."""
        if names is dotted:
            return self
        made = Q()
        made.joint, made.negated = self.joint, self.negated
        for term in self.terms:
            if isinstance(term, Q):
                term = term.named(names)
            elif isinstance(term, Condition):
                term = Condition(term.key, term.value, names)
            made.terms.append(term)
        return made

    def write(self, writer: Writer) -> None:
        if self.negated and self.terms:
            writer.raw("NOT (")
            write_all(writer, self.terms)
            writer.raw(")")
        elif len(self.terms) == 1:
            self.terms[0].write(writer)
        elif self.terms:
            writer.raw("(")
            write_all(writer, self.terms, self.joint)
            writer.raw(")")

    def write_operand(self, writer: Writer) -> None:
        writer.raw("(")
        self.write(writer)
        writer.raw(")")

    def __str__(self) -> str:
        return self.render()

    def __repr__(self) -> str:
        return f"Q({self.render()!r})"
