"""The `was` of the running request, for code that was not handed one (spec/01 section 7, `skitai.was`)."""

from __future__ import annotations

from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .was import Was

current_was: ContextVar[Was] = ContextVar("atila_compat.was")


def get_was() -> Was:
    """The `was` of the request, hook or event that runs here.

    Raises RuntimeError outside of them.
    """
    was = current_was.get(None)
    if was is None:
        raise RuntimeError(
            "no request is being handled here: `was` exists in handlers, hooks and events only"
        )
    return was
