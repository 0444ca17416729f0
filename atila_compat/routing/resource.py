"""What an app knows of a handler, however many decorators wrap it (spec/02 sections 1 and 1.3)."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

from ..types import Handler

_ATTRIBUTE = "__atila_resource__"


class Resource:
    """A handler as the app's first decorator saw it; all decorators of one handler share this object.

    Attributes:
        func: the undecorated handler; `was.pipe` calls it, its signature binds the parameters.
        args: argument names in order, without `was`.
        defaults: the defaults of those that have one.
        keywords: name of the `**keywords` argument, or None.
        is_async: whether it is an `async def`.
        id: resource id, set by the first `@app.route`; empty before.
        options: route options that decorators below `@app.route` ask for (`coroutine`, `authenticate`,
        `websocket`...).
        auth_requirements: (kind, detail) pairs for the documentation (spec/05 section 12).
        parameter_requirements: inspect rules by scope, for the documentation (spec/08 section 2.1).
    """

    __slots__ = (
        "args",
        "auth_requirements",
        "defaults",
        "func",
        "id",
        "is_async",
        "keywords",
        "options",
        "parameter_requirements",
    )

    def __init__(self, func: Handler) -> None:
        spec = inspect.getfullargspec(inspect.unwrap(func))
        if spec.varargs:
            raise ValueError(
                f"{func.__name__}: var args is not allowed, name the arguments or use **keywords"
            )
        names = spec.args[1:]
        if inspect.ismethod(inspect.unwrap(func)):
            names = names[1:]
        self.func = func
        self.args: tuple[str, ...] = (*names, *spec.kwonlyargs)
        self.defaults: dict[str, Any] = dict(spec.kwonlydefaults or {})
        if spec.defaults:
            self.defaults.update(zip(spec.args[-len(spec.defaults) :], spec.defaults, strict=True))
        self.keywords = spec.varkw
        self.is_async = inspect.iscoroutinefunction(inspect.unwrap(func))
        self.id = ""
        self.options: dict[str, Any] = {}
        self.auth_requirements: list[tuple[str, Any]] = []
        self.parameter_requirements: dict[str, dict[str, Any]] = {}

    @property
    def name(self) -> str:
        """The handler's own name."""
        return str(self.func.__name__)

    def __repr__(self) -> str:
        return f"<Resource {self.id or self.name}>"


def resource_of(func: Handler) -> Resource:
    """The resource behind a handler or any of its wrappers; made at the first look.

    Raises ValueError when the handler takes `*args`.
    """
    found: Resource | None = getattr(func, _ATTRIBUTE, None)
    if found is None:
        found = Resource(func)
        setattr(func, _ATTRIBUTE, found)
    return found


def wrap(func: Handler, wrapper: Handler) -> Handler:
    """Make `wrapper(was, *args, **keywords)` stand for `func`: same name, documentation, resource."""
    resource = resource_of(func)
    functools.update_wrapper(wrapper, func)
    setattr(wrapper, _ATTRIBUTE, resource)
    return wrapper


def when_done(value: Any, action: Callable[[], Any]) -> Any:
    """Run `action` after a handler has returned `value`, awaited first if it is a coroutine."""
    if not inspect.iscoroutine(value):
        action()
        return value

    async def awaited() -> Any:
        result = await value
        action()
        return result

    return awaited()
