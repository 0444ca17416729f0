"""Events of an app and between apps (README "Event Bus", spec/05 sections 3 and 4)."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from ..context import current_was
from ..routing.resource import wrap
from ..types import Handler
from . import event_names as names
from ._reloading import is_reloading
from ._results import afterwards
from .bus import EventBus, EventDoesntExist

__all__ = ["Broadcasting", "EventBus", "EventDoesntExist", "Events", "broadcast_bus"]

log = logging.getLogger("atila_compat.hooks")


class BroadcastBus(EventBus):
    """Handlers of all apps of this process.

    Attributes:
        elsewhere: called with event, arguments and keywords of what is broadcast; a bus between the processes
            of a
            service puts itself here.
    """

    elsewhere: Callable[[str, tuple[Any, ...], dict[str, Any]], None] | None = None

    def broadcast(self, event: str, was: Any, /, *args: Any, **kwargs: Any) -> None:
        """Emit here, and in the other processes of the service."""
        self.emit(event, was, *args, **kwargs)
        if self.elsewhere is not None:
            kwargs.pop("threading", None)
            self.elsewhere(event, args, kwargs)


broadcast_bus = BroadcastBus(log)
"""The one that all apps of this process share; its handlers are called with `(was, *args, **kwargs)`."""

_Decorator = Callable[[Handler], Handler]


class Events:
    """The part of an app that emits events and hears them.

    Attributes:
        bus: the app's own handlers.
        buses: those that hear what this app emits: its own first, then its subscribers'.
    """

    if TYPE_CHECKING:
        # Makes a `was` for code that runs outside of requests.
        lifecycle_was: Callable[[], Any]

    def __init__(self) -> None:
        # Before the other areas, which may look at the bus.
        self.bus = EventBus(log)
        self.buses: tuple[EventBus, ...] = (self.bus,)
        self._watchers: list[Callable[[], None]] = []
        super().__init__()

    # -- hearing ---------------------------------------------------------------------------------------------

    def on(self, *events: str) -> _Decorator:
        """Call the function, `handler(was, *args, **kwargs)`, when one of the events is emitted.

        Its return value is ignored, its errors are logged. `event_names` lists what the framework emits.

        Raises TypeError where no event is named.
        """
        return self.bus.on(*events, replace=is_reloading(self))

    def on_broadcast(self, *events: str) -> _Decorator:
        """Call the function when one of the events is broadcast, by whichever app (spec/05 section 3)."""
        return broadcast_bus.on(*events, replace=is_reloading(self))

    on_signal = on_broadcast

    def subscribe(self, provider: Events) -> None:
        """Hear what `provider` emits, its request events too: `skitai.mount(..., subscribe = ["provider"])`.

        Life-cycle events stay with their own app.
        """
        if self.bus not in provider.buses:
            provider.buses = (*provider.buses, self.bus)
            for callback in provider._watchers:
                self.bus.watch(callback)
                callback()

    def watch_events(self, callback: Callable[[], None]) -> None:
        """Call `callback()` whenever somebody begins or ceases to hear this app."""
        self._watchers.append(callback)
        for bus in self.buses:
            bus.watch(callback)

    def hears(self, events: Iterable[str]) -> bool:
        """Whether anybody hears one of the events of this app."""
        wanted = tuple(events)
        return any(bus.listens(wanted) for bus in self.buses)

    # -- emitting --------------------------------------------------------------------------------------------

    def emit(self, event: str, /, *args: Any, threading: bool = False, **kwargs: Any) -> None:
        """Call the handlers of `event` with the current `was`, here and now, and those of subscribers.

        Args:
            event: its name; nothing happens where nobody hears it.
            args: handed on to the handlers, as `kwargs` are.
            threading: run each handler in a thread of its own.
        """
        if self.hears((event,)):
            self.emit_with(self._was(), event, *args, threading=threading, **kwargs)

    def emit_with(self, was: Any, event: str, /, *args: Any, threading: bool = False, **kwargs: Any) -> None:
        """Emit with a given `was`; `emit` says the rest."""
        for bus in self.buses:
            bus.emit(event, was, *args, threading=threading, **kwargs)

    def broadcast(self, event: str, /, *args: Any, **kwargs: Any) -> None:
        """Call the handlers that `on_broadcast` of any app has declared; what `was.broadcast` does."""
        if broadcast_bus.elsewhere is not None or broadcast_bus.listens((event,)):
            broadcast_bus.broadcast(event, self._was(), *args, **kwargs)

    def emit_after(self, event: str) -> _Decorator:
        """Emit `event` after the handler has returned; stands below `@app.route`. Not after an exception."""
        return _after(lambda was: self.emit_with(was, event))

    def broadcast_after(self, event: str) -> _Decorator:
        """Broadcast `event` after the handler has returned; stands below `@app.route`."""
        return _after(lambda was: broadcast_bus.broadcast(event, was))

    def _was(self) -> Any:
        was = current_was.get(None)
        if was is None:
            make = getattr(self, "lifecycle_was", None)
            was = make() if make is not None else None
        return was

    # -- life cycle ------------------------------------------------------------------------------------------

    def before_mount(self, func: Handler) -> Handler:
        """Call the function before the app serves, after all apps have been loaded."""
        return self.on(names.EVT_BEFORE_MOUNT)(func)

    start_up = startup = before_mount

    def mounted(self, func: Handler) -> Handler:
        """Call the function when the app is ready."""
        return self.on(names.EVT_MOUNTED)(func)

    def mounted_or_reloaded(self, func: Handler) -> Handler:
        """Call the function when the app is ready, and after each reload."""
        return self.on(names.EVT_MOUNTED_RELOADED)(func)

    def before_reload(self, func: Handler) -> Handler:
        """Call the function before the app is reloaded."""
        return self.on(names.EVT_BEFORE_RELOAD)(func)

    onreload = reload = before_reload

    def reloaded(self, func: Handler) -> Handler:
        """Call the function after the app has been reloaded."""
        return self.on(names.EVT_RELOADED)(func)

    def before_umount(self, func: Handler) -> Handler:
        """Call the function when the server begins to stop."""
        return self.on(names.EVT_BEFORE_UMOUNT)(func)

    def umounted(self, func: Handler) -> Handler:
        """Call the function after the server has stopped."""
        return self.on(names.EVT_UMOUNTED)(func)

    shutdown = umounted


def _after(action: Callable[[Any], None]) -> _Decorator:
    def decorate(func: Handler) -> Handler:
        def wrapper(was: Any, /, *args: Any, **kwargs: Any) -> Any:
            return afterwards(func(was, *args, **kwargs), lambda: action(was))

        return wrap(func, wrapper)

    return decorate


class Broadcasting:
    """The part of `was` that emits events to all apps."""

    def broadcast(self, event: str, /, *args: Any, **kwargs: Any) -> None:
        """Call the handlers that any app has declared with `@app.on_broadcast` (spec/05 section 3).

        Those of this process are called now, those of other worker processes soon, where what is handed on
        can be expressed in JSON.

        Args:
            event: its name.
            args: handed on behind `was`, as `kwargs` are; `threading = True` gives each handler a thread.
        """
        broadcast_bus.broadcast(event, self, *args, **kwargs)

    emit = broadcast
