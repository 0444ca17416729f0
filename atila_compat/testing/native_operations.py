"""What the API document says of routes that are written for Starlette: moved routes stay in it."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from .schemas import Schema

if TYPE_CHECKING:
    from starlette.routing import BaseRoute, Route

_SHOWN = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
_CONVERTORS: dict[str, Schema] = {
    "IntegerConvertor": {"type": "integer", "minimum": 0},
    "FloatConvertor": {"type": "number", "minimum": 0},
    "PathConvertor": {"type": "string", "description": "may contain slashes"},
    "UUIDConvertor": {"type": "string", "format": "uuid"},
}


def native_operations(
    routes: Iterable[BaseRoute], point: str
) -> Iterator[tuple[str, str, str, dict[str, Any]]]:
    """The operations of native routes: (path, method, name of the route, operation without id and tags).

    Those below a `Mount` are among them, as far as they are routes of Starlette; WebSockets are not.

    Args:
        point: what goes before their paths.
    """
    from starlette.routing import Mount, Route

    point = point.rstrip("/")
    for route in routes:
        if isinstance(route, Mount):
            yield from native_operations(route.routes, point + route.path)
        elif isinstance(route, Route) and route.include_in_schema:
            for method in _methods(route):
                yield point + route.path_format, method, route.name, _operation(route, method)


def _methods(route: Route) -> list[str]:
    if route.methods is not None:
        return [method for method in _SHOWN if method in route.methods]
    # an HTTPEndpoint; any other ASGI application answers what it likes
    named = [method for method in _SHOWN if hasattr(route.endpoint, method.lower())]
    return named or ["GET"]


def _operation(route: Route, method: str) -> dict[str, Any]:
    func = route.endpoint if route.methods is not None else getattr(route.endpoint, method.lower(), None)
    summary, _, description = inspect.cleandoc(getattr(func, "__doc__", None) or "").partition("\n\n")
    operation: dict[str, Any] = {}
    if summary:
        operation["summary"] = " ".join(summary.split())
    if description:
        operation["description"] = description.strip()
    parameters = [
        {
            "name": name,
            "in": "path",
            "required": True,
            "schema": _CONVERTORS.get(type(convertor).__name__, {"type": "string"}),
        }
        for name, convertor in route.param_convertors.items()
    ]
    if parameters:
        operation["parameters"] = parameters
    operation["responses"] = {"200": {"description": "OK"}}
    return operation
