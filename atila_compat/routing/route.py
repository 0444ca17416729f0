"""One declared route, and all routes that share a rule."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable
from typing import Any

from ..types import Handler
from .resource import Resource
from .rules import Rule, has_parameters

BODY_METHODS = frozenset(("POST", "PUT", "PATCH"))
DEFAULT_METHODS = ("GET", "POST")
AUTHENTICATION_KINDS = (None, "basic", "digest", "bearer")
UNSET: Any = object()
"""An option that the route leaves to the app."""


def _several(values: Any) -> Iterable[str]:
    """A list of option values, which apps give as a single one too."""
    return (values,) if isinstance(values, str) else values or ()


class Route:
    """A rule, a handler and the options of one `@app.route` (spec/02 section 1.2).

    Attributes:
        handler: what is called: the handler with all decorators that stand below `@app.route`.
        resource: what is known of the undecorated handler.
        methods: the methods that this declaration listed; `routable["methods"]` has those of the whole rule.
        routable: what the handler sees as `was.request.routable` (spec/02 section 1.3).
        overridable: None, "extends" or "overrides": where the route comes from (spec/01 section 5).
        authenticate: None, "basic", "digest" or "bearer"; UNSET where the app decides.
        own_authentication: the kind that this means where the app decides nothing.
        cors: allowed origins; UNSET where the app decides.
        origin: what has declared the route, the mount of a module; when that is reloaded, its routes go.
        implied_by: the route whose optional parameter this one leaves out; None for one that was declared.
        url_args: how many of the resource's arguments come from the path.
        wanted: names of the arguments that query and body may give.
    """

    __slots__ = (
        "authenticate",
        "content_types",
        "coroutine",
        "cors",
        "cors_max_age",
        "handler",
        "implied_by",
        "input_stream",
        "methods",
        "origin",
        "overridable",
        "own_authentication",
        "resource",
        "routable",
        "rule",
        "subdomain",
        "takes_more",
        "text",
        "url_args",
        "wanted",
        "websocket",
    )

    def __init__(
        self,
        text: str,
        handler: Handler,
        resource: Resource,
        options: dict[str, Any],
        mount_options: dict[str, Any],
        overridable: str | None = None,
        origin: object = None,
    ) -> None:
        options = {**resource.options, **options}
        self.text = text
        self.handler = handler
        self.resource = resource
        self.overridable = overridable
        self.origin = origin
        self.implied_by: Route | None = None
        self.rule = self._compile(text, resource) if has_parameters(text) else None
        methods = _several(options.get("methods")) or DEFAULT_METHODS
        self.methods = frozenset(method.upper() for method in methods)
        content_types = _several(options.get("content_types"))
        self.content_types = frozenset(t.lower() for t in content_types) if content_types else None
        self.authenticate = self._authentication(resource.options, mount_options, options)
        own = "digest" if self.authenticate is True else self.authenticate
        self.own_authentication: str | None = None if own is UNSET else own
        self.cors = options.get("access_control_allow_origin", UNSET)
        self.cors_max_age = options.get("access_control_max_age", UNSET)
        self.coroutine = bool(options.get("coroutine"))
        self.input_stream = bool(options.get("input_stream"))
        self.subdomain: str | None = options.get("subdomain")
        self.websocket: Any = options.get("websocket")
        names = self.rule.names if self.rule else ()
        self.url_args = len(names)
        self.wanted = tuple(name for name in resource.args if name not in names)
        self.takes_more = resource.keywords is not None or bool(self.wanted)
        self.routable: dict[str, Any] = {
            **options,
            "methods": set(self.methods),
            "coroutine": self.coroutine,
            "input_stream": self.input_stream,
            "func_id": resource.id,
            "mntopt": mount_options,
            "route": text,
            "overridable": overridable,
            "args": list(resource.args),
            "keywords": resource.keywords,
        }
        if resource.defaults:
            self.routable["defaults"] = dict(resource.defaults)
        if names:
            self.routable["urlargs"] = len(names)

    def implied(self) -> Route:
        """The same route for the path that leaves out its one, optional parameter."""
        twin = copy.copy(self)
        twin.implied_by = self
        shown: str = self.routable["route"]
        shown = shown[: shown.index("/<")]
        assert self.rule is not None
        twin.routable = {
            **self.routable,
            "route": "/" if self.text.startswith("/<") else shown,
            "argspec": (
                self.resource.args,
                tuple(zip(self.rule.names, self.rule.kinds, strict=True)),
                len(self.resource.defaults),
            ),
        }
        return twin

    @staticmethod
    def _compile(text: str, resource: Resource) -> Rule:
        rule = Rule(text)
        missing = [name for name in rule.names if name not in resource.args]
        if missing and resource.keywords is None:
            # Reported when the route is called, as the original does: 530 Parameter Mismatch.
            return rule
        if rule.names and rule.names[-1] in resource.defaults and text.endswith(">"):
            return Rule(text, optional=True, default=resource.defaults[rule.names[-1]])
        return rule

    @staticmethod
    def _authentication(*options: dict[str, Any]) -> Any:
        """What the first of the options that asks for authentication says; none of them can switch it off."""
        told = [each["authenticate"] for each in options if "authenticate" in each]
        kind = next((each for each in told if each), told[-1] if told else UNSET)
        if kind is UNSET:
            return kind
        if isinstance(kind, int):
            return True if kind else None
        kind = kind or None
        assert kind in AUTHENTICATION_KINDS, (
            f"authenticate should be None, True, 'basic', 'digest' or 'bearer', got {kind!r}"
        )
        return kind

    @property
    def location(self) -> str:
        """`file:line` of the handler."""
        code = getattr(self.resource.func, "__code__", None)
        return f"{code.co_filename}:{code.co_firstlineno}" if code else ""

    def __repr__(self) -> str:
        return f"<Route {self.text} {', '.join(sorted(self.methods))}>"


class RouteSet:
    """The routes of one rule, by method; they share one set of allowed methods.

    Args:
        rule: one of those that match the same paths; None for a rule without parameters.
    """

    __slots__ = ("allowed", "by_method", "rule")

    def __init__(self, rule: Rule | None = None) -> None:
        self.rule = rule
        self.by_method: dict[str, Route] = {}
        self.allowed: set[str] = set()

    @property
    def first(self) -> Route:
        """The route that was declared first."""
        return next(iter(self.by_method.values()))

    def match(self, path: str) -> tuple[str | None, ...] | None:
        """The parameters of `path` as they stand there, or None where it does not match."""
        return None if self.rule is None else self.rule.match(path)

    def is_implied_by(self, resource: Resource) -> bool:
        """Whether a route of this resource is here because its optional parameter may be left out."""
        return any(
            route.implied_by is not None and route.resource.id == resource.id
            for route in self.by_method.values()
        )

    def add(self, route: Route) -> list[str]:
        """Take `route` in; returns the methods for which it replaced another.

        A route that overrides others stays, and one that extends others only fills gaps (spec/01 section 5).
        """
        replaced = []
        for method in route.methods:
            present = self.by_method.get(method)
            if present is not None:
                if present.overridable == "overrides" and route.overridable != "overrides":
                    continue
                if route.overridable == "extends" and present.overridable != "extends":
                    continue
                if present.overridable == route.overridable and present.implied_by is None:
                    replaced.append(method)
            self.by_method[method] = route
        self.allowed.update(self.by_method)
        route.routable["methods"] = self.allowed
        return replaced

    def copy(self) -> RouteSet:
        """A set of the same routes."""
        twin = RouteSet(self.rule)
        twin.by_method = dict(self.by_method)
        twin.allowed = set(self.allowed)
        return twin

    def keep(self, wanted: Callable[[Route], bool]) -> bool:
        """Forget the routes that are not wanted; whether there are others."""
        self.by_method = {
            method: route for method, route in self.by_method.items() if wanted(route.implied_by or route)
        }
        self.allowed = set(self.by_method)
        for route in self.by_method.values():
            route.routable["methods"] = self.allowed
        return bool(self.by_method)
