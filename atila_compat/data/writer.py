"""SQL under construction: text from the app, values from wherever, and never the one mixed with the other.

A query writes itself to a Writer twice over: with parameters for the database, with literals for people.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from .engines import PGSQL, SQLITE
from .values import as_literal, as_postgres, as_sqlite


@dataclass(slots=True)
class Statement:
    """One SQL statement as a driver takes it.

    Attributes:
        sql: with `?` on SQLite and `$1`, `$2`... on PostgreSQL.
        params: what they stand for; on PostgreSQL str, list and dict take the type that the server infers.
    """

    sql: str
    params: tuple[Any, ...] | dict[str, Any] = ()


class Fragment:
    """What can write itself as SQL."""

    __slots__ = ()

    def write(self, writer: Writer) -> None:
        """Write this as it stands in a statement of its own."""
        raise NotImplementedError

    def write_operand(self, writer: Writer) -> None:
        """Write this as it stands where a value is expected."""
        self.write(writer)

    def render(self, engine: str = PGSQL) -> str:
        """The SQL with literals, for people to read."""
        writer = Writer(engine, literal=True)
        self.write(writer)
        return writer.sql()


class Writer:
    """Collects SQL for an engine.

    Args:
        engine: `"*postgresql"` or `"*sqlite3"`.
        literal: write values as literals for people to read; such text is never executed.
    """

    __slots__ = ("_out", "engine", "literal", "params")

    def __init__(self, engine: str, literal: bool = False) -> None:
        self.engine = engine
        self.literal = literal
        self.params: list[Any] = []
        self._out: list[str] = []

    @property
    def is_postgres(self) -> bool:
        """Whether this is for PostgreSQL."""
        return self.engine == PGSQL

    @property
    def is_sqlite(self) -> bool:
        """Whether this is for SQLite."""
        return self.engine == SQLITE

    def raw(self, text: str) -> None:
        """Add SQL; never for what comes from a client."""
        self._out.append(text)

    def value(self, value: Any) -> None:
        """Add a value; None is NULL, a query stands in parentheses, the rest becomes a parameter.

        Raises ValueError for types that the engine has no place for.
        """
        if value is None:
            self._out.append("NULL")
        elif isinstance(value, Fragment):
            value.write_operand(self)
        elif self.literal:
            self._out.append(as_literal(value, self.engine))
        elif self.engine == PGSQL:
            bound, cast = as_postgres(value)
            self.params.append(bound)
            self._out.append(f"${len(self.params)}{cast}")
        else:
            self.params.append(as_sqlite(value))
            self._out.append("?")

    def text(self, value: str) -> None:
        """Add a value that has to be text, where the server could infer another type."""
        self.value(value)
        if self.is_postgres and not self.literal:
            self._out.append("::text")

    def values(self, values: Iterable[Any], separator: str = ",") -> None:
        """Add several values."""
        for index, value in enumerate(values):
            if index:
                self._out.append(separator)
            self.value(value)

    def sql(self) -> str:
        """What was written."""
        return "".join(self._out)

    def statement(self) -> Statement:
        """What was written, with its parameters."""
        return Statement("".join(self._out), tuple(self.params))
