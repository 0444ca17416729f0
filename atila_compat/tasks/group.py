"""Several tasks as one, `was.Tasks`, and values that pass for tasks, `was.Mask` (spec/06 sections 1, 4)."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Collection, Generator, Iterable, Iterator, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from ..context import on_event_loop
from ..structures import AttrDict, DoneFuture
from .deferred import Deferred, arrival, then
from .remote import RemoteTask
from .response import CACHE_IF, Result, Results
from .task import Task

if TYPE_CHECKING:
    from ..was import Was

log = logging.getLogger("atila_compat.tasks")

Notes = dict[str, Any]
"""What an app notes on a task; `dict` is a method in the classes below."""


class Revoke:
    """Marks a result that nobody is to get; apps import the name."""


class Mask(Task):
    """A value, or an error, in the form of a task that has ended (README "Mask").

    Args:
        data: what `fetch` gives.
        _expt: raised in its place.
        _status_code: of the result; 200 and 500 by default.
        meta: the app's own notes.
        keys: names of the items of `data`, for `dict()`.
    """

    def __init__(
        self,
        data: Any = None,
        _expt: BaseException | None = None,
        _status_code: int | None = None,
        meta: Notes | None = None,
        keys: Collection[str] | None = None,
    ) -> None:
        super().__init__(DoneFuture(Result(data, _expt, status_code=_status_code)), name="Mask", meta=meta)
        self._keys = keys

    @property
    def is_at_hand(self) -> bool:
        """It is."""
        return True

    def dict(self) -> AttrDict:
        """The items of the data by the names that `keys` gave them; a dict as it is.

        Raises AttributeError where there are no names.
        """
        data = self.fetch()
        if self._keys is not None:
            return AttrDict(zip(self._keys, data, strict=False))
        if isinstance(data, Mapping):
            return AttrDict(data)
        raise AttributeError("was.Mask (..., keys = [...]) has names; this one was made without")


class _Entry(NamedTuple):
    """A member of a group: `user__one__name` is the field `name` of the one element of the result `user`."""

    task: Any
    name: str | None = None
    method: str = "fetch"
    field: str | None = None

    def value(self, timeout: float | None) -> Any:
        """What the member adds to the results; raises its error."""
        task = self.task
        if self.method == "one":
            value = task.one(timeout=timeout)
        elif self.method == "dict":
            value = task.dict()
        elif self.method == "member":
            value = task.dict() if isinstance(task, Tasks) else task.fetch(timeout=timeout)
        else:
            value = task.fetch(timeout=timeout)
        if self.field is None:
            return value
        if isinstance(value, Mapping) or not self.field.isdigit():
            return value[self.field]
        return value[int(self.field)]


_METHODS = ("one", "fetch", "dict")


@lru_cache(1024)
def _read_name(key: str) -> tuple[str, str, str | None]:
    """Name, method and field of a name with suffixes (spec/06 section 4).

    Raises RuntimeError for suffixes that mean nothing.
    """
    bare = key.lstrip("_")
    name, *suffixes = bare.split("__")
    name = key[: len(key) - len(bare)] + name
    if not suffixes:
        return name, "fetch", None
    if suffixes[0] in _METHODS and len(suffixes) <= 2:
        return name, suffixes[0], suffixes[1] if len(suffixes) == 2 else None
    if len(suffixes) == 1 and suffixes[0]:
        return name, "fetch" if suffixes[0].isdigit() else "member", suffixes[0]
    raise RuntimeError(f"{key}: method must be one of `one`, `fetch` or `dict` for specifying field")


def _is_task(value: Any) -> bool:
    return isinstance(value, Deferred) or callable(getattr(value, "fetch", None))


class Tasks(Deferred):
    """Tasks that run side by side; their results together are a list, or a dict where any of them has a name.

    Args:
        tasks: tasks, or one list of them; in a group with names, waited for and their results dropped.
        timeout: seconds, counted from now, for all of them; None leaves it to each.
        meta: the app's own notes, found again as `tasks.meta`.
        named: tasks by name, with the suffixes of spec/06 section 4; other values are results as they are.

    Raises TypeError for something else than a task without a name, RuntimeError for suffixes that mean
    nothing.
    """

    def __init__(
        self, *tasks: Any, timeout: float | None = None, meta: Notes | None = None, **named: Any
    ) -> None:
        members: Iterable[Any] = tasks
        if tasks and isinstance(tasks[0], (list, tuple)):
            members = [*tasks[0], *tasks[1:]]
        self._entries: list[_Entry] = []
        self._constants: dict[str, Any] = {}
        self.meta: Notes = {} if meta is None else meta
        self._deadline: float | None = None
        self._timeout = timeout
        self._answers_later = False
        if timeout is not None:
            self.set_timeout(timeout)
        for task in members:
            self.add(task)
        for name, value in named.items():
            self.add(value, name)

    # -- members --------------------------------------------------------------------------------------------

    def add(self, task: Any, name: str | None = None) -> None:
        """Add a task, with or without a name. TypeError for something else without a name."""
        if _is_task(task):
            self._entries.append(_Entry(task) if name is None else _Entry(task, *_read_name(name)))
        elif name is not None:
            self._constants[name] = task
        else:
            raise TypeError(
                f"a {type(task).__name__} is no task; give it a name to have it among the results"
            )

    def merge(self, tasks: Tasks) -> None:
        """Add the members of another group, with their names."""
        self._entries.extend(tasks._entries)
        self._constants.update(tasks._constants)

    def __iter__(self) -> Iterator[Any]:
        return iter([entry.task for entry in self._entries])

    async def __aiter__(self) -> AsyncIterator[Any]:
        for task in self:
            await task.wait()
            yield task

    def __len__(self) -> int:
        return len(self._entries)

    def __bool__(self) -> bool:
        return True

    def __getitem__(self, key: int | str) -> Any:
        """The result object of the task at an index, or the value of a name."""
        if isinstance(key, str):
            return self.dict()[key]
        return self._entries[key].task.dispatch(timeout=self._remaining())

    @property
    def named(self) -> bool:
        """Whether the results are a dict."""
        return bool(self._constants) or any(entry.name is not None for entry in self._entries)

    # -- waiting --------------------------------------------------------------------------------------------

    def set_timeout(self, timeout: float | None) -> None:
        """Give all members together `timeout` seconds from now."""
        self._timeout = timeout
        self._deadline = None if timeout is None else time.monotonic() + timeout

    def get_timeout(self) -> float | None:
        """Seconds for all members together."""
        return self._timeout

    def _remaining(self, timeout: float | None = None) -> float | None:
        if timeout is not None:
            return timeout
        return None if self._deadline is None else max(0.0, self._deadline - time.monotonic())

    def _within(self, timeout: float | None) -> Callable[[], float | None]:
        """Gives what is left of `timeout` for one member after the other."""
        if timeout is None:
            return self._remaining
        deadline = time.monotonic() + timeout
        return lambda: max(0.0, deadline - time.monotonic())

    def fetch(
        self, cache: float | None = None, cache_if: Collection[int] = CACHE_IF, timeout: float | None = None
    ) -> Any:
        """All results: a list, or a dict where there are names; the first error is raised.

        Args:
            cache, cache_if: keep each result, see `Task.dispatch`.
            timeout: seconds for all of them.
        """
        if cache:
            self.dispatch(cache, cache_if, timeout)
        if self.named:
            return self.dict(timeout)
        left = self._within(timeout)
        return [entry.value(left()) for entry in self._entries]

    def dict(self, timeout: float | None = None) -> AttrDict:
        """The results that have names; the others are waited for, their errors raised.

        In an answer that is made later (`was.Map`, `then`, a coroutine) a call to a server or a database that
        has no name may fail: it is logged, and the results with names are the answer, as in the original.
        """
        left = self._within(timeout)
        found = AttrDict()
        for entry in self._entries:
            if entry.name is None:
                if not self._answers_later or not isinstance(entry.task, RemoteTask):
                    entry.task.commit(timeout=left())
                elif (result := entry.task.dispatch(timeout=left())).error is not None:
                    log.error("%s failed, and the answer goes without it: %s", entry.task, result.error)
            else:
                found[entry.name] = entry.value(left())
        found.update(self._constants)
        return found

    def one(
        self, cache: float | None = None, cache_if: Collection[int] = CACHE_IF, timeout: float | None = None
    ) -> list[Any]:
        """A list of what `one()` gives for each."""
        left = self._within(timeout)
        return [entry.task.one(cache, cache_if, left()) for entry in self._entries]

    def commit(self, timeout: float | None = None) -> None:
        """Wait for all; the first error is raised."""
        left = self._within(timeout)
        for entry in self._entries:
            entry.task.commit(timeout=left())

    def dispatch(
        self, cache: float | None = None, cache_if: Collection[int] = CACHE_IF, timeout: float | None = None
    ) -> Any:
        """A list of the result objects of all; raises nothing."""
        left = self._within(timeout)
        return [entry.task.dispatch(cache, cache_if, left()) for entry in self._entries]

    def cache(self, secs: float = 60, cache_if: Collection[int] = CACHE_IF) -> Tasks:
        """Wait, and keep each result for `secs` seconds."""
        self.dispatch(secs, cache_if)
        return self

    def wait(self, timeout: float | None = None) -> Any:
        """Wait for all: gives the list of result objects in a thread, an awaitable on the event loop."""
        if on_event_loop():
            return self._arrive(timeout)
        return self.dispatch(timeout=timeout)

    async def _arrive(self, timeout: float | None = None) -> None:
        left = self._within(timeout)
        running = [task for task in self if isinstance(task, Task) and not task.done()]
        if len(running) > 1:
            await arrival(*(t._future for t in running), timeout=min(t._patience(left()) for t in running))
        for task in self:
            # all have begun already: one after the other takes no longer than all at once
            if isinstance(task, (Task, Tasks)):
                await task._arrive(left())
            elif isinstance(task, Deferred):
                async with asyncio.timeout(left()):
                    await task.wait()

    def __await__(self) -> Generator[Any, None, Any]:
        return self._fetch_on_loop().__await__()

    async def _fetch_on_loop(self) -> Any:
        await self._arrive()
        return self.fetch()

    # -- as a deferred answer -------------------------------------------------------------------------------

    def finish(self, was: Was) -> Any:
        """All results."""
        return self.fetch()

    @property
    def is_at_hand(self) -> bool:
        """Whether all of them are."""
        return all(not isinstance(task, Deferred) or task.is_at_hand for task in self)

    def done(self) -> bool:
        """Whether all have ended."""
        return all(not isinstance(task, Deferred) or task.done() for task in self)

    def put_off(self) -> None:
        """From now on what has no name may fail; see `dict`."""
        self._answers_later = True

    def then(self, callback: Callable[[Any, Any], Any] | None = None, was: Any = None) -> Any:
        """Answer with `callback(was, tasks)` when all have ended."""
        return then(self, callback, was)

    def cancel(self) -> bool:
        """Cancel what still runs; tells whether anything was."""
        cancelled = [task.cancel() for task in self if isinstance(task, Deferred)]
        return any(cancelled)

    def returning(self, value: Any) -> Any:
        """`value`."""
        return value

    getwait = getswait = dispatch
    wait_or_throw = commit

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {[entry.task for entry in self._entries]!r}>"


CompletedTasks = Tasks
"""What a `then` callback is given; the same as the group itself."""


class Spread(Tasks):
    """One call to every server of an alias: `was.get.map(...)` (spec/06 section 2.3)."""

    def dispatch(
        self, cache: float | None = None, cache_if: Collection[int] = CACHE_IF, timeout: float | None = None
    ) -> Results:
        """The result objects of all servers; raises nothing."""
        return Results(super().dispatch(cache, cache_if, timeout))

    def __getattr__(self, name: str) -> Any:
        if name in ("data", "text", "status", "status_code", "reason", "reraise", "raise_for_status"):
            return getattr(self.dispatch(), name)
        raise AttributeError(f"{type(self).__name__} has no attribute {name!r}")
