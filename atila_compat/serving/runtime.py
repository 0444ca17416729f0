"""What lives with one event loop: worker threads, clients of data sources, background work."""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextvars
import logging
import threading
import weakref
from collections.abc import Awaitable, Callable, Coroutine, Hashable
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar
from types import TracebackType
from typing import Any, ParamSpec, TypeVar

from .. import affinity
from ..context import current_was
from ..settings import usual_threads
from .workers import WorkerPool

T = TypeVar("T")
P = ParamSpec("P")

log = logging.getLogger("atila_compat.runtime")


_current: ContextVar[Runtime] = ContextVar("atila_compat.runtime")
_by_loop: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, Runtime] = weakref.WeakKeyDictionary()


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
        self._executor: ThreadPoolExecutor | None = None
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
        result: concurrent.futures.Future[T] = concurrent.futures.Future()
        if asyncio._get_running_loop() is self.loop:
            self._begin(coroutine, result)
        else:
            self.loop.call_soon_threadsafe(self._begin, coroutine, result)
        return result

    def _begin(self, coroutine: Coroutine[Any, Any, T], result: concurrent.futures.Future[T]) -> None:
        if result.cancelled():
            coroutine.close()
            return
        task = self.loop.create_task(_hand_over(coroutine, result))
        self._background.add(task)
        task.add_done_callback(self._background.discard)

        def cancelled(future: concurrent.futures.Future[T]) -> None:
            if future.cancelled():
                self.loop.call_soon_threadsafe(task.cancel)

        result.add_done_callback(cancelled)

    def submit(
        self, func: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs
    ) -> concurrent.futures.Future[T]:
        """Run `func` in a thread for tasks, with a copy of the caller's context variables."""
        executor = self._executor
        if executor is None:
            with self._lock:
                if self._executor is None:
                    self._executor = ThreadPoolExecutor(
                        self.task_threads, thread_name_prefix="atila-task", initializer=affinity.release
                    )
                executor = self._executor
        return executor.submit(contextvars.copy_context().run, func, *args, **kwargs)  # type: ignore[arg-type]

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
        if self._executor is not None:
            self._executor.shutdown(wait=False, cancel_futures=True)
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


async def _hand_over(coroutine: Coroutine[Any, Any, T], result: concurrent.futures.Future[T]) -> None:
    """Tell `result` what the coroutine comes to, without the loop's going round once more for it."""
    try:
        value = await coroutine
    except asyncio.CancelledError:
        result.cancel()
        result.set_running_or_notify_cancel()
        raise
    except BaseException as error:
        if result.set_running_or_notify_cancel():
            result.set_exception(error)
        if not isinstance(error, Exception):
            raise
    else:
        if result.set_running_or_notify_cancel():
            result.set_result(value)
