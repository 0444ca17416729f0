"""What a service serves, as a table for people: `atila-compat routes`."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Iterator
from typing import Any

from ..app import Atila
from .loading import LoadedApp
from .server import Service

Row = tuple[str, str, str, str]
HEADER: Row = ("METHODS", "RULE", "RESOURCE", "PLACE")


def place_of(func: Callable[..., Any]) -> str:
    """File, relative to the current directory where it lies below, and line of a function."""
    try:
        unwrapped = inspect.unwrap(func)
        path, line = inspect.getsourcefile(unwrapped) or "", inspect.getsourcelines(unwrapped)[1]
    except (OSError, TypeError):
        return ""
    relative = os.path.relpath(path)
    return f"{path if relative.startswith(os.pardir) else relative}:{line}"


def _rows_of(loaded: LoadedApp, alone: bool) -> Iterator[Row]:
    base = loaded.mount.point.rstrip("/")
    app, prefix = loaded.app, "" if alone else f"{loaded.mount.name}:"
    if not isinstance(app, Atila):
        yield ("*", f"{base}/*", prefix, place_of(app))
        return
    for route in app.router.routes():
        yield (
            ",".join(sorted(route.methods)),
            base + route.text,
            prefix + route.resource.id,
            place_of(route.resource.func),
        )
    for native in app.native.routes() if app.native is not None else ():
        yield (
            ",".join(sorted(getattr(native, "methods", None) or ("*",))),
            base + getattr(native, "path", "/*"),
            f"{prefix}{getattr(native, 'name', None) or ''} (native)",
            place_of(getattr(native, "endpoint", native)),
        )


def rows(service: Service) -> list[Row]:
    """Methods, rule, resource id (of several apps with their names) and place of all routes, by rule."""
    service.load()
    alone = len(service.loaded) == 1
    found = [row for loaded in service.loaded for row in _rows_of(loaded, alone)]
    if service.serve_static:
        found += [("GET,HEAD", f"{each.point}*", "", each.path) for each in service.mounts.directories]
    found += [("*", f"{each.point}*", "", f"{each.alias}{each.path}") for each in service.mounts.proxies]
    return sorted(found, key=lambda row: (row[1], row[0]))


def route_table(service: Service) -> str:
    """The table as text."""
    lines = [HEADER, *rows(service)]
    widths = [max(len(line[column]) for line in lines) for column in range(4)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )
