"""The way of a request through an app, on the event loop (README "Architecture").

    match -> refuse what needs no handler -> authenticate and receive the body -> hop -> send

Errors that no handler is needed for never take a worker thread, unless the app has error handlers of its own.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from ..context import current_was
from ..errors import REASONS, HTTPError, split_status
from ..http.input import BodyTooLarge, ClientDisconnect, InputStream, content_length, read_body
from ..http.multipart import read_multipart
from ..http.request import MULTIPART_KEPT, Request, path_below, quoted
from ..http.response import Response
from ..http.static import is_odd_path
from ..routing.route import BODY_METHODS, UNSET, Route, RouteSet
from ..routing.router import Redirect, Unrouted
from ..security import cors
from ..tasks.deferred import Deferred
from ..tasks.task import cancel_all
from ..types import Receive, Scope, Send
from ..was import Was
from .coroutine import drive
from .exchange import Exchange
from .finalize import error_outcome
from .outcome import Awaiting, Complete, Driving, Outcome, Sending, Streaming, Waiting
from .runtime import Runtime
from .streams import pump, wait_for

if TYPE_CHECKING:
    from ..app import Atila

log = logging.getLogger("atila_compat.app")

_CLOSE = (b"Connection", b"close")
METHODS = frozenset(("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))
"""What handlers can answer; HEAD is for static files only (spec/02 section 3)."""
_MULTIPART = "multipart/form-data"


def new_was(app: Atila, runtime: Runtime, scope: Scope) -> Was:
    """The `was` of a request to the app."""
    request = Request(scope, path_below(scope) or "/", app)
    return Was(app, request, Response(request), runtime)


async def answer(app: Atila, runtime: Runtime, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer one HTTP request."""
    was = new_was(app, runtime, scope)
    request = was.request
    try:
        outcome = await _outcome(app, was, request.path, receive, send)
        if outcome is not None:
            await deliver(send, outcome)
    except ClientDisconnect:
        log.debug("%r: the client has gone", request)
        cancel_all(was)
    finally:
        if request.multipart is not None:
            was.release()


async def _outcome(app: Atila, was: Was, path: str, receive: Receive, send: Send) -> Complete | None:
    """The answer, or None where it has been sent already."""
    request = was.request
    if request.method not in METHODS:
        unknown = await _unknown(app, was) if app.authenticate else None
        return unknown or error_outcome(was, 405, REASONS[405], in_handler=False, by_handlers=False)
    length: int | None = 0
    if request.method in BODY_METHODS:
        length = content_length(request.scope)
        if length is not None and not 0 <= length <= app.max_upload_size:
            return await _misfit(was, length)
    if app.access_control_allow_origin is not None and _is_foreign(app, was, path):
        return error_outcome(was, 403, REASONS[403], in_handler=False, by_handlers=False)
    routes = await locate(app, was, path)
    if type(routes) is Complete:
        return routes
    assert type(routes) is RouteSet
    route = routes.by_method.get(request.method)
    if request.method == "OPTIONS" and (
        "OPTIONS" in routes.allowed or app.access_control_allow_origin is not None
    ):
        declared = next(iter(routes.by_method.values()))
        allowed = app.access_control_allow_origin if declared.cors is UNSET else declared.cors
        max_age = app.access_control_max_age if declared.cors_max_age is UNSET else declared.cors_max_age
        return await preflight(was, routes.allowed, allowed, max_age)
    if route is None:
        return await _unrouted(app, was, 405)
    request.route = route
    refusal = check(app, was, route)
    if refusal:
        return await refuse(was, refusal)
    exchange = Exchange(was, route, authentication_of(app, route))
    if was.runtime.workers.is_full() and not stays_on_loop(exchange, route):
        return overloaded(was)
    if request.method in BODY_METHODS:
        outcome = await _receive(app, exchange, route, receive, length)
        if outcome is not None:
            return outcome
    return await _answer(exchange, route, receive, send)


async def locate(app: Atila, was: Was, path: str) -> RouteSet | Complete:
    """The routes of a path, or what is answered where it has none; sets the path's parameters."""
    if is_odd_path(path):
        if was.request.method == "GET":  # where static files are looked for, before any app
            return error_outcome(was, 404, REASONS[404], in_handler=False, by_handlers=False)
        return await refuse(was, 404)
    if app.use_reloader:
        exchange = Exchange(was, None)
        failure: Complete | None = await exchange.hop(exchange.reload)
        if failure is not None:
            return failure
    try:
        found = app.router.find(path, was.request.method)
    except Redirect as redirect:
        return await _add_slash(was, redirect.args[0])
    except Unrouted as closed:
        return await refuse(was, closed.args[0])
    except HTTPError as error:
        status_code, reason = split_status(error.status)
        return await refuse(was, status_code, error.explain, reason=reason)
    if found is None:
        return await _unrouted(app, was, 404)
    routes, was.request.PARAMS = found
    return routes


def authentication_of(app: Atila, route: Route) -> str | None:
    """The kind of authentication that has to be passed first: the app's, for all of them, or the route's."""
    return app.authenticate or route.own_authentication


async def _unrouted(app: Atila, was: Was, status_code: int) -> Complete:
    """404 or 405; an app that wants to know everybody asks who it is first."""
    if app.authenticate and was.request.method != "OPTIONS":
        unknown = await _unknown(app, was)
        if unknown is not None:
            return unknown
    return await refuse(was, status_code)


async def _unknown(app: Atila, was: Was) -> Complete | None:
    """The 401 for somebody whom the app does not know, where no handler has a part in the answer."""
    exchange = Exchange(was, None, app.authenticate)
    refusal: Complete | None = await exchange.hop(exchange.authenticate)
    return refusal


def _is_foreign(app: Atila, was: Was, path: str) -> bool:
    """Whether the app admits no page of this origin, nor does the route by a list of its own.

    A route that says None is without the headers, and stays closed to those whom the app does not admit.
    The app is closed to them, found or not, so it does not even show its error pages.
    """
    request = was.request
    origin, host = request.lowered.get("origin"), request.lowered.get("host")
    if request.method == "OPTIONS" or cors.is_allowed(origin, app.access_control_allow_origin, host):
        return False
    try:
        found = app.router.find(path, request.method)
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


async def refuse(
    was: Was, status_code: int, detail: Any = "", *, reason: str = "", close: bool = False
) -> Complete:
    """An error that no handler had a part in."""
    app = was.app
    reason = reason or REASONS.get(status_code, "Error")
    handlers = app.error_handlers
    if handlers and (status_code in handlers or 0 in handlers):
        exchange = Exchange(was, None)
        outcome: Complete = await exchange.hop(exchange.refuse, status_code, reason, detail)
    else:
        outcome = error_outcome(was, status_code, reason, detail, in_handler=False)
    if close:
        outcome.headers.append(_CLOSE)
    return outcome


async def _add_slash(was: Was, path: str) -> Complete:
    location = quoted(was.request.scope.get("root_path", "") + path)
    was.response.set_header("Location", location)
    link = f'Object Moved To <a href="{location}">Here</a>'
    return await refuse(was, 301, link, reason="Object Moved")


async def preflight(was: Was, methods: Iterable[str], allowed: Any, max_age: int | None) -> Complete:
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
        return await refuse(was, status_code)
    raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]
    return Complete(200, [*raw, (b"Content-Length", b"0")], b"")


async def _misfit(was: Was, length: int) -> Complete:
    """The refusal of a body without length, or of one that is too long: before anything else is looked at."""
    if length > 0:
        return await refuse(was, 413, close=True)
    refused = error_outcome(was, 411, REASONS[411], in_handler=False, by_handlers=False)
    refused.headers.append(_CLOSE)
    return refused


async def _receive(
    app: Atila, exchange: Exchange, route: Route, receive: Receive, length: int | None
) -> Complete | None:
    """Receive the body; returns a refusal, if there is one. Nobody who is not known may upload.

    Args:
        length: what the client has announced, None where it comes in chunks.
    """
    was = exchange.was
    request = was.request
    limit = app.max_upload_size
    if exchange.authentication is not None and length != 0:
        refusal: Complete | None = await exchange.hop(exchange.authenticate)
        if refusal is not None:
            if length:
                refusal.headers.append(_CLOSE)
            return refusal
    if route.input_stream:
        return None
    content_type = request.lowered.get("content-type", "")
    try:
        if content_type[:19].lower() == _MULTIPART:
            keep = length is not None and length <= MULTIPART_KEPT
            request.multipart, request.body = await read_multipart(
                receive, content_type, limit, keep_body=keep
            )
        else:
            request.body = await read_body(receive, limit)
    except BodyTooLarge:
        return await refuse(was, 413, close=True)
    except HTTPError as error:
        status_code, reason = split_status(error.status)
        return await refuse(was, status_code, error.explain, reason=reason, close=True)
    except OSError as error:
        log.error("%r: its files cannot be kept: %s", request, error)
        return await refuse(was, 507, "the files cannot be kept", close=True)
    return None


def stays_on_loop(exchange: Exchange, route: Route) -> bool:
    """Whether the handler is an `async def` without decorators and hooks: it takes no thread."""
    return (
        route.resource.is_async
        and route.handler is route.resource.func
        and exchange.authentication is None
        and not exchange.was.app.hooks.active
    )


def overloaded(was: Was) -> Complete:
    """Too many requests wait for a thread: this one is not taken, its body not read."""
    workers = was.runtime.workers
    workers.refused += 1
    outcome = error_outcome(was, 503, REASONS[503], in_handler=False)
    outcome.headers += [(b"Retry-After", b"%d" % workers.retry_after())]
    if was.request.method in BODY_METHODS:
        outcome.headers.append(_CLOSE)
    return outcome


async def _answer(exchange: Exchange, route: Route, receive: Receive, send: Send) -> Complete | None:
    """Run the handler, and see its answer through."""
    if stays_on_loop(exchange, route):
        outcome = await _run_async(exchange)
    else:
        outcome = await exchange.hop(exchange.handle)
    return await see_through(exchange, outcome, receive, send)


async def see_through(exchange: Exchange, outcome: Outcome, receive: Receive, send: Send) -> Complete | None:
    """Do what is still to be done for an answer; returns the one to send, None where it has been sent."""
    was = exchange.was
    stream: InputStream | None = None
    while True:
        if type(outcome) is Complete:
            return outcome
        if type(outcome) is Waiting:
            outcome = await _wait(exchange, outcome.deferred, receive)
        elif type(outcome) is Awaiting:
            outcome = await await_handler(exchange, outcome.coroutine)
        elif type(outcome) is Driving:
            if stream is None:
                stream = InputStream(receive, was.app.max_upload_size)
            following = await drive(exchange, outcome.generator, stream, receive, send)
            if following is None:
                return None
            outcome = following
        elif type(outcome) is Sending:
            await outcome.sender.respond(
                was.request.scope, send, receive, status=outcome.status_code, headers=outcome.headers
            )
            return None
        else:
            assert isinstance(outcome, Streaming)
            await pump(exchange, outcome, receive, send)
            return None


async def _run_async(exchange: Exchange) -> Outcome:
    """An `async def` handler without decorators or hooks: it stays on the loop altogether."""
    before = current_was.set(exchange.was)
    try:
        outcome = exchange.handle()
        if type(outcome) is not Awaiting:
            return outcome
        try:
            value = await outcome.coroutine
        except (Exception, SystemExit) as error:
            return exchange.awaited(None, error)
        return exchange.awaited(value, None)
    finally:
        current_was.reset(before)


async def await_handler(exchange: Exchange, coroutine: Any) -> Outcome:
    """Await an `async def` handler on the loop, within the request's context."""
    loop = exchange.was.runtime.loop
    value, failed = None, None
    task = loop.create_task(coroutine, context=exchange.context)
    try:
        value = await task
    except (Exception, SystemExit) as error:
        failed = error
    if exchange.hooks_wait:
        outcome: Outcome = await exchange.hop(exchange.awaited, value, failed)
        return outcome
    return exchange.context.run(exchange.awaited, value, failed)


async def _wait(exchange: Exchange, deferred: Deferred, receive: Receive) -> Outcome:
    """Wait for a deferred answer and finish it in a worker thread."""
    late = await wait_for(exchange, deferred, receive)
    if late is not None:
        outcome: Outcome = await exchange.hop(exchange.awaited, None, late)
    else:
        outcome = await exchange.hop(exchange.resume, deferred.finish, exchange.was)
    return outcome


async def deliver(send: Send, outcome: Complete) -> None:
    """Send an answer that is complete."""
    await send({"type": "http.response.start", "status": outcome.status_code, "headers": outcome.headers})
    await send({"type": "http.response.body", "body": outcome.body})
