"""SQL templates of an app: files in `<home>/sqlmaps`, called by name from `was.db` (spec/08 section 4).

    <sqlmap version="1.0">
    <sql name="get_x">
    SELECT * FROM {tbl} WHERE {this.filter} {this.limit}
    </sql>
    </sqlmap>

    was.db("@x").get_x(tbl="foo").filter(id=1).limit(1).execute()

What is fed, like `tbl` here, becomes SQL as it is: it is meant for names of tables and columns and must never
come from a client. Values belong into filter(), set(), data() or V(); those are bound.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from string import Formatter
from typing import TYPE_CHECKING, Any, Self

from .conditions import Q
from .engines import PGSQL, sql_engine
from .expressions import D
from .identifiers import dotted
from .parts import UNFILTERED
from .query import Query, Runner
from .writer import Fragment, Writer

if TYPE_CHECKING:
    from .builder import Builder

DEFAULT = "default"
_TEMPLATE = re.compile(r"<sql\s([^>]*)>(.*?)</sql>", re.DOTALL)
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_NAME = re.compile(r"""(?:^|\s)name\s*=\s*["'](.+?)["']""")
_OLD_NAMES = {"filters": "filter"}


def parse(text: str) -> dict[str, str]:
    """The templates of a file by name; names that begin with `#` are left out."""
    found = {}
    for attributes, body in _TEMPLATE.findall(_COMMENT.sub("", text)):
        name = _NAME.search(attributes)
        if name and not name[1].startswith("#"):
            found[name[1]] = "\n".join(line.strip() for line in body.strip().splitlines())
    return found


class TemplateQuery(Query):
    """A query whose clauses stand where a template puts them: `{this.filter}`, `{this.limit}`...

    Placeholders: `this.filter`, `limit`, `offset`, `order_by`, `group_by`, `having`, `returning`, `columns`,
    `values`, `pairs`, their old names (`_filters`, `_limit`...), and whatever is fed.
    """

    def __init__(self, template: str, engine: str = PGSQL, runner: Runner | None = None) -> None:
        super().__init__("select", "", None, engine, runner)
        self._template = template
        self._fed: dict[str, Any] = {}

    def feed(self, **karg: Any) -> Self:
        """Fill placeholders; text is taken as SQL, V, Q, F, D and queries write themselves."""
        self._fed = {**self._fed, **karg}
        return self

    __call__ = feed

    def set(self, data: Mapping[str, Any] | D | None = None, /, **values: Any) -> Self:
        """The values that `this.columns`, `this.values` and `this.pairs` stand for.

        A `D` among them is a group of its own: `{d.pairs}` where `d=D(...)` was given.
        """
        given = {**((data.data if isinstance(data, D) else data) or {}), **values}
        groups = {name: value for name, value in given.items() if isinstance(value, D)}
        super().set({name: value for name, value in given.items() if name not in groups})
        return self.feed(**groups)

    data = set  # noqa: A003

    @property
    def is_empty(self) -> bool:
        """Whether the answer is known to be empty: limit(0) where the template has a limit."""
        return super().is_empty and "limit}" in self._template

    def aggregate(self, *columns: Any, ignore_limit: bool = True) -> Query:
        """A query for `columns` of the rows that the template finds."""
        made = self.clone()
        if ignore_limit:
            made.parts.limit = made.parts.offset = None
        return Query("select", made, "matched", self.engine, self.runner).get(*columns)

    def write_body(self, writer: Writer) -> None:
        parts = self.parts
        changes = self._template.lstrip()[:6].lower() in ("update", "delete")
        if changes and not (parts.terms or writer.literal) and self._has("filter", "filters"):
            raise AssertionError(UNFILTERED)
        for text, name, _, _ in Formatter().parse(self._template):
            writer.raw(text)
            if name is not None:
                self._write_placeholder(writer, name)

    def _has(self, *names: str) -> bool:
        return any(f"{{this.{name}}}" in self._template or f"{{_{name}}}" in self._template for name in names)

    def _write_placeholder(self, writer: Writer, name: str) -> None:
        if name in self._fed:
            self._write_fed(writer, self._fed[name])
            return
        if name.startswith("this."):
            clause = name.removeprefix("this.")
        elif name.startswith("_"):
            clause = _OLD_NAMES.get(name[1:], name[1:])
        else:
            clause = ""
        write = self._clauses().get(clause)
        if write is not None:
            write(writer)
            return
        base, dot, member = name.partition(".")
        if dot and isinstance(self._fed.get(base), D) and member in ("columns", "values", "pairs"):
            getattr(self._fed[base], f"write_{member}")(writer)
        elif dotted(name) in self.parts.data:
            writer.value(self.parts.data[dotted(name)])
        else:
            known = ", ".join(sorted(self._clauses()))
            raise KeyError(
                f"nothing was fed for {{{name}}}: use feed({name}=...), or one of this.* ({known})"
            )

    @staticmethod
    def _write_fed(writer: Writer, value: Any) -> None:
        if isinstance(value, Q) and not value:
            writer.raw("1 = 1")  # the template may have an AND or a WHERE before it
        elif isinstance(value, Fragment):
            value.write(writer)
        elif value is None:
            writer.raw("NULL")
        else:
            writer.raw(str(value))

    def _clauses(self) -> dict[str, Callable[[Writer], None]]:
        parts = self.parts

        def nothing(writer: Writer) -> None:
            """Add nothing: the clause was not asked for."""

        def limit(writer: Writer) -> None:
            writer.raw(f"LIMIT {parts.limit}")

        def offset(writer: Writer) -> None:
            writer.raw(f"OFFSET {parts.offset}")

        return {
            "filter": parts.write_filter,
            "limit": nothing if parts.limit is None else limit,
            "offset": nothing if parts.offset is None else offset,
            "order_by": parts.write_order_by if parts.order_by else nothing,
            "group_by": parts.write_group_by if parts.group_by else nothing,
            "having": parts.write_having if parts.having else nothing,
            "returning": parts.write_returning if parts.returning else nothing,
            "columns": parts.write_data_columns if parts.data else parts.write_columns,
            "values": parts.write_data_values,
            "pairs": parts.write_data_pairs,
        }


class Templates:
    """The templates of a folder; each file is a namespace called like it, without its extension.

    Args:
        engine: `"*postgresql"` or `"*sqlite3"`, what queries are built for outside of a database.
        folder: where the files are; it need not exist.
        auto_reload: look for changed files at each use.
    """

    def __init__(
        self, engine: str = PGSQL, folder: str | Path | None = None, auto_reload: bool = False
    ) -> None:
        self.engine = sql_engine(engine)
        self.folder = None if folder is None else Path(folder)
        self.auto_reload = auto_reload
        self._lock = threading.Lock()
        self._seen: dict[Path, int] | None = None
        self._namespaces: dict[str, dict[str, str]] = {}

    def _files(self) -> dict[Path, int]:
        if self.folder is None or not self.folder.is_dir():
            return {}
        return {
            path: path.stat().st_mtime_ns
            for path in sorted(self.folder.iterdir())
            if path.is_file() and path.name[0] not in "#."
        }

    @property
    def namespaces(self) -> dict[str, dict[str, str]]:
        """All templates, by namespace and name."""
        if self._seen is not None and not self.auto_reload:
            return self._namespaces
        with self._lock:
            files = self._files()
            if files != self._seen:
                self._namespaces = {path.stem: parse(path.read_text("utf8")) for path in files}
                self._seen = files
        return self._namespaces

    def find(self, name: str) -> str | dict[str, str]:
        """The template of that name in `default`, else the namespace of that name.

        Raises AttributeError naming the known ones.
        """
        namespaces = self.namespaces
        default = namespaces.get(DEFAULT, {})
        if name in default:
            return default[name]
        if name in namespaces:
            return namespaces[name]
        known = (
            ", ".join(sorted({*default, *(f"{each}.*" for each in namespaces if each != DEFAULT)})) or "none"
        )
        raise AttributeError(f"there is no SQL template {name!r} in {self.folder}; known: {known}")


class Namespace:
    """The templates of one file: `db.reports.monthly(year=2024)`."""

    def __init__(self, templates: dict[str, str], name: str, bind: Callable[[str], TemplateQuery]) -> None:
        self._templates, self._name, self._bind = templates, name, bind

    def __getattr__(self, name: str) -> TemplateQuery:
        if name not in self._templates:
            known = ", ".join(sorted(self._templates)) or "none"
            raise AttributeError(f"there is no SQL template {self._name}.{name}; known: {known}")
        return self._bind(self._templates[name])


class SQLMaps:
    """`app.setup_sqlphile` and `app.get_sql_template`; a trait of the app."""

    if TYPE_CHECKING:
        home: str
        use_reloader: bool

    def __init__(self) -> None:
        self._sql_engine = PGSQL
        self._sql_folder = "sqlmaps"
        self._sql_templates: tuple[tuple[Any, ...], Templates] | None = None
        super().__init__()

    def setup_sqlphile(self, engine: str = PGSQL, template_dir: str = "sqlmaps") -> None:
        """Say where the app's SQL templates are, below its home directory, and for which engine.

        Raises ValueError for what is no SQL engine.
        """
        self._sql_engine = sql_engine(engine)
        self._sql_folder = template_dir

    def get_sql_template(self) -> Builder:
        """A builder of queries for that engine, which knows the templates; `str(query)` shows their SQL."""
        from .builder import Builder

        templates = self.sql_templates
        return Builder(templates.engine, templates)

    @property
    def sql_templates(self) -> Templates:
        """The templates; with a reloader files that changed are read again."""
        made_for = (self.home, self._sql_folder, self._sql_engine, self.use_reloader)
        if self._sql_templates is None or self._sql_templates[0] != made_for:
            folder = Path(self.home, self._sql_folder)
            self._sql_templates = made_for, Templates(self._sql_engine, folder, self.use_reloader)
        return self._sql_templates[1]
