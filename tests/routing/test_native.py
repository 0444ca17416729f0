"""Native routes: their paths, their order, and their place in modules."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route

from atila_compat import Atila
from atila_compat.routing.mounting import MountContext
from atila_compat.routing.native import matching
from atila_compat.routing.urls import urlfor

from ..serving.connection import make_scope


async def one(request: Request) -> PlainTextResponse:
    """An endpoint."""
    return PlainTextResponse("one")


async def two(request: Request) -> PlainTextResponse:
    """Another endpoint."""
    return PlainTextResponse("two")


def table_of(app: Atila) -> Any:
    """The native routes of an app that has some."""
    assert app.native is not None
    return app.native


def test_routes_match_in_the_order_of_their_declaration() -> None:
    """The first that fits path and method is found, with what it adds to the scope; others are told."""
    app = Atila("order")
    app.add_native_route("/{name}", one)
    app.add_native_route("/fixed", two, ["POST"])
    route, found, others = matching(table_of(app).first, make_scope("/fixed"))
    assert route is table_of(app).first[0]
    assert found["path_params"] == {"name": "fixed"}
    route, _, others = matching(table_of(app).first, make_scope("/fixed", "POST"))
    assert (route, others) == (table_of(app).first[1], [table_of(app).first[0]])
    assert matching(table_of(app).first, make_scope("/a/b"))[0] is None


def test_fallbacks_are_kept_apart() -> None:
    """A fallback comes behind all others, whenever it was declared."""
    app = Atila("fallback")
    app.add_native_route("/{path:path}", one, fallback=True)
    app.add_native_route("/two", two)
    assert [route.path for route in table_of(app).routes()] == ["/two", "/{path:path}"]


def test_paths_continue_the_point_of_their_module() -> None:
    """A module that is mounted at /part declares paths below it."""
    app = Atila("point")
    app.mount_context = MountContext("/part")
    app.add_native_route("", one)
    app.add_native_route("/two", two)
    assert [route.path for route in table_of(app).first] == ["/part", "/part/two"]


def test_reloaded_module_replaces_its_routes() -> None:
    """Declared again by the same module, a route takes the place of the old one; those of others stay."""
    app = Atila("reloaded")
    app.add_native_route("/one", one)
    app.mount_context = context = MountContext("/")
    app.add_native_route("/one", one)
    context.reloading = True
    app.add_native_route("/one", two)
    assert [route.endpoint for route in table_of(app).first] == [one, two]


def test_urls_of_native_routes() -> None:
    """`urlfor` takes their names; values that are not in the path make the query."""
    app = Atila("urls")
    app.add_native_route("/things/{id:int}/{part}", one, name="thing")
    app.add_native_routes(Mount("/v2", routes=[Route("/x/{id}", two, name="x")], name="v2"))
    assert urlfor(app, "thing", 3, "a") == "/things/3/a"
    assert urlfor(app, "thing", id=3, part="a", q="b c") == "/things/3/a?q=b+c"
    assert urlfor(app, "v2:x", id="7") == "/v2/x/7"
    with pytest.raises(ValueError, match="other parameters"):
        urlfor(app, "thing", id=3)
    with pytest.raises(NameError):
        urlfor(app, "nothing")


def test_names_of_the_app_come_first() -> None:
    """A resource id of the app is not hidden by a native route of the same name."""
    app = Atila("names")

    @app.route("/old")
    def thing(was: Any) -> str:
        return "old"

    app.add_native_route("/new", one, name="thing")
    assert urlfor(app, "thing") == "/old"


def test_rules_in_the_old_syntax_are_refused() -> None:
    """A rule as `app.route` takes it is an error that shows how Starlette writes it."""
    app = Atila("old syntax")
    with pytest.raises(ValueError, match=r"'/a/\{id:int\}/\{rest:path\}'"):
        app.add_native_route("/a/<int:id>/<path:rest>", one)


def test_middleware_is_added_before_the_first_request() -> None:
    """Later it would be around some answers only."""
    app = Atila("late")
    app.add_native_middleware(lambda app: app)
    table_of(app).stack = app
    with pytest.raises(RuntimeError, match="before it is served"):
        app.add_native_middleware(lambda app: app)


def test_apps_without_native_routes_pay_nothing() -> None:
    """They have no table, and the code for it is not even loaded."""
    assert Atila("plain").native is None
    program = "import sys, atila_compat.app; print('atila_compat.protocols.native' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
