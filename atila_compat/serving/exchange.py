"""One request and its answer: what runs in the worker thread, and in which order (spec/05 section 1).

    parse query and body -> before_request -> handler -> success, teardown -> cookies -> outcome -> finished

All of it runs in one hop, in one context. A deferred answer (a task, a coroutine) gives the thread back
and comes here again, to `resume`.
"""

from __future__ import annotations

import inspect
import logging
import sys
from collections.abc import Callable
from contextvars import copy_context
from typing import TYPE_CHECKING, Any

from ..context import current_was
from ..errors import REASONS, ExcInfo, HTTPError, meant_by, split_status
from ..http import state
from ..http.arguments import explain_mismatch, keywords_of
from ..http.request import on_a_line
from ..http.response import ErrorReply
from ..routing.route import Route
from ..security.authentication import authenticate
from ..tasks.deferred import Deferred
from .finalize import Unanswerable, error_outcome, finalize
from .outcome import Awaiting, Complete, Driving, Outcome, Sending, Streaming, Waiting
from .workers import Hopping

if TYPE_CHECKING:
    from ..was import Was

log = logging.getLogger("atila_compat.app")

_MEANING = "_atila_http_error"
"""Attribute of a TypeError that comes from a request which does not fit: the error that the client gets."""
_FINISHED = (Complete, Streaming, Sending, Driving, Waiting)
"""Outcomes behind which no hook follows. What is deferred begins when they have run, as in the original."""


def may_be_coroutine(func: Callable[..., Any], value: Any) -> bool:
    """Whether `func`, of a route with `coroutine = True`, is a generator, or has returned what is waited for.

    What decorators or hooks answer in place of a generator is an answer.
    """
    return (
        inspect.isgeneratorfunction(func)
        or inspect.isgenerator(value)
        or inspect.isawaitable(value)
        or isinstance(value, Deferred)
    )


class Exchange(Hopping):
    """One request and its answer.

    Attributes:
        authentication: the kind that has to be passed before the handler runs, None once it was.
        hooks_wait: the hooks behind the handler have not run yet, for it is an `async def` that goes on.
        crash_code: the status of an exception that has none; 500 in a coroutine that has not waited yet.
        finished: the event `request:finished` was emitted.
        path_params: the path's parameters before the hooks, which may change `PARAMS` but not the call; None
            where there are no hooks.
    """

    __slots__ = (
        "authentication",
        "crash_code",
        "finished",
        "hooks_wait",
        "path_params",
        "route",
        "was",
    )

    def __init__(self, was: Was, route: Route | None, authentication: str | None = None) -> None:
        super().__init__(was.runtime.workers, copy_context())
        self.was = was
        self.route = route
        self.authentication = authentication
        self.hooks_wait = False
        self.crash_code = 502
        self.finished = False
        self.path_params: dict[str, Any] | None = None

    @property
    def label(self) -> str:
        request = self.was.request
        return f"{request.method} {on_a_line(request.path)}"

    @property
    def stays_on_loop(self) -> bool:
        """Whether the handler is an `async def` without decorators and hooks: it takes no thread."""
        route = self.route
        return (
            route is not None
            and route.resource.is_async
            and route.handler is route.resource.func
            and self.authentication is None
            and not self.was.app.hooks.active
        )

    # -- in a worker thread ---------------------------------------------------------------------------------

    def handle(self) -> Outcome:
        """Answer the request: hooks, handler and all."""
        current_was.set(self.was)
        outcome: Outcome = self._guarded(self._handle)
        return outcome

    def authenticate(self) -> Outcome | None:
        """Only find out who asks: before a body is read. Returns the refusal, if there is one."""
        current_was.set(self.was)
        kind, self.authentication = self.authentication, None
        outcome: Outcome | None = self._guarded(self._refusal, kind)
        return outcome

    def refuse(self, status_code: int, reason: str, detail: Any = "") -> Complete:
        """Answer an error that was found before any handler ran."""
        current_was.set(self.was)
        return error_outcome(self.was, status_code, reason, detail, in_handler=False)

    def reload(self) -> Outcome | None:
        """Load changed service modules anew, with --devel. Returns the error, if one fails."""
        current_was.set(self.was)
        outcome: Outcome | None = self._guarded(self.was.app.reload_changed)
        return outcome

    def resume(self, step: Callable[..., Any], *args: Any) -> Outcome:
        """Go on with a deferred answer: `step(*args)` gives the handler's value, or raises its error."""
        outcome: Outcome = self._guarded(self._resume, step, *args)
        return outcome

    def awaited(self, value: Any, error: BaseException | None) -> Outcome:
        """Go on after an `async def` handler has returned `value` or raised `error`."""
        outcome: Outcome = self._guarded(self._awaited, value, error)
        return outcome

    # -- the order of things --------------------------------------------------------------------------------

    def _guarded(self, step: Callable[..., Any], *args: Any) -> Any:
        try:
            outcome = step(*args)
        except BaseException:  # sys.exit() or KeyboardInterrupt in a handler ends its request, not the server
            outcome = self.failure(sys.exc_info())
        if isinstance(outcome, _FINISHED):
            self.finish()
        return outcome

    def finish(self) -> None:
        """Emit `request:finished`, once; in a worker thread."""
        hooks = self.was.app.hooks
        if hooks.active and not self.finished:
            self.finished = True
            hooks.run_finished(self.was)

    def _refusal(self, kind: str | None) -> Outcome | None:
        was, route = self.was, self.route
        by_app = kind is not None and kind == was.app.authenticate
        refusal = authenticate(was, kind)
        if refusal is None and by_app and route is not None and route.own_authentication != kind:
            by_app = False
            refusal = authenticate(was, route.own_authentication)
        if refusal is None:
            return None
        if isinstance(refusal, ErrorReply):
            reason, detail = was.response.reason, refusal.detail or ""
            return error_outcome(
                was,
                refusal.status_code,
                reason,
                detail,
                in_handler=False,
                by_handlers=not by_app,  # an app's own pages are for those whom it lets in
            )
        return finalize(self.was, refusal)

    def _handle(self) -> Outcome:
        was, app = self.was, self.was.app
        if self.authentication is not None:
            refusal = self._refusal(self.authentication)
            if refusal is not None:
                return refusal
        was.request.parse()
        hooks = app.hooks
        if not hooks.active:
            return self._answer(self._invoke())
        self.path_params = dict(was.request.PARAMS)
        try:
            value = hooks.run_before(was)
            if value is None:
                value = self._invoke()
            if inspect.iscoroutine(value):
                self.hooks_wait = True
                return Awaiting(value)
        except BaseException:
            return self._failed(sys.exc_info())
        hooks.run_success(was)
        hooks.run_teardown(was)
        return self._answer(value)

    def _awaited(self, value: Any, error: BaseException | None) -> Outcome:
        hooks, waited = self.was.app.hooks, self.hooks_wait
        self.hooks_wait = False
        if error is not None:
            if not waited:
                raise error
            return self._failed((type(error), error, error.__traceback__))
        if waited:
            hooks.run_success(self.was)
            hooks.run_teardown(self.was)
        return self._answer(value)

    def _failed(self, exc_info: ExcInfo) -> Outcome:
        """The way of a request whose handler, or a hook before it, has raised."""
        was, hooks = self.was, self.was.app.hooks
        was.response.status_code, was.response.reason = 200, "OK"
        value = hooks.run_failed(was, exc_info)
        if value is None:
            if was.app.teardown_always:
                hooks.run_teardown(was)
            return self.failure(exc_info)
        if not isinstance(exc_info[1], HTTPError):
            log.error("%s failed", self.label, exc_info=exc_info)
        hooks.run_teardown(was)
        return self._answer(value)

    def _invoke(self) -> Any:
        """Call the handler; a call that does not fit is told to the client (spec/02 section 4.3)."""
        was, route = self.was, self.route
        assert route is not None
        request = was.request
        params = request.PARAMS if self.path_params is None else self.path_params
        if request.has_arguments:
            keywords = keywords_of(route, params, request.URL, request.DATA, request.merged)
            if keywords is request.merged:  # then ARGS is what it is called with, as hooks have left it
                keywords = request.ARGS
        else:
            keywords = params
        try:
            value = route.handler(was, **keywords)
        except TypeError as error:
            mismatch = explain_mismatch(route, keywords)
            if mismatch is not None:  # the hooks see the TypeError, the client what it means
                vars(error)[_MEANING] = mismatch
            raise
        if route.coroutine and not may_be_coroutine(route.resource.func, value):
            raise TypeError(f"{route.text}: with coroutine = True the handler has to be a generator")
        return value

    def _answer(self, value: Any) -> Outcome:
        """The outcome of a value; cookies go out with answers that are ready, not with errors.

        The handler has not failed where its value cannot be sent: what it has set goes out with the 500.
        """
        try:
            outcome = finalize(self.was, value)
        except TypeError:
            exc_info = sys.exc_info()
            log.error("%s: what the handler returned cannot be sent", self.label, exc_info=exc_info)
            outcome = error_outcome(self.was, 500, REASONS[500], exc_info=exc_info, by_handlers=False)
        if not isinstance(outcome, (Waiting, Driving, Awaiting)):
            self.commit(outcome)
        return outcome

    def commit(self, outcome: Any) -> None:
        """Send the cookies of this request with `outcome`."""
        for cookie in state.commit(self.was):
            outcome.headers.append((b"Set-Cookie", cookie.encode("latin-1", "replace")))

    def _resume(self, step: Callable[..., Any], *args: Any) -> Outcome:
        value = step(*args)
        if value is None:
            raise Unanswerable(
                "a deferred answer came to nothing: let its callback return a str, was.API (...)"
            )
        return self._answer(value)

    def failure(self, exc_info: ExcInfo) -> Complete:
        """The answer to an exception: its own status for HTTPError, else `crash_code` (spec/02 7.1)."""
        was = self.was
        error = meant_by(exc_info[1])
        error = getattr(error, _MEANING, error)
        try:
            if isinstance(error, HTTPError):
                try:
                    status_code, reason = split_status(error.status)
                except (AssertionError, AttributeError):
                    log.error("%s raised an error without a status", self.label, exc_info=exc_info)
                    return error_outcome(was, 500, REASONS[500], exc_info=exc_info, by_handlers=False)
                return error_outcome(
                    was, status_code, reason, error.detail, error.errno, exc_info=error.exc_info
                )
            log.error("%s failed", self.label, exc_info=exc_info)
            code = self.crash_code
            return error_outcome(was, code, REASONS[code], None, exc_info=exc_info)
        except Exception:
            log.exception("%s: the error answer failed", self.label)
            body = b"Internal Server Error"
            headers = [(b"Content-Type", b"text/plain"), (b"Content-Length", b"%d" % len(body))]
            return Complete(500, headers, body)
        finally:
            state.rollback(was)  # not before: error handlers see what the handler has set
