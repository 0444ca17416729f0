"""From resources back to URLs, and from one resource to another (spec/02 sections 5 and 6)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote_plus

from ..types import Handler
from .native import NativeTable
from .resource import resource_of
from .route import Route

if TYPE_CHECKING:
    from ..app import Atila, Registry
    from ..http.request import Request
    from ..was import Was

Thing = str | Handler


def _not_found(name: str) -> NameError:
    app, colon, _ = name.partition(":")
    return NameError(f"app `{app}` not found" if colon else f"{name} not found")


def _route_of(app: Atila, thing: Thing) -> Route:
    name = thing if isinstance(thing, str) else resource_of(thing).id
    route = app.router.by_id.get(name)
    if route is None:
        raise _not_found(name)
    return route


def _is_path(thing: Thing) -> bool:
    return isinstance(thing, str) and (not thing or thing.startswith("/"))


def _quoted(value: Any) -> str:
    return quote_plus(str(value), errors="replace")


def _query(values: dict[str, Any]) -> str:
    pairs: list[str] = []
    for name, value in values.items():
        if value is None:
            continue
        values_of_name = value if isinstance(value, (list, tuple)) else (value,)
        pairs += [f"{_quoted(name)}={_quoted(one)}" for one in values_of_name]
    return "?" + "&".join(pairs) if pairs else ""


def _build(app: Atila, route: Route, values: dict[str, Any]) -> str:
    base = app.basepath.rstrip("/")
    if route.rule is None:
        return base + route.text + _query(values)
    goes_without = route.rule.optional and len(route.rule.names) == 1
    if not goes_without and all(value is None for value in values.values()):
        raise _not_found(route.resource.id)  # no rule of this name goes without parameters
    in_path = {name: values.pop(name, None) for name in route.rule.names}
    return base + route.rule.build(in_path) + _query(values)


def urlfor(app: Atila, thing: Thing, /, *args: Any, **values: Any) -> str:
    """The URL path of a resource of `app`, mount point included.

    Args:
        thing: resource id, handler, or an absolute path below the mount point, which takes no arguments.
        args: values of the handler's arguments in order.
        values: values by name; None leaves one out.

    Raises NameError for an unknown resource, ValueError for arguments that the handler does not have,
    AssertionError for a missing path parameter.
    """
    if _is_path(thing):
        return app.basepath.rstrip("/") + str(thing)
    if app.native is not None and thing not in app.router.by_id:
        found = _native(app.native, getattr(thing, "__name__", str(thing)), args, values)
        if found is not None:
            return app.basepath.rstrip("/") + found
    route = _route_of(app, thing)
    resource = route.resource
    if len(args) > len(resource.args):
        raise ValueError("too many parameters")
    given = dict(zip(resource.args, args, strict=False))
    for name, value in values.items():
        if name not in resource.args and resource.keywords is None:
            raise ValueError(f"parameter {name} is not allowed")
        given[name] = value
    return _build(app, route, given)


def _native(table: NativeTable, name: str, args: tuple[Any, ...], values: dict[str, Any]) -> str | None:
    """The URL below the app of a native route; None where none has the name."""
    given = dict(zip(table.parameters_of(name), args, strict=False)) | values
    path = table.url_path_for(name, given)
    return None if path is None else path + _query(given)


def urlpatch(app: Atila, request: Request, thing: Thing, /, **values: Any) -> str:
    """Like `urlfor`; what is not given comes from the request's own path parameters and query."""
    if _is_path(thing):
        return urlfor(app, thing, **values)
    route = _route_of(app, thing)
    resource = route.resource
    given: dict[str, Any] = {}
    for source in (request.PARAMS, request.URL):
        for name, value in source.items():
            if name in resource.args or (resource.keywords is not None and route is request.route):
                given.setdefault(name, value)
    given.update(values)
    return urlfor(app, thing, **given)


def _without_parameter(route: Route) -> str | None:
    """The path of a route whose one parameter may be left out (spec/02 section 2); None for all others."""
    rule = route.rule
    return (rule.prefix or "/") if rule is not None and rule.optional and len(rule.names) == 1 else None


def baseurl(app: Atila, thing: Thing) -> str:
    """The literal part of a resource's rule, mount point included; a slash follows before parameters.

    None follows where the rule's only parameter may be left out: the resource is at that path, too. An
    absolute path is itself literal.
    """
    if _is_path(thing):
        return urlfor(app, thing)
    route = _route_of(app, thing)
    base = app.basepath.rstrip("/")
    short = _without_parameter(route)
    if short is not None:
        return base + short
    return f"{base}{route.rule.prefix}/" if route.rule is not None else base + route.text


def urlspec(app: Atila, thing: Thing) -> dict[str, Any]:
    """The parts of a resource's URL: `{"path": "/two/:a/:b", "params": ["a", "b"], "query": [...]}`."""
    route = _route_of(app, thing)
    names = list(route.rule.names) if route.rule is not None else []
    short = _without_parameter(route)
    path = route.text if short is None else short
    if route.rule is not None and short is None:
        for kind, name in zip(route.rule.kinds, names, strict=True):
            path = path.replace(f"<{kind}:{name}>", f":{name}").replace(f"<{name}>", f":{name}")
    query = [name for name in route.resource.args if name not in names]
    return {"path": app.basepath.rstrip("/") + path, "params": names, "query": query}


def asset_url(app: Atila, root: str, path: str) -> str:
    """The URL of a file below `root`, the app's STATIC_URL or MEDIA_URL.

    Raises AssertionError for a path that begins with a slash.
    """
    assert not path.startswith("/"), f"{path!r} should be relative to {root}"
    return root.rstrip("/") + "/" + path


class URLs:
    """The part of `was` that makes URLs and calls other resources; `"name:id"` means the app called name."""

    if TYPE_CHECKING:
        app: Atila
        apps: Registry
        request: Request

    def _in_app(self, thing: Any) -> tuple[Atila, Any]:
        """The app that `"name:id"` or a handler belongs to, and the id; this app where no name is known.

        Names of apps may have colons of their own.
        """
        if not isinstance(thing, str):
            return self.apps.owner_of(thing, self.app), thing
        if not thing.startswith("/"):
            colon = thing.find(":")
            while colon >= 0:
                name = thing[:colon]
                if name in self.apps:
                    return self.apps[name], thing[colon + 1 :]
                colon = thing.find(":", colon + 1)
        return self.app, thing

    def urlfor(self, thing: Thing, /, *args: Any, **values: Any) -> str:
        """The URL of a resource (README "Making URL"); the function `urlfor` says what the arguments are."""
        app, thing = self._in_app(thing)
        return urlfor(app, thing, *args, **values)

    ab = urlfor

    def urlpatch(self, thing: Thing, /, **values: Any) -> str:
        """The URL of a resource; missing arguments are those of this request."""
        app, thing = self._in_app(thing)
        return urlpatch(app, self.request, thing, **values)

    partial = urlpatch

    def baseurl(self, thing: Thing) -> str:
        """The literal part of a resource's URL."""
        app, thing = self._in_app(thing)
        return baseurl(app, thing)

    basepath = baseurl

    def urlspec(self, thing: Thing) -> dict[str, Any]:
        """Path, parameters and query names of a resource's URL."""
        app, thing = self._in_app(thing)
        return urlspec(app, thing)

    def static(self, path: str) -> str:
        """The URL of a static file."""
        app, path = self._in_app(path)
        return asset_url(app, app.config.STATIC_URL, path)

    def media(self, path: str) -> str:
        """The URL of a media file."""
        app, path = self._in_app(path)
        return asset_url(app, app.config.MEDIA_URL, path)

    def pipe(self: Was, thing: Thing, /, *args: Any, **values: Any) -> Any:  # type: ignore[misc]
        """Call another resource within this request (README "Piping").

        Its decorators do not run: the undecorated handler is called with this `was`.

        Raises NameError for an unknown resource.
        """
        app, thing = self._in_app(thing)
        if not isinstance(thing, str):
            return resource_of(thing).func(self, *args, **values)
        resource = app.resources.get(thing)
        if resource is None:
            raise _not_found(thing)
        return resource.func(self, *args, **values)
