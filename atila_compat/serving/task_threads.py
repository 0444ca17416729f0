"""The threads that run `was.Thread` and its like: one is woken, the next only where that one takes long.

Short tasks are done faster one after the other than by threads that wait for each other to let go of the
interpreter. `concurrent.futures.ThreadPoolExecutor` wakes a thread for each.
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from contextvars import Context, copy_context
from typing import Any, ParamSpec, TypeVar

from .. import affinity
from .workers import park, wake

T = TypeVar("T")
P = ParamSpec("P")

_Work = tuple[Future[Any], Context, Callable[..., Any], tuple[Any, ...], dict[str, Any]]


class TaskThreads:
    """Threads for one event loop, which looks whether more of them are needed.

    Args:
        size: threads at most; they are started when they are needed.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, size: int) -> None:
        self.size = size
        self._loop = loop
        self._queue: deque[_Work | None] = deque()
        self._parked: list[threading.Lock] = []
        self._started = 0
        self._watching = False
        self._closed = False
        self._lock = threading.Lock()

    def submit(self, func: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Run `func` in a thread, with a copy of the caller's context variables; from any thread.

        Raises RuntimeError after `close`.
        """
        future: Future[T] = Future()
        self._queue.append((future, copy_context(), func, args, kwargs))
        if self._closed and future.cancel():
            raise RuntimeError("the server is shutting down: no task can be started")
        if not self._watching:
            self._watching = True
            self._one_more()
            self._loop.call_soon_threadsafe(self._watch)
        return future

    def _one_more(self) -> None:
        """Have one more thread look into the queue, if there is any that does nothing, or can be started."""
        try:
            self._parked.pop().release()
        except IndexError:
            self._start()

    def _start(self) -> None:
        with self._lock:
            if self._started == self.size or self._closed:
                return
            self._started += 1
            name = f"atila-task_{self._started}"
        threading.Thread(target=self._work, name=name, daemon=True).start()

    def _watch(self) -> None:
        """As long as something waits, have one more thread at each turn of the loop."""
        self._watching = False
        if self._queue and (self._parked or self._started < self.size) and not self._closed:
            self._watching = True
            self._one_more()
            self._loop.call_soon(self._watch)

    def _work(self) -> None:
        affinity.release()
        queue, parked = self._queue, self._parked
        mine = threading.Lock()
        mine.acquire()
        while True:
            try:
                work = queue.popleft()
            except IndexError:
                park(mine, queue, parked)
                continue
            if work is None:
                return
            future, context, func, args, kwargs = work
            if future.set_running_or_notify_cancel():
                try:
                    result = context.run(func, *args, **kwargs)
                except BaseException as error:
                    future.set_exception(error)
                else:
                    future.set_result(result)
                    del result
            del work, future, context, func, args, kwargs

    def close(self) -> None:
        """Cancel what waits, and let the threads end behind what they run."""
        self._closed = True
        for work in tuple(self._queue):
            if work is not None:
                work[0].cancel()
        with self._lock:
            for _ in range(self._started):
                self._queue.append(None)
                wake(self._parked)
