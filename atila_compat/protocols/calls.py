"""Calls in a body: what XML-RPC and JSON-RPC have in common (spec/07 sections 2 and 3).

    receive -> one hop: parse, and for each call find the route, hooks, handler -> encode -> send

Each call is an exchange of its own, with a `was` of its own; cookies and sessions go from one to the next.
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from ..context import current_was
from ..errors import REASONS, ExcInfo, HTTPError, split_status
from ..http import state
from ..http.input import BodyTooLarge, ClientDisconnect, read_body
from ..http.request import Request
from ..http.response import ErrorReply, Reply, Response
from ..http.static import is_odd_path
from ..routing.route import Route
from ..routing.router import Redirect, Unrouted
from ..serving.admission import authentication_of, check, new_was, overloaded, refuse_body
from ..serving.exchange import Exchange
from ..serving.finalize import complete, error_outcome
from ..serving.outcome import Awaiting, Complete, Outcome
from ..serving.pipeline import await_handler, deliver
from ..serving.runtime import Runtime
from ..serving.streams import final_value
from ..tasks.deferred import Deferred
from ..tasks.group import Tasks
from ..tasks.task import Task
from ..types import Receive, Scope, Send
from ..was import Was

if TYPE_CHECKING:
    from ..app import Atila

log = logging.getLogger("atila_compat.rpc")

MAX_BODY = 16 * 1024 * 1024
"""Bytes of a body; `app.config.MAX_RPC_SIZE` sets another limit."""
MAX_DEPTH = 100
"""How deep values may be nested."""
MAX_CALLS = 1000
"""Calls in one body."""

FAILED = "HTTP Error: 500 Internal Server Error"
"""What clients are told of a handler that fails, however it does (recorded cases rpc.xml and rpc.json)."""

_CARRIED = ("cookie", "session", "mbox")


class MalformedCall(ValueError):
    """A body is no call of the protocol; the client gets 400."""


class Value:
    """A call has succeeded; what its handler has returned, of whatever type."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value


class Failure:
    """A call has failed.

    Attributes:
        status_code: 0 where a handler has failed; else the status of a refusal.
    """

    __slots__ = ("message", "refusal", "status_code")

    def __init__(self, message: str, refusal: Complete | None = None) -> None:
        self.message = message
        self.refusal = refusal
        self.status_code = 0 if refusal is None else refusal.status_code


Result = Value | Failure


def _refused(refusal: Complete) -> Failure:
    return Failure(f"HTTP Error: {refusal.status_code} {REASONS.get(refusal.status_code, 'Error')}", refusal)


class Call(Exchange):
    """One call: as an ordinary request, but for how the handler is called and how it is answered.

    Args:
        params: by position.
        keywords: by name.
    """

    __slots__ = ("keywords", "params", "result")

    def __init__(
        self,
        was: Was,
        route: Route,
        authentication: str | None,
        params: Sequence[Any],
        keywords: Mapping[str, Any],
    ) -> None:
        super().__init__(was, route, authentication)
        self.params = params
        self.keywords = keywords
        self.result: Result | None = None

    def perform(self) -> Awaiting | None:
        """Call the handler, with its hooks; gives the coroutine of an `async def` handler, to be awaited."""
        outcome = self.handle()
        if isinstance(outcome, Awaiting):
            return outcome
        self.settle(outcome)
        return None

    def settle(self, outcome: Outcome) -> None:
        """Take note of an outcome; anything but a value or a failure is a refusal."""
        if self.result is None:
            refusal = outcome if isinstance(outcome, Complete) else self.refuse(500, REASONS[500])
            self.result = _refused(refusal)

    def _invoke(self) -> Any:
        assert self.route is not None
        return self.route.handler(self.was, *self.params, **self.keywords)

    def _answer(self, value: Any) -> Outcome:
        if isinstance(value, ErrorReply) or hasattr(value, "cr_frame"):
            return super()._answer(value)
        if isinstance(value, Deferred) and not isinstance(value, (Task, Tasks)):
            return Awaiting(final_value(self, value))  # a bare task is no value, as in the original
        if isinstance(value, Reply):
            value = value.body
        self.result = Value(value)
        return _NOTHING

    def failure(self, exc_info: ExcInfo) -> Complete:
        state.rollback(self.was)
        self.was.response.status_code, self.was.response.reason = 200, "OK"
        if not isinstance(exc_info[1], HTTPError):
            log.error("%s failed", self.label, exc_info=exc_info)
        message = FAILED
        if self.was.app.debug:
            message += ", Traceback " + "".join(traceback.format_exception(exc_info[1]))
        self.result = Failure(message)
        return _NOTHING


_NOTHING = Complete(200, [], b"")
"""In place of an outcome: the result is with the call."""


class Envelope:
    """A body with calls, from its bytes to the bytes of its answer; one class for each protocol.

    Attributes:
        exchange: of the request that carries the calls.
    """

    content_type: ClassVar[str]

    def __init__(self, app: Atila, was: Was) -> None:
        self.app = app
        self.was = was
        self.exchange = Exchange(was, None)
        self.calls: list[Call] = []
        self._last: Was | None = None

    # -- what a protocol has to say: all in a worker thread -------------------------------------------------

    def perform(self, body: bytes) -> list[tuple[Call, Awaiting]]:
        """Parse the body and make its calls; gives those that wait for `async def` handlers.

        Raises MalformedCall.
        """
        raise NotImplementedError

    def encode(self) -> Complete:
        """The answer to all calls.

        Raises TypeError for a value that the protocol cannot express.
        """
        raise NotImplementedError

    def malformed(self, error: MalformedCall) -> Complete:
        """The answer to a body that is no call."""
        return error_outcome(self.was, 400, REASONS[400], str(error), in_handler=False)

    # -- for them -------------------------------------------------------------------------------------------

    def call(
        self, method: str, params: Sequence[Any], keywords: Mapping[str, Any] | None = None
    ) -> tuple[Call, Awaiting] | Call:
        """Make one call. Its result is with it, unless it has to be awaited.

        Args:
            method: dots in it are slashes of the path.
        """
        app, envelope = self.app, self.was.request
        base = envelope.path if envelope.path.endswith("/") else envelope.path + "/"
        request = Request(envelope.scope, base + method.replace(".", "/"), app)
        request.body = b""
        was = Was(app, request, Response(request), self.was.runtime)
        if self._last is not None:
            used = self._last.__dict__
            was.__dict__.update({name: used[name] for name in _CARRIED if name in used})
        self._last = was
        found = self._route(was)
        if isinstance(found, Complete):
            call = Call(was, None, None, (), {})  # type: ignore[arg-type] # nothing is going to be called
            call.result = _refused(found)
            self.calls.append(call)
            return call
        request.route = found
        call = Call(was, found, authentication_of(app, found), params, keywords or {})
        self.calls.append(call)
        waiting = call.perform()
        return call if waiting is None else (call, waiting)

    def _route(self, was: Was) -> Route | Complete:
        """The route of a call, or the refusal."""
        request = was.request
        status_code, detail, reason = 404, "", ""
        if not is_odd_path(request.path):
            try:
                found = self.app.router.find(request.path, "POST")
            except Redirect:
                found = None
            except Unrouted as closed:
                found, status_code = None, closed.args[0]
            except HTTPError as error:
                found, detail = None, error.explain
                status_code, reason = split_status(error.status)
            if found is not None:
                routes, request.PARAMS = found
                route = routes.by_method.get("POST")
                status_code = 405 if route is None else check(self.app, was, route)
                if route is not None and not status_code:
                    return route
        return error_outcome(
            was, status_code, reason or REASONS.get(status_code, "Error"), detail, in_handler=False
        )

    def answer(self, body: bytes, status_code: int = 200) -> Complete:
        """The answer with this body; headers and cookies of all calls go with it."""
        response = self.was.response
        for call in self.calls:
            for name, value in call.was.response.headers:
                if not name.lower().startswith("content-"):
                    response.add_header(name, value)
        response.status_code = status_code
        response.set_header("Content-Type", self.content_type)
        outcome = complete(self.was, body)
        for call in self.calls:
            if isinstance(call.result, Value):
                call.commit(outcome)
        return outcome


async def answer(
    envelope_class: Callable[[Atila, Was], Envelope],
    app: Atila,
    runtime: Runtime,
    scope: Scope,
    receive: Receive,
    send: Send,
) -> None:
    """Answer a request that carries calls."""
    try:
        outcome = await _outcome(envelope_class, new_was(app, runtime, scope), receive)
    except ClientDisconnect:
        return
    await deliver(send, outcome)


async def _outcome(envelope_class: Callable[[Atila, Was], Envelope], was: Was, receive: Receive) -> Complete:
    app = was.app
    limit = min(app.max_upload_size, int(app.config.get("MAX_RPC_SIZE", MAX_BODY)))
    if was.runtime.workers.is_full():
        return overloaded(was)
    length = was.request.announced_length
    if length == -1:
        return refuse_body(was, 411)
    if length is not None and length > limit:
        return refuse_body(was, 413)
    if app.authenticate:
        whole_app = Exchange(was, None, app.authenticate)
        refusal: Complete | None = await whole_app.hop(whole_app.authenticate)
        if refusal is not None:
            return refusal
    try:
        body = await read_body(receive, limit)
    except BodyTooLarge:
        return refuse_body(was, 413)
    envelope = envelope_class(app, was)
    hop = envelope.exchange.hop
    outcome = await hop(_perform, envelope, body)
    if isinstance(outcome, Complete):
        return outcome
    for call, waiting in outcome:
        awaited = await await_handler(call, waiting.coroutine)
        await call.hop(call.settle, awaited)
    finished: Complete = await hop(_encode, envelope)
    return finished


def _perform(envelope: Envelope, body: bytes) -> Complete | list[tuple[Call, Awaiting]]:
    """Parse, call and encode; what has to be awaited first is given back."""
    current_was.set(envelope.was)
    if envelope.app.use_reloader:
        failure = envelope.exchange.reload()
        if isinstance(failure, Complete):
            return failure
    try:
        waiting = envelope.perform(body)
    except MalformedCall as error:
        return envelope.malformed(error)
    return waiting or _encode(envelope)


def _encode(envelope: Envelope) -> Complete:
    try:
        return envelope.encode()
    except TypeError as error:
        log.error("%s: %s", envelope.exchange.label, error)
        return error_outcome(envelope.was, 500, REASONS[500])
