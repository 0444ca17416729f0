"""Answers that are made later, for handlers that do not want to keep their thread (spec/06 6-8)."""

from __future__ import annotations

import asyncio
import concurrent.futures
import itertools
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from ..context import current_was, on_event_loop

if TYPE_CHECKING:
    from ..was import Was


class Deferred:
    """An answer that is waited for on the event loop and finished in a worker thread.

    Tasks, groups of tasks, `task.then(...)`, `was.Map(...)` and their relatives are deferred answers. Whoever
    drives one calls `await deferred.wait()`, then `deferred.finish(was)`; or `deferred.cancel()`.
    """

    @property
    def is_at_hand(self) -> bool:
        """Whether its outcome has been waited for, or never had to be."""
        return False

    def done(self) -> bool:
        """Whether it is known already that `finish` can run."""
        return False

    def put_off(self) -> None:
        """The handler has given it away: the answer is made of it later, even where it is done already."""

    def wait(self) -> Awaitable[Any]:
        """Wait, on the event loop, until `finish` can run; what fails is told by `finish`, not here."""
        raise NotImplementedError

    def finish(self, was: Was) -> Any:
        """The handler's real return value, which may be deferred again; called in a worker thread.

        Raises what went wrong.
        """
        raise NotImplementedError

    def cancel(self) -> Any:
        """Stop what is still running: the client has gone, or the request's time is up."""
        raise NotImplementedError


async def arrival(*futures: concurrent.futures.Future[Any], timeout: float | None = None) -> bool:
    """Wait on the running loop until all `futures` are done; their outcomes are left alone.

    Unlike `asyncio.wrap_future`, giving up does not cancel a future. Returns False when `timeout` seconds
    have passed. The loop is woken by the last one only.
    """
    expected = [future for future in futures if not future.done()]
    if not expected:
        return True
    loop = asyncio.get_running_loop()
    done: asyncio.Future[None] = loop.create_future()

    def mark() -> None:
        if not done.done():
            done.set_result(None)

    number, last = itertools.count(1), len(expected)

    def tell(_: concurrent.futures.Future[Any]) -> None:
        if next(number) < last:  # counted in one step, whichever threads they end in
            return
        try:
            here = asyncio.get_running_loop() is loop
        except RuntimeError:
            here = False
        if here:
            mark()
        elif not loop.is_closed():
            loop.call_soon_threadsafe(mark)

    for future in expected:
        future.add_done_callback(tell)
    timer = loop.call_later(timeout, mark) if timeout is not None else None
    try:
        await done
    finally:
        if timer is not None:
            timer.cancel()
    return all(future.done() for future in expected)


class Then(Deferred):
    """What `task.then(respond)` returns: `respond(was, task)` makes the answer when the task has ended.

    Without a callback the task's own data is the answer (spec/06 section 6).
    """

    def __init__(
        self, source: Deferred, callback: Callable[[Any, Any], Any] | None = None, was: Any = None
    ) -> None:
        self.source = source
        self.callback = callback
        self.was = was

    def done(self) -> bool:
        """Whether the task has ended."""
        return self.source.done()

    def put_off(self) -> None:
        """The task is the one that is put off."""
        self.source.put_off()

    def wait(self) -> Awaitable[Any]:
        """Wait until the task has ended."""
        return self.source.wait()

    def finish(self, was: Was) -> Any:
        """What the callback returns; raises what it raises."""
        if self.callback is None:
            return self.source.finish(was)
        return self.callback(was if self.was is None else self.was, self.source)

    def cancel(self) -> Any:
        """Cancel the task."""
        return self.source.cancel()


def then(source: Deferred, callback: Callable[[Any, Any], Any] | None, was: Any) -> Any:
    """What `then` of a task or a group of them returns (spec/06 section 6).

    Where nothing has to be waited for, the callback is called here and now, as in the original: it is a part
    of the handler, for hooks too. Else the answer is made later.
    """
    if callback is not None and source.is_at_hand and not on_event_loop():
        asking = current_was.get(None) if was is None else was
        if asking is not None:
            return callback(asking, source)
    return Then(source, callback, was)
