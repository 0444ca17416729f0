"""Tasks that run as coroutines on the event loop: calls to other servers and to databases."""

from __future__ import annotations

import asyncio
import concurrent.futures
import functools
import logging
import time
from collections.abc import Awaitable, Callable, Hashable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..errors import TaskError
from ..settings import settings
from ..structures import DoneFuture
from . import cache as caching
from .response import STA_TIMEOUT, Result
from .task import Origin, Task, register

if TYPE_CHECKING:
    from ..was import Was

log = logging.getLogger("atila_compat.tasks")

UseCache = bool | str | Iterable[str]


@dataclass
class CallOptions:
    """The keywords that all calls have in common (spec/06 section 1).

    Attributes:
        meta: the app's notes.
        use_cache: whether a kept result will do; a name, or names, whose changes outdate it.
        rm_cache: name, or names, of what this call changes.
        filter: `data -> data`.
        callback: called with the result when the call has ended, in a thread for tasks.
        cache: seconds to keep the result.
        timeout: seconds that the call may take; None for the default.
    """

    meta: dict[str, Any] | None = None
    use_cache: UseCache = True
    rm_cache: str | Iterable[str] | None = None
    filter: Callable[[Any], Any] | None = None
    callback: Callable[[Result], Any] | None = None
    cache: float | None = None
    timeout: float | None = None
    changes: tuple[str, ...] = field(init=False)
    depends_on: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        # iterators are read here once: a stub makes many calls with the same options
        self.changes = caching.names_of(self.rm_cache)
        self.depends_on = caching.names_of(self.use_cache)

    def seconds(self) -> float:
        """The timeout; None and 0 mean the default, 10 seconds or what `skitai.set_backend` says."""
        return self.timeout or settings.backend_timeout


class OperationTimeout(TaskError, TimeoutError):
    """A data source did not answer in time (spec/06 section 2.2)."""


_NOT_YET: concurrent.futures.Future[Any] = concurrent.futures.Future()
"""The future of tasks that are being made."""


class RemoteTask(Task):
    """A coroutine on the event loop.

    Args:
        was: of the request that asks; gives the runtime and keeps track of its tasks.
        work: makes the coroutine; what it returns is the data, or a `Result`.
        origin: what is called.
        options: the keywords of the call.
    """

    def __init__(
        self,
        was: Was,
        work: Callable[[], Awaitable[Any]] | None,
        *,
        origin: Origin,
        options: CallOptions,
        kept: Result | None = None,
    ) -> None:
        self.origin = origin
        self._options = options
        self._asked_at = time.time()
        self._runtime = was.runtime
        notes = dict(options.meta) if options.meta else {}
        notes["__was_id"] = was.ID
        super().__init__(
            _NOT_YET,
            name=f"{origin.method} {origin.alias}".strip(),
            meta=notes,
            filter=None if kept is not None else options.filter,
            limit=was.app.request_timeout,
            writes=origin.writes,
        )
        if kept is not None or work is None:
            self._future = DoneFuture(kept)
        else:
            self._future = self._launch(work, options.seconds())
            if not self._future.done():
                register(was, self)
        if options.callback is not None or options.changes:
            self._future.add_done_callback(self._after)

    def _launch(self, work: Callable[[], Awaitable[Any]], timeout: float) -> concurrent.futures.Future[Any]:
        """Have the work done."""
        return self._runtime.spawn(self._run(work, timeout))

    async def _run(self, work: Callable[[], Awaitable[Any]], timeout: float) -> Any:
        self.started = True
        try:
            async with asyncio.timeout(timeout) as limit:
                return await work()
        except TimeoutError:
            if limit.expired():
                return self._expire(timeout)
            raise

    def _after(self, _: concurrent.futures.Future[Any]) -> None:
        # this is the event loop: the app's own code runs in a thread
        if self._options.changes:
            # told when the call was made, so that its events run in the handler; once more now, because what
            # was read in between is older than the change
            for name in self._options.changes:
                caching.note_change(name)
        if self._options.callback is not None and not self._runtime.closing:
            self._runtime.submit(self._call_back)

    def _call_back(self) -> None:
        assert self._options.callback is not None
        try:
            self._options.callback(self._settle())
        except Exception:
            log.exception("the callback of %s failed", self)

    def _read(self) -> Result:
        result = super()._read()
        if result.node is None:
            result.node = self.origin.node
        result.method = result.method or self.origin.method
        if self.origin.cacheable and not self._options.changes:
            # a method of this task would make a circle, which the garbage collector had to look for
            result.store = functools.partial(_keep, self.origin, self._asked_at)
        if self._options.cache:
            result.cache(self._options.cache)
        return result

    def _expire(self, seconds: float) -> Result:
        error = OperationTimeout("Operation Timeout")
        error.add_note(f"{self}: no answer within {seconds:g} seconds")
        return Result(None, error, status=STA_TIMEOUT, reason="Operation Timeout")

    def _give_up(self, seconds: float, *, explicit: bool) -> Result:
        result = self._settle(self._expire(seconds))
        self._future.cancel()
        return result


def _keep(origin: Origin, asked_at: float, result: Result, secs: float) -> None:
    """Put a result into the cache, if there is a key for it."""
    key = cache_key(origin)
    if key is not None:
        caching.results.keep(key, result, secs, asked_at)


def cache_key(origin: Origin) -> Hashable | None:
    """What tells this call from others in the cache; None for what may not or cannot be kept."""
    if not origin.cacheable:
        return None
    try:
        return (origin.alias, origin.method, caching.frozen(origin.args))
    except TypeError:
        return None


def start(
    was: Was,
    work: Callable[[], Awaitable[Any]],
    *,
    origin: Origin,
    options: CallOptions,
    kind: type[RemoteTask] = RemoteTask,
) -> RemoteTask:
    """Start a call, unless a kept result answers it; tells everyone what it changes (`rm_cache`).

    Raises KeyError where a name of `rm_cache` or `use_cache` is not registered.
    """
    for name in options.changes:
        was.setlu(name)
    kept = None
    if options.use_cache and not options.changes:
        key = cache_key(origin)
        if key is not None:
            kept = caching.results.find(key, options.depends_on)
    return kind(was, work, origin=origin, options=options, kept=kept)
