"""`skitai.was`: the `was` of the running request, usable in any code (spec/01 section 7)."""

from __future__ import annotations

from typing import Any

from ..context import get_was


class WasProxy:
    """Stands for the `was` of the request that runs in this thread or task.

    Raises RuntimeError at use where no request, hook or event runs.
    """

    __slots__ = ()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name.endswith("__"):
            # introspection (doctest, inspect, pickle) outside of requests has to find nothing, not fail
            raise AttributeError(name)
        return getattr(get_was(), name)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(get_was(), name, value)

    def __delattr__(self, name: str) -> None:
        delattr(get_was(), name)

    def __dir__(self) -> list[str]:
        try:
            return dir(get_was())
        except RuntimeError:
            return []

    def __repr__(self) -> str:
        try:
            return repr(get_was())
        except RuntimeError:
            return "<skitai.was: no request is being handled>"


was = WasProxy()
