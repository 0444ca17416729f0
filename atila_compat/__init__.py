"""Atila apps on Starlette, AnyIO and uvicorn.

from atila_compat import Atila, skitai

app = Atila(__name__)               an ASGI application
asgi("serve.py")                    the Starlette application of a launch script
install()                           serves `import skitai`, `from atila import Atila`... from here
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from . import skitai
    from .app import Atila
    from .shims.hook import install, uninstall
    from .skitai.script import asgi

__version__ = "0.1.0"

__all__ = ["Atila", "__version__", "asgi", "install", "skitai", "uninstall"]

_PLACES = {
    "Atila": ".app",
    "asgi": ".skitai.script",
    "install": ".shims.hook",
    "uninstall": ".shims.hook",
}
"""Where the names are; they are imported at first use, so that `import atila_compat` costs nothing."""


def __getattr__(name: str) -> Any:
    import importlib

    if name == "skitai":
        return importlib.import_module(".skitai", __name__)
    if name in _PLACES:
        value = getattr(importlib.import_module(_PLACES[name], __name__), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
