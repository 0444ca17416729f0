"""The threads that run handlers: long-lived, fed by one queue, with their results handed back in batches.

Each thread is entered once through `anyio.to_thread.run_sync`, so `anyio.from_thread` works inside handlers.
On the way in a request costs a place in a deque and perhaps the wake of one thread, on the way out one
`call_soon_threadsafe` for all results that are ready, in place of the 50-80 microseconds that a
`to_thread.run_sync` of its own would take.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
import os
import sys
import sysconfig
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable
from contextvars import Context
from types import FrameType
from typing import Any, Protocol

import anyio
import anyio.to_thread

from ..context import of_thread
from ..settings import settings

log = logging.getLogger("atila_compat.workers")

SATURATED_AFTER = 1.0
"""Seconds in the queue that make a request worth a line in the log."""
REPORT_EVERY = 30.0
"""Seconds between two such lines."""

_pools: weakref.WeakSet[WorkerPool] = weakref.WeakSet()
_FOREIGN = tuple(
    os.path.normpath(path) + os.sep
    for path in {
        os.path.dirname(os.path.dirname(__file__)),
        *(sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")),
        os.path.dirname(os.__file__),
    }
)
"""Directories of code that is not the app's."""


class Receiver(Protocol):
    """What is told on the event loop what a job has come to: a future, or what can do the same."""

    def done(self) -> bool:
        """Whether nobody wants to know any more."""
        ...

    def set_result(self, result: Any, /) -> None:
        """It has returned this."""
        ...

    def set_exception(self, exception: BaseException, /) -> None:
        """It has raised this."""
        ...


_Job = tuple[Receiver, Context, Callable[..., Any], tuple[Any, ...], object, float]


SPARE = 3
"""Threads for each one that may run, which take the places of those that wait for a task."""


class WorkerPool:
    """Worker threads for handlers of one event loop.

    A thread that waits for a task lets another one run in its place, so that slow servers elsewhere do not
    keep all others waiting. A pool of one thread has no spare ones: its handlers are never side by side.

    Attributes:
        threads: how many run at a time.
        waiting_time: seconds that the last request spent in the queue.
        jobs: how many have been run.
        waited: seconds that all of them have spent in the queue, together.
        refused: requests that were refused because too many were waiting.
    """

    def __init__(self, threads: int = 4) -> None:
        self.threads = max(1, threads)
        self._most = self.threads * (1 + SPARE) if self.threads > 1 else 1
        self.waiting_time = 0.0
        self.jobs = 0
        self.waited = 0.0
        self.refused = 0
        self._queue: deque[_Job | None] = deque()
        self._parked: list[threading.Lock] = []
        self._watching = False
        self._results: deque[tuple[Receiver, Any, BaseException | None]] = deque()
        self._hand_back_scheduled = False
        self._running: dict[int, tuple[object, float]] = {}
        self._aside: set[int] = set()
        self._closing = False
        self._left: dict[Receiver, asyncio.Future[None]] = {}
        self._anchors: list[asyncio.Task[None]] = []
        self._loop: asyncio.AbstractEventLoop | None = None
        self._reported_at = 0.0
        self._named: set[tuple[int, float]] = set()
        _pools.add(self)

    def run(
        self, context: Context, label: object, func: Callable[..., Any], *args: Any
    ) -> asyncio.Future[Any]:
        """Queue `func(*args)` to run inside `context`; called on the event loop, awaited there.

        Args:
            context: carries the request's context variables over all its hops.
            label: what reports about busy threads call it; made into text only there.
        """
        loop = self._loop or self._start()
        future: asyncio.Future[Any] = loop.create_future()
        self.put(future, context, label, func, *args)
        return future

    def put(
        self, receiver: Receiver, context: Context, label: object, func: Callable[..., Any], *args: Any
    ) -> None:
        """The same for somebody who does not await the result: `receiver` is told, on the event loop."""
        loop = self._loop or self._start()
        self._queue.append((receiver, context, func, args, label, time.monotonic()))
        if self._watching:
            return
        if self._parked and len(self._queue) == 1 and len(self._running) == len(self._aside):
            wake(self._parked)
        else:
            self._watching = True
            loop.call_soon(self._watch)

    def _watch(self) -> None:
        """Wake one more thread if those that are awake have left something over.

        One thread runs short handlers one after the other faster than several that wait for each other to
        let go of the interpreter; while it does, this is not called. It is as soon as that thread blocks.
        """
        loop = self._loop
        self._watching = False
        if loop is None or not self._queue or not self._has_seat():
            return
        if self._parked:
            wake(self._parked)
        elif len(self._running) == len(self._anchors) < self._most:  # nobody is about to look by himself
            self._add_thread(loop)
        else:
            return
        self._watching = True
        loop.call_soon(self._watch)

    def _has_seat(self) -> bool:
        """Whether one more thread may run."""
        return len(self._running) - len(self._aside) < self.threads or self._closing

    def step_aside(self) -> None:
        """The running thread is going to wait for a task: another one may run meanwhile."""
        self._aside.add(threading.get_ident())
        if self._queue and self._most > self.threads:
            if self._parked:
                wake(self._parked)
            elif not self._watching and self._loop is not None:
                with contextlib.suppress(RuntimeError):  # the loop has closed
                    self._loop.call_soon_threadsafe(self._watch)

    def come_back(self) -> None:
        """The running thread has waited, and goes on in any case."""
        self._aside.discard(threading.get_ident())

    def finished(self, receiver: Receiver) -> asyncio.Future[None]:
        """For a job that nobody waits for any more: done when its thread has come to its end."""
        assert self._loop is not None
        end = self._left[receiver] = self._loop.create_future()
        return end

    def busy(self) -> list[tuple[str, float]]:
        """What the threads are running now: (label, seconds since it began), the longest first."""
        now = time.monotonic()
        running = [(str(label), now - began) for label, began in list(self._running.values())]
        return sorted(running, key=lambda entry: -entry[1])

    def queued(self) -> int:
        """How many requests wait for a thread."""
        return len(self._queue)

    def is_full(self) -> bool:
        """Whether one more request should be refused: too many wait, or those before it waited too long.

        `settings.max_queue` and `settings.estimated_timeout` say what is too much.
        """
        queued = len(self._queue)
        if queued == 0:
            return False
        limit = settings.estimated_timeout
        return queued >= settings.max_queue or (limit is not None and self.waiting_time > limit)

    def retry_after(self) -> int:
        """Seconds after which a request that was refused may be sent again."""
        return max(1, min(60, math.ceil(self.waiting_time)))

    def idle(self) -> int:
        """How many threads have nothing to do."""
        return max(self.threads - len(self._running) + len(self._aside), 0)

    def load(self) -> tuple[int, int]:
        """How many threads have nothing to do, and how many requests wait."""
        return self.idle(), self.queued()

    def name_stuck(self, after: float) -> None:
        """Name in the log, once each, what has been running for more than `after` seconds."""
        now, frames = time.monotonic(), None
        running = list(self._running.items())
        self._named &= {(ident, began) for ident, (_, began) in running}
        for ident, (label, began) in running:
            if now - began < after or (ident, began) in self._named:
                continue
            self._named.add((ident, began))
            frames = frames or sys._current_frames()
            log.warning(
                "%s has been running for %.0f s, in a thread that is now at %s; %d of %d threads are idle",
                label,
                now - began,
                place_of(frames.get(ident)),
                self.idle(),
                self.threads,
            )

    def _start(self) -> asyncio.AbstractEventLoop:
        self._loop = loop = asyncio.get_running_loop()
        # others than those of a former loop, whose threads may still be at work
        self._queue, self._parked, self._watching = deque(), [], False
        self._closing = False
        self._limiter = anyio.CapacityLimiter(self._most)
        self._anchors = []
        for _ in range(self.threads):
            self._add_thread(loop)
        return loop

    def _add_thread(self, loop: asyncio.AbstractEventLoop) -> None:
        self._anchors.append(loop.create_task(self._anchor(self._limiter)))

    async def _anchor(self, limiter: anyio.CapacityLimiter) -> None:
        queue, parked = self._queue, self._parked
        try:
            await anyio.to_thread.run_sync(self._sit, queue, parked, limiter=limiter, abandon_on_cancel=True)
        finally:
            self._closing = True
            # A loop that ends cancels this task and leaves the thread where it waits: it has to be let go,
            # or the interpreter would wait for it for ever.
            _let_go(queue, parked)

    def _sit(self, queue: deque[_Job | None], parked: list[threading.Lock]) -> None:
        of_thread.seats = self
        try:
            self._work(queue, parked)
        finally:
            of_thread.seats = None  # the thread is AnyIO's

    def _work(self, queue: deque[_Job | None], parked: list[threading.Lock]) -> None:
        results, running, ident = self._results, self._running, threading.get_ident()
        loop = self._loop
        assert loop is not None
        mine = threading.Lock()
        mine.acquire()
        while True:
            try:
                job = queue.popleft()
            except IndexError:
                park(mine, queue, parked)
                continue
            if job is None:
                return
            if not self._has_seat():
                queue.appendleft(job)
                self._park_without_seat(mine, parked)
                continue
            receiver, context, func, args, label, queued_at = job
            now = time.monotonic()
            self.waiting_time = waited = now - queued_at
            self.jobs += 1
            self.waited += waited
            running[ident] = (label, now)
            if waited > SATURATED_AFTER:
                self._report(now, waited)
            try:
                results.append((receiver, context.run(func, *args), None))
            except BaseException as error:
                results.append((receiver, None, as_exception(error)))
            del running[ident]
            # The flag is cleared before the results are drained, so what was appended before the flag
            # was seen set is drained too: no lock, no lost result.
            if not self._hand_back_scheduled:
                self._hand_back_scheduled = True
                try:
                    loop.call_soon_threadsafe(self._hand_back)
                except RuntimeError:  # the loop has closed, nobody waits any more
                    return
            del job, receiver, context, func, args, label

    def _park_without_seat(self, mine: threading.Lock, parked: list[threading.Lock]) -> None:
        """Leave the queue to those that run, until one of them steps aside."""
        parked.append(mine)
        if self._has_seat():  # one has in between, perhaps before it could see this thread
            _unpark(mine, parked)
        else:
            mine.acquire()

    def _hand_back(self) -> None:
        self._hand_back_scheduled = False
        results = self._results
        try:
            while results:
                receiver, value, error = results.popleft()
                if receiver.done():  # the one who waited was cancelled
                    end = self._left.pop(receiver, None)
                    if end is not None and not end.done():
                        end.set_result(None)
                elif error is None:
                    receiver.set_result(value)
                else:
                    receiver.set_exception(error)
        finally:
            if results and self._loop is not None:  # a receiver has failed: the others hear of theirs
                self._loop.call_soon(self._hand_back)

    def _report(self, now: float, waited: float) -> None:
        if now - self._reported_at < REPORT_EVERY:
            return
        self._reported_at = now
        running = ", ".join(f"{label} for {seconds:.1f} s" for label, seconds in self.busy())
        log.warning(
            "a request waited %.1f s for a worker thread, %d more are waiting; all %d threads are busy: %s. "
            "More threads (--threads=N) or tasks in place of blocking calls help.",
            waited,
            self.queued(),
            self.threads,
            running,
        )

    async def close(self, timeout: float = 5.0) -> None:
        """Let the threads end after the job they run; wait for them at most `timeout` seconds."""
        if self._loop is None:
            return
        self._closing = True
        for _ in self._anchors:
            _let_go(self._queue, self._parked)
        _, pending = await asyncio.wait(self._anchors, timeout=timeout)
        if pending:
            for name, place in places_of_threads():
                log.error("still running at the end: %s at %s", name, place)
        for anchor in pending:
            anchor.cancel()
        self._loop = None


def park(mine: threading.Lock, queue: deque[Any], parked: list[threading.Lock]) -> None:
    """Wait until there is something to do; whoever takes the lock out of `parked` releases it."""
    parked.append(mine)
    if queue:  # it has come in between, perhaps before anybody could see this thread
        _unpark(mine, parked)
    else:
        mine.acquire()


def _unpark(mine: threading.Lock, parked: list[threading.Lock]) -> None:
    """Go on at once; where somebody has taken the lock out already, it is going to be released."""
    try:
        parked.remove(mine)
    except ValueError:
        mine.acquire()


def _let_go(queue: deque[_Job | None], parked: list[threading.Lock]) -> None:
    """Have one thread end, behind what is in the queue."""
    queue.append(None)
    wake(parked)


def wake(parked: list[threading.Lock]) -> None:
    """Wake a thread; the last one may have seen by itself what there is to do, and gone."""
    with contextlib.suppress(IndexError):
        parked.pop().release()


class Hopping:
    """What one request or connection does in worker threads: hop by hop, within one context.

    Attributes:
        workers: where the hops run.
        context: the context variables of all of them.
    """

    __slots__ = ("_left", "context", "workers")

    def __init__(self, workers: WorkerPool, context: Context) -> None:
        self.workers = workers
        self.context = context
        self._left: asyncio.Future[None] | None = None

    @property
    def label(self) -> str:
        """What the log and reports about busy threads call it."""
        raise NotImplementedError

    def __str__(self) -> str:
        return self.label

    async def hop(self, func: Callable[..., Any], *args: Any) -> Any:
        """Run `func` in a worker thread, within the context.

        One after the other: a hop that was cancelled while its thread was at work is waited for by the next.
        """
        if self._left is not None:
            await self._left
            self._left = None
        future = self.workers.run(self.context, self, func, *args)
        try:
            return await future
        except asyncio.CancelledError:
            if future.cancelled():
                self.leave(future)
            raise

    def leave(self, receiver: Receiver) -> None:
        """Nobody waits any more for what `receiver` was to be told; the next hop comes behind it."""
        self._left = self.workers.finished(receiver)


def as_exception(error: BaseException) -> BaseException:
    """An error that a future can carry to the loop without harm there.

    `sys.exit()` in a handler would end the server, and a StopIteration would hang whoever waits.
    """
    if isinstance(error, Exception) and not isinstance(error, (StopIteration, StopAsyncIteration)):
        return error
    wrapped = RuntimeError(f"{type(error).__name__} left the code that a worker thread ran: {error}")
    wrapped.__cause__ = error
    return wrapped


def place_of(frame: FrameType | None) -> str:
    """File, line and function of the innermost code of the app in a stack; without any, of the innermost."""
    innermost = frame
    while frame is not None:
        name = frame.f_code.co_filename
        if not name.startswith((*_FOREIGN, "<")):
            break
        frame = frame.f_back
    found = frame or innermost
    return f"{found.f_code.co_filename}:{found.f_lineno} in {found.f_code.co_name}" if found else "?"


def places_of_threads() -> list[tuple[str, str]]:
    """What the threads of handlers and of tasks are running, and where they are: (name, place)."""
    frames = sys._current_frames()
    labels = {ident: str(label) for pool in list(_pools) for ident, (label, _) in list(pool._running.items())}
    found: list[tuple[str, str]] = []
    for thread in threading.enumerate():
        frame = frames.get(thread.ident or 0)
        if thread.ident in labels:
            found.append((labels[thread.ident], place_of(frame)))
        elif thread.name.startswith(("atila-task", "asyncio_")) and frame is not None:
            place = place_of(frame)
            if not place.startswith(_FOREIGN):
                found.append(("a task", place))
    return found
