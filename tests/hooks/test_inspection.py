"""`@app.inspect` as a decorator; what it checks is tested in tests/http/test_validation*.py."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from atila_compat.http.response import ErrorReply
from atila_compat.routing.resource import resource_of
from tests.http.asking import ask

from .hosts import App, Caller


def call(handler: Any, request: Any) -> Any:
    """Call a handler as the pipeline does."""
    return handler(Caller(request), **request.merged)


def test_a_bad_call_is_answered_without_the_handler() -> None:
    """The answer is 400 with code 40050, scope and rule; it is returned, not raised."""
    app = App()
    called: list[Any] = []

    @app.inspect(ints=["a"])
    def handler(was: Any, a: int) -> str:
        called.append(a)
        return "ok"

    reply = call(handler, ask("a=x"))
    assert isinstance(reply, ErrorReply)
    assert (reply.status_code, reply.errno) == (400, 40050)
    assert (reply.message, reply.detail) == (
        "missing or bad parameter in ARGS",
        "parameter a should be int type",
    )
    assert called == []


def test_a_good_call_reaches_the_handler_with_converted_arguments() -> None:
    """The handler gets what the rules have made of the arguments."""
    app = App()

    @app.inspect(ints=["a"], booleans=["b"])
    def handler(was: Any, a: int, b: bool = False) -> Any:
        return a, b

    assert call(handler, ask("a=3&b=yes")) == (3, True)
    assert call(handler, ask("a=3")) == (3, False)


@pytest.mark.parametrize(
    "name", ["inspect", "require", "parameters_required", "params_required", "test_params"]
)
def test_all_names_of_the_decorator(name: str) -> None:
    """The old names do the same."""

    def plain(was: Any, a: str = "") -> str:
        return "ok"

    handler = getattr(App(), name)("ARGS", ["a"])(plain)
    assert call(handler, ask("a=1")) == "ok"
    assert call(handler, ask()).detail == "parameter a required"


def test_inspects_are_stacked() -> None:
    """Each of several is for its own scope; the outer one comes first."""
    app = App()

    @app.inspect("GET", ints=["limit"])
    @app.inspect("POST", ["title"], title__len__lte=10)
    @app.inspect("ARGS", strings="title")
    def handler(was: Any, limit: Any = None, title: Any = None) -> Any:
        return limit, title

    assert call(handler, ask("limit=5")) == (5, None)
    assert call(handler, ask("limit=x")).message == "missing or bad parameter in URL"
    assert call(handler, ask(form={"limit": "x"})).message == "missing or bad parameter in FORM"
    assert call(handler, ask(json={"title": ["x"]})).message == "missing or bad parameter in ARGS"
    assert call(handler, ask(json={"title": "short"})) == (None, "short")


def test_an_async_handler_is_inspected_too() -> None:
    """The check runs before the coroutine is made."""
    app = App()

    @app.inspect(ints="a")
    async def handler(was: Any, a: int) -> int:
        return a

    assert asyncio.run(call(handler, ask("a=3"))) == 3
    assert call(handler, ask("a=x")).status_code == 400


def test_rules_are_recorded_for_the_documentation() -> None:
    """By scope, lists as lists, `required` last; of two inspects of a scope both are there."""
    app = App()

    @app.inspect("ARGS", ["a"], ints="a", d__len__lte=3, b=int)
    @app.inspect("POST", required="z")
    @app.inspect("POST", ints=("y",))
    def handler(was: Any, **values: Any) -> str:
        return "ok"

    assert resource_of(handler).parameter_requirements == {
        "POST": {"ints": ["y"], "required": ["z"]},
        "ARGS": {"ints": ["a"], "required": ["a"], "d__len__lte": 3, "b": int},
    }


def test_a_mistake_shows_at_declaration() -> None:
    """A misspelt operator is a warning where the handler is declared; the app goes on."""
    app = App()
    with pytest.warns(UserWarning, match="unknown operator 'gtee'") as told:

        @app.inspect(a__gtee=3)
        def handler(was: Any, a: int) -> None: ...

    assert told[0].filename == __file__


def test_the_handlers_own_arguments_decide_what_a_name_is() -> None:
    """An argument that has low dashes itself can be inspected."""
    app = App()

    @app.inspect(my__arg__lte=3)
    def handler(was: Any, my__arg: str = "") -> str:
        return my__arg

    assert call(handler, ask({"my__arg": "3"})) == "3"
    assert call(handler, ask({"my__arg": "4"})).detail == "parameter my__arg should less or equal than 3"


def test_the_undecorated_handler_stays_reachable() -> None:
    """`was.pipe` calls the resource's function, which nothing inspects (spec/03 section 8)."""
    app = App()

    @app.inspect(a=int)
    def handler(was: Any, a: Any) -> Any:
        return a

    assert resource_of(handler).func(None, a="t") == "t"
    assert handler.__name__ == "handler"
