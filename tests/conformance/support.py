"""The README's support table: made of the recorded cases and the list of expected failures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from .corpus import Case
from .expected import Expected

README = Path(__file__).resolve().parents[2] / "README.md"
BEGIN, END = "<!-- support:begin -->", "<!-- support:end -->"

AREAS = {
    "app": "a whole to-do API",
    "auth": "basic, digest and bearer authorization, login, staff, permissions",
    "cache": "`use_cache`, `setlu`/`getlu`, `skitai.g`, `was.g`",
    "cookie": "`was.cookie`",
    "coroutine": "generator coroutines that yield tasks",
    "cors": "CORS of apps and of routes, preflight",
    "db": "`was.db`: SQLite, PostgreSQL, Redis, the SQL builder",
    "errors": "`was.Error`, error handlers, exceptions, `--devel`",
    "events": "`app.on`, `app.emit`, life cycle events",
    "grpc": "gRPC services",
    "hooks": "request hooks, `run_before`, `if_updated` and their like",
    "inspect": "`app.inspect` and `app.require`",
    "maintain": "maintenance jobs",
    "map": "`was.Map`, `was.Mapped`",
    "mbox": "`was.mbox`",
    "mount": "packages, sub apps, preferences, overrides, WSGI callables",
    "params": "query, form and JSON parameters, their errors",
    "proxy": "HTTP and RPC tasks, clusters, `was.ProxyPass`",
    "request": "`was.request`, `was.env`",
    "response": "return values, `was.API`, files, gzip, XML, redirects",
    "routing": "rules, typed parameters, methods, slashes, order",
    "rpc": "XML-RPC and JSON-RPC services",
    "session": "`was.session`",
    "static": "static and media folders",
    "stream": "request streams, generators, `was.Queue`",
    "task": "`was.Thread`, `Process`, `Subprocess`, `Tasks`, `then`",
    "template": "`was.render`, `was.render_or_API`, CSRF in forms",
    "token": "CSRF, JWT, one-time passwords and tokens",
    "upload": "uploaded files",
    "url": "`was.urlfor`, `was.pipe`",
    "websocket": "WebSockets, all four kinds and pushes",
}
"""What users find in each area of the recorded cases."""


@dataclass
class Support:
    """The figures of one area, in exchanges; `mended` are those where the original errs."""

    recorded: int = 0
    missing: int = 0
    mended: int = 0

    def add(self, case: Case, missing: int) -> None:
        """Count a case in."""
        self.recorded += len(case.exchanges)
        self.missing += missing
        self.mended += len(case.deviations)

    def row(self, name: str, what: str) -> str:
        """A row of the table."""
        alike = self.recorded - self.missing
        share = "all" if not self.missing else f"{alike} ({100 * alike // self.recorded} %)"
        return f"| {name} | {what} | {self.recorded} | {share} | {self.mended or ''} |"


def table(cases: Mapping[str, Case], expected: Expected) -> str:
    """The table as Markdown."""
    areas: dict[str, Support] = {}
    total = Support()
    for name, case in sorted(cases.items()):
        missing = len(expected.get(name, ()))
        areas.setdefault(case.area, Support()).add(case, missing)
        total.add(case, missing)
    rows = [area.row(name, AREAS[name]) for name, area in areas.items()]
    return "\n".join(
        [
            "| Area | What apps use | Recorded answers | Given here | Mended |",
            "| --- | --- | ---: | ---: | ---: |",
            *rows,
            total.row("**All**", ""),
        ]
    )


def between(text: str) -> str:
    """What stands between the markers; ValueError where they are missing."""
    _, begin, rest = text.partition(BEGIN + "\n")
    inner, end, _ = rest.partition("\n" + END)
    if not begin or not end:
        raise ValueError(f"README.md needs the lines {BEGIN} and {END}")
    return inner


def replaced(text: str, table: str) -> str:
    """`text` with the table between the markers; ValueError where they are missing."""
    between(text)
    head, _, rest = text.partition(BEGIN)
    return head + BEGIN + "\n" + table + "\n" + END + rest.partition(END)[2]
