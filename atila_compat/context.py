"""Where code runs: for which request, for code that was not handed its `was` (`skitai.was`), and on what."""

from __future__ import annotations

import asyncio
import threading
from contextvars import ContextVar
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from .was import Was

current_was: ContextVar[Was] = ContextVar("atila_compat.was")


class Seats(Protocol):
    """A pool whose threads say when they wait, so that others may run meanwhile; see `serving.workers`."""

    def step_aside(self) -> None:
        """The running thread is going to wait."""
        ...

    def come_back(self) -> None:
        """It has waited."""
        ...


class _OfThread(threading.local):
    seats: Seats | None = None


of_thread = _OfThread()
"""What the running thread belongs to: `seats` of its pool, None for other threads."""


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
