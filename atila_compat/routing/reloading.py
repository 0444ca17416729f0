"""With `--devel`, modules are loaded anew when their files change (spec/01 section 11)."""

from __future__ import annotations

import ast
import contextlib
import importlib.util
import logging
import os
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from types import ModuleType
from typing import TYPE_CHECKING, Any

from .module_hooks import MOUNT_NAMES, UMOUNT_NAMES

if TYPE_CHECKING:
    from .mounting import Mounted, Mounting
    from .resource import Resource
    from .route import Route
    from .router import Router

log = logging.getLogger("atila_compat.mounting")

Stamp = tuple[int, int]
Names = dict[str, Any]

CHECK_EVERY = 1.0
"""Seconds between two looks at the files."""

_HOOKS = ("__setup__", *MOUNT_NAMES, *UMOUNT_NAMES)


def stamp_of(module: ModuleType) -> Stamp | None:
    """Time of modification and size of a module's file; None where there is no such file."""
    try:
        found = os.stat(module.__file__ or "")
    except (AttributeError, OSError):
        return None
    return found.st_mtime_ns, found.st_size


class Reloader:
    """Loads the mounted modules of one app anew, in place: a module stays the same object.

    Its `__umount__` is called, its file executed, its `__mount__` called with the options it was mounted
    with. Routes that it does not declare any more are gone; what other modules have imported from it by
    `from ... import` is replaced there. When something fails, the error is raised, at each look until the
    file is mended, and the old routes answer on.

    The app's package itself and launch scripts are not loaded anew: the log says that a restart is needed.
    """

    def __init__(self, app: Mounting) -> None:
        self._app = app
        self._lock = threading.Lock()
        self._next_look = 0.0
        self._reported: Stamp | None = None

    def run(self) -> None:
        """Look, if it is time to, and load anew what has changed. Other threads wait until that is done."""
        if time.monotonic() < self._next_look and not self._lock.locked():
            return
        with self._lock:
            changed = self.changed()
            if changed:
                self.reload(changed)

    def changed(self) -> list[Mounted]:
        """The mounts whose files have changed; none within a second after the last look."""
        now = time.monotonic()
        if now < self._next_look:
            return []
        self._next_look = now + CHECK_EVERY
        self._look_at_package()
        return [entry for entry in self._app.mountables if entry.done and _has_changed(entry)]

    def _look_at_package(self) -> None:
        module = self._app.module
        stamp = stamp_of(module) if module is not None else None
        if self._reported is not None and stamp not in (None, self._reported):
            log.warning("%s has changed: restart the server to load it", getattr(module, "__file__", ""))
        self._reported = stamp or self._reported

    def reload(self, entries: Sequence[Mounted]) -> None:
        """Load the modules of these mounts anew.

        Raises what a module or its `__mount__` raises.
        """
        for module in dict.fromkeys(entry.module for entry in entries):
            self._reload(module, [entry for entry in entries if entry.module is module])

    def _reload(self, module: ModuleType, entries: list[Mounted]) -> None:
        log.info("reloading %s", module.__name__)
        stamp = stamp_of(module)
        _check(module)
        before = dict(vars(module))
        self._app.umount_module(module)
        try:
            _execute(module)
            self._mount(entries)
        except BaseException:
            _restore(module, before)
            try:
                self._mount(entries)
            except Exception:
                log.exception("the version of %s before the change cannot be mounted again", module.__name__)
            raise
        for entry in entries:
            entry.stamp = stamp
        _replace_imported(module, before)

    def _mount(self, entries: list[Mounted]) -> None:
        """Declare the routes of these mounts anew, on a copy of the router: a failure leaves the old one."""
        app: Any = self._app
        router: Router = app.router
        resources: dict[str, Resource] = app.resources
        origins = {id(entry.context) for entry in entries}
        old = {id(route): route for route in router.routes() if id(route.origin) in origins}

        def is_current(route: Route) -> bool:
            return id(route) not in old

        app.router = router.copy()
        app.router.by_id = {name: route for name, route in router.by_id.items() if is_current(route)}
        gone = {route.resource.id for route in old.values()} - set(app.router.by_id)
        app.resources = {name: resource for name, resource in resources.items() if name not in gone}
        try:
            for entry in entries:
                entry.context.reloading = True
                app.call_mount(entry)
        except BaseException:
            app.router, app.resources = router, resources
            raise
        finally:
            for entry in entries:
                entry.context.reloading = False
        app.router.keep(is_current)


def _has_changed(entry: Mounted) -> bool:
    stamp = stamp_of(entry.module)
    return stamp is not None and stamp != entry.stamp


def _check(module: ModuleType) -> None:
    """Raise the SyntaxError of a module before anything is done to it."""
    path = module.__file__ or ""
    with open(path, "rb") as source:
        compile(source.read(), path, "exec", dont_inherit=True)


def _execute(module: ModuleType) -> None:
    for name in _HOOKS:
        vars(module).pop(name, None)
    # Compiled files are told apart by seconds and size: a second change within a second would be missed.
    with contextlib.suppress(OSError, TypeError):
        os.remove(getattr(module, "__cached__", None) or "")
    spec = module.__spec__
    assert spec is not None, f"{module.__name__} cannot be loaded anew: it was not imported"
    assert spec.loader is not None, f"{module.__name__} cannot be loaded anew: nothing loads it"
    spec.loader.exec_module(module)


def _restore(module: ModuleType, before: Names) -> None:
    names = vars(module)
    for name in names.keys() - before.keys():
        del names[name]
    names.update(before)


def _replace_imported(module: ModuleType, before: Names) -> None:
    """Replace what others have imported from `module`, and what others have imported from those."""
    waiting = [(module.__name__, before, vars(module))]
    while waiting:
        name, old, new = waiting.pop()
        for other in _relatives(module):
            if other.__name__ == name:
                continue
            names = vars(other)
            was: Names = {}
            for imported, local in _imports(other, name):
                for source, target in _bindings(imported, local, old):
                    if source in new and names.get(target) is old[source] is not new[source]:
                        was[target] = names[target]
                        names[target] = new[source]
            if was:
                waiting.append((other.__name__, was, names))


def _relatives(module: ModuleType) -> list[ModuleType]:
    """The modules of the same package, and the launch script."""
    package = module.__name__.partition(".")[0]
    found = []
    for name, other in sorted(sys.modules.items()):
        inside = name in (package, "__main__") or name.startswith(package + ".")
        if inside and isinstance(other, ModuleType):
            found.append(other)
    return found


def _imports(module: ModuleType, wanted: str) -> Iterator[tuple[str, str]]:
    """(name there, name here) of what `module` imports from the module called `wanted`."""
    try:
        with open(module.__file__ or "", "rb") as source:
            tree = ast.parse(source.read())
    except (AttributeError, OSError, SyntaxError, ValueError):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and _resolved(node, module) == wanted:
            for alias in node.names:
                yield alias.name, alias.asname or alias.name


def _resolved(node: ast.ImportFrom, module: ModuleType) -> str | None:
    try:
        relative = "." * node.level + (node.module or "")
        return importlib.util.resolve_name(relative, getattr(module, "__package__", None))
    except ImportError:
        return None


def _bindings(imported: str, local: str, old: Names) -> list[tuple[str, str]]:
    if imported == "*":
        return [(name, name) for name in old if not name.startswith("_")]
    return [(imported, local)] if imported in old else []
