"""`@app.route` and its relatives (spec/02 section 1)."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..types import Handler
from .resource import Resource, resource_of
from .route import Route
from .router import Router

if TYPE_CHECKING:
    from .mounting import MountContext

log = logging.getLogger("atila_compat.routing")

_HOOK_NAMES = ("__config__", "__setup__", "__mount__", "__app__", "mount", "setup")


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
        point = context.point.rstrip("/") if context else ""
        mount_options = context.options if context else {}
        overridable = context.overridable if context else None
        first_id = resource.id
        resource_id = first_id or self._resource_id(resource, context)
        present = self.resources.get(resource_id)
        if present is not None and present is not resource:
            present_route = self.router.by_id.get(resource_id)
            origin = present_route.overridable if present_route else None
            if origin == "overrides" != overridable:
                return
            if overridable == "extends" and origin != "extends":
                return
            if origin == "extends" and overridable != "extends":
                self.router.discard(resource_id)
                present = None
            elif context is not None and context.reloading:
                present = None
            elif origin == overridable:
                log.error("resource %s is already defined", resource_id)
        resource.id = resource_id
        route = Route(point + rule or "/", func, resource, options, mount_options, overridable)
        for method in self.router.add(route):
            if not (context and context.reloading):
                log.warning("- method %s of %s is redefined", method, route.text)
        if present is None:
            self.resources[resource_id] = resource
        self.router.by_id[resource_id] = route

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
        namespace = ""
        if context is not None and self.enable_namespace:
            namespace = context.namespace
        elif context is not None:
            namespace = context.options.get("ns") or ""
        return f"{namespace}.{resource.name}" if namespace else resource.name


def namespace_of(module_name: str) -> str:
    """The namespace of a module's resources: what stands behind `services` of an app package."""
    parts = module_name.split(".")
    for index, part in enumerate(parts):
        if part == "services" and index:
            package = sys.modules.get(".".join(parts[:index]))
            if package is not None and any(hasattr(package, name) for name in _HOOK_NAMES):
                return ".".join(parts[index + 1 :])
    return module_name
