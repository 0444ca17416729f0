"""Counts, while an app runs, what of the original's names it really uses, by the lines that use them.

`start` makes the classes of `was`, apps, requests and their relatives, and the `skitai` module, tell each
access to an attribute. Before that, and without it, there is no trace of this in them.
"""

from __future__ import annotations

import atexit
import functools
import logging
import multiprocessing.util
import os
import sys
import sysconfig
import threading
import time
import weakref
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import CodeType, FrameType, ModuleType
from typing import TYPE_CHECKING, Any

from ...errors import AtilaError
from .record import CountsFile, Name, Record, Route

if TYPE_CHECKING:
    from ...app import Atila
    from ...routing import route as routing
    from ...serving.runtime import Runtime

log = logging.getLogger("atila_compat.usage")

FLUSH_SECONDS = 60.0
"""How often a running server writes, so that one that is killed has lost little."""

_PACKAGE = str(Path(__file__).resolve().parents[2]) + os.sep
_STDLIB = tuple(str(Path(sysconfig.get_path(name)).resolve()) + os.sep for name in ("stdlib", "platstdlib"))
_TEMPLATES = f"{os.sep}jinja2{os.sep}"


class Usage:
    """What this process has counted and not written yet."""

    def __init__(self, file: CountsFile) -> None:
        self.file = file
        self.apps: weakref.WeakSet[Atila] = weakref.WeakSet()
        self._restore: list[Callable[[], None]] = []
        self._app_code: dict[CodeType, bool] = {}
        self._fresh()

    def _fresh(self) -> None:
        self.names: Counter[tuple[str, str, str, int]] = Counter()
        self.routes: Counter[tuple[int, int]] = Counter()
        self._seen_routes: dict[tuple[int, int], tuple[Atila, routing.Route]] = {}
        self._lock = threading.RLock()
        self._written = time.monotonic()
        self.process = os.getpid()
        self._runs = 1

    # -- counting -----------------------------------------------------------------------------------------

    def note(self, thing: str, attribute: str, frame: FrameType) -> None:
        """Count an access to an attribute, where it was the app's code that asked."""
        found = self._place(frame)
        if found is not None:
            with self._lock:
                self.names[(thing, attribute, *found)] += 1

    def note_route(self, app: Atila, route: routing.Route) -> None:
        """Count a request for a route."""
        key = (id(app), id(route))
        with self._lock:
            self._seen_routes[key] = (app, route)
            self.routes[key] += 1
            late = time.monotonic() - self._written > FLUSH_SECONDS
        if late:
            self.write()

    def _place(self, frame: FrameType | None) -> tuple[str, int] | None:
        """File and line of the app's code that runs in a frame; templates too."""
        assert frame is not None
        if _TEMPLATES in frame.f_code.co_filename:
            return self._in_template(frame)
        code = frame.f_code
        known = self._app_code.get(code)
        if known is None:
            known = self._app_code[code] = _is_of_app(code.co_filename)
        return (code.co_filename, frame.f_lineno) if known else None

    def _in_template(self, frame: FrameType | None) -> tuple[str, int] | None:
        while frame is not None and _TEMPLATES in frame.f_code.co_filename:
            frame = frame.f_back
        template = frame.f_globals.get("__jinja_template__") if frame is not None else None
        if frame is None or template is None or template.filename is None:
            return None
        return template.filename, template.get_corresponding_lineno(frame.f_lineno)

    # -- writing ------------------------------------------------------------------------------------------

    def take(self) -> Record:
        """What has been counted since the last time, with the routes that apps have declared."""
        with self._lock:
            names, self.names = self.names, Counter()
            routes, self.routes = self.routes, Counter()
            seen, self._seen_routes = self._seen_routes, {}
            self._written = time.monotonic()
            runs, self._runs = self._runs, 0
        record = Record(runs=runs)
        for (thing, attribute, path, line), count in names.items():
            record.names[Name(thing, attribute, f"{_shown(path)}:{line}")] += count
        for app in list(self.apps):
            if app.started:
                record.routes.update({_described(app, route): 0 for route in app.router.routes()})
        for key, (app, route) in seen.items():
            record.routes[_described(app, route)] += routes[key]
        return record

    def write(self) -> None:
        """Add to the file what has been counted; a file that cannot be written is told in the log."""
        if self.process != os.getpid():
            return  # a child that inherited this; it has counters of its own
        try:
            self.file.add(self.take())
        except (OSError, ValueError) as error:
            log.error("%s cannot be written: %s", self.file.path, error)

    def in_child(self) -> None:
        """A worker has been forked: it counts from 0."""
        self._fresh()

    # -- watching -----------------------------------------------------------------------------------------

    def watch_class(self, cls: type, thing: str) -> None:
        """Count accesses to the attributes of a class's instances."""
        access: Any = cls.__getattribute__

        def __getattribute__(self: Any, name: str) -> Any:  # noqa: N807
            value = access(self, name)
            if name[:1] != "_":
                usage.note(thing, name, sys._getframe(1))
            return value

        usage = self
        self._replace(cls, "__getattribute__", __getattribute__)

    def watch_module(self, module: ModuleType, thing: str) -> None:
        """Count accesses to the names of a module, imports of them too."""
        usage, plain = self, type(module)

        class Watched(plain):  # type: ignore[misc, valid-type]
            def __getattribute__(self, name: str) -> Any:
                value = super().__getattribute__(name)
                if name[:1] != "_":
                    usage.note(thing, name, sys._getframe(1))
                return value

        module.__class__ = Watched
        self._restore.append(lambda: setattr(module, "__class__", plain))

    def watch_routes(self, request: type) -> None:
        """Count requests by the route that answers them."""
        assign: Any = request.__setattr__
        usage = self

        def __setattr__(self: Any, name: str, value: Any) -> None:  # noqa: N807
            assign(self, name, value)
            if name == "route" and value is not None:
                usage.note_route(self.current_app, value)

        self._replace(request, "__setattr__", __setattr__)

    def watch_apps(self, cls: type[Atila]) -> None:
        """Remember the apps that are made, for the routes that nobody asks for."""
        make = cls.__init__

        @functools.wraps(make)
        def __init__(app: Atila, *args: Any, **options: Any) -> None:  # noqa: N807
            make(app, *args, **options)
            self.apps.add(app)

        self._replace(cls, "__init__", __init__)

    def watch_end(self, cls: type[Runtime]) -> None:
        """Write when a server's loop ends: workers may end without the interpreter's own end."""
        close = cls.aclose

        @functools.wraps(close)
        async def aclose(runtime: Runtime, *args: Any, **options: Any) -> None:
            try:
                await close(runtime, *args, **options)
            finally:
                self.write()

        self._replace(cls, "aclose", aclose)

    def _replace(self, cls: type, name: str, function: Callable[..., Any]) -> None:
        before = vars(cls).get(name)
        setattr(cls, name, function)
        self._restore.append(lambda: delattr(cls, name) if before is None else setattr(cls, name, before))

    def stop(self) -> None:
        """Leave everything as it was before; what was counted is not written."""
        while self._restore:
            self._restore.pop()()
        atexit.unregister(self.write)
        self.file.close()


def _is_of_app(path: str) -> bool:
    if path.startswith(("<", _PACKAGE)):
        return False
    return not path.startswith(_STDLIB) or f"{os.sep}site-packages{os.sep}" in path


def _shown(path: str) -> str:
    """A path relative to the launch script's folder, where it lies below."""
    from ...skitai.place import getswd

    absolute = os.path.abspath(path)
    relative = os.path.relpath(absolute, getswd())
    return (absolute if relative.startswith(os.pardir) else relative).replace(os.sep, "/")


def _described(app: Atila, route: routing.Route) -> Route:
    path, _, line = route.location.rpartition(":")
    place = f"{_shown(path)}:{line}" if path else ""
    rule = app.basepath.rstrip("/") + route.text
    return Route(app.app_name, rule, ", ".join(sorted(route.methods)), place)


def start(path: str | os.PathLike[str]) -> Usage:
    """Count from here on, in this process and in the workers that it forks, and write at their ends.

    Args:
        path: the file, to which counts are added.

    Raises AtilaError where it cannot be written.
    """
    from ... import skitai
    from ...app import Atila
    from ...http.cookies import Cookies
    from ...http.mbox import MessageBox
    from ...http.request import Request
    from ...http.response import Response
    from ...http.session import Session
    from ...serving.runtime import Runtime
    from ...was import Was

    try:
        usage = Usage(CountsFile(Path(path).absolute()))
    except OSError as error:
        raise AtilaError(f"{path} cannot be written: {error.strerror or error}") from error
    usage.watch_class(Was, "was")
    usage.watch_class(Request, "was.request")
    usage.watch_class(Response, "was.response")
    usage.watch_class(Cookies, "was.cookie")
    usage.watch_class(Session, "was.session")
    usage.watch_class(MessageBox, "was.mbox")
    usage.watch_class(Atila, "app")
    usage.watch_module(skitai, "skitai")
    usage.watch_routes(Request)
    usage.watch_apps(Atila)
    usage.watch_end(Runtime)
    atexit.register(usage.write)
    multiprocessing.util.register_after_fork(usage, _in_worker)
    return usage


def _in_worker(usage: Usage) -> None:
    usage.in_child()
    multiprocessing.util.Finalize(None, usage.write, exitpriority=10)
