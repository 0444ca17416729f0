"""Finds the route of a path: a dict for exact rules, then patterns in order (spec/02 section 3)."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Callable, Iterator
from typing import Any

from .index import PatternIndex
from .route import Route, RouteSet
from .rules import Rule


class Redirect(Exception):
    """The path exists with a slash at its end."""


class Unrouted(Exception):
    """`app.unroute` has closed the path; args[0] is the status code to answer."""


class Router:
    """The routes of one app.

    Attributes:
        by_id: the route that `urlfor(id)` builds: the last one declared for the resource.
    """

    def __init__(self) -> None:
        self._exact: dict[str, RouteSet] = {}
        self._patterns: dict[str, RouteSet] = {}
        self._index: PatternIndex | None = None
        self._closed: list[tuple[re.Pattern[str], int]] = []
        self.by_id: dict[str, Route] = {}

    def add(self, route: Route) -> list[str]:
        """Add a route; returns the methods for which it replaced an earlier one."""
        rule = route.rule
        if rule is None:
            return self._set_of(self._exact, route.text).add(route)
        if rule.optional and len(rule.names) == 1:
            self._imply(route, rule.prefix or "/")
        if rule.pattern not in self._patterns:
            self._index = None
        return self._set_of(self._patterns, rule.pattern, rule).add(route)

    def _imply(self, route: Route, path: str) -> None:
        """Let `route` answer `path` too, which leaves out its parameter, where nothing answers that yet.

        What was there before stays, whatever its methods; what is declared later joins (spec/02 section 2).
        """
        present = self._exact.get(path)
        if present is None or route.overridable == "overrides" or present.is_implied_by(route.resource):
            self._set_of(self._exact, path).add(route.implied())

    @staticmethod
    def _set_of(table: dict[str, RouteSet], key: str, rule: Rule | None = None) -> RouteSet:
        found = table.get(key)
        if found is None:
            found = table[key] = RouteSet(rule)
        return found

    def copy(self) -> Router:
        """A router with the same routes, which can be changed without changing this one."""
        twin = Router()
        for name in ("_exact", "_patterns"):
            table = {key: routes.copy() for key, routes in getattr(self, name).items()}
            setattr(twin, name, table)
        twin._closed = list(self._closed)
        twin.by_id = dict(self.by_id)
        return twin

    def keep(self, wanted: Callable[[Route], bool]) -> None:
        """Forget the routes that are not wanted."""
        for table in (self._exact, self._patterns):
            for key, routes in list(table.items()):
                if not routes.keep(wanted):
                    del table[key]
        self._index = None
        self.by_id = {name: route for name, route in self.by_id.items() if wanted(route)}

    def discard(self, resource_id: str) -> None:
        """Forget all routes of a resource."""
        self.keep(lambda route: route.resource.id != resource_id)

    def close(self, pattern: str, status_code: int) -> None:
        """Answer paths that match the fnmatch `pattern` with `status_code`."""
        self._closed.append((re.compile(fnmatch.translate(pattern)), status_code))

    def find(self, path: str, method: str | None = None) -> tuple[RouteSet, dict[str, Any]] | None:
        """The routes for `path`, and its parameters for the route of `method`; None where there are none.

        Raises Unrouted, Redirect, and HTTPError 400 for parameters that cannot be converted.
        """
        for pattern, status_code in self._closed:
            if pattern.match(path):
                raise Unrouted(status_code)
        found = self._exact.get(path)
        if found is not None:
            return found, {}
        if path + "/" in self._exact:
            raise Redirect(path + "/")
        index = self._index
        if index is None:
            index = self._index = PatternIndex(self._patterns.values())
        for routes in index.candidates(path):
            values = routes.match(path)
            if values is None:
                continue
            route = routes.by_method.get(method) if method else routes.first
            params = {} if route is None or route.rule is None else route.rule.deliver(values)
            if params is not None:
                return routes, params
        return None

    def knows(self, path: str) -> bool:
        """Whether some answer of this app's own belongs to `path`."""
        try:
            return self.find(path) is not None
        except Exception:
            return True

    def routes(self) -> Iterator[Route]:
        """All routes in the order of their rules."""
        seen: set[int] = set()
        for table in (self._exact, self._patterns):
            for routes in table.values():
                for route in routes.by_method.values():
                    if route.implied_by is None and id(route) not in seen:
                        seen.add(id(route))
                        yield route

    def exact(self, path: str) -> RouteSet:
        """The entry of the map of exact rules; KeyError where there is none (`app["/path"]`)."""
        return self._exact[path]
