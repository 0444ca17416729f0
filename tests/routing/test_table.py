from __future__ import annotations

import logging
from typing import Any

import pytest

from atila_compat import Atila
from atila_compat.routing.mounting import MountContext
from atila_compat.routing.resource import resource_of
from tests.routing.declaring import outcome


def found(app: Atila, path: str, method: str = "GET") -> Any:
    """The handler that answers a path."""
    hit = app.router.find(path, method)
    assert hit is not None
    return hit[0].by_method[method].handler


def test_route_declares_and_returns_the_handler() -> None:
    """`@app.route` leaves the handler what it is, and any number of them can be stacked."""
    app = Atila("app")

    def one(was: Any) -> str:
        return "one"

    assert app.route("/alt1")(app.route("/alt2")(one)) is one
    assert found(app, "/alt1") is found(app, "/alt2") is one
    assert app.build_url("one") == "/alt1"


def test_add_route_declares_functions_and_methods() -> None:
    """`app.add_route` is the form without a decorator; methods of objects are welcome."""

    class Shop:
        def item(self, was: Any, n: int) -> str:
            return str(n)

    app, shop = Atila("app"), Shop()
    app.add_route("/items/<int:n>", shop.item, methods=["PUT"])
    assert found(app, "/items/3", "PUT") == shop.item
    assert app.build_url("item", 3) == app.build_url(shop.item, 3) == "/items/3"


def test_rules_begin_with_a_slash_or_are_empty() -> None:
    """A rule without a slash at its front is an AssertionError; the empty one is the app's bare point."""
    app = Atila("app")
    with pytest.raises(AssertionError, match="should begin with a slash"):
        app.route("users")(lambda was: "")
    app.route("")(lambda was: "")
    assert outcome(app.router, "") == ("", {})
    assert outcome(app.router, "/") == 404


def test_empty_rule_of_a_mounted_module_is_its_point() -> None:
    """In a module at /sub, `""` is /sub and `"/"` is /sub/ (spec/02 section 1)."""
    app = Atila("app")
    app.mount_context = MountContext("/sub")
    app.route("")(lambda was: "")
    assert outcome(app.router, "/sub") == ("/sub", {})
    app.route("/")(lambda was: "")
    assert outcome(app.router, "/sub/") == ("/sub/", {})
    app.mount_context = MountContext("/")
    app.route("")(lambda was: "")
    assert outcome(app.router, "/") == ("/", {})


def test_handlers_see_the_rule_as_it_is_written() -> None:
    """`was.request.routable["route"]` is the rule without the point of its module."""
    app = Atila("app")
    app.mount_context = MountContext("/sub")
    app.route("/x/<int:n>")(lambda was, n: "")
    hit = app.router.find("/sub/x/3", "GET")
    assert hit is not None
    assert hit[0].by_method["GET"].routable["route"] == "/x/<int:n>"


def test_redefined_method_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    """The same rule and method again is a warning."""
    app = Atila("app")
    app.route("/x", methods=["GET"])(lambda was: "")
    app.route("/x", methods=["GET"])(lambda was: "")
    assert "- method GET of /x is redefined" in caplog.messages


def test_id_that_is_taken_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    """Two handlers of one name: both routes work, urls are the last one's, pipes the first one's."""
    app = Atila("app")

    def declare(rule: str) -> Any:
        @app.route(rule)
        def same(was: Any) -> str:
            return rule

        return same

    first, second = declare("/first"), declare("/second")
    assert [record.levelno for record in caplog.records] == [logging.ERROR]
    assert "resource same is already defined" in caplog.messages
    assert (found(app, "/first"), found(app, "/second")) == (first, second)
    assert app.build_url("same") == "/second"
    assert app.resources["same"].func is first


def test_decorators_mark_coroutines_and_streams() -> None:
    """`@app.coroutine` and `@app.input_stream` below `@app.route` are route options."""
    app = Atila("app")

    @app.route("/c", methods=["GET"])
    @app.coroutine
    def c(was: Any) -> Any:
        yield ""

    @app.route("/s", methods=["GET"])
    @app.input_stream
    def s(was: Any) -> Any:
        yield ""

    coroutine, stream = (app.router.by_id[name] for name in "cs")
    assert (coroutine.coroutine, coroutine.input_stream) == (True, False)
    assert (stream.coroutine, stream.input_stream) == (False, True)


def test_unroute_closes_paths() -> None:
    """`app.unroute` closes what matches an fnmatch pattern, with 404 or another status."""
    app = Atila("app")
    app.route("/di/<x>")(lambda was, x: "")
    app.unroute("/di*", 410)
    app.unroute("/other")
    assert outcome(app.router, "/di/2") == 410
    assert outcome(app.router, "/other") == 404


def test_exact_entry_by_item() -> None:
    """`app["/path"]` is the entry of the map of exact rules."""
    app = Atila("app")
    app.route("/x")(lambda was: "")
    assert app["/x"] is app.route_map.exact("/x")
    with pytest.raises(KeyError):
        app["/y"]


@pytest.mark.parametrize(
    ("namespaces", "ns", "module", "expected"),
    [
        (True, None, "lib.pages", "lib.pages.f"),
        (True, "v1", "lib.pages", "v1.f"),
        (True, "", "lib.pages", "f"),
        (False, None, "lib.pages", "f"),
        (False, "v1", "lib.pages", "v1.f"),
        (True, None, "", "f"),
    ],
)
def test_ids_have_the_namespace_of_their_module(
    namespaces: bool, ns: Any, module: str, expected: str
) -> None:
    """An id begins with the mount option `ns`, else with the module's name, if names are enabled."""
    app = Atila("app")
    app.enable_namespace = namespaces
    app.mount_context = MountContext("/", {"module_name": module}, ns)

    @app.route("/f")
    def f(was: Any) -> None: ...

    assert resource_of(f).id == expected
    assert app.build_url(expected) == "/f"


@pytest.mark.parametrize(
    ("first", "second", "winner"),
    [("extends", None, 2), (None, "extends", 1), ("overrides", None, 1), (None, "overrides", 2)],
)
def test_ids_go_to_the_overriding_then_the_own_resource(first: Any, second: Any, winner: int) -> None:
    """Of two resources with one id, the one with less right to it is not registered at all (spec/01, 5)."""
    app = Atila("app")

    def declare(number: int, overridable: Any) -> None:
        @app.route(f"/{number}")
        @app.route(f"/also{number}")
        def page(was: Any) -> int:
            return number

        del page

    app.mount_context = MountContext(overridable=first)
    declare(1, first)
    app.mount_context = MountContext(overridable=second)
    declare(2, second)
    loser = 3 - winner
    assert app.resources["page"].func(None) == winner
    assert app.build_url("page") == f"/{winner}"
    assert outcome(app.router, f"/{winner}") == (f"/{winner}", {})
    assert outcome(app.router, f"/{loser}") == outcome(app.router, f"/also{loser}") == 404
