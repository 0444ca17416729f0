from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable
from typing import Any

import pytest

from atila_compat.routing.resource import Resource, resource_of, when_done, wrap


def handler(was: Any, first: Any, second: Any = 2, *, third: Any = 3, **rest: Any) -> Any:
    return first, second, third, rest


def handing_on(func: Callable[..., Any]) -> Callable[..., Any]:
    """A decorator of an app's own that takes any keyword."""

    @functools.wraps(func)
    def wrapper(was: Any, **kw: Any) -> Any:
        return func(was, **kw)

    return wrapper


def transparent(func: Callable[..., Any]) -> Callable[..., Any]:
    """A decorator of an app's own that takes anything."""

    @functools.wraps(func)
    def wrapper(*args: Any, **kw: Any) -> Any:
        return func(*args, **kw)

    return wrapper


class Shop:
    def __init__(self, name: str = "shop") -> None:
        self.name = name

    def item(self, was: Any, number: int, colour: str = "red") -> str:
        return f"{self.name} {number} {colour}"

    @transparent
    def wrapped(self, was: Any, number: int) -> str:
        return f"{self.name} {number}"


def test_signature_without_was() -> None:
    """A resource knows the arguments behind `was`, keyword-only ones too, their defaults and **keywords."""
    found = Resource(handler)
    assert found.args == ("first", "second", "third")
    assert found.defaults == {"second": 2, "third": 3}
    assert found.keywords == "rest"
    assert found.is_open
    assert found.was_name == "was"


def test_first_argument_may_have_any_name() -> None:
    """The first argument is `was`, whatever it is called."""

    def context_first(context: Any, was: Any = 1) -> None: ...

    found = Resource(context_first)
    assert found.was_name == "context"
    assert found.args == ("was",)


def test_var_args_are_refused() -> None:
    """A handler with *args is refused where it is declared."""

    def bad(was: Any, *args: Any) -> None: ...

    with pytest.raises(ValueError, match="var args is not allowed"):
        resource_of(bad)


def test_decorated_handlers_share_one_resource() -> None:
    """All wrappers of a handler have its resource, its name and its documentation."""

    def plain(was: Any) -> str:
        """Says hello."""
        return "hello"

    outer = wrap(wrap(plain, lambda was: plain(was)), lambda was: plain(was))
    assert resource_of(outer) is resource_of(plain)
    assert resource_of(outer).func is plain
    assert outer.__name__ == "plain"
    assert outer.__doc__ == "Says hello."


def test_own_decorator_shows_what_it_takes_and_hands_on() -> None:
    """With a decorator of the app's own, made by functools.wraps, arguments of both are known."""

    def plain(was: Any, first: Any, second: Any = 2) -> None: ...

    found = Resource(handing_on(plain))
    assert found.args == ("first", "second")
    assert found.defaults == {"second": 2}
    assert found.keywords == "kw"
    assert not found.is_open
    assert found.innermost is plain.__code__


def test_own_decorator_with_var_args_is_transparent() -> None:
    """A wrapper that takes anything has the signature of what it wraps."""

    def plain(was: Any, first: Any, second: Any = 2) -> None: ...

    found = Resource(transparent(plain))
    assert (found.args, found.keywords, found.was_name) == (("first", "second"), None, "was")


def test_var_args_below_a_decorator_are_refused() -> None:
    """*args of the wrapped handler are refused too."""

    def bad(was: Any, *args: Any) -> None: ...

    with pytest.raises(ValueError, match="var args"):
        resource_of(transparent(bad))


def test_methods_are_handlers() -> None:
    """A method is a handler: `self` is no argument, and each object has a resource of its own."""
    one, two = Shop("one"), Shop("two")
    assert resource_of(one.item) is resource_of(one.item)
    assert resource_of(one.item) is not resource_of(two.item)
    assert resource_of(one.item).args == ("number", "colour")
    assert resource_of(one.item).was_name == "was"
    assert resource_of(two.item).func(None, 3) == "two 3 red"
    assert resource_of(one.item).name == "item"


def test_decorated_methods_are_handlers() -> None:
    """A method below a decorator of the app's own has its own arguments, without `self`."""
    assert Resource(Shop().wrapped).args == ("number",)
    assert Resource(Shop().wrapped).was_name == "was"


def test_partials_and_callable_objects_are_handlers() -> None:
    """functools.partial and objects with __call__ can be declared; they have a name."""

    class Answering:
        def __call__(self, was: Any, number: int) -> int:
            return number

    partial = functools.partial(handler, first=1)
    assert resource_of(partial).name == "handler"
    assert resource_of(partial) is resource_of(partial)
    answering = Answering()
    assert resource_of(answering).name == "Answering"
    assert resource_of(answering).args == ("number",)


def test_async_def_is_seen_without_wrappers() -> None:
    """A resource is asynchronous where the handler itself is an `async def`."""

    async def later(was: Any) -> None: ...

    assert resource_of(later).is_async
    assert not Resource(handing_on(later)).is_async
    assert not resource_of(handler).is_async


def test_when_done_acts_after_a_value() -> None:
    """An action runs at once behind a plain value, which stays what it is."""
    done: list[str] = []
    assert when_done("value", lambda: done.append("x")) == "value"
    assert done == ["x"]


def test_when_done_acts_after_a_coroutine() -> None:
    """An action waits for the coroutine of an `async def` handler, and does not run if that fails."""
    done: list[str] = []

    async def good() -> str:
        assert not done
        return "value"

    async def bad() -> None:
        raise LookupError

    assert asyncio.run(when_done(good(), lambda: done.append("x"))) == "value"
    assert done == ["x"]
    with pytest.raises(LookupError):
        asyncio.run(when_done(bad(), lambda: done.append("y")))
    assert done == ["x"]
