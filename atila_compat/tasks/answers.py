"""Answers made of tasks: Map, Mapped, ThreadPass (spec/06 sections 7 and 8)."""

from __future__ import annotations

import concurrent.futures
import contextvars
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from .deferred import Deferred, arrival
from .group import Tasks

if TYPE_CHECKING:
    from ..was import Was

_SPECIAL = ("__timeout", "__maxage", "__etag", "__mtime")


def _dig(values: Any, path: str) -> Any:
    """The item of nested dicts and lists that a path such as `"user.rows.0.id"` leads to.

    Raises KeyError, IndexError or TypeError where there is none.
    """
    for key in path.split("."):
        values = values[key] if isinstance(values, dict) else values[int(key)]
    return values


def map_arguments(args: tuple[Any, ...]) -> tuple[str | None, tuple[Any, ...]]:
    """The status, if the first argument is one, and the rest."""
    if args and isinstance(args[0], str):
        return args[0], args[1:]
    return None, args


class Mapped(Deferred):
    """The results of a group as an API answer, or in a template (README "Map" and "Mapped").

    Args:
        tasks: the group; what it has no names for is run and dropped.
        status: status line, `"201 Created"`.
        template: for clients that do not ask for JSON; None answers all with the API.
        max_age: seconds that clients may keep the answer.
        etag: path of the result that makes the entity tag, `"user.version"`.
        mtime: path of the result that is the time of modification.
    """

    def __init__(
        self,
        tasks: Tasks,
        status: str | None = None,
        template: str | None = None,
        *,
        max_age: int = 0,
        etag: str | None = None,
        mtime: str | None = None,
    ) -> None:
        self.tasks = tasks
        self.status = status
        self.template = template
        self.max_age = max_age
        self.etag = etag
        self.mtime = mtime

    def done(self) -> bool:
        """Whether all tasks have ended."""
        return self.tasks.done()

    def put_off(self) -> None:
        """The tasks are what is put off."""
        self.tasks.put_off()

    def wait(self) -> Any:
        """Wait for all tasks."""
        return self.tasks._arrive()

    def cancel(self) -> Any:
        """Cancel what still runs."""
        return self.tasks.cancel()

    def finish(self, was: Was) -> Any:
        """The answer; raises the first error of a task, HTTPError 304 or 412 as the client's conditions ask.

        Raises TypeError for an entity tag that is no string, KeyError and the like for a path without result.
        """
        results = self.tasks.dict()
        if self.etag is not None:
            tag = _dig(results, self.etag)
            if not isinstance(tag, str):
                raise TypeError(f"__etag = {self.etag!r} leads to a {type(tag).__name__}; it has to be a str")
            was.response.set_etag(tag, self.max_age)
        if self.mtime is not None:
            was.response.set_mtime(_dig(results, self.mtime), max_age=self.max_age)
        if self.max_age and self.etag is None and self.mtime is None:
            was.response.set_cache(self.max_age)
        if self.status is not None:
            was.response.set_status(self.status)
        if self.template is not None and not was.request.acceptable("application/json"):
            return was.render(self.template, **results)
        return was.API(dict(results))


def make_map(args: tuple[Any, ...], named: dict[str, Any], template: str | None = None) -> Mapped:
    """`was.Map(...)` and `was.render_or_Map(...)`; spec/06 section 7 says which keywords are special."""
    status, members = map_arguments(args)
    special = {name: named.pop(name) for name in _SPECIAL if name in named}
    notes = {name[2:]: named.pop(name) for name in list(named) if name.startswith("__")}
    return Mapped(
        Tasks(*members, timeout=special.get("__timeout"), meta=notes, **named),
        status,
        template,
        max_age=special.get("__maxage", 0),
        etag=special.get("__etag"),
        mtime=special.get("__mtime"),
    )


def make_mapped(args: tuple[Any, ...], template: str | None = None) -> Mapped:
    """`was.Mapped(...)` and `was.render_or_Mapped(...)`. TypeError for something else than a group."""
    status, rest = map_arguments(args)
    if len(rest) != 1 or not isinstance(rest[0], Tasks):
        raise TypeError("was.Mapped takes what was.Tasks (...) returns, after a status if there is one")
    return Mapped(rest[0], status, template)


class ThreadPass(Deferred):
    """An answer that a function makes in a thread for tasks (README "ThreadPass").

    Args:
        was: of the request; its context variables are found in the thread again.
        func: `func(was, *args, **kwargs)`; returns or raises as a handler does.
    """

    def __init__(
        self, was: Was, func: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> None:
        self.was = was
        self.func = func
        self.args = args
        self.kwargs = kwargs
        self._context = contextvars.copy_context()
        self._future: concurrent.futures.Future[Any] | None = None

    async def wait(self) -> None:
        """Run the function and wait for it: the handler has returned, so nobody else works with `was`."""
        if self._future is None:
            self._future = self.was.runtime.submit(
                self._context.run, self.func, self.was, *self.args, **self.kwargs
            )
        await arrival(self._future)

    def finish(self, was: Was) -> Any:
        """What the function returned; raises what it raised."""
        assert self._future is not None
        return self._future.result(0)

    def cancel(self) -> bool:
        """Take the function back, if it has not begun."""
        return self._future is not None and self._future.cancel()
