"""Who an app lets in at all: origins and authentication of the whole app (spec/05 sections 8 and 11)."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from atila_compat import Atila
from tests.serving.connection import ask

KIM = {"Authorization": "Basic " + base64.b64encode(b"kim:secret").decode()}


def gated() -> Atila:
    """An app with error handlers for whatever it refuses."""
    app = Atila("app")
    app.users = {"kim": "secret"}

    @app.default_error_handler
    def page(was: Any, error: dict[str, Any]) -> str:
        return f"own {error['code']}"

    @app.route("/", methods=["GET", "OPTIONS"])
    def index(was: Any) -> str:
        return "index"

    @app.route("/folder/")
    def folder(was: Any) -> str:
        return "folder"

    @app.route("/own", access_control_allow_origin=["http://friend"])
    def own(was: Any) -> str:
        return "own"

    @app.route("/digest", authenticate="digest")
    def digest(was: Any) -> str:
        return "digest"

    @app.route("/off", authenticate=None)
    def off(was: Any) -> str:
        return "off"

    return app


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/"), ("GET", "/none"), ("PUT", "/"), ("GET", "/folder")]
)
def test_an_app_is_closed_to_foreign_pages_found_or_not(method: str, path: str) -> None:
    """Origins that are not on the app's list get a plain 403, before routes and error handlers."""
    app = gated()
    app.access_control_allow_origin = ["http://home"]
    refused = ask(app, path, method, headers={"Origin": "http://foe"})
    assert (refused.status_code, refused.json()) == (403, {"code": 40300, "message": "forbidden"})
    assert ask(app, path, method, headers={"Origin": "http://home"}).status_code != 403
    assert ask(app, path, method).status_code != 403


def test_a_list_of_the_route_opens_it() -> None:
    """A route's own origins come in although the app does not list them; others do not."""
    app = gated()
    app.access_control_allow_origin = ["http://home"]
    assert ask(app, "/own", headers={"Origin": "http://friend"}).text == "own"
    assert ask(app, "/own", headers={"Origin": "http://foe"}).json()["code"] == 40300
    assert ask(app, "/own", headers={"Origin": "http://home"}).text == "own 403"


def test_a_route_without_origins_opens_nothing() -> None:
    """None leaves out the headers; pages that the app does not admit stay out."""
    app = gated()
    app.access_control_allow_origin = ["http://home"]

    @app.route("/none", access_control_allow_origin=None)
    def none(was: Any) -> str:
        return "none"

    assert ask(app, "/none", headers={"Origin": "http://foe"}).json()["code"] == 40300
    answer = ask(app, "/none", headers={"Origin": "http://home"})
    assert (answer.text, "access-control-allow-origin" in answer.headers) == ("none", False)


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/"), ("GET", "/none"), ("PUT", "/"), ("GET", "/off"), ("PROPFIND", "/")]
)
def test_an_app_that_authenticates_asks_first(method: str, path: str) -> None:
    """Strangers get a plain 401, whether there is something to see or not, and no page of the app."""
    app = gated()
    app.authenticate = "basic"
    refused = ask(app, path, method)
    assert (refused.status_code, refused.json()) == (401, {"code": 40100, "message": "unauthorized"})
    assert refused.headers["www-authenticate"] == 'Basic realm="App"'
    assert ask(app, path, method, headers=KIM).status_code != 401


def test_a_route_that_wants_another_kind_is_not_open_to_the_app_s() -> None:
    """Whoever has passed the app's authentication still has to pass the route's, with the app's own page."""
    app = gated()
    app.authenticate = "basic"
    assert ask(app, "/digest").headers["www-authenticate"].startswith("Basic ")
    refused = ask(app, "/digest", headers=KIM)
    assert (refused.status_code, refused.text) == (401, "own 401")
    assert refused.headers["www-authenticate"].startswith("Digest ")
