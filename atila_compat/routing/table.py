"""`@app.route` and its relatives (spec/02 section 1)."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..types import Handler
from .module_hooks import namespace_of
from .resource import Resource, resource_of
from .route import Route
from .router import Router

if TYPE_CHECKING:
    from .mounting import MountContext

log = logging.getLogger("atila_compat.routing")

_PRIORITIES = {"extends": 0, None: 1, "overrides": 2}


class RouteTable:
    """The part of an app that declares routes."""

    if TYPE_CHECKING:
        enable_namespace: bool
        mount_context: MountContext | None

    def __init__(self) -> None:
        super().__init__()
        self.router = Router()
        self.resources: dict[str, Resource] = {}

    @property
    def route_map(self) -> Router:
        """All routes of the app."""
        return self.router

    def route(self, rule: str = "", **options: Any) -> Callable[[Handler], Handler]:
        """Declare a handler for a rule (README "Routing", spec/02 section 1).

        Args:
            rule: path with parameters, `/users/<int:id>`; relative to where the module is mounted.
            options: `methods`, `content_types`, `authenticate`, `access_control_allow_origin`,
                `access_control_max_age`, `coroutine`, `input_stream`, `subdomain`; others are kept and
                visible as `was.request.routable`.

        Raises AssertionError for a rule without a slash at its front, ValueError for a handler with `*args`.
        """

        def decorate(func: Handler) -> Handler:
            self.add_route(rule, func, **options)
            return func

        return decorate

    def add_route(self, rule: str, func: Handler, **options: Any) -> None:
        """Declare a handler for a rule; `route` says what the arguments are."""
        assert not rule or rule.startswith("/"), f"rule {rule!r} should begin with a slash"
        resource = resource_of(func)
        context = self.mount_context
        overridable = context.overridable if context else None
        resource_id = resource.id or self._resource_id(resource, context)
        if not self._admit(resource_id, resource, overridable):
            return
        resource.id = resource_id
        # A module at "/" serves its blank rule there; the app's own stands for its point without the slash,
        # which is redirected (spec/02 section 3).
        text = context.point.rstrip("/") + rule or "/" if context else rule
        mount_options = context.options if context else {}
        route = Route(text, func, resource, options, mount_options, overridable, context)
        route.routable["route"] = rule  # as it is written, without the point of its module
        for method in self.router.add(route):
            if not (context and context.reloading):
                log.warning("- method %s of %s is redefined", method, route.text)
        self.resources.setdefault(resource_id, resource)
        self.router.by_id[resource_id] = route

    def _admit(self, resource_id: str, resource: Resource, overridable: str | None) -> bool:
        """Whether a resource may have this id; one that it takes the place of is forgotten.

        Overriding resources come before the app's own, and these before extending ones (spec/01 section 5).
        """
        present = self.resources.get(resource_id)
        if present is None or present is resource:
            return True
        route = self.router.by_id.get(resource_id)
        origin = route.overridable if route else None
        if origin == overridable:
            log.error("resource %s is already defined", resource_id)
        elif _PRIORITIES[origin] > _PRIORITIES[overridable]:
            return False
        else:
            self.router.discard(resource_id)
            del self.resources[resource_id]
        return True

    def unroute(self, pattern: str, response_code: int = 404) -> None:
        """Close every path that matches an fnmatch pattern, `/admin*`; it answers `response_code`.

        The pattern is relative to the app's mount point (spec/02 section 1).
        """
        self.router.close(pattern, response_code)

    def coroutine(self, func: Handler) -> Handler:
        """The same as the route option `coroutine = True`; stands below `@app.route`."""
        resource_of(func).options["coroutine"] = True
        return func

    def input_stream(self, func: Handler) -> Handler:
        """The same as the route option `input_stream = True`; stands below `@app.route`."""
        resource_of(func).options["input_stream"] = True
        return func

    def __getitem__(self, path: str) -> Any:
        return self.router.exact(path)

    def _resource_id(self, resource: Resource, context: MountContext | None) -> str:
        """The name that urlfor and pipe know the resource by (spec/02 section 1.1)."""
        namespace = context.namespace if context is not None else None
        if namespace is None and context is not None and self.enable_namespace:
            namespace = namespace_of(context.options.get("module_name", ""))
        return f"{namespace}.{resource.name}" if namespace else resource.name
