"""The functions by which modules and packages take part in an app (spec/01 section 3)."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

MOUNT_NAMES = ("__mount__", "mount")
UMOUNT_NAMES = ("__umount__", "umount", "dettach")
"""Names of a hook; the first is today's."""

_APP_PACKAGE = ("__config__", "__setup__", "__mount__", "__app__", "mount", "setup")


def call_hook(hook: Callable[..., Any], app: Any, options: dict[str, Any]) -> None:
    """Call `__setup__` or `__mount__` of a mounted module, which may take `(app, mntopt)` or `(app)`."""
    parameters = inspect.signature(hook).parameters.values()
    positional = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    takes_both = len(positional) > 1 or any(p.kind == p.VAR_POSITIONAL for p in parameters)
    if takes_both:
        hook(app, options)
    else:
        hook(app)


def find_hook(module: ModuleType, names: tuple[str, ...]) -> Callable[..., Any] | None:
    """The first of the hooks `names` that `module` has."""
    for name in names:
        hook = getattr(module, name, None)
        if callable(hook):
            return hook  # type: ignore[no-any-return]
    return None


def namespace_of(module_name: str) -> str:
    """The namespace of a module's resources: what stands behind `services` of an app package."""
    parts = module_name.split(".")
    for index, part in enumerate(parts):
        if part == "services" and index:
            package = sys.modules.get(".".join(parts[:index]))
            if package is not None and any(hasattr(package, name) for name in _APP_PACKAGE):
                return ".".join(parts[index + 1 :])
    return module_name
