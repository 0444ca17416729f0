"""Results of hooks, event handlers and request handlers, any of which may be `async def`."""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections.abc import Callable
from typing import Any

from anyio import to_thread

log = logging.getLogger("atila_compat.hooks")

_running: set[asyncio.Task[Any]] = set()


def settle(value: Any, was: Any) -> Any:
    """What a hook has returned, or the result of its coroutine if it is an `async def`.

    On the event loop, which cannot wait for itself, the coroutine goes on by itself: the result is None, and
    an error is logged.
    """
    if not inspect.iscoroutine(value):
        return value
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        runtime = getattr(was, "runtime", None)
        return asyncio.run(value) if runtime is None else runtime.spawn(value).result()
    task = loop.create_task(value)
    _running.add(task)
    task.add_done_callback(_report)
    return None


def _report(task: asyncio.Task[Any]) -> None:
    _running.discard(task)
    if not task.cancelled() and task.exception() is not None:
        log.error("%r failed", task.get_coro(), exc_info=task.exception())


def afterwards(value: Any, action: Callable[[], Any]) -> Any:
    """Run `action` behind a request handler that has returned `value`; a coroutine is awaited first.

    The action then runs in a thread: it may block, and the coroutine is awaited on the event loop.
    """
    if not inspect.iscoroutine(value):
        action()
        return value

    async def awaited() -> Any:
        result = await value
        await to_thread.run_sync(action)
        return result

    return awaited()
