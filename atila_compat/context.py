"""Where code runs: for which request, for code that was not handed its `was` (`skitai.was`), and on what."""

from __future__ import annotations

import asyncio
from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .was import Was

current_was: ContextVar[Was] = ContextVar("atila_compat.was")


def on_event_loop() -> bool:
    """Whether an event loop runs in this thread, so that nothing may block here."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


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
