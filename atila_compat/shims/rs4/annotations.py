"""`rs4.annotations`: marks for functions and classes."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable
from typing import Any, Generic, NoReturn, TypeVar

F = TypeVar("F", bound=Callable[..., Any])
T = TypeVar("T")


def deprecated(msg: Any = "") -> Any:
    """Warn (DeprecationWarning) at each call: `@deprecated` or `@deprecated("use x")`."""

    def decorate(func: F) -> F:
        hint = f": {msg}" if isinstance(msg, str) and msg else ""

        @functools.wraps(func)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            warnings.warn(f"{func.__name__} is deprecated{hint}", DeprecationWarning, stacklevel=2)
            return func(*args, **kwargs)

        return wrapper  # type: ignore[return-value]

    return decorate(msg) if callable(msg) else decorate


def override(f: F) -> F:
    """Marks a method that takes the place of an inherited one."""
    return f


class classproperty(Generic[T]):  # noqa: N801 - the original's name
    """A read-only property of a class."""

    def __init__(self, func: Callable[[Any], T]) -> None:
        self._func = func.__func__ if isinstance(func, (classmethod, staticmethod)) else func

    def __get__(self, instance: Any, owner: type) -> T:
        return self._func(owner)


class Uninstalled:
    """Stands for a package that is not installed; a call says how to install it."""

    def __init__(self, name: str, libname: str | None = None) -> None:
        self.name, self.libname = name, libname or name

    def __call__(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise ImportError(f"cannot import {self.name}: pip install {self.libname}")
