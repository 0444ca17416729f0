"""The event bus: handlers by event name (`rs4.evbus`, spec/08 section 5)."""

from __future__ import annotations

import contextvars
import logging
import threading as threads
from collections.abc import Callable, Iterable
from typing import Any

from ..types import Handler
from ._results import afterwards, settle

log = logging.getLogger("atila_compat.hooks")


class EventDoesntExist(LookupError):
    """An event has no such handler."""


class EventBus:
    """Handlers, called in the order in which they were added.

    Args:
        logger: takes the errors of handlers, which then stop nobody; without one, an error reaches who emits.
    """

    def __init__(self, logger: Any = None) -> None:
        self.logger = logger
        self._handlers: dict[str, tuple[Handler, ...]] = {}
        self._lock = threads.Lock()
        self._watchers: list[Callable[[], None]] = []

    @property
    def event_count(self) -> int:
        """How many handlers there are."""
        return sum(map(len, self._handlers.values()))

    @property
    def cls_name(self) -> str:
        """The name of this class."""
        return type(self).__name__

    def set_logger(self, logger: Any) -> None:
        """Log errors of handlers to `logger`, a `logging.Logger` or anything with `trace()`."""
        self.logger = logger

    def watch(self, callback: Callable[[], None]) -> None:
        """Call `callback()` whenever a handler is added or removed."""
        self._watchers.append(callback)

    def listens(self, events: Iterable[str]) -> bool:
        """Whether one of the events has a handler."""
        return any(event in self._handlers for event in events)

    def add_event(self, func: Handler, event: str, replace: bool = False) -> None:
        """Call `func` when `event` is emitted; a function is kept once an event.

        Args:
            func: the handler.
            event: name of the event.
            replace: take the place of the handler that was defined at the same place; for reloading.
        """
        with self._lock:
            present = self._handlers.get(event, ())
            if replace:
                present = tuple(each for each in present if _origin(each) != _origin(func))
            if func not in present:
                self._handlers[event] = (*present, func)
        self._changed()

    def on(self, *events: str, replace: bool = False) -> Callable[[Handler], Handler]:
        """Decorator: call the function when one of the events is emitted.

        Raises TypeError where no event is named.
        """
        if not events or not all(isinstance(event, str) for event in events):
            raise TypeError('name at least one event: @app.on("mounted")')

        def decorate(func: Handler) -> Handler:
            for event in events:
                self.add_event(func, event, replace)
            return func

        return decorate

    def remove_event(self, func_name: str, event: str) -> None:
        """Forget the handlers of that name.

        Raises EventDoesntExist where there is none.
        """
        with self._lock:
            present = self._handlers.get(event, ())
            kept = tuple(each for each in present if _name(each) != func_name)
            if len(kept) == len(present):
                raise EventDoesntExist(f"{event} has no handler called {func_name}")
            if kept:
                self._handlers[event] = kept
            else:
                del self._handlers[event]
        self._changed()

    def emit(self, event: str, /, *args: Any, threading: bool = False, **kwargs: Any) -> None:
        """Call the handlers of `event` one after the other; nothing happens where there are none.

        Args:
            event: name of the event.
            args: handed on, as `kwargs` are.
            threading: run each handler in a thread of its own and do not wait for it.
        """
        for func in self._handlers.get(event, ()):
            self._run(event, func, args, kwargs, threading)

    def emit_only(
        self,
        event: str,
        func_names: str | Iterable[str],
        /,
        *args: Any,
        threading: bool = False,
        **kwargs: Any,
    ) -> None:
        """Call those handlers of `event` that have one of the names."""
        names = (func_names,) if isinstance(func_names, str) else tuple(func_names)
        for func in self._handlers.get(event, ()):
            if _name(func) in names:
                self._run(event, func, args, kwargs, threading)

    def emit_after(self, event: str) -> Callable[[Handler], Handler]:
        """Decorator: emit `event`, without arguments, after the function has returned."""

        def decorate(func: Handler) -> Handler:
            def wrapper(*args: Any, **kwargs: Any) -> Any:
                return afterwards(func(*args, **kwargs), lambda: self.emit(event))

            wrapper.__name__, wrapper.__doc__ = _name(func), func.__doc__
            return wrapper

        return decorate

    def _run(
        self, event: str, func: Handler, args: tuple[Any, ...], kwargs: dict[str, Any], threading: bool
    ) -> None:
        if threading:
            call = (contextvars.copy_context().run, self._call, event, func, args, kwargs)
            threads.Thread(target=call[0], args=call[1:], name=f"event-{event}", daemon=True).start()
        else:
            self._call(event, func, args, kwargs)

    def _call(self, event: str, func: Handler, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        try:
            settle(func(*args, **kwargs), args[0] if args else None)
        except Exception:
            if self.logger is None:
                raise
            trace = getattr(self.logger, "trace", None)
            if trace is not None:
                trace()
            else:
                self.logger.exception("handler %s of event %s failed", _name(func), event)

    def _changed(self) -> None:
        for callback in self._watchers:
            callback()

    def __repr__(self) -> str:
        return f"<{self.cls_name}: {self.event_count} handlers>"


def _name(func: Handler) -> str:
    return getattr(func, "__name__", "") or type(func).__name__


def _origin(func: Handler) -> tuple[str, str]:
    return getattr(func, "__module__", ""), getattr(func, "__qualname__", _name(func))
