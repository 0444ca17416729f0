"""The query builder: what `was.db("@x").select("shop").filter(id=1)` makes (spec/08 section 4).

Every value is a bound parameter of what the database gets; `str(query)` shows literals, for people.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any, Protocol, Self

from .conditions import Q, Text, terms_of
from .engines import PGSQL
from .expressions import D, F
from .identifiers import checked, number
from .models import Naming, is_model, table_of
from .parts import Join, Parts
from .writer import Fragment, Statement, Writer


class Runner(Protocol):
    """What executes a query: a stub that starts a task, or a cursor that waits."""

    def run(self, query: Query) -> Any:
        """Execute `query`; what this returns has fetch(), one() and commit()."""


def _is_condition(alias: Any) -> bool:
    """Whether a condition was given where an alias may be: no alias is `true` or has a dot."""
    return isinstance(alias, Fragment) or alias == "true" or "." in (alias or "")


class Query(Fragment):
    """A statement that is being built; every method but `clone` and `aggregate` changes it and returns it.

    Args:
        verb: `"select"`, `"insert"`, `"update"` or `"delete"`.
        table: name, another query, or a model.
        alias: what the table is called in the query.
        engine: `"*postgresql"` or `"*sqlite3"`.
        runner: what `execute()` goes to.
    """

    def __init__(
        self, verb: str, table: Any, alias: str | None, engine: str = PGSQL, runner: Runner | None = None
    ) -> None:
        self.engine = engine
        self.runner = runner
        naming = Naming(table if is_model(table) else None, alias or "")
        self.parts = Parts(verb, table, alias or "", naming)
        self._appended: list[Any] = []

    # conditions

    def filter(self, *conditions: Any, **operators: Any) -> Self:
        """Add conditions, joined by AND; text is SQL of the app's own, values of None are left out.

        Raises ValueError for names that are no columns.
        """
        self.parts.terms += terms_of(conditions, operators, self.parts.naming.column)
        return self

    def exclude(self, *conditions: Any, **operators: Any) -> Self:
        """Add `NOT (...)` around conditions; see `filter`."""
        terms = terms_of(conditions, operators, self.parts.naming.column)
        if terms:
            negated = ~Q(F("1"))
            negated.terms = terms
            self.parts.terms.append(negated)
        return self

    def all(self) -> Self:
        """Allow a change of every row."""
        self.parts.terms.append(Text("1 = 1"))
        return self

    # what is asked for

    def get(self, *columns: Any) -> Self:
        """Ask for these columns, beside those asked for before, in place of `*`; empty ones are left out."""
        columns = tuple(column for column in columns if column is not None and column != "")
        if columns and self.parts.columns == ["*"]:
            self.parts.columns = []
        self.parts.columns += columns
        return self

    def group_by(self, *by: Any) -> Self:
        """Group by these expressions, in place of those given before."""
        self.parts.group_by = by
        return self

    def having(self, cond: str) -> Self:
        """Keep groups for which the SQL `cond` holds."""
        self.parts.having = str(cond or "")
        return self

    def order_by(self, *by: Any) -> Self:
        """Sort by these expressions, `"-name"` descending, in place of those given before."""
        self.parts.order_by = tuple(each for each in by if each)
        return self

    def limit(self, val: int | str | None) -> Self:
        """At most so many rows; 0 is answered without asking the database, None means no limit.

        Raises ValueError for what is no number.
        """
        self.parts.limit = number(val)
        return self

    def offset(self, val: int | str | None) -> Self:
        """Leave out so many rows at the beginning.

        Raises ValueError for what is no number.
        """
        self.parts.offset = number(val)
        return self

    def __getitem__(self, part: slice) -> Self:
        if not isinstance(part, slice):
            raise TypeError(f"a query takes slices, query[2:4], not query[{part!r}]")
        start, stop = part.start or 0, part.stop
        if start < 0 or (stop is not None and stop < 0):
            raise ValueError("a query knows no end to count from: negative slices are not possible")
        if stop is not None:
            self.limit(max(stop - start, 0))
        return self.offset(start) if start else self

    __iter__ = None  # a query has slices, but its rows come from execute()

    @property
    def is_empty(self) -> bool:
        """Whether the answer is known to be empty: limit(0) of a plain select."""
        return (
            self.parts.limit == 0
            and self.parts.verb == "select"
            and not (self.parts.compounds or self.parts.into or self._appended)
        )

    # joins

    def _join(
        self, kind: str, table: Any, alias: str, on: Any, conditions: tuple[Any, ...], operators: Any
    ) -> Self:
        if _is_condition(alias):
            alias, on, conditions = "", alias, (on, *conditions)
        terms = terms_of((on, *conditions), operators, self.parts.naming.column)
        self.parts.joins.append(Join(kind, table, alias or "", terms))
        return self

    def join(self, obj: Any, alias: str = "", on: Any = None, *conditions: Any, **filters: Any) -> Self:
        """INNER JOIN with a table, a query or a model; the conditions are joined by AND.

        They may come in place of an alias, `join("sale", "shop.id = sale.shop_id")`.
        """
        return self._join("INNER JOIN", obj, alias, on, conditions, filters)

    def left_join(self, obj: Any, alias: str = "", on: Any = None, *conditions: Any, **filters: Any) -> Self:
        """LEFT OUTER JOIN; see `join`."""
        return self._join("LEFT OUTER JOIN", obj, alias, on, conditions, filters)

    def right_join(self, obj: Any, alias: str = "", on: Any = None, *conditions: Any, **filters: Any) -> Self:
        """RIGHT OUTER JOIN; see `join`."""
        return self._join("RIGHT OUTER JOIN", obj, alias, on, conditions, filters)

    def full_join(self, obj: Any, alias: str = "", on: Any = None, *conditions: Any, **filters: Any) -> Self:
        """FULL OUTER JOIN; see `join`."""
        return self._join("FULL OUTER JOIN", obj, alias, on, conditions, filters)

    def cross_join(self, obj: Any, alias: str = "", on: Any = None, *conditions: Any, **filters: Any) -> Self:
        """CROSS JOIN; see `join`."""
        return self._join("CROSS JOIN", obj, alias, on, conditions, filters)

    def from_(self, obj: Any, alias: str = "", on: Any = None, *conditions: Any, **filters: Any) -> Self:
        """A further table of an update or delete; the conditions belong to WHERE."""
        first = not any(join.kind in ("FROM", "USING") for join in self.parts.joins)
        kind = (
            {"update": "FROM", "delete": "USING"}.get(self.parts.verb, "CROSS JOIN")
            if first
            else "CROSS JOIN"
        )
        self.parts.links += terms_of((on, *conditions), filters, self.parts.naming.column)
        self.parts.joins.append(Join(kind, obj, alias or "", []))
        return self

    def _join_related(self, kind: str, chain: str, alias: str) -> Self:
        for name, model, near, key in self.parts.naming.related(chain):
            far = name or alias
            condition = Text(f"{near} = {checked(far)}.{key}")
            if kind == "FROM":
                self.from_(model, far)
                self.parts.links.append(condition)
            else:
                self.parts.joins.append(Join(kind, model, far, [] if kind == "CROSS JOIN" else [condition]))
        self.parts.naming.joined(chain, alias)
        return self

    def join_related(self, fk_chain: str, alias: str) -> Self:
        """INNER JOIN along a foreign key of the model, `"user"` or `"user__team"`.

        Raises AssertionError for a query without a model, KeyError for what is no foreign key.
        """
        return self._join_related("INNER JOIN", fk_chain, alias)

    def left_join_related(self, fk_chain: str, alias: str) -> Self:
        """LEFT OUTER JOIN along a foreign key; see `join_related`."""
        return self._join_related("LEFT OUTER JOIN", fk_chain, alias)

    def right_join_related(self, fk_chain: str, alias: str) -> Self:
        """RIGHT OUTER JOIN along a foreign key; see `join_related`."""
        return self._join_related("RIGHT OUTER JOIN", fk_chain, alias)

    def full_join_related(self, fk_chain: str, alias: str) -> Self:
        """FULL OUTER JOIN along a foreign key; see `join_related`."""
        return self._join_related("FULL OUTER JOIN", fk_chain, alias)

    def cross_related(self, fk_chain: str, alias: str) -> Self:
        """CROSS JOIN with the table of a foreign key; see `join_related`."""
        return self._join_related("CROSS JOIN", fk_chain, alias)

    def from_related(self, fk_chain: str, alias: str) -> Self:
        """The table of a foreign key as a further table, with the condition in WHERE; see `join_related`."""
        return self._join_related("FROM", fk_chain, alias)

    # what is written

    def set(self, data: Mapping[str, Any] | D | None = None, /, **values: Any) -> Self:
        """The values of an insert or update; further calls add to them.

        Raises ValueError for keys that are no columns: a dict from a client is safe here.
        """
        given = data.data if isinstance(data, D) else data
        for name, value in {**(given or {}), **values}.items():
            self.parts.data[self.parts.naming.column(str(name))] = value
        return self

    data = set  # noqa: A003

    def upflict(self, field_name: str, **data: Any) -> Self:
        """On a conflict in these fields (`"a"` or `"a, b"`) update with `data`, without data do nothing.

        Raises AssertionError for what is no insert, ValueError for names that are no columns.
        """
        assert self.parts.verb == "insert", "INSERT query required"
        fields = ", ".join(self.parts.naming.column(field.strip()) for field in field_name.split(","))
        self.parts.conflict = fields, {self.parts.naming.column(name): value for name, value in data.items()}
        return self

    def returning(self, *args: Any) -> Self:
        """Answer these columns of what was changed."""
        self.parts.returning = args
        return self

    def into(self, table: Any, *columns: str) -> Self:
        """Insert what was selected into `table`."""
        self.parts.into = table_of(table) if is_model(table) else str(table), columns
        return self

    # several statements in one

    def with_(self, alias: Any, sql: Any = None) -> Self:
        """Name a query, SQL or a row of values (`D`); without a name it is called `cte_1`, `cte_2`...

        Raises ValueError for what is no name.
        """
        if sql is None:
            alias, sql = f"cte_{len(self.parts.ctes) + 1}", alias
        self.parts.ctes.append((checked(alias), sql))
        return self

    def const(self, var: str, val: Any) -> Self:
        """Name a value that `const(name)` stands for."""
        self.parts.ctes.append((checked(var), (val,)))
        return self

    def union(self, sql: Any) -> Self:
        """UNION with a query or SQL."""
        self.parts.compounds.append(("UNION", sql))
        return self

    def union_all(self, sql: Any) -> Self:
        """UNION ALL with a query or SQL."""
        self.parts.compounds.append(("UNION ALL", sql))
        return self

    def intersect(self, sql: Any) -> Self:
        """INTERSECT with a query or SQL."""
        self.parts.compounds.append(("INTERSECT", sql))
        return self

    def except_(self, sql: Any) -> Self:
        """EXCEPT a query or SQL."""
        self.parts.compounds.append(("EXCEPT", sql))
        return self

    def append(self, sql: Any) -> Self:
        """Execute another query or SQL after this one; the answer is the last one's."""
        self._appended.append(sql)
        return self

    # copies

    def clone(self, conn: Any = None) -> Self:
        """A copy that can be built further without touching this one."""
        made = copy.copy(self)
        made.parts = self.parts.copy()
        made._appended = list(self._appended)
        return made

    branch = clone

    def aggregate(self, *columns: Any, ignore_limit: bool = True) -> Query:
        """A copy that asks for `columns` of the same rows, without order, groups and (by default) limits."""
        made = self.clone()
        parts = made.parts
        if ignore_limit:
            parts.limit = parts.offset = None
        if parts.compounds:
            return Query("select", made, "matched", self.engine, self.runner).get(*columns)
        parts.columns = list(columns)
        parts.order_by = parts.group_by = ()
        parts.having = ""
        return made

    # execution

    def execute(self) -> Any:
        """Execute; through `was.db` this starts a task, through a cursor it waits.

        Raises AssertionError for an update or delete without conditions.
        """
        if self.runner is None:
            raise RuntimeError("this query belongs to no database: build it from was.db('@name')")
        return self.runner.run(self)

    def exfetch(self, *args: Any, **kargs: Any) -> Any:
        """`execute().fetch()`."""
        return self.execute().fetch(*args, **kargs)

    def exone(self, *args: Any, **kargs: Any) -> Any:
        """`execute().one()`."""
        return self.execute().one(*args, **kargs)

    def excommit(self, *args: Any, **kargs: Any) -> Any:
        """`execute().commit()`."""
        return self.execute().commit(*args, **kargs)

    fetch, one, commit = exfetch, exone, excommit

    # SQL

    def compile(self) -> tuple[str, tuple[Any, ...]]:
        """The statement, with `?` on SQLite and `$1` on PostgreSQL, and its parameters; no appended ones.

        Raises AssertionError for an update or delete without conditions, ValueError for values that the
        engine has no place for.
        """
        writer = Writer(self.engine)
        self.write(writer)
        return writer.sql(), tuple(writer.params)

    def statements(self) -> list[Statement]:
        """Everything to execute, in order; see `compile`."""
        made = [Statement(*self.compile())]
        for sql in self._appended:
            if isinstance(sql, Query):
                sql = copy.copy(sql)
                sql.engine = self.engine
                made += sql.statements()
            else:
                made.append(Statement(str(sql)))
        return made

    def render(self, engine: str = "") -> str:
        """The SQL with literals, for people to read; by default that of the query's own engine."""
        writer = Writer(engine or self.engine, literal=True)
        self.write(writer)
        for sql in self._appended:
            writer.raw(";\n")
            writer.raw(str(sql))
        return writer.sql()

    as_sql = render

    @property
    def query(self) -> str:
        """The same as `render()`."""
        return self.render()

    def __str__(self) -> str:
        return self.render()

    def __repr__(self) -> str:
        return f"<Query {self.render()!r}>"

    def write_operand(self, writer: Writer) -> None:
        writer.raw("(")
        self.write(writer)
        writer.raw(")")

    def write(self, writer: Writer) -> None:
        self.parts.write(writer, self.write_body)

    def write_body(self, writer: Writer) -> None:
        """Add the clauses."""
        self.parts.write_clauses(writer)
