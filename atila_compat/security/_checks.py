"""The results of an app's own checks, any of which may be `async def`."""

from __future__ import annotations

import inspect
from typing import Any

from ..context import on_event_loop
from ..hooks._results import settle


def settled(result: Any, was: Any) -> Any:
    """The result of a check; that of its coroutine for an `async def`.

    Raises RuntimeError on the event loop, which cannot wait for a coroutine: nobody passes unchecked.
    """
    if inspect.iscoroutine(result):
        if not on_event_loop():
            return settle(result, was)
        result.close()
        raise RuntimeError("an async check cannot be waited for on the event loop: make it a plain function")
    return result
