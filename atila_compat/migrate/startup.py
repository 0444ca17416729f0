"""What happens in an enabled environment when a program first imports a name of the original.

The line that `atila-compat enable` has put there only waits for these names; this module is loaded then.
"""

from __future__ import annotations

import sys
from importlib.machinery import ModuleSpec

from ..shims import hook


def take_over(name: str) -> ModuleSpec | None:
    """Serve the original's names from here on; gives the spec of the one that is imported."""
    hook.install()
    sys.meta_path[:] = [finder for finder in sys.meta_path if type(finder).__name__ != WAITING]
    if name in ("atila", "skitai"):
        # the original knows from its import on whether the script was given --devel
        from ..skitai.place import apply_mode

        apply_mode()
    return hook._finder.find_spec(name)


WAITING = "AtilaCompatWaits"
"""The class that the line in the .pth file makes."""


def line() -> str:
    """The line of the .pth file: it costs next to nothing where none of the names is imported."""
    names = tuple(sorted(hook.SERVED))
    find = (
        "staticmethod(lambda name, path=None, target=None: None if name.partition('.')[0] not in "
        f"{names!r} else __import__('atila_compat.migrate.startup', fromlist=['_']).take_over(name))"
    )
    return f"import sys; sys.meta_path.insert(0, type({WAITING!r}, (), {{'find_spec': {find}}})())\n"
