"""A task: work that starts when it is made and is waited for later, or never (spec/06 sections 1 and 2).

task = was.get("@api/rows")         # runs from here on
rows = task.fetch()                 # in a function: blocks this thread, no other
rows = await task                   # in an `async def`
task = yield task                   # in a generator coroutine
return task.then(respond)           # answer later, give the thread back
"""

from __future__ import annotations

import concurrent.futures
import functools
import logging
import threading
import time
import weakref
from collections.abc import AsyncIterator, Callable, Collection, Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

from ..context import of_thread, on_event_loop
from .deferred import Deferred, arrival, then
from .response import CACHE_IF, STA_REQFAIL, STA_TIMEOUT, Result

if TYPE_CHECKING:
    from ..was import Was

log = logging.getLogger("atila_compat.tasks")

DEFAULT_LIMIT = 300.0
"""Seconds that a task without a timeout is waited for, unless `config.REQUEST_TIMEOUT` says otherwise."""

_MANY = 100
"""Tasks of one request after which those are forgotten that nobody holds any more."""
_registering = threading.Lock()
_OF_RESULT = frozenset(
    {
        *("code", "content", "data", "expt", "get_header", "get_status", "headers", "is_cached", "is_normal"),
        *("json", "msg", "node", "raise_for_status", "reason", "reraise", "status", "status_code", "text"),
        *("url", "version"),
    }
)
"""What a task has of its result: `task.status_code`, `task.data`."""


@dataclass(slots=True)
class Origin:
    """What a call is.

    Attributes:
        alias: name of the alias, or the URL or path of the server.
        method: `"get"`, `"execute"`, the name of a command or of a remote method.
        args: everything else that tells two calls apart; results are cached by it, so it has to be hashable.
        writes: whether it may change something on the server; such a call is not taken back once it is sent.
        node: who is called, for `Result.node`.
        cacheable: whether its result may be kept where the app asks for that.
    """

    alias: str
    method: str = ""
    args: Any = ()
    writes: bool = False
    node: Any = None
    cacheable: bool = True


class Task(Deferred):
    """Work under way.

    Waiting in a thread (`fetch`, `one`, `commit`, `dispatch`, `wait`) blocks that thread only. On the event
    loop use `await task`, which gives the same as `fetch()`; `async for item in task` goes through the data.

    Args:
        future: the work.
        name: for people to read: `str(task)`.
        meta: the app's own notes, found again as `task.meta`.
        filter: `data -> data`, called once on what comes out.
        timeout: seconds, counted from now, after which the task has failed.
        limit: seconds that one wait may take where there is no `timeout`.
        writes: whether this may change something elsewhere.

    Attributes:
        meta: the app's notes and `__was_id`.
        started: whether the work is past the point of taking it back; matters for writes only.
    """

    def __init__(
        self,
        future: concurrent.futures.Future[Any],
        *,
        name: str = "",
        meta: dict[str, Any] | None = None,
        filter: Callable[[Any], Any] | None = None,  # noqa: A002 - the original's name
        timeout: float | None = None,
        limit: float = DEFAULT_LIMIT,
        writes: bool = False,
    ) -> None:
        self._future = future
        self._name = name
        self._filter = filter
        self._timeout = timeout
        self._deadline = None if timeout is None else time.monotonic() + timeout
        self._limit = limit
        self._result: Result | None = None
        self._lock = threading.Lock()
        self.meta: dict[str, Any] = {} if meta is None else meta
        self.writes = writes
        self.started = False

    # -- the end --------------------------------------------------------------------------------------------

    def _conclude(self, value: Any, error: BaseException | None) -> Result:
        """The result for what the work gave or raised."""
        return Result(value, error)

    def _interpret(self, result: Result) -> None:
        """Look into what came out, before the app's filter does."""

    def _expire(self, seconds: float) -> Result:
        """The result for a task that was not done in time."""
        error = concurrent.futures.TimeoutError(f"{self} was not done within {seconds:g} seconds")
        return Result(None, error, status=STA_TIMEOUT, status_code=730, reason="Timeout")

    def _read(self) -> Result:
        try:
            value = self._future.result(0)
        except concurrent.futures.CancelledError:
            error = concurrent.futures.CancelledError(f"{self} was cancelled")
            return Result(None, error, status=STA_REQFAIL, status_code=731, reason="Request Failed")
        except BaseException as error:  # whatever the work raised is what fetch() raises
            return self._conclude(None, error)
        result = value if isinstance(value, Result) else self._conclude(value, None)
        self._interpret(result)
        if self._filter is not None and result.error is None:
            try:
                result.data = self._filter(result.data)
            except Exception as error:
                return self._conclude(None, error)
        return result

    def _settle(self, result: Result | None = None) -> Result:
        """Fix the result: the given one, else what the finished future holds."""
        with self._lock:
            if self._result is None:
                result = self._read() if result is None else result
                result.meta = self.meta
                self._result = result
            return self._result

    def _patience(self, timeout: float | None) -> float:
        """Seconds to wait from now on."""
        if timeout is not None:
            return max(0.0, timeout)
        if self._deadline is not None:
            return max(0.0, self._deadline - time.monotonic())
        return self._limit

    def _block(self, timeout: float | None) -> Result:
        future = self._future
        if not future.done():
            if on_event_loop():
                self._refuse_blocking()
            seconds = self._patience(timeout)
            seats = of_thread.seats
            try:
                if seats is not None:
                    seats.step_aside()
                future.exception(seconds)  # half the cost of concurrent.futures.wait()
            except (TimeoutError, concurrent.futures.CancelledError):
                if not future.done():
                    return self._give_up(seconds, explicit=timeout is not None)
            finally:
                if seats is not None:
                    seats.come_back()
        return self._settle()

    def _refuse_blocking(self) -> NoReturn:
        raise RuntimeError(
            f"{self} is not done, and waiting for it here would block the event loop: write `await task` "
            "(in place of task.fetch()) in an `async def`"
        )

    def _give_up(self, seconds: float, *, explicit: bool) -> Result:
        """The result when `seconds` of waiting were not enough; the task may go on and be asked again."""
        return self._expire(seconds)

    # -- waiting --------------------------------------------------------------------------------------------

    def dispatch(
        self, cache: float | None = None, cache_if: Collection[int] = CACHE_IF, timeout: float | None = None
    ) -> Result:
        """Wait for the result, whatever it is; raises nothing (but see below).

        Args:
            cache: seconds to keep the result in the cache (spec/06 section 11).
            cache_if: status codes that are worth keeping.
            timeout: seconds to wait at most.

        Raises RuntimeError on the event loop while the task is not done.
        """
        result = self._result
        if result is None:
            result = self._block(timeout)
        if cache:
            result.cache(cache, cache_if)
        return result

    def fetch(
        self, cache: float | None = None, cache_if: Collection[int] = CACHE_IF, timeout: float | None = None
    ) -> Any:
        """Wait for the data; raises the task's own error. Arguments as for `dispatch`."""
        return self.dispatch(cache, cache_if, timeout).fetch()

    def one(
        self, cache: float | None = None, cache_if: Collection[int] = CACHE_IF, timeout: float | None = None
    ) -> Any:
        """Wait for the data and give its only element.

        Raises the task's own error, HTTPError "410 Partial Not Found" for none, "409 Conflict" for several.
        """
        return self.dispatch(cache, cache_if, timeout).one()

    def commit(self, timeout: float | None = None) -> None:
        """Wait; raises the task's own error."""
        self.dispatch(timeout=timeout).commit()

    def wait(self, timeout: float | None = None) -> Any:
        """Wait without looking at the data: gives the result in a thread, an awaitable on the event loop."""
        if on_event_loop():
            return self._arrive(timeout)
        return self.dispatch(timeout=timeout)

    async def _arrive(self, timeout: float | None = None) -> Result | None:
        if self._result is None and not self._future.done():
            seconds = self._patience(timeout)
            if not await arrival(self._future, timeout=seconds):
                # whoever waits on the loop goes on with finish(), which must not wait once more
                return self._settle(self._give_up(seconds, explicit=False))
        return None

    def __await__(self) -> Generator[Any, None, Any]:
        return self._fetch_on_loop().__await__()

    async def _fetch_on_loop(self) -> Any:
        await self._arrive()
        return self.fetch()

    async def __aiter__(self) -> AsyncIterator[Any]:
        for item in await self:
            yield item

    # -- as a deferred answer -------------------------------------------------------------------------------

    def finish(self, was: Was) -> Any:
        """The data: a task returned from a handler is the answer."""
        return self.fetch()

    @property
    def is_at_hand(self) -> bool:
        """Whether somebody has waited for it."""
        return self._result is not None

    def then(self, callback: Callable[[Any, Any], Any] | None = None, was: Any = None) -> Any:
        """Answer with `callback(was, task)` when the task has ended (spec/06 section 6)."""
        return then(self, callback, was)

    def cancel(self) -> bool:
        """Stop the work if that is possible, but no write that is on its way; tells whether it was."""
        return not (self.writes and self.started) and self.kill()

    def kill(self) -> bool:
        """Stop the work if that is possible; tells whether it was."""
        return self._future.cancel()

    # -- the rest -------------------------------------------------------------------------------------------

    def done(self) -> bool:
        """Whether the work has ended."""
        return self._result is not None or self._future.done()

    def result(self, timeout: float | None = None) -> Any:
        """The same as `fetch`."""
        return self.fetch(timeout=timeout)

    def cache(self, secs: float = 60, cache_if: Collection[int] = CACHE_IF) -> Task:
        """Wait, and keep the result for `secs` seconds (spec/06 section 11)."""
        self.dispatch(secs, cache_if)
        return self

    def returning(self, value: Any) -> Any:
        """`value`: for `return task.returning("started")`."""
        return value

    def set_timeout(self, timeout: float) -> None:
        """Fail if not done within `timeout` seconds from now."""
        self._timeout = timeout
        self._deadline = time.monotonic() + timeout

    def get_timeout(self) -> float | None:
        """Seconds that the task may take, None where it has no limit of its own."""
        return self._timeout

    def get_name(self) -> str:
        """What runs: `module.function`, a command, a URL."""
        return self._name or type(self).__name__

    getwait = getswait = dispatch
    wait_or_throw = commit

    def dispatch_or_throw(
        self, cache: float | None = None, cache_if: Collection[int] = CACHE_IF, timeout: float | None = None
    ) -> Result:
        """The result; raises the task's own error."""
        result = self.dispatch(cache, cache_if, timeout)
        result.reraise()
        return result

    getwait_or_throw = getswait_or_throw = dispatch_or_throw

    def none_or_dispatch(
        self, cache: float | None = None, cache_if: Collection[int] = CACHE_IF, timeout: float | None = None
    ) -> Result | None:
        """The result, None where it has no data; raises the task's own error."""
        result = self.dispatch_or_throw(cache, cache_if, timeout)
        return None if result.data is None else result

    def __getattr__(self, name: str) -> Any:
        # a completed task is also its result: `task.status_code`, `task.data` (spec/06 sections 6 and 9)
        if name in _OF_RESULT:
            return getattr(self.dispatch(), name)
        raise AttributeError(f"{type(self).__name__} has no attribute {name!r}")

    def __del__(self) -> None:
        # a task that nobody waits for may still fail: somebody should know
        future = self.__dict__.get("_future")
        if self.__dict__.get("_result") is None and future is not None:
            future.add_done_callback(functools.partial(_tell_failure, self.get_name()))

    def __str__(self) -> str:
        return self.get_name()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.get_name()} {'done' if self.done() else 'running'}>"


def _tell_failure(name: str, future: concurrent.futures.Future[Any]) -> None:
    if future.cancelled():
        return
    error = future.exception()
    if error is None:
        result = future.result()
        if isinstance(result, Result) and result.error is not None:
            log.warning("%s failed, and nobody has asked for its result: %s", name, result.error)
    else:
        log.warning("%s failed, and nobody has asked for its result", name, exc_info=error)


# -- the tasks of a request ----------------------------------------------------------------------------------


def register(was: Was, task: Task) -> None:
    """Note that `task` was started for this request; it is not kept alive by that."""
    started: list[weakref.ref[Task]] = was.__dict__.setdefault("_tasks_of_request", [])
    with _registering:  # the tasks of a request may be started in several threads
        started.append(weakref.ref(task))
        if len(started) % _MANY == 0:  # a long request: forget those that are no more
            started[:] = [each for each in started if each() is not None]


def tasks_of(was: Was) -> list[Task]:
    """The tasks of this request that somebody still holds, or that still run."""
    started = was.__dict__.get("_tasks_of_request", ())
    return [task for task in (each() for each in tuple(started)) if task is not None]


def cancel_all(was: Was) -> int:
    """The client has gone: cancel the tasks of its request, except writes that are sent.

    Returns how many were cancelled.
    """
    return sum(1 for task in tasks_of(was) if not task.done() and task.cancel())
