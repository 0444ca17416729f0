"""SQL of the app's own, cut where it matters: quotes, placeholders, ends of statements."""

from __future__ import annotations

import re
import sqlite3
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from .engines import MYSQL, PGSQL
from .values import as_postgres, as_sqlite_raw
from .writer import Statement, Writer

_COMMON = r"""
    (?P<quoted> '(?:[^']|'')*' | "(?:[^"]|"")*" )
  | (?P<comment> --[^\n]* | /\*.*?\*/ )
  | (?P<end> ; )
"""
_POSTGRES = r"""
    (?P<escaped> \b[eE]'(?:[^'\\]|''|\\.)*' )
  | (?P<dollar> (?<![\w$]) \$(?P<tag>(?:[A-Za-z_]\w*)?)\$ .*? \$(?P=tag)\$ )
  | (?P<numbered> (?<![\w$]) \$\d+ )
"""
_MARKS = r"""
  | (?P<percent> %% )
  | (?P<mark> %s )
  | (?P<named> %\(\w+\)s )
  | (?P<question> \? )
"""
_FLAGS = re.VERBOSE | re.DOTALL
_SQLITE_TOKENS = re.compile(_COMMON, _FLAGS)
_POSTGRES_TOKENS = re.compile(f"{_POSTGRES}|{_COMMON}", _FLAGS)
_MARKED_TOKENS = re.compile(f"{_POSTGRES}|{_COMMON}{_MARKS}", _FLAGS)
_MYSQL_TOKENS = re.compile(
    r"""
    (?P<quoted> '(?:[^'\\]|''|\\.)*' | "(?:[^"\\]|""|\\.)*" | `(?:[^`]|``)*` )
  | (?P<comment> --[ \t][^\n]* | \#[^\n]* | /\*.*?\*/ )
  | (?P<end> ; )
  | (?P<name> :[A-Za-z_]\w* )
"""
    + _MARKS,
    _FLAGS,
)
_PATTERNS = {PGSQL: _POSTGRES_TOKENS, MYSQL: _MYSQL_TOKENS}
_QUOTING = ("quoted", "escaped", "dollar", "comment")

_WRITES = re.compile(
    r"\b(?:insert|update|delete|replace|merge|create|drop|alter|truncate|grant|revoke|copy|call|do|vacuum)\b",
    re.IGNORECASE,
)

Params = Sequence[Any] | Mapping[str, Any]


def _tokens(sql: str, pattern: re.Pattern[str]) -> Iterator[tuple[str, str]]:
    """The parts of `sql` as (kind, text); the kind of what is between tokens is empty."""
    position = 0
    for found in pattern.finditer(sql):
        if found.start() > position:
            yield "", sql[position : found.start()]
        yield found.lastgroup or "", found.group()
        position = found.end()
    if position < len(sql):
        yield "", sql[position:]


def _bare(sql: str, engine: str) -> str:
    """The SQL without what is quoted and without comments."""
    tokens = _tokens(sql, _PATTERNS.get(engine, _SQLITE_TOKENS))
    return " ".join(text for kind, text in tokens if kind not in _QUOTING)


@lru_cache(maxsize=512)
def writes(sql: str, engine: str) -> bool:
    """Whether `sql` may change something; in doubt it may."""
    return _WRITES.search(sql) is not None and _WRITES.search(_bare(sql, engine)) is not None


def split(sql: str, engine: str) -> list[str]:
    """The statements of a script, without semicolons, blanks and comments around them."""
    if ";" not in sql.rstrip().rstrip(";"):
        statements = [sql.strip().rstrip(";").rstrip()] if sql.strip() else []
        return [each for each in statements if _bare(each, engine).strip()] or statements
    statements, current = [], ""
    for kind, text in _tokens(sql, _PATTERNS.get(engine, _SQLITE_TOKENS)):
        # a trigger has semicolons inside
        if kind == "end" and (engine in _PATTERNS or sqlite3.complete_statement(current + ";")):
            statements.append(current)
            current = ""
        else:
            current += text
    statements.append(current)
    return [each.strip() for each in statements if _bare(each, engine).strip()]


def statements_of(sql: str, params: Params | None, engine: str) -> list[Statement]:
    """What to execute for SQL of the app's own, one or several statements.

    Placeholders are `?` and `:name` on SQLite, the same or `%s` and `%(name)s` on MySQL; `%s`, `%(name)s`,
    `$1` or `?` on PostgreSQL, where `%%` stands for a percent sign once there are parameters and a tuple is
    a list for IN, as psycopg2 has it.
    Raises ValueError where placeholders and parameters do not fit together, or for values that the engine has
    no place for.
    """
    if not params:
        return [Statement(each) for each in split(sql, engine)]
    if engine == PGSQL:
        return _bind_postgres(sql, params)
    if isinstance(params, Mapping):
        return [Statement(sql, {str(name): as_sqlite_raw(value) for name, value in params.items()})]
    return [Statement(sql, tuple(as_sqlite_raw(value) for value in params))]


def _bind_postgres(sql: str, params: Params) -> list[Statement]:
    tokens = list(_tokens(sql, _MARKED_TOKENS))
    kinds = {kind for kind, _ in tokens}
    marks = kinds & {"mark", "named"}
    if "numbered" in kinds and not marks:
        if isinstance(params, Mapping):
            raise ValueError("$1 takes a sequence of parameters, not a mapping")
        return [Statement(sql, tuple(as_postgres(value)[0] for value in params))]
    questions = not marks and sum(kind == "question" for kind, _ in tokens) == len(params)
    rest = deque(params.values() if isinstance(params, Mapping) else params)
    statements: list[Statement] = []
    writer = Writer(PGSQL)
    for kind, text in tokens:
        if kind == "end":
            statements.append(writer.statement())
            writer = Writer(PGSQL)
        elif kind == "mark" or (kind == "question" and questions):
            if not rest:
                raise ValueError(f"more placeholders than the {len(params)} parameters given")
            _write(writer, rest.popleft())
        elif kind == "named":
            if not isinstance(params, Mapping) or text[2:-2] not in params:
                raise ValueError(f"no parameter named {text[2:-2]!r}")
            _write(writer, params[text[2:-2]])
        else:
            writer.raw(text.replace("%%", "%") if marks else text)
    statements.append(writer.statement())
    if rest and "named" not in marks:
        raise ValueError(f"{len(params)} parameters are more than there are placeholders")
    return [each for each in statements if _bare(each.sql, PGSQL).strip()]


def _write(writer: Writer, value: Any) -> None:
    if isinstance(value, tuple):
        writer.raw("(")
        writer.values(value or (None,))
        writer.raw(")")
    else:
        writer.value(value)


def with_casts(sql: str, casts: Mapping[int, str]) -> str:
    """`sql` with `$n` replaced by `CAST($n::text AS type)` for the parameters in `casts`."""

    def replaced(kind: str, text: str) -> str:
        type_name = casts.get(int(text[1:])) if kind == "numbered" else None
        return f"CAST({text}::text AS {type_name})" if type_name else text

    return "".join(replaced(kind, text) for kind, text in _tokens(sql, _POSTGRES_TOKENS))


def as_format(
    sql: str, params: tuple[Any, ...] | dict[str, Any]
) -> tuple[str, tuple[Any, ...] | dict[str, Any]]:
    """A statement with `?` or `:name` as drivers take it whose placeholders are `%s` and `%(name)s`.

    Where the app has written those itself it has doubled other percent signs too.
    """
    if not params:
        return sql, params
    tokens = list(_tokens(sql, _MYSQL_TOKENS))
    if any(kind in ("mark", "named") for kind, _ in tokens):
        return sql, params
    kind_of_place = "name" if isinstance(params, dict) else "question"

    def replaced(kind: str, text: str) -> str:
        if kind == kind_of_place:
            return f"%({text[1:]})s" if kind == "name" else "%s"
        return text.replace("%", "%%")

    return "".join(replaced(kind, text) for kind, text in tokens), params
