"""Who gets to a handler, before any runs: found, allowed, of a size that is taken (spec/02, spec/05).

That is decided on the event loop, at once; only an app that has error handlers of its own, or that wants to
know everybody first, takes a worker thread for a refusal.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterable
from typing import TYPE_CHECKING, Any

from ..errors import REASONS, HTTPError, split_status
from ..http.request import Request, path_below, quoted
from ..http.response import Response
from ..http.static import is_odd_path
from ..routing.route import BODY_METHODS, UNSET, Route, RouteSet
from ..routing.router import Redirect, Unrouted
from ..security import cors
from ..types import Scope
from ..was import Was
from .exchange import Exchange
from .finalize import error_outcome
from .outcome import Complete
from .runtime import Runtime

if TYPE_CHECKING:
    from ..app import Atila

CLOSE = (b"Connection", b"close")
METHODS = frozenset(("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))
"""What handlers can answer; HEAD is for static files only (spec/02 section 3)."""

Refusal = Complete | Coroutine[Any, Any, Complete]
"""An answer without a handler; a coroutine where the app's own code has a part in it."""
Admitted = Exchange | Refusal


def new_was(app: Atila, runtime: Runtime, scope: Scope) -> Was:
    """The `was` of a request to the app."""
    request = Request(scope, path_below(scope) or "/", app)
    return Was(app, request, Response(request), runtime)


def admitted(app: Atila, was: Was) -> Admitted:
    """The request as its handler is going to answer it, or what is answered in place of that."""
    request = was.request
    method = request.method
    if method not in METHODS:
        return _wrong_method(app, was)
    if method in BODY_METHODS:
        length = request.announced_length
        if length is not None and not 0 <= length <= app.max_upload_size:
            return refuse_body(was, 413 if length > 0 else 411)
    closed = refuse_foreign(app, was)
    if closed is not None:
        return closed
    routes = find(app, was)
    if not isinstance(routes, RouteSet):
        return routes
    route = routes.by_method.get(method)
    if method == "OPTIONS" and ("OPTIONS" in routes.allowed or app.access_control_allow_origin is not None):
        declared = next(iter(routes.by_method.values()))
        allowed = app.access_control_allow_origin if declared.cors is UNSET else declared.cors
        max_age = app.access_control_max_age if declared.cors_max_age is UNSET else declared.cors_max_age
        return preflight(was, routes.allowed, allowed, max_age)
    if route is None:
        return _unrouted(app, was, 405)
    request.route = route
    refused = check(app, was, route)
    if refused:
        return refusal(was, refused)
    exchange = Exchange(was, route, authentication_of(app, route))
    if was.runtime.workers.is_full() and not exchange.stays_on_loop:
        return overloaded(was)
    return exchange


async def reload(app: Atila, was: Was) -> Complete | None:
    """With --devel: load changed service modules anew. Returns the error, if one fails."""
    exchange = Exchange(was, None)
    failure: Complete | None = await exchange.hop(exchange.reload)
    return failure


async def settle(refused: Refusal) -> Complete:
    """The answer, whoever has a part in it."""
    return refused if isinstance(refused, Complete) else await refused


async def locate(app: Atila, was: Was) -> RouteSet | Complete:
    """The routes of the request's path, or what is answered where it has none."""
    failure = await reload(app, was) if app.use_reloader else None
    if failure is not None:
        return failure
    found = find(app, was)
    return found if isinstance(found, RouteSet) else await settle(found)


def find(app: Atila, was: Was) -> RouteSet | Refusal:
    """The routes of the request's path; sets the path's parameters."""
    request = was.request
    path = request.path
    if is_odd_path(path):
        if request.method == "GET":  # where static files are looked for, before any app
            return error_outcome(was, 404, REASONS[404], in_handler=False, by_handlers=False)
        return refusal(was, 404)
    try:
        found = app.router.find(path, request.method)
    except Redirect as redirect:
        return _add_slash(was, redirect.args[0])
    except Unrouted as closed:
        return refusal(was, closed.args[0])
    except HTTPError as error:
        status_code, reason = split_status(error.status)
        return refusal(was, status_code, error.explain, reason=reason)
    if found is None:
        return _unrouted(app, was, 404)
    routes, request.PARAMS = found
    return routes


def authentication_of(app: Atila, route: Route) -> str | None:
    """The kind of authentication that has to be passed first: the app's, for all of them, or the route's."""
    return app.authenticate or route.own_authentication


def _unrouted(app: Atila, was: Was, status_code: int) -> Refusal:
    """404 or 405; an app that wants to know everybody asks who it is first."""
    if app.authenticate and was.request.method != "OPTIONS":
        return _unless_unknown(app, was, lambda: refusal(was, status_code))
    return refusal(was, status_code)


def _wrong_method(app: Atila, was: Was) -> Refusal:
    """405, and no handler of errors is asked."""

    def refused() -> Complete:
        return error_outcome(was, 405, REASONS[405], in_handler=False, by_handlers=False)

    return _unless_unknown(app, was, refused) if app.authenticate else refused()


async def _unless_unknown(app: Atila, was: Was, refused: Callable[[], Refusal]) -> Complete:
    """The 401 for somebody whom the app does not know; the refusal for all others."""
    exchange = Exchange(was, None, app.authenticate)
    unknown: Complete | None = await exchange.hop(exchange.authenticate)
    return unknown or await settle(refused())


def refuse_foreign(app: Atila, was: Was) -> Complete | None:
    """The refusal of a page whose origin the app is closed to; the app's error handlers are not asked."""
    if app.access_control_allow_origin is None or not _is_foreign(app, was):
        return None
    return error_outcome(was, 403, REASONS[403], in_handler=False, by_handlers=False)


def _is_foreign(app: Atila, was: Was) -> bool:
    """Whether the app admits no page of this origin, nor does the route by a list of its own.

    A route that says None is without the headers, and stays closed to those whom the app does not admit.
    The app is closed to them, found or not, so it does not even show its error pages.
    """
    request = was.request
    origin, host = request.lowered.get("origin"), request.lowered.get("host")
    if request.method == "OPTIONS" or cors.is_allowed(origin, app.access_control_allow_origin, host):
        return False
    try:
        found = app.router.find(request.path, request.method)
    except (Redirect, Unrouted, HTTPError):
        return True
    route = found[0].by_method.get(request.method) if found else None
    own = None if route is None or route.cors is UNSET else route.cors
    return own is None or not cors.is_allowed(origin, own, host)


def check(app: Atila, was: Was, route: Route) -> int:
    """What of the route's options the request does not fit: a status code, 0 where it fits."""
    request = was.request
    if route.subdomain is not None and not _is_below(request, route.subdomain):
        return 404
    allowed = app.access_control_allow_origin if route.cors is UNSET else route.cors
    if allowed is not None and not admit(was, allowed):
        return 403
    if route.content_types is not None:
        content_type = request.get_content_type()
        if content_type is None or content_type.lower() not in route.content_types:
            return 415
    return 0


def admit(was: Was, allowed: Any) -> bool:
    """Whether a page of the client's origin may ask; then the answer is going to tell the browser so.

    Args:
        allowed: what `access_control_allow_origin` says.
    """
    headers = was.request.lowered
    origin = headers.get("origin")
    if not cors.is_allowed(origin, allowed, headers.get("host")):
        return False
    for name, value in cors.answer_headers(origin, allowed):
        was.response.set_header(name, value)
    return True


def _is_below(request: Request, subdomain: str) -> bool:
    host: str = request.lowered.get("host", "")
    return host.lower().startswith(subdomain.lower() + ".")


def refusal(
    was: Was, status_code: int, detail: Any = "", *, reason: str = "", close: bool = False
) -> Refusal:
    """An error that no handler had a part in."""
    reason = reason or REASONS.get(status_code, "Error")
    handlers = was.app.error_handlers
    if handlers and (status_code in handlers or 0 in handlers):
        return _refused_by_app(was, status_code, reason, detail, close)
    outcome = error_outcome(was, status_code, reason, detail, in_handler=False)
    if close:
        outcome.headers.append(CLOSE)
    return outcome


async def _refused_by_app(was: Was, status_code: int, reason: str, detail: Any, close: bool) -> Complete:
    exchange = Exchange(was, None)
    outcome: Complete = await exchange.hop(exchange.refuse, status_code, reason, detail)
    if close:
        outcome.headers.append(CLOSE)
    return outcome


async def refuse(was: Was, status_code: int, detail: Any = "", *, close: bool = False) -> Complete:
    """The same, where one can wait for the app's error handlers."""
    return await settle(refusal(was, status_code, detail, close=close))


def _add_slash(was: Was, path: str) -> Refusal:
    location = quoted(was.request.scope.get("root_path", "") + path)
    was.response.set_header("Location", location)
    link = f'Object Moved To <a href="{location}">Here</a>'
    return refusal(was, 301, link, reason="Object Moved")


def preflight(was: Was, methods: Iterable[str], allowed: Any, max_age: int | None) -> Refusal:
    """The answer to a preflight request; no handler, no authentication (spec/05 section 11).

    Args:
        methods: all methods of the path.
        allowed, max_age: what `access_control_allow_origin` and `access_control_max_age` say.
    """
    asked = was.request.lowered
    status_code, headers = cors.preflight(
        origin=asked.get("origin"),
        requested_method=asked.get("access-control-request-method"),
        requested_headers=asked.get("access-control-request-headers"),
        methods=methods,
        allowed=allowed,
        max_age=max_age,
        host=asked.get("host"),
    )
    if status_code != 200:
        was.response.set_headers(headers)
        return refusal(was, status_code)
    raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]
    return Complete(200, [*raw, (b"Content-Length", b"0")], b"")


def refuse_body(was: Was, status_code: int) -> Complete:
    """An answer to a body that nobody reads; the app's error handlers are not asked, as in the original."""
    refused = error_outcome(was, status_code, REASONS[status_code], in_handler=False, by_handlers=False)
    refused.headers.append(CLOSE)
    return refused


def overloaded(was: Was) -> Complete:
    """Too many requests wait for a thread: this one is not taken, its body not read."""
    workers = was.runtime.workers
    workers.refused += 1
    outcome = error_outcome(was, 503, REASONS[503], in_handler=False)
    outcome.headers += [(b"Retry-After", b"%d" % workers.retry_after())]
    if was.request.method in BODY_METHODS:
        outcome.headers.append(CLOSE)
    return outcome
