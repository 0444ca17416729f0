"""How native routes run beside an app's own: which one answers, and what they share (`routing/native.py`).

    middleware -> native route, or the app's own, or a native fallback
                  native: authentication, before_request -> endpoint -> hooks, cookies -> its answer

An endpoint sends its answer itself. When it begins to, hooks run and the cookies of its `was` are added; what
it raises becomes an error page of the app.
"""

from __future__ import annotations

import json
import logging
import sys
from typing import TYPE_CHECKING, Any

from starlette.authentication import AuthCredentials, BaseUser, UnauthenticatedUser
from starlette.datastructures import URLPath
from starlette.exceptions import HTTPException
from starlette.routing import BaseRoute, NoMatchFound

from ..context import current_was
from ..errors import REASONS, ExcInfo, HTTPError
from ..http.input import BodyTooLarge, ClientDisconnect, content_length
from ..http.request import path_below
from ..routing.native import NativeTable, matching
from ..routing.route import RouteSet
from ..routing.urls import urlfor
from ..serving import admission, pipeline
from ..serving.exchange import Exchange
from ..serving.finalize import raw_headers
from ..serving.outcome import Complete, Outcome, RawHeaders
from ..serving.runtime import Runtime
from ..types import ASGIApp, Message, Receive, Scope, Send
from ..was import Was
from .ws_refusal import refuse_handshake, until_hung_up

if TYPE_CHECKING:
    from ..app import Atila

log = logging.getLogger("atila_compat.app")

INTERNAL_ERROR = 1011
_SELF_MADE = frozenset((b"content-type", b"content-length", b"content-encoding"))


class FallThrough(Exception):
    """Raised by a native endpoint that has not read the body: the app's own route answers."""


class Refusal(HTTPException):
    """A check of the app has not let somebody pass.

    In a native route the app's own answer is sent. Other Starlette and FastAPI applications make their own of
    status code, detail and headers.

    Args:
        answer: what the app's check has returned.
        error: what it has raised in place of that.
    """

    def __init__(self, was: Was, answer: Any = None, error: HTTPError | None = None) -> None:
        self.answer, self.error = answer, error
        code = getattr(answer, "status_code", was.response.status_code)
        status_code = code if error is None else error.status_code
        detail = REASONS.get(status_code, "") if error is None else error.explain or None
        super().__init__(status_code, detail, dict(was.response.headers))


class NativeUser(BaseUser):
    """`request.user` of a Starlette endpoint for somebody whom the app knows.

    Attributes:
        original: `was.request.user`.
    """

    def __init__(self, original: Any) -> None:
        self.original = original

    @property
    def is_authenticated(self) -> bool:
        """True: nobody is an UnauthenticatedUser."""
        return True

    @property
    def display_name(self) -> str:
        """The name."""
        return str(self.original)

    identity = display_name


def introduce(scope: Scope, user: Any) -> None:
    """Let Starlette's `request.user` and `request.auth` be who the app says that it is."""
    if user is not None:
        scope["user"] = NativeUser(user)
        scope["auth"] = AuthCredentials(["authenticated"])
    elif "user" not in scope:
        scope["user"], scope["auth"] = UnauthenticatedUser(), AuthCredentials()


class NativeURLs:
    """`request.url_for` in native endpoints: names of native routes, then ids of the app's resources."""

    def __init__(self, app: Atila) -> None:
        self.app = app

    def url_path_for(self, name: str, /, **path_params: Any) -> URLPath:
        """The path below the app.

        Raises NoMatchFound where neither has the name.
        """
        try:
            path = urlfor(self.app, name, **path_params)
        except (NameError, ValueError, AssertionError):
            raise NoMatchFound(name, path_params) from None
        return URLPath(path[len(self.app.basepath.rstrip("/")) :])


class NativeExchange(Exchange):
    """A request that a native endpoint answers, with what the app does around it."""

    __slots__ = ("settled",)

    def __init__(self, was: Was, authentication: str | None) -> None:
        super().__init__(was, None, authentication)
        self.settled = False

    # -- in a worker thread where there are hooks -----------------------------------------------------------

    def before(self) -> Outcome | None:
        """Authentication and the hook before the handler. Returns the answer where they give one."""
        current_was.set(self.was)
        outcome: Outcome | None = self._guarded(self._before)
        return outcome

    def succeeded(self) -> RawHeaders:
        """The hooks behind the handler; returns the headers that they add, cookies among them."""
        current_was.set(self.was)
        self.settled = True
        hooks = self.was.app.hooks
        if hooks.active:
            hooks.run_success(self.was)
            hooks.run_teardown(self.was)
        added = Complete(200, raw_headers(self.was.response), b"")
        self.commit(added)
        self.finish()
        return added.headers

    def failed(self, exc_info: ExcInfo) -> Outcome:
        """The answer to what the endpoint has raised."""
        current_was.set(self.was)
        outcome: Outcome = self._guarded(self._ended, exc_info)
        return outcome

    def _before(self) -> Outcome | None:
        was, hooks = self.was, self.was.app.hooks
        if self.authentication is not None:
            kind, self.authentication = self.authentication, None
            refusal = self._refusal(kind)
            if refusal is not None:
                return refusal
        if not hooks.active:
            return None
        was.request.parse()
        try:
            value = hooks.run_before(was)
            if value is None:
                return None
        except BaseException:  # as in an app's own route
            return self._failed(sys.exc_info())
        return self._answered(value)

    def _answered(self, value: Any) -> Outcome:
        hooks = self.was.app.hooks
        self.settled = True
        if hooks.active:
            hooks.run_success(self.was)
            hooks.run_teardown(self.was)
        return self._answer(value)

    def _ended(self, exc_info: ExcInfo) -> Outcome:
        error = exc_info[1]
        if isinstance(error, Refusal) and error.error is None:
            return self._answered(error.answer)
        if isinstance(error, HTTPException):
            headers = {} if isinstance(error, Refusal) else error.headers  # the response has them already
            for name, value in (headers or {}).items():
                self.was.response.set_header(name, value)
            error = as_http_error(error)
            exc_info = (type(error), error, error.__traceback__)
        if self.settled or not self.was.app.hooks.active:
            return self.failure(exc_info)
        return self._failed(exc_info)


def as_http_error(error: HTTPException) -> HTTPError:
    """What the app's error pages show of Starlette's exception."""
    if isinstance(error, Refusal) and error.error is not None:
        return error.error
    reason = REASONS.get(error.status_code, "")
    detail: Any = error.detail
    if not isinstance(detail, str):
        detail = json.dumps(detail, default=str)
    # Starlette's own phrase is put in where the app has given no detail
    return HTTPError(f"{error.status_code} {reason}", "" if detail == reason else detail)


class _Channel:
    """The connection of one native request: limits the body, adds headers to the answer.

    Attributes:
        read: whether some of the body, or the beginning of a conversation, has been read.
        started: whether the answer has begun.
    """

    def __init__(self, exchange: NativeExchange, receive: Receive, send: Send, limit: int) -> None:
        self.exchange = exchange
        self.read = self.started = False
        self._receive, self._send = receive, send
        self._left = limit

    async def receive(self) -> Message:
        message = await self._receive()
        if message["type"] == "http.request":
            self.read = True
            self._left -= len(message.get("body", b""))
            if self._left < 0:
                raise BodyTooLarge
        elif message["type"] == "websocket.connect":
            self.read = True
        return message

    async def send(self, message: Message) -> None:
        if not self.started and message["type"] in ("http.response.start", "websocket.accept"):
            exchange = self.exchange
            if exchange.was.app.hooks.active:
                added = await exchange.hop(exchange.succeeded)
            else:
                added = exchange.succeeded()
            present = list(message.get("headers") or ())
            names = {name.lower() for name, _ in present} | _SELF_MADE
            present += [(name, value) for name, value in added if name.lower() not in names - {b"set-cookie"}]
            message = {**message, "headers": [(name.lower(), value) for name, value in present]}
        self.started = self.started or message["type"] in (
            "http.response.start",
            "websocket.accept",
            "websocket.close",
            "websocket.http.response.start",
        )
        await self._send(message)


def running(app: Atila) -> Runtime:
    """The runtime of an app that answers requests."""
    assert app.runtime is not None
    return app.runtime


def was_for(app: Atila, runtime: Runtime, scope: Scope) -> Was:
    """A `was` that an endpoint finds as `request.state.was`."""
    was = admission.new_was(app, runtime, scope)
    state = scope.get("state")
    if not isinstance(state, dict):
        state = scope["state"] = {}
    state["was"] = was
    return was


async def enter(app: Atila, table: NativeTable, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer a request to an app that has native routes or middleware."""
    if scope["path"] == scope.get("root_path"):  # "/shop" of an app at /shop is its "/"
        scope = {**scope, "path": scope["path"] + "/"}
    stack = table.stack
    if stack is None:
        stack = table.stack = build_stack(app, table)
    await stack(scope, receive, send)


def build_stack(app: Atila, table: NativeTable) -> ASGIApp:
    """The app's middleware around the choice of a route."""

    async def choose(scope: Scope, receive: Receive, send: Send) -> None:
        await dispatch(app, table, scope, receive, send)

    stack: ASGIApp = choose
    if not table.middleware:
        return stack
    for cls, args, options in reversed(table.middleware):
        stack = cls(stack, *args, **options)
    return _Guard(app, stack)


class _Guard:
    """What middleware raises becomes an error page of the app, too."""

    def __init__(self, app: Atila, stack: ASGIApp) -> None:
        self.app, self.stack = app, stack

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = False

        async def watched(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self.stack(scope, receive, watched)
        except Exception:
            if started:
                raise
            exchange = NativeExchange(was_for(self.app, running(self.app), scope), None)
            exchange.settled = True
            outcome = await exchange.hop(exchange.failed, sys.exc_info())
            await _answer(exchange, outcome, scope, receive, send)


async def dispatch(app: Atila, table: NativeTable, scope: Scope, receive: Receive, send: Send) -> None:
    """Let the first answer that has a route for path and method."""
    if app.use_reloader:
        exchange = NativeExchange(was_for(app, running(app), scope), None)
        failure = await exchange.hop(exchange.reload)
        if failure is not None:
            await _answer(exchange, failure, scope, receive, send)
            return
    route, found, others = matching(table.first, scope)
    if route is None and (table.fallback or others):
        own = own_methods(app, scope)
        if own is None or scope.get("method", "GET") not in own:
            route, found, more = matching(table.fallback, scope)
            others += more
            if route is None and others and scope["type"] == "http":
                methods = (own or set()).union(*(getattr(each, "methods", None) or () for each in others))
                if await _closed(app, methods, own, scope, receive, send):
                    return
    if route is None:
        await app.answer_own(running(app), scope, receive, send)
    else:
        await run(app, route, {**scope, **found}, receive, send)


def own_methods(app: Atila, scope: Scope) -> set[str] | None:
    """The methods of the app's own route for the path, None where it has none.

    What the app does with the path in another way, a redirection or a refusal, counts as every method.
    """
    path = path_below(scope) or "/"
    method: str = scope.get("method", "GET")
    try:
        found = app.router.find(path, method)
    except Exception:
        return {method}
    if found is None:
        return None
    routes: RouteSet = found[0]
    return set(routes.by_method)


async def _closed(
    app: Atila, methods: set[str], own: set[str] | None, scope: Scope, receive: Receive, send: Send
) -> bool:
    """Answer a method that neither has, where the app itself would say that there is no such path."""
    was = was_for(app, running(app), scope)
    allowed = app.access_control_allow_origin
    if scope["method"] == "OPTIONS" and allowed is not None:
        outcome = await admission.settle(
            admission.preflight(was, methods, allowed, app.access_control_max_age)
        )
    elif own is None:
        outcome = await admission.refuse(was, 405)
    else:
        return False
    await pipeline.deliver(send, outcome)
    return True


async def run(app: Atila, route: BaseRoute, scope: Scope, receive: Receive, send: Send) -> None:
    """Let a native route answer, within the app."""
    was = was_for(app, running(app), scope)
    was.request.native = route
    parameters = scope.get("path_params")
    was.request.PARAMS = dict(parameters) if parameters else {}
    exchange = NativeExchange(was, app.authenticate or None)
    channel = _Channel(exchange, receive, send, app.max_upload_size)
    refusal = _refused(app, was, scope)
    if refusal:
        await _answer(
            exchange, await admission.refuse(was, refusal, close=refusal == 413), scope, receive, send
        )
        return
    try:
        if exchange.authentication is not None or app.hooks.active:
            outcome = await exchange.hop(exchange.before)
            if outcome is not None:
                await _answer(exchange, outcome, scope, receive, send)
                return
        await _call(app, route, was, channel, scope)
    except FallThrough as error:
        if not (channel.read or channel.started):
            await app.answer_own(running(app), scope, receive, send)
            return
        error.add_note("it has to be raised before the body is read and before the answer begins")
        await _fail(exchange, channel, scope, send)
    except ClientDisconnect:
        log.debug("%r: the client has gone", was.request)
    except Exception:
        await _fail(exchange, channel, scope, send)
    finally:
        was.release()


async def _fail(exchange: NativeExchange, channel: _Channel, scope: Scope, send: Send) -> None:
    """Answer what an endpoint has raised; one that has begun its answer already cannot be helped."""
    exc_info = sys.exc_info()
    if not channel.started:
        outcome = await exchange.hop(exchange.failed, _known(exc_info))
        await _answer(exchange, outcome, scope, channel.receive, send)
        return
    log.error("%s failed in the middle of its answer", exchange.label, exc_info=exc_info)
    if scope["type"] == "http":
        assert exc_info[1] is not None
        raise exc_info[1]  # the server cuts the connection
    await send({"type": "websocket.close", "code": INTERNAL_ERROR, "reason": ""})


def _refused(app: Atila, was: Was, scope: Scope) -> int:
    """What the app refuses before anybody answers: a status code, else 0."""
    allowed = app.access_control_allow_origin
    if allowed is not None and not admission.admit(was, allowed):
        return 403
    length = content_length(scope) if scope["type"] == "http" else None
    return 413 if length is not None and length > app.max_upload_size else 0


def _known(exc_info: ExcInfo) -> ExcInfo:
    """Errors of this package as the app's error pages know them."""
    if isinstance(exc_info[1], BodyTooLarge):
        error = HTTPError("413 Request Entity Too Large")
        return type(error), error, exc_info[2]
    return exc_info


async def _call(app: Atila, route: BaseRoute, was: Was, channel: _Channel, scope: Scope) -> None:
    introduce(scope, was.request.user)
    # the app's error pages are for this route, not those of an application around it
    scope["starlette.exception_handlers"] = ({}, {})
    scope["router"] = NativeURLs(app)
    scope["app_root_path"] = app.basepath.rstrip("/")
    token = current_was.set(was)
    active = was.runtime.activate()
    try:
        await route.handle(scope, channel.receive, channel.send)
    finally:
        current_was.reset(token)
        active.var.reset(active)


async def _answer(
    exchange: NativeExchange, outcome: Outcome, scope: Scope, receive: Receive, send: Send
) -> None:
    """Send an answer that is the app's."""
    if scope["type"] == "http":
        complete = await pipeline.see_through(exchange, outcome, receive, send)
        if complete is not None:
            await pipeline.deliver(send, complete)
        return
    body = outcome.body if isinstance(outcome, Complete) else b""
    await refuse_handshake(
        scope, send, getattr(outcome, "status_code", 403), getattr(outcome, "headers", []), body
    )
    await until_hung_up(receive)
