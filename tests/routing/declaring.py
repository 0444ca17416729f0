"""Routes without an app, for tests of the router."""

from __future__ import annotations

from typing import Any

from atila_compat.errors import HTTPError
from atila_compat.routing.resource import resource_of
from atila_compat.routing.route import Route
from atila_compat.routing.router import Redirect, Router, Unrouted


def route(
    rule: str, *methods: str, func: Any = None, overridable: str | None = None, **options: Any
) -> Route:
    """A route to `func`, or to a handler that takes any keyword."""
    if func is None:

        def func(was: Any, **kw: Any) -> str:
            return rule

    if methods:
        options["methods"] = methods
    return Route(rule, func, resource_of(func), options, {}, overridable)


def router(*rules: str | Route) -> Router:
    """A router with these routes."""
    made = Router()
    for rule in rules:
        made.add(rule if isinstance(rule, Route) else route(rule))
    return made


def outcome(table: Router, path: str, method: str = "GET") -> Any:
    """What becomes of a request: (rule, parameters), or the status code of the refusal."""
    try:
        found = table.find(path, method)
    except Redirect as redirect:
        return f"301 {redirect.args[0]}"
    except Unrouted as closed:
        return closed.args[0]
    except HTTPError as error:
        return error.status_code
    if found is None:
        return 404
    routes, params = found
    hit = routes.by_method.get(method)
    return 405 if hit is None else (hit.text, params)
