"""Work before and after a handler (README "Conditional Prework", "Run Pre/Postworks Chain").

All decorators here stand below `@app.route`; the rules are in spec/05 section 6.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from typing import Any

from ..routing.resource import resource_of, wrap
from ..types import Handler
from ._results import afterwards, settle

_Decorator = Callable[[Handler], Handler]


class Watched:
    """Something that may become newer: a key of the shared state, or a file.

    Attributes:
        seen: the time stamp that was worked on last; None before the first.
        checked: when it was looked at, in seconds of the monotonic clock; None before the first look.
    """

    __slots__ = ("checked", "lock", "seen")

    def __init__(self) -> None:
        self.seen: float | None = None
        self.checked: float | None = None
        self.lock = threading.RLock()

    def run(self, interval: float, stamp: Callable[[], float | None], work: Callable[[], Any]) -> Any:
        """Do `work` if `stamp()` is newer than what was seen; one look an `interval` (seconds) at most.

        Who comes while the work is done waits for it, so that no handler meets what is being replaced. Work
        that raises has not been done: the next request tries it again.
        """
        if self._is_fresh(interval):
            return None
        with self.lock:
            if self._is_fresh(interval):
                return None
            found = stamp()
            result = None
            if found is not None and (self.seen is None or found > self.seen):
                result = work()
                self.seen = found
            self.checked = time.monotonic()
            return result

    def _is_fresh(self, interval: float) -> bool:
        return self.checked is not None and time.monotonic() - self.checked < interval


class PreAndPostwork:
    """The part of an app that declares work around handlers."""

    def __init__(self) -> None:
        super().__init__()
        self._watched: dict[tuple[str, str], Watched] = {}

    def run_before(self, *funcs: Handler) -> _Decorator:
        """Call `func(was)`, for each of the functions, before the handler.

        The first result that is not None is the answer; nothing further is called then.
        """

        def before(was: Any) -> Any:
            for func in funcs:
                result = settle(func(was), was)
                if result is not None:
                    return result
            return None

        return _before(before)

    def run_after(self, *funcs: Handler) -> _Decorator:
        """Call `func(was)`, for each of the functions, after the handler has returned.

        Results are ignored. After an exception nothing is called.
        """

        def after(was: Any) -> None:
            for func in funcs:
                settle(func(was), was)

        def decorate(func: Handler) -> Handler:
            def wrapper(was: Any, /, *args: Any, **kwargs: Any) -> Any:
                return afterwards(func(was, *args, **kwargs), lambda: after(was))

            return wrap(func, wrapper)

        return decorate

    def if_updated(self, key: str, func: Handler, interval: float = 1) -> _Decorator:
        """Call `func(was, key)` before the handler when `was.setlu(key)` was called since the last time.

        The first request always does. A result that is not None is the answer.

        Args:
            key: a key that `skitai.register_g` has registered.
            func: what to call.
            interval: seconds between two looks at the key; 0 looks at each request.

        Raises KeyError, at a request, for a key that is not registered.
        """
        watched = self._watched.setdefault(("key", key), Watched())

        def before(was: Any) -> Any:
            return watched.run(interval, lambda: was.getlu(key), lambda: settle(func(was, key), was))

        return _before(before)

    def if_file_modified(self, path: str, func: Handler, interval: float = 1) -> _Decorator:
        """Call `func(was, path)` before the handler when the file was modified since the last time.

        The first request always does. A result that is not None is the answer. While there is no such file,
        nothing is called.

        Args:
            path: the file.
            func: what to call.
            interval: seconds between two looks at the file; 0 looks at each request.
        """
        watched = self._watched.setdefault(("file", os.fspath(path)), Watched())

        def before(was: Any) -> Any:
            return watched.run(interval, lambda: _modified(path), lambda: settle(func(was, path), was))

        return _before(before)

    def testpass_required(self, testfunc: Handler) -> _Decorator:
        """Call the handler only if `testfunc(was)` returns True or None (README "Testing").

        False is answered with 403; anything else is the answer. The function may raise `was.Error`.
        """

        def before(was: Any) -> Any:
            result = settle(testfunc(was), was)
            if result is False:
                return was.response("403 Permission Denied")
            return None if result is True else result

        def decorate(func: Handler) -> Handler:
            name = getattr(testfunc, "__name__", type(testfunc).__name__)
            resource_of(func).auth_requirements.append(("testpass", name))
            return _before(before)(func)

        return decorate


def _before(before: Callable[[Any], Any]) -> _Decorator:
    """A decorator that calls the handler only if `before(was)` returns None."""

    def decorate(func: Handler) -> Handler:
        def wrapper(was: Any, /, *args: Any, **kwargs: Any) -> Any:
            result = before(was)
            return func(was, *args, **kwargs) if result is None else result

        return wrap(func, wrapper)

    return decorate


def _modified(path: str) -> float | None:
    try:
        return os.path.getmtime(path)
    except OSError:
        return None
