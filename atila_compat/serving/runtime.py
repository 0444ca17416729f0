"""What lives with one event loop: worker threads, clients of data sources, background work."""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextvars
import logging
import threading
import weakref
from collections.abc import Awaitable, Callable, Coroutine, Hashable
from contextvars import ContextVar
from types import TracebackType
from typing import Any, ParamSpec, TypeVar

from ..context import current_was
from ..settings import usual_threads
from .task_threads import TaskThreads
from .workers import WorkerPool

T = TypeVar("T")
P = ParamSpec("P")

log = logging.getLogger("atila_compat.runtime")


_current: ContextVar[Runtime] = ContextVar("atila_compat.runtime")
_by_loop: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, Runtime] = weakref.WeakKeyDictionary()


class Spawned(concurrent.futures.Future[T]):
    """The future of a coroutine that runs on the event loop; cancelling it cancels the coroutine.

    Args:
        running: holds the tasks that run.
    """

    def __init__(
        self,
        coroutine: Coroutine[Any, Any, T],
        loop: asyncio.AbstractEventLoop,
        running: set[asyncio.Task[Any]],
    ) -> None:
        super().__init__()
        self._coroutine = coroutine
        self._loop = loop
        self._running = running
        self._task: asyncio.Task[None] | None = None

    def begin(self) -> None:
        """Run the coroutine; on the loop."""
        if self.cancelled():
            self._coroutine.close()
            self.set_running_or_notify_cancel()
            return
        self._task = self._loop.create_task(self._run())
        self._running.add(self._task)
        self._task.add_done_callback(self._ended)
        if self.cancelled():  # by another thread, which has not seen the task yet
            self._task.cancel()

    async def _run(self) -> None:
        # told here, not in `_ended`, for which the loop has to go round once more
        try:
            value = await self._coroutine
        except asyncio.CancelledError:
            raise
        except BaseException as error:
            if self.set_running_or_notify_cancel():
                self.set_exception(error)
            if not isinstance(error, Exception):
                raise
        else:
            if self.set_running_or_notify_cancel():
                self.set_result(value)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        if task.cancelled():
            self._coroutine.close()  # it may not have begun
            super().cancel()
            self.set_running_or_notify_cancel()

    def cancel(self) -> bool:
        """Cancel the coroutine, if it has not ended; tells whether it was. From any thread."""
        if not super().cancel():
            return False
        task = self._task
        if task is not None:
            self._loop.call_soon_threadsafe(task.cancel)
        return True


class Runtime:
    """The one of an event loop; requests reach it as `was.runtime`.

    Used as `async with Runtime(threads=4) as runtime:` it is closed at the end; without a lifespan (an
    app mounted in somebody else's) it is made at the first request and its threads end with the loop.

    Args:
        threads: worker threads for handlers; None for as many as `usual_threads` says.
        task_threads: threads for `was.Thread` and other tasks; never the handlers' own, or a handler that
            waits for a task could keep that task from running.
    """

    def __init__(self, threads: int | None = None, task_threads: int = 32) -> None:
        self.workers = WorkerPool(usual_threads() if threads is None else threads)
        self.task_threads = task_threads
        self._loop: asyncio.AbstractEventLoop | None = None
        self._tasks: TaskThreads | None = None
        self._shared: dict[Hashable, Any] = {}
        self._lock = threading.RLock()
        self._on_close: list[Callable[[], Awaitable[None]]] = []
        self._background: set[asyncio.Task[Any]] = set()
        self.closing = False

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The event loop that everything here belongs to."""
        if self._loop is None:
            raise RuntimeError("this Runtime has not been entered yet: use `async with Runtime():`")
        return self._loop

    def is_running(self) -> bool:
        """Whether this is the runtime of the running event loop."""
        return self._loop is asyncio.get_running_loop()

    @classmethod
    def current(cls) -> Runtime:
        """The runtime of the running request.

        Raises RuntimeError outside of requests, hooks and events.
        """
        was = current_was.get(None)
        runtime = _current.get(None) if was is None else was.runtime
        if runtime is None:
            raise RuntimeError(
                "no Atila app is running here: tasks can be made inside handlers, hooks and events only"
            )
        return runtime

    @classmethod
    def of_running_loop(cls) -> Runtime:
        """The runtime of the running event loop; made now where there is none yet."""
        loop = asyncio.get_running_loop()
        runtime = _by_loop.get(loop)
        if runtime is None:
            runtime = cls()
            runtime.attach(loop)
        return runtime

    @classmethod
    def is_on_running_loop(cls) -> bool:
        """Whether the running event loop has a runtime already."""
        return asyncio.get_running_loop() in _by_loop

    def attach(self, loop: asyncio.AbstractEventLoop) -> None:
        """Belong to `loop` from now on."""
        self._loop = loop
        _by_loop[loop] = self

    def activate(self) -> contextvars.Token[Runtime]:
        """Make this the current runtime of the running context."""
        return _current.set(self)

    def spawn(self, coroutine: Coroutine[Any, Any, T]) -> concurrent.futures.Future[T]:
        """Run `coroutine` on the loop; may be called from any thread, the loop's own too."""
        result = Spawned(coroutine, self.loop, self._background)
        if asyncio._get_running_loop() is self.loop:
            result.begin()
        else:
            self.loop.call_soon_threadsafe(result.begin)
        return result

    def submit(
        self, func: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs
    ) -> concurrent.futures.Future[T]:
        """Run `func` in a thread for tasks, with a copy of the caller's context variables."""
        threads = self._tasks
        if threads is None:
            with self._lock:
                if self._tasks is None:
                    self._tasks = TaskThreads(self.loop, self.task_threads)
                threads = self._tasks
        return threads.submit(func, *args, **kwargs)

    def shared(self, key: Hashable, make: Callable[[], T]) -> T:
        """What `make()` gave for `key` the first time."""
        found: Any = self._shared.get(key)
        if found is None:
            with self._lock:
                found = self._shared.get(key)
                if found is None:
                    found = self._shared[key] = make()
        value: T = found
        return value

    def on_close(self, callback: Callable[[], Awaitable[None]]) -> None:
        """Await `callback()` when the runtime closes; the last registered first."""
        with self._lock:
            self._on_close.append(callback)

    async def aclose(self, timeout: float = 5.0) -> None:
        """Close clients, end threads; what does not end within `timeout` seconds is named in the log."""
        self.closing = True
        await self.workers.close(timeout)
        for callback in reversed(self._on_close):
            try:
                await asyncio.wait_for(callback(), timeout)
            except Exception:
                log.exception("closing %r failed", callback)
        self._on_close.clear()
        self._shared.clear()
        if self._tasks is not None:
            self._tasks.close()
        for task in self._background - {asyncio.current_task()}:
            task.cancel()
        if self._loop is not None:
            _by_loop.pop(self._loop, None)

    async def __aenter__(self) -> Runtime:
        self.attach(asyncio.get_running_loop())
        self.activate()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()
