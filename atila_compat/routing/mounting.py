"""Modules and packages that bring routes into an app (spec/01 sections 3 to 5).

The order in which an app is set up:

    preference copied -> package `__setup__` -> package `__mount__` -> extending modules -> modules found
    automatically -> `mount_later` entries -> overriding modules -> `__mount__` of the modules that
    `app.mount` named, nested ones too, sorted by the modules' names -> mounted functions
"""

from __future__ import annotations

import inspect
import logging
import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import ModuleType
from typing import TYPE_CHECKING, Any

from .module_hooks import MOUNT_NAMES, UMOUNT_NAMES, call_hook, find_hook
from .reloading import Reloader, Stamp, stamp_of

if TYPE_CHECKING:
    from ..structures import AttrDict

log = logging.getLogger("atila_compat.mounting")


def join_points(*points: str) -> str:
    """Mount points one behind the other, with single slashes: `/a/` + `/b/` = `/a/b/`."""
    return re.sub(r"/{2,}", "/", "/".join(("", *filter(None, points))))


@dataclass(eq=False)
class MountContext:
    """What routes declared now belong to.

    Attributes:
        point: full path in front of their rules.
        options: the module's mount options, seen by handlers as `was.request.routable["mntopt"]`.
        namespace: first part of their resource ids, the option `ns`; None: the module's name.
        overridable: None, "extends" or "overrides".
        reloading: the module is mounted again, what it declares replaces what it declared before.
    """

    point: str = "/"
    options: dict[str, Any] = field(default_factory=dict)
    namespace: str | None = None
    overridable: str | None = None
    reloading: bool = False


@dataclass(eq=False)
class Mounted:
    """A module that has been, or will be, mounted.

    Attributes:
        done: its `__mount__` has been called.
        stamp: what its file was like when it was mounted.
    """

    module: ModuleType
    context: MountContext
    done: bool = False
    stamp: Stamp | None = None


class Mounting:
    """The part of an app that mounts modules and goes through their hooks."""

    PACKAGE_DIRS = ["services", "exports"]  # noqa: RUF012 - apps append to it, as in the original

    if TYPE_CHECKING:
        debug: bool
        use_reloader: bool
        config: AttrDict
        home: str
        basepath: str

        def mount_elsewhere(self, point: str, *targets: str, **options: Any) -> None: ...
        def extend_by(self, way: str, module: ModuleType) -> None: ...

    def __init__(self) -> None:
        super().__init__()
        self.auto_mount = True
        self.module: ModuleType | None = None
        self.mountables: list[Mounted] = []
        self.mount_context: MountContext | None = None
        self.started = False
        self.start_error: BaseException | None = None
        self.override_template_dirs: list[str] = []
        self._functions: list[tuple[Callable[..., Any], dict[str, Any]]] = []
        self._later: list[tuple[str, Any, dict[str, Any]]] = []
        self._extensions: list[tuple[str, ModuleType]] = []
        self._mounting_modules = False
        self._package_options: dict[str, Any] = {}
        self._reloader = Reloader(self)

    # -- what apps call -------------------------------------------------------------------------------------

    def mount(self, *args: Any, **options: Any) -> None:
        """Mount modules or functions: `app.mount(point, *modules)` (README "Cascaded Service Mount").

        Inside a `__setup__` hook, `point` continues the point of the module that is being set up.

        Args:
            args: the point, a path, unless there is `point=` among the options; then modules with
                `__mount__` or `__setup__`, or functions `func(app)`, `func(app, mntopt)`.
            options: `ns`, `debug_only`, `authenticate`, `extends`, `overrides`; others are handed on to
                the hooks.

        Raises AssertionError for a module without hooks, RuntimeError when a module that is not mounted yet
        is to be mounted while `__mount__` hooks run.
        """
        if args and isinstance(args[0], str):
            point, *modules = args
        else:
            point, modules = options.pop("point", options.pop("mount", "")), list(args)
        if modules and all(isinstance(module, str) for module in modules):
            self.mount_elsewhere(point, *modules, **options)
            return
        self.auto_mount = False
        for module in modules:
            if not inspect.ismodule(module):
                assert callable(module), f"app.mount() takes modules and functions, got {module!r}"
                self._mount_function(point, module, dict(options))
            elif options.get("debug_only") and not self.debug and not self.started:
                # Whether the app is debugged is known when it starts: before, a launch script may mount too.
                self._later.append((point, module, options))
            else:
                self._mount_module(point, module, dict(options))

    mount_with = decorate_with = mount

    def mount_later(self, point: str, target: Any, **options: Any) -> None:
        """Mount `target` when the app has been set up, before the modules that `mount` named."""
        if self.started:
            self.mount(point, target, **options)
        else:
            self._later.append((point, target, options))

    def extends(self, module: ModuleType) -> None:
        """Offer the services of `module` where this app has none of its own (README "Extending")."""
        self.extend_by("extends", module)

    def overrides(self, module: ModuleType) -> None:
        """Let the services of `module` take the place of this app's (README "Overriding")."""
        self.extend_by("overrides", module)

    def umount(self) -> None:
        """Call the `__umount__` hooks, of the modules first; what fails is logged and stops nothing."""
        modules = [entry.module for entry in reversed(self.mountables) if entry.done]
        for module in dict.fromkeys([*modules, self.module]):
            if module is not None:
                self.umount_module(module)

    def umount_module(self, module: ModuleType) -> None:
        """Call a module's `__umount__` hook, if it has one; what fails is logged."""
        hook = find_hook(module, UMOUNT_NAMES)
        if hook is None:
            return
        try:
            call_hook(hook, self, dict(getattr(module, "__mntopt__", {})))
        except Exception:
            log.exception("__umount__ of %s failed", module.__name__)

    def reload_changed(self) -> None:
        """Load mounted modules anew whose files have changed, at most once a second; blocks.

        Raises what a module or its `__mount__` raises; its old routes work on then (spec/01 section 11).
        """
        self._reloader.run()

    # -- setting up -----------------------------------------------------------------------------------------

    def apply_preference(self, pref: Mapping[str, Any]) -> None:
        """Copy a preference's attributes to the app, its `config` into `app.config` (spec/01 section 6)."""
        for name, value in pref.items():
            if name == "config":
                self.config.update(value)
            elif not name.startswith("_"):
                setattr(self, name, value)
        extensions = getattr(pref, "extensions", ())
        self._extensions.extend(extensions)
        self._later.extend(getattr(pref, "mountables", ()))

    def start(self) -> None:
        """Go through all hooks, once; called when the app is mounted, or at its first request.

        Raises what a hook raises; an app that could not be started is not tried again.
        """
        if self.started:
            return
        if self.start_error is not None:
            raise RuntimeError(f"the app could not be started: {self.start_error}") from self.start_error
        try:
            self._start()
        except BaseException as error:
            self.start_error = error
            raise
        self.started = True

    def _start(self) -> None:
        self._package_options = {
            "point": self.basepath,
            "base_dir": self.home,
            "use_reloader": self.use_reloader,
            "debug": self.debug,
        }
        for name in ("__setup__", "__mount__"):
            # The app package's own hooks take both arguments, always (spec/01 section 3).
            hook = getattr(self.module, name, None) if self.module is not None else None
            if hook is not None:
                hook(self, dict(self._package_options))
        self._mount_extensions("extends")
        if self.auto_mount:
            self._find_modules()
        with self._at_once():
            for point, target, options in self._later:
                if self.debug or not options.get("debug_only"):
                    self.mount(point, target, **options)
        self._mount_extensions("overrides")
        self._mount_pending()
        for function, options in self._functions:
            call_hook(function, self, options)
        self._mount_pending()

    def _mount_module(
        self, point: str, module: ModuleType, options: dict[str, Any], set_up: bool = True
    ) -> None:
        if self._mounting_modules:
            if any(entry.module is module for entry in self.mountables):
                return
            raise RuntimeError(
                f"{module.__name__} is mounted while __mount__ hooks run: call app.mount() in __setup__"
            )
        if options.get("debug_only") and not self.debug:
            return
        setup = getattr(module, "__setup__", None)
        assert setup is not None or find_hook(module, MOUNT_NAMES), (
            f"__mount__ hook doesn't exist in {module.__name__}: "
            "declare its routes in `def __mount__ (app, mntopt)`"
        )
        parent = self.mount_context
        full = self._continued(point, parent)
        namespace = options.get("ns")
        options = {**options, "point": full, "module_name": module.__name__}
        options.setdefault("ns", module.__name__)
        overridable = parent.overridable if parent else None
        overridable = "extends" if options.get("extends") else overridable
        overridable = "overrides" if options.get("overrides") else overridable
        context = MountContext(full, options, namespace, overridable)
        module.__mntopt__ = options  # type: ignore[attr-defined]
        self.mountables.append(Mounted(module, context, stamp=stamp_of(module)))
        if setup is not None and set_up:
            with self._within(context):
                call_hook(setup, self, dict(options))
        if self.started and parent is None:
            self._mount_pending()

    @staticmethod
    def _continued(point: str, parent: MountContext | None) -> str:
        if parent is None:
            return join_points(point)
        base = parent.point.rstrip("/")
        if base and point.startswith(base + "/"):
            # The README mounts "/sub2/pages" in a package that is mounted at "/sub2", meaning /sub2/pages.
            return join_points(point)
        return join_points(parent.point, point)

    def _mount_function(self, point: str, function: Callable[..., Any], options: dict[str, Any]) -> None:
        options = {**options, "point": self._continued(point, self.mount_context)}
        if self.started and self.mount_context is None:
            call_hook(function, self, options)
        else:
            self._functions.append((function, options))

    def _mount_pending(self, entries: list[Mounted] | None = None) -> None:
        waiting = self.mountables if entries is None else entries
        for entry in sorted(waiting, key=lambda entry: entry.module.__name__):
            if not entry.done:
                self.call_mount(entry)

    def call_mount(self, entry: Mounted) -> None:
        """Call the `__mount__` hook of a module, within its context."""
        entry.done = True
        hook = find_hook(entry.module, MOUNT_NAMES)
        if hook is None:
            return
        before, self._mounting_modules = self._mounting_modules, True
        try:
            with self._within(entry.context):
                call_hook(hook, self, dict(entry.context.options))
        finally:
            self._mounting_modules = before

    def _mount_extensions(self, kind: str) -> None:
        with self._at_once(), self._within(MountContext(overridable=kind)):
            for way, module in self._extensions:
                if way == kind:
                    self._mount_module("/", module, {})

    def _find_modules(self) -> None:
        """Mount the package's imported modules that nobody has named; their `__setup__` is not called."""
        if self.module is None:
            return
        prefixes = tuple(f"{self.module.__name__}.{folder}" for folder in self.PACKAGE_DIRS)
        with self._at_once():
            for name, module in sorted(sys.modules.items()):
                inside = any(name == prefix or name.startswith(prefix + ".") for prefix in prefixes)
                if inside and hasattr(module, "__mount__"):
                    self._mount_module("/", module, {}, set_up=False)

    @contextmanager
    def _at_once(self) -> Iterator[None]:
        """Call the `__mount__` hooks of what is mounted within at its end, before other modules'."""
        first = len(self.mountables)
        yield
        self._mount_pending(self.mountables[first:])

    @contextmanager
    def _within(self, context: MountContext) -> Iterator[None]:
        before, self.mount_context = self.mount_context, context
        try:
            yield
        finally:
            self.mount_context = before

    # -- what extending packages bring ----------------------------------------------------------------------

    def add_template_dir(self, folder: str, front: bool = False) -> None:
        """Search `folder` for templates too, before (`front`) or after the others."""
        folders = self.config.TEMPLATE_DIRS
        if folder not in folders:
            folders.insert(0 if front else len(folders), folder)

    def add_resources(self, module: ModuleType, front: bool = False) -> None:
        """Search the `templates` folder of a package too."""
        if module.__file__:
            self.add_template_dir(os.path.join(os.path.dirname(module.__file__), "templates"), front)
