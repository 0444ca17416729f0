"""What stands for SQL inside a query: F for an expression, V for a value, D for several, const for a name."""

from __future__ import annotations

from typing import Any

from .engines import PGSQL
from .identifiers import checked, dotted
from .writer import Fragment, Writer


class F(Fragment):
    """SQL that is taken as it is: `set(hits=F("hits + 1"))`. Never build one from what a client sent."""

    __slots__ = ("expression",)

    def __init__(self, val: Any) -> None:
        self.expression = str(val)

    def write(self, writer: Writer) -> None:
        writer.raw(self.expression)

    def __str__(self) -> str:
        return self.expression

    def __repr__(self) -> str:
        return f"F({self.expression!r})"


class V(Fragment):
    """A value where SQL is expected: `get(V("shop"))`, `template.feed(name=V(name))`."""

    __slots__ = ("content",)

    def __init__(self, value: Any) -> None:
        self.content = value

    def write(self, writer: Writer) -> None:
        writer.value(self.content)

    def __str__(self) -> str:
        return self.render()

    def __repr__(self) -> str:
        return f"V({self.content!r})"


class const(F):  # noqa: N801 - the name that apps import
    """The value that `query.const(name, value)` has named."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = checked(name)
        super().__init__(f"(table {name})")

    def write(self, writer: Writer) -> None:
        if writer.literal or writer.is_postgres:
            writer.raw(self.expression)
        else:  # SQLite has no TABLE statement
            writer.raw(f"(select * from {self.name})")  # noqa: S608


class D:
    """Named values: a row for `with_`, or `{d.columns}`, `{d.values}` and `{d.pairs}` in a template.

    Raises ValueError for names that are no columns.
    """

    __slots__ = ("data",)

    def __init__(self, **data: Any) -> None:
        self.data = {dotted(name): value for name, value in data.items()}

    def encode(self, engine: str) -> D:
        """Itself; values are bound when a query is compiled."""
        return self

    def write_columns(self, writer: Writer) -> None:
        """Add `a, b`."""
        writer.raw(", ".join(self.data))

    def write_values(self, writer: Writer) -> None:
        """Add the values, separated by commas."""
        writer.values(self.data.values(), ", ")

    def write_pairs(self, writer: Writer) -> None:
        """Add `a = ..., b = ...`."""
        for index, (column, value) in enumerate(self.data.items()):
            writer.raw(f", {column} = " if index else f"{column} = ")
            writer.value(value)

    def _read(self, write: Any) -> str:
        writer = Writer(PGSQL, literal=True)
        write(writer)
        return writer.sql()

    @property
    def columns(self) -> str:
        """The names, for people to read."""
        return self._read(self.write_columns)

    @property
    def values(self) -> str:
        """The values, for people to read."""
        return self._read(self.write_values)

    @property
    def pairs(self) -> str:
        """Names and values, for people to read."""
        return self._read(self.write_pairs)

    def __repr__(self) -> str:
        return f"D({', '.join(f'{name}={value!r}' for name, value in self.data.items())})"
