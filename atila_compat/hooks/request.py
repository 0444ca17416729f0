"""What runs around each request of an app (README "Request Life Cycle Hooks", spec/05 section 1).

The order is that of the original:

    success    before_request, handler, success_request = finish_request, teardown_request, request:finished
    exception  before_request, handler, failed_request, (teardown_request,) request:finished

At each of these points the event comes first, then the hook. After an exception, `teardown_request` comes
only if the `failed_request` hook has given an answer, or with `pref.teardown_always = True`. A hook's own
exception is the request's: that of `before_request` goes the way of the handler's exceptions; that of another
hook becomes the answer, and no further hook runs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from ..errors import ExcInfo
from ..types import Handler
from . import event_names as names
from ._results import settle

if TYPE_CHECKING:
    from .events import Events


class Hooks:
    """The hooks of an app, one a point; the pipeline calls the `run_` methods in a worker thread.

    Attributes:
        before, finish, failed, teardown: the hooks, None where there is none.
        active: whether there is any hook, or anybody who hears a request event. Where there is not, the
            `run_` methods have nothing to do and need not be called.
    """

    __slots__ = ("_app", "active", "before", "failed", "finish", "teardown")

    def __init__(self, app: Events) -> None:
        self._app = app
        self.before: Handler | None = None
        self.finish: Handler | None = None
        self.failed: Handler | None = None
        self.teardown: Handler | None = None
        self.active = False
        app.watch_events(self.refresh)

    def refresh(self) -> None:
        """See again whether there is anything to do."""
        hooks = (self.before, self.finish, self.failed, self.teardown)
        self.active = any(hook is not None for hook in hooks) or self._app.hears(names.REQUEST_EVENTS)

    def run_before(self, was: Any) -> Any:
        """Before the handler. Anything but None is the answer, and the handler is not called."""
        self._app.emit_with(was, names.EVT_REQ_STARTED)
        return settle(self.before(was), was) if self.before is not None else None

    def run_success(self, was: Any) -> None:
        """After the handler has returned."""
        self._app.emit_with(was, names.EVT_REQ_SUCCESS)
        self._app.emit_with(was, names.EVT_REQ_FINISH)
        if self.finish is not None:
            settle(self.finish(was), was)

    def run_failed(self, was: Any, exc_info: ExcInfo) -> Any:
        """After an exception, HTTPError too. Anything but None is the answer in place of the error."""
        self._app.emit_with(was, names.EVT_REQ_FAILED, exc_info)
        return settle(self.failed(was, exc_info), was) if self.failed is not None else None

    def run_teardown(self, was: Any) -> None:
        """At the end; the answer's headers and cookies can still be set."""
        self._app.emit_with(was, names.EVT_REQ_TEARDOWN)
        if self.teardown is not None:
            settle(self.teardown(was), was)

    def run_finished(self, was: Any) -> None:
        """When the answer is ready, an error answer too. There is no hook, only the event."""
        self._app.emit_with(was, names.EVT_REQ_FINISHED)


class RequestHooks:
    """The part of an app that declares hooks. Each has one place: a second one replaces the first."""

    def __init__(self) -> None:
        super().__init__()
        self.hooks = Hooks(cast("Events", self))

    def before_request(self, func: Handler) -> Handler:
        """Call `func(was)` before the handler; anything but None is the answer. It may raise `was.Error`."""
        return self._set("before", func)

    def finish_request(self, func: Handler) -> Handler:
        """Call `func(was)` after the handler has returned; its result is ignored."""
        return self._set("finish", func)

    def failed_request(self, func: Handler) -> Handler:
        """Call `func(was, exc_info)` after an exception, with the triple of `sys.exc_info()`.

        Anything but None is the answer in place of the error, with status 200 unless the function sets one.
        """
        return self._set("failed", func)

    def teardown_request(self, func: Handler) -> Handler:
        """Call `func(was)` at the end of a request that succeeded or that `failed_request` has rescued.

        After other errors it is not called, as in the original; with `pref.teardown_always = True` it is.
        """
        return self._set("teardown", func)

    def _set(self, place: str, func: Handler) -> Handler:
        setattr(self.hooks, place, func)
        self.hooks.refresh()
        return func
