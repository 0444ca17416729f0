"""What an app knows of a handler, however many decorators wrap it (spec/02 sections 1 and 1.3)."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from types import CodeType
from typing import Any

from ..types import Handler

_ATTRIBUTE = "__atila_resource__"


class _Signature:
    """The arguments of a handler as an app's decorator sees it.

    A decorator of the app's own, made with `functools.wraps`, shows what it takes itself; what it hands on
    by `*args` and `**keywords` is what the function below it takes.
    """

    def __init__(self, func: Handler) -> None:
        self.names: list[str] = []
        self.defaults: dict[str, Any] = {}
        self.keywords: str | None = None
        self.first: str | None = None
        self.code: CodeType | None = None
        self.is_open = False
        varargs = None
        for parameter in inspect.signature(func, follow_wrapped=False).parameters.values():
            if parameter.kind is parameter.VAR_POSITIONAL:
                varargs = parameter.name
            elif parameter.kind is parameter.VAR_KEYWORD:
                self.keywords = parameter.name
            elif self.first is None and not varargs and parameter.kind is not parameter.KEYWORD_ONLY:
                self.first = parameter.name
            else:
                self._take(parameter.name, parameter.default)
        self.is_open = self.keywords is not None
        below = _wrapped_by(func)
        if below is not None and (varargs or self.keywords):
            self._hand_on(_Signature(below), wholly=bool(varargs))
        elif varargs:
            name = getattr(func, "__name__", repr(func))
            raise ValueError(f"{name}: var args is not allowed, name the arguments or use **keywords")
        else:
            self.code = getattr(func, "__code__", None)

    def _take(self, name: str, default: Any) -> None:
        if name not in self.names:
            self.names.append(name)
            if default is not inspect.Parameter.empty:
                self.defaults[name] = default

    def _hand_on(self, below: _Signature, wholly: bool) -> None:
        for name in below.names:
            self._take(name, below.defaults.get(name, inspect.Parameter.empty))
        self.code, self.is_open = below.code, below.is_open
        if wholly:
            self.keywords = below.keywords
        self.first = self.first or below.first


def _wrapped_by(func: Handler) -> Handler | None:
    below: Handler | None = getattr(func, "__wrapped__", None)
    if below is not None and inspect.ismethod(func):
        return below.__get__(func.__self__)  # type: ignore[no-any-return]
    return below


class Resource:
    """A handler as the app's first decorator saw it; all decorators of one handler share this object.

    Attributes:
        func: the undecorated handler; `was.pipe` calls it, its signature binds the parameters.
        args: argument names in order, without `was`.
        defaults: the defaults of those that have one.
        keywords: name of the `**keywords` argument, or None.
        was_name: name of the first argument, `was` as a rule.
        innermost: the code that is reached in the end, below decorators of the app's own.
        is_open: whether that code takes any keyword.
        is_async: whether it is an `async def`.
        id: resource id, set by the first `@app.route`; empty before.
        options: route options that decorators below `@app.route` ask for (`coroutine`, `authenticate`,
            `websocket`...).
        auth_requirements: (kind, detail) pairs for the documentation (spec/05 section 12).
        parameter_requirements: inspect rules by scope, for the documentation (spec/08 section 2.1).

    Raises ValueError for a handler with `*args`.
    """

    __slots__ = (
        "args",
        "auth_requirements",
        "defaults",
        "func",
        "id",
        "innermost",
        "is_async",
        "is_open",
        "keywords",
        "options",
        "parameter_requirements",
        "was_name",
    )

    def __init__(self, func: Handler) -> None:
        signature = _Signature(func)
        self.func = func
        self.args: tuple[str, ...] = tuple(signature.names)
        self.defaults = signature.defaults
        self.keywords = signature.keywords
        self.was_name = signature.first or "was"
        self.innermost = signature.code
        self.is_open = signature.is_open
        self.is_async = inspect.iscoroutinefunction(func)
        self.id = ""
        self.options: dict[str, Any] = {}
        self.auth_requirements: list[tuple[str, Any]] = []
        self.parameter_requirements: dict[str, dict[str, Any]] = {}

    @property
    def name(self) -> str:
        """The handler's own name."""
        func: Any = self.func
        while isinstance(func, functools.partial):
            func = func.func
        return str(getattr(func, "__name__", type(func).__name__))

    def __repr__(self) -> str:
        return f"<Resource {self.id or self.name}>"


_unmarked: dict[Handler, Resource] = {}
"""Resources of handlers that take no attribute: methods, which are made anew at each access."""


def resource_of(func: Handler) -> Resource:
    """The resource behind a handler or any of its wrappers; made at the first look.

    Raises ValueError when the handler takes `*args`.
    """
    if inspect.ismethod(func):
        return _unmarked.get(func) or _unmarked.setdefault(func, Resource(func))
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
