"""Where queries begin: `db.select("shop")`, `db.with_("big", query).select("big")`, `db.get_x(tbl="a")`."""

from __future__ import annotations

from typing import Any

from .engines import PGSQL
from .models import is_model
from .query import Query
from .sqlmaps import Namespace, TemplateQuery, Templates


class Builder:
    """Makes queries for an engine and executes them; stubs and cursors are builders.

    Args:
        engine: `"*postgresql"` or `"*sqlite3"`.
        templates: the app's SQL templates.
    """

    def __init__(self, engine: str = PGSQL, templates: Templates | None = None) -> None:
        self._engine = engine
        self._templates = templates or Templates(engine)

    def run(self, query: Query) -> Any:
        """Execute `query`.

        Raises RuntimeError here: this builder belongs to no database.
        """
        raise RuntimeError("this query belongs to no database: build it from was.db('@name')")

    def _query(self, verb: str, table: Any, alias: str | None) -> Query:
        kind: type[Query] = getattr(table, "query_class", Query) if is_model(table) else Query
        return kind(verb, table, alias, self._engine, self)

    def select(self, table: Any, alias: str | None = None) -> Query:
        """A query for rows of a table, of another query or of a model."""
        return self._query("select", table, alias)

    def insert(self, table: Any, alias: str | None = None) -> Query:
        """A query that adds a row; its values are given to `set`."""
        return self._query("insert", table, alias)

    def update(self, table: Any, alias: str | None = None) -> Query:
        """A query that changes rows; it needs conditions, or `.all()`."""
        return self._query("update", table, alias)

    def delete(self, table: Any, alias: str | None = None) -> Query:
        """A query that removes rows; it needs conditions, or `.all()`."""
        return self._query("delete", table, alias)

    def with_(self, alias: Any, sql: Any = None) -> With:
        """Name a query first: `db.with_("big", query).select("big")`; see `Query.with_`."""
        return With(self, [(alias, sql)])

    def template(self, template: str) -> TemplateQuery:
        """A query from a template in the app's code; see `atila_compat.data.sqlmaps`."""
        return TemplateQuery(template, self._engine, self)

    from_string = template

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        found = self._templates.find(name)
        if isinstance(found, dict):
            return Namespace(found, name, self.template)
        return self.template(found)


class With:
    """A query that begins with named ones and does not know yet what it is going to do."""

    def __init__(self, builder: Builder, ctes: list[tuple[Any, Any]]) -> None:
        self._builder, self._ctes = builder, ctes

    def with_(self, alias: Any, sql: Any = None) -> With:
        """Name another query."""
        return With(self._builder, [*self._ctes, (alias, sql)])

    def __getattr__(self, name: str) -> Any:
        start = getattr(self._builder, name)

        def begin(*args: Any, **kwargs: Any) -> Any:
            query = start(*args, **kwargs)
            for alias, sql in self._ctes:
                query.with_(alias, sql)
            return query

        return begin
