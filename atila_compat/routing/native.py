"""Routes that are written for Starlette, beside the app's own (README "Move it, route by route").

    app.add_native_route("/stock/{name}", stock)
    app.add_native_routes(WebSocketRoute("/live", live), Mount("/v2", fastapi_app))
    app.add_native_middleware(GZipMiddleware)

A request goes to the first that answers for its path and its method: native routes in the order of their
declaration, the app's own routes, native routes that were declared with `fallback=True`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from .module_hooks import namespace_of

if TYPE_CHECKING:
    from starlette.middleware import Middleware
    from starlette.routing import BaseRoute

    from ..types import ASGIApp, Scope
    from .mounting import MountContext

Endpoint = Callable[..., Any]


class NativeTable:
    """The native routes and the middleware of one app.

    Attributes:
        first, fallback: routes that are asked before, and after, the app's own.
        middleware: around all answers of the app, the outermost first.
        stack: the middleware with what it is around; made at the first request.
    """

    def __init__(self) -> None:
        self.first: list[BaseRoute] = []
        self.fallback: list[BaseRoute] = []
        self.middleware: list[Middleware] = []
        self.stack: ASGIApp | None = None
        self._origins: dict[int, MountContext | None] = {}

    def add(self, route: BaseRoute, fallback: bool, context: MountContext | None) -> None:
        """Add a route; one that a reloaded module declares again takes the place of its predecessor."""
        routes = self.fallback if fallback else self.first
        self._origins[id(route)] = context
        if context is not None and context.reloading:
            for place, present in enumerate(routes):
                if self._origins.get(id(present)) is context and _key(present) == _key(route):
                    routes[place] = route
                    del self._origins[id(present)]
                    return
        routes.append(route)

    def namespace_of(self, route: BaseRoute) -> str:
        """What resources that are declared at the same place have in front of their ids; "" for nothing."""
        context = self._origins.get(id(route))
        if context is None:
            return ""
        return context.namespace or namespace_of(context.options.get("module_name", ""))

    def routable_of(self, route: BaseRoute) -> dict[str, Any]:
        """What hooks see as `was.request.routable`: the keys that a route of the app always has."""
        context = self._origins.get(id(route))
        return {
            "methods": set(getattr(route, "methods", None) or ()),
            "coroutine": False,
            "input_stream": False,
            "func_id": getattr(route, "name", ""),
            "mntopt": context.options if context is not None else {},
            "route": getattr(route, "path", ""),
            "overridable": None,
            "args": [],
            "keywords": None,
        }

    def routes(self) -> list[BaseRoute]:
        """All native routes in the order in which they are asked."""
        return [*self.first, *self.fallback]

    def url_path_for(self, name: str, values: dict[str, Any]) -> str | None:
        """The path below the app of a native route's name; takes out of `values` what stands in the path.

        None where no route has the name. Raises ValueError where a value for the path is missing.
        """
        from starlette.routing import NoMatchFound

        named = False
        for route in self.routes():
            own = name == getattr(route, "name", None)
            named = named or own
            parameters = getattr(route, "param_convertors", {}) if own else values
            given = {key: values[key] for key in parameters if key in values}
            try:
                path = route.url_path_for(name, **given)
            except (NoMatchFound, AssertionError):
                continue
            for key in given:
                del values[key]
            return str(path)
        if named:
            raise ValueError(f"the path of {name} has other parameters than {', '.join(values) or 'none'}")
        return None

    def parameters_of(self, name: str) -> list[str]:
        """The names of the parameters in the path of a native route, in order."""
        for route in self.routes():
            if getattr(route, "name", None) == name:
                return re.findall(r"\{(\w+)", getattr(route, "path_format", ""))
        return []


def _key(route: BaseRoute) -> tuple[Any, ...]:
    methods = getattr(route, "methods", None)
    return type(route), getattr(route, "path", None), frozenset(methods or ())


class NativeRoutes:
    """The part of an app that declares routes for Starlette's endpoints.

    Attributes:
        native: the routes and the middleware; None for an app that has none, which they cost nothing.
    """

    if TYPE_CHECKING:
        mount_context: MountContext | None

    def __init__(self) -> None:
        super().__init__()
        self.native: NativeTable | None = None

    def add_native_route(
        self,
        path: str,
        endpoint: Endpoint,
        methods: Sequence[str] | None = None,
        *,
        name: str | None = None,
        fallback: bool = False,
    ) -> None:
        """Let a Starlette endpoint answer a path of this app.

        The endpoint has `request.state.was`: session, cookies, message box, tokens and tasks of the app. Its
        cookies go out with the answer, hooks and `app.authenticate` apply, and what it raises becomes one of
        the app's error pages. `atila_compat.contrib.native` has more for it.

        Args:
            path: in Starlette's syntax, `/stock/{name}`, below the app's mount point and that of the module
                that declares it.
            endpoint: a function `endpoint(request)` or a subclass of HTTPEndpoint.
            methods: None: GET and HEAD for functions, whatever they have for classes. Other methods of the
                same path go on to the app's own routes.
            name: for `was.urlfor(name)` and `request.url_for(name)`; None: that of the function.
            fallback: only ask it where the app has no route of its own.

        Raises ValueError for a path in the syntax of `app.route`.
        """
        from starlette.routing import Route

        if re.search(r"<\w+(:\w+)?>", path):
            hint = re.sub(r"<(?:(\w+):)?(\w+)>", _to_starlette, path)
            raise ValueError(f"native routes have Starlette's syntax: {hint!r} in place of {path!r}")
        context = self.mount_context
        point = context.point.rstrip("/") if context is not None else ""
        route = Route(point + path or "/", endpoint, methods=list(methods) if methods else None, name=name)
        self._native_table().add(route, fallback, context)

    def native_route(
        self,
        path: str,
        methods: Sequence[str] | None = None,
        *,
        name: str | None = None,
        fallback: bool = False,
    ) -> Callable[[Endpoint], Endpoint]:
        """Declare the decorated Starlette endpoint for a path; `add_native_route` says the arguments."""

        def decorate(endpoint: Endpoint) -> Endpoint:
            self.add_native_route(path, endpoint, methods, name=name, fallback=fallback)
            return endpoint

        return decorate

    def add_native_routes(self, *routes: BaseRoute, fallback: bool = False) -> None:
        """Add Starlette's own route objects: Route, WebSocketRoute, Mount, Host.

        Args:
            routes: their paths are below the app's mount point; that of a module is not put in front.
            fallback: only ask them where the app has no route of its own.
        """
        for route in routes:
            self._native_table().add(route, fallback, self.mount_context)

    def add_native_middleware(self, middleware: Callable[..., ASGIApp], *args: Any, **options: Any) -> None:
        """Put ASGI middleware around all answers of this app, native or not; the last added is the outermost.

        Args:
            middleware: called as `middleware(app, *args, **options)`, once, before the first request.
            args, options: for the middleware.

        Raises RuntimeError after the first request.
        """
        from starlette.middleware import Middleware

        table = self._native_table()
        if table.stack is not None:
            raise RuntimeError("the app answers requests already: add middleware before it is served")
        table.middleware.insert(0, Middleware(middleware, *args, **options))

    def _native_table(self) -> NativeTable:
        if self.native is None:
            self.native = NativeTable()
        return self.native


def _to_starlette(parameter: re.Match[str]) -> str:
    kind, name = parameter[1], parameter[2]
    known = {"int": "int", "float": "float", "path": "path"}
    return f"{{{name}:{known[kind]}}}" if kind in known else f"{{{name}}}"


def matching(routes: Sequence[BaseRoute], scope: Scope) -> tuple[BaseRoute | None, Scope, list[BaseRoute]]:
    """The route for path and method of a request, what it adds to the scope, and those for other methods."""
    from starlette.routing import Match

    others: list[BaseRoute] = []
    for route in routes:
        match, found = route.matches(scope)
        if match is Match.FULL:
            return route, found, others
        if match is Match.PARTIAL:
            others.append(route)
    return None, {}, others
