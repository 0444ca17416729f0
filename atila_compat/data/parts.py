"""What a statement consists of while it is built, and how that is written as SQL."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from .conditions import Text, write_all
from .engines import MYSQL
from .expressions import D
from .identifiers import checked
from .models import Naming, is_model, table_of
from .writer import Fragment, Writer

UNFILTERED = "No filter for modification, if you want to modify anyway use .all ()"


_SORT_SIGN = re.compile(
    r"""
    (?P<kept> '(?:[^']|'')*' | "(?:[^"]|"")*" )
  | (?P<open> [(\[] )
  | (?P<close> [)\]] )
  | (?P<before> (?:^|,) \s* ) (?P<sign> [-+] )
    """,
    re.VERBOSE,
)


def _sorted_by(text: str) -> str:
    """A text of `order_by`, which may hold several terms, in SQL.

    A minus before any of them sorts the text downwards, and that is its last term: apps have learned to write
    `"created, -id"`. What stands in parentheses or between quotes is no term.
    """
    depth, descending = 0, False

    def unsigned(found: re.Match[str]) -> str:
        nonlocal depth, descending
        if found["sign"] is None:
            depth += bool(found["open"]) - bool(found["close"])
        elif depth == 0:
            descending = descending or found["sign"] == "-"
            return found["before"]
        return found[0]

    unsigned_text = _SORT_SIGN.sub(unsigned, text.strip())
    return f"{unsigned_text} DESC" if descending else unsigned_text


def write_sql(writer: Writer, sql: Any) -> None:
    """Add a query, or SQL of the app's own."""
    if isinstance(sql, Fragment):
        sql.write(writer)
    else:
        writer.raw(str(sql))


def write_table(writer: Writer, table: Any, alias: str) -> None:
    """Add a table: a name, a model, or a query in parentheses.

    Raises ValueError for an alias that is no name.
    """
    if isinstance(table, Fragment):
        table.write_operand(writer)
    else:
        writer.raw(table_of(table) if is_model(table) else str(table))
    if alias:
        writer.raw(f" AS {checked(alias)}")


@dataclass(slots=True)
class Join:
    """A further table, by JOIN, or by FROM in an update."""

    kind: str
    table: Any
    alias: str
    terms: list[Fragment]

    def write(self, writer: Writer) -> None:
        """Add the clause."""
        writer.raw(f"\n{self.kind} ")
        write_table(writer, self.table, self.alias)
        if self.terms:
            writer.raw(" ON ")
            write_all(writer, self.terms)


@dataclass
class Parts:
    """The clauses of one statement.

    Attributes:
        verb: `"select"`, `"insert"`, `"update"` or `"delete"`.
        links: conditions that tie the further tables of an update to it; they stand first in WHERE.
        ctes: names and what they stand for: a query, SQL, a row (`D`) or a single value in a tuple.
        conflict: the fields of ON CONFLICT and what is set then.
        compounds: what follows by UNION and the like.
    """

    verb: str
    table: Any
    alias: str
    naming: Naming
    columns: list[Any] = field(default_factory=list)
    ctes: list[tuple[str, Any]] = field(default_factory=list)
    joins: list[Join] = field(default_factory=list)
    links: list[Fragment] = field(default_factory=list)
    terms: list[Fragment] = field(default_factory=list)
    data: dict[str, Any] = field(default_factory=dict)
    conflict: tuple[str, dict[str, Any]] | None = None
    group_by: tuple[Any, ...] = ()
    having: str = ""
    order_by: tuple[Any, ...] = ()
    limit: int | None = None
    offset: int | None = None
    returning: tuple[Any, ...] = ()
    into: tuple[str, tuple[str, ...]] | None = None
    compounds: list[tuple[str, Any]] = field(default_factory=list)

    def copy(self) -> Parts:
        """One that can be changed without touching this one."""
        made = copy.copy(self)
        for name, value in vars(self).items():
            if isinstance(value, (list, dict, Naming)):
                setattr(made, name, value.copy())
        return made

    def write(self, writer: Writer, body: Callable[[Writer], None]) -> None:
        """Add the statement; `body` adds what stands between WITH and UNION."""
        if not self.compounds:
            self._write_ctes(writer)
            self._write_into(writer)
            body(writer)
            return
        self._write_into(writer)
        # SQLite knows parentheses in a UNION only around a table
        opening = "SELECT * FROM (" if writer.is_sqlite and not writer.literal else "("
        writer.raw(opening)
        self._write_ctes(writer)
        body(writer)
        for joint, sql in self.compounds:
            writer.raw(f")\n{joint}\n{opening}")
            write_sql(writer, sql)
        writer.raw(")")

    def write_clauses(self, writer: Writer) -> None:
        """Add all clauses in their order.

        Raises AssertionError for an update or delete without conditions, unless it is for people to read.
        """
        if self.verb in ("update", "delete") and not (self.terms or self.links or writer.literal):
            raise AssertionError(UNFILTERED)
        getattr(self, f"_write_{self.verb}")(writer)
        for join in self.joins:
            join.write(writer)
        on_update = self.conflict is not None and bool(self.conflict[1])
        if not on_update:
            self._write_where(writer)
        self._write_tail(writer)
        self._write_conflict(writer)
        if on_update:
            self._write_where(writer)
        if self.returning:
            writer.raw("\n")
            self.write_returning(writer)

    def _write_ctes(self, writer: Writer) -> None:
        for index, (name, content) in enumerate(self.ctes):
            writer.raw(f", {name}" if index else f"WITH {name}")
            if isinstance(content, D):
                writer.raw(" (")
                content.write_columns(writer)
                writer.raw(") AS (values (")
                content.write_values(writer)
                writer.raw("))")
            elif isinstance(content, tuple):
                writer.raw(" AS (values (")
                writer.value(content[0])
                writer.raw("))")
            else:
                writer.raw(" AS (")
                write_sql(writer, content)
                writer.raw(")")
        if self.ctes:
            writer.raw("\n")

    def _write_into(self, writer: Writer) -> None:
        if self.into is not None:
            table, columns = self.into
            writer.raw(f"INSERT INTO {table}" + (f" ({', '.join(columns)})" if columns else "") + "\n")

    def _write_select(self, writer: Writer) -> None:
        writer.raw("SELECT ")
        self.write_columns(writer)
        writer.raw(" FROM ")
        write_table(writer, self.table, self.alias)

    def _write_insert(self, writer: Writer) -> None:
        writer.raw("INSERT INTO ")
        write_table(writer, self.table, self.alias)
        if not self.data:
            writer.raw(" DEFAULT VALUES")
            return
        writer.raw(f" ({', '.join(self.data)}) VALUES (")
        writer.values(self.data.values(), ", ")
        writer.raw(")")

    def _write_update(self, writer: Writer) -> None:
        if not (self.data or writer.literal):
            raise ValueError("nothing to update: give values to set()")
        writer.raw("UPDATE ")
        write_table(writer, self.table, self.alias)
        writer.raw(" SET ")
        self._write_pairs(writer, self.data)

    def _write_delete(self, writer: Writer) -> None:
        writer.raw("DELETE FROM ")
        write_table(writer, self.table, self.alias)

    def _write_where(self, writer: Writer) -> None:
        if self.links or self.terms:
            writer.raw("\nWHERE ")
            write_all(writer, (*self.links, *self.terms))

    def _write_tail(self, writer: Writer) -> None:
        if self.group_by:
            writer.raw("\n")
            self.write_group_by(writer)
        if self.having:
            writer.raw("\n")
            self.write_having(writer)
        if self.order_by:
            writer.raw("\n")
            self.write_order_by(writer)
        if self.limit is not None:
            writer.raw(f"\nLIMIT {self.limit}")
        elif self.offset is not None and not (writer.is_postgres or writer.literal):
            writer.raw(f"\nLIMIT {2**63 - 1}")  # SQLite and MySQL have no OFFSET without a LIMIT
        if self.offset is not None:
            writer.raw(f"\nOFFSET {self.offset}")

    def _write_conflict(self, writer: Writer) -> None:
        if self.conflict is None:
            return
        fields, data = self.conflict
        if writer.engine == MYSQL:
            writer.raw("\nON DUPLICATE KEY UPDATE ")
            if data:
                self._write_pairs(writer, data)
            else:
                name = fields.partition(",")[0].strip()
                writer.raw(f"{name} = {name}")
            return
        writer.raw(f"\nON CONFLICT ({fields}) DO ")
        writer.raw("UPDATE SET " if data else "NOTHING")
        self._write_pairs(writer, data)

    def _write_columns(self, writer: Writer, columns: Any) -> None:
        for index, column in enumerate(columns):
            writer.raw(", " if index else "")
            if isinstance(column, Fragment):
                column.write_operand(writer)
            else:
                writer.raw(self.naming.text(str(column)))

    def _write_pairs(self, writer: Writer, data: dict[str, Any]) -> None:
        for index, (column, value) in enumerate(data.items()):
            writer.raw(f", {column} = " if index else f"{column} = ")
            writer.value(value)

    def write_columns(self, writer: Writer) -> None:
        """Add what is asked for."""
        self._write_columns(writer, self.columns or ("*",))

    def write_group_by(self, writer: Writer) -> None:
        """Add GROUP BY."""
        writer.raw("GROUP BY ")
        self._write_columns(writer, self.group_by)

    def write_having(self, writer: Writer) -> None:
        """Add HAVING."""
        writer.raw(f"HAVING {self.naming.text(self.having)}")

    def write_order_by(self, writer: Writer) -> None:
        """Add ORDER BY; `-name` sorts downwards, the last of several names in one text."""
        writer.raw("ORDER BY ")
        for index, by in enumerate(self.order_by):
            writer.raw(", " if index else "")
            if isinstance(by, Fragment):
                by.write_operand(writer)
                continue
            writer.raw(self.naming.text(_sorted_by(str(by))))

    def write_returning(self, writer: Writer) -> None:
        """Add RETURNING."""
        writer.raw("RETURNING ")
        self._write_columns(writer, self.returning)

    def write_filter(self, writer: Writer) -> None:
        """Add the conditions."""
        write_all(writer, (*self.links, *self.terms) or (Text("1 = 1"),))

    def write_data_columns(self, writer: Writer) -> None:
        """Add the names of what is set."""
        writer.raw(", ".join(self.data))

    def write_data_values(self, writer: Writer) -> None:
        """Add the values of what is set."""
        writer.values(self.data.values(), ", ")

    def write_data_pairs(self, writer: Writer) -> None:
        """Add names and values of what is set."""
        self._write_pairs(writer, self.data)
