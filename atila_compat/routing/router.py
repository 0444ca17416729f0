"""Finds the route of a path: a dict for exact rules, then patterns in order (spec/02 section 3)."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterator
from typing import Any

from .route import Route, RouteSet
from .rules import Rule

_NO_PARAMS: dict[str, Any] = {}


class Redirect(Exception):  # noqa: N818 - not an error
    """The path exists with a slash at its end."""


class Unrouted(Exception):  # noqa: N818 - not an error
    """`app.unroute` has closed the path; args[0] is the status code to answer."""


class Router:
    """The routes of one app.

    Attributes:
        by_id: the route that `urlfor(id)` builds: the last one declared for the resource.
    """

    def __init__(self) -> None:
        self._exact: dict[str, RouteSet] = {}
        self._implied: dict[str, RouteSet] = {}
        self._patterns: dict[str, RouteSet] = {}
        self._ordered: list[tuple[str, RouteSet]] = []
        self._closed: list[tuple[re.Pattern[str], int]] = []
        self.by_id: dict[str, Route] = {}

    def add(self, route: Route) -> list[str]:
        """Add a route; returns the methods for which it replaced an earlier one."""
        if route.rule is None:
            found = self._exact.get(route.text)
            if found is None:
                found = self._exact[route.text] = RouteSet(route.text)
            return found.add(route)
        known = self._patterns.get(route.text)
        if known is None:
            known = self._patterns[route.text] = RouteSet(route.text, route.rule)
            self._ordered.append((route.rule.prefix, known))
            # A stable sort: among prefixes of one length the order of declaration stays.
            self._ordered.sort(key=lambda entry: -len(entry[0]))
        elif route.rule.optional and known.rule is not None and not known.rule.optional:
            known.rule = route.rule
        if route.rule.optional and len(route.rule.names) == 1:
            bare = route.rule.prefix or "/"
            implied = self._implied.get(bare)
            if implied is None:
                implied = self._implied[bare] = RouteSet(bare)
            implied.add(route)
        return known.add(route)

    def discard(self, resource_id: str) -> None:
        """Forget all routes of a resource."""
        for table in (self._exact, self._implied, self._patterns):
            for key in [key for key, routes in table.items() if routes.by_method]:
                table[key].discard(resource_id)
                if not table[key].by_method:
                    del table[key]
        self._ordered = [(prefix, routes) for prefix, routes in self._ordered if routes.by_method]
        self.by_id.pop(resource_id, None)

    def close(self, pattern: str, status_code: int) -> None:
        """Answer paths that match the fnmatch `pattern` with `status_code`."""
        self._closed.append((re.compile(fnmatch.translate(pattern)), status_code))

    def find(self, path: str) -> tuple[RouteSet, dict[str, Any]] | None:
        """The routes for `path` and its parameters; None where there are none.

        Raises Unrouted, Redirect, and HTTPError 400 for parameters that cannot be converted.
        """
        if self._closed:
            for pattern, status_code in self._closed:
                if pattern.match(path):
                    raise Unrouted(status_code)
        found = self._exact.get(path) or self._implied.get(path)
        if found is not None:
            return found, _NO_PARAMS
        if path + "/" in self._exact:
            raise Redirect(path + "/")
        for prefix, routes in self._ordered:
            if path.startswith(prefix) and routes.rule is not None:
                params = routes.rule.match(path)
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
                    if id(route) not in seen:
                        seen.add(id(route))
                        yield route

    def exact(self, path: str) -> RouteSet:
        """The entry of the map of exact rules; KeyError where there is none (`app["/path"]`)."""
        return self._exact[path]


def path_of(rule: Rule | None, text: str, values: dict[str, Any]) -> str:
    """The path that a route builds from `values`."""
    return rule.build(values) if rule is not None else text
