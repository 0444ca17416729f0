"""What holds for a whole Atila app holds for its native routes: credentials, origins, reloading."""

from __future__ import annotations

import sys
import textwrap
import time

import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse

from atila_compat import Atila
from atila_compat.contrib import native

from ..launch import Serve
from ..serving.connection import ask

UVICORN = (sys.executable, "-m", "uvicorn", "--log-level=warning", "serve:app")

WHOLE = """
    from atila_compat import Atila, skitai
    from starlette.responses import PlainTextResponse
    from starlette.middleware.gzip import GZipMiddleware

    app = Atila (__name__)
    app.authenticate = "basic"
    app.users = {"kim": "secret"}
    app.access_control_allow_origin = ["https://shop.example"]

    async def hello (request):
        return PlainTextResponse ("hello " + request.user.display_name)

    def __mount__ (app, mntopt):
        pass

    class Failing:
        def __init__ (self, app):
            self.app = app
        async def __call__ (self, scope, receive, send):
            if scope ["path"].endswith ("fail"):
                raise ValueError ("middleware")
            await self.app (scope, receive, send)

    @app.route ("/old")
    def old (was):
        return str (was.request.user) * 2000

    app.add_native_route ("/hello", hello, methods = ["GET", "PUT"])
    app.add_native_middleware (Failing)
    app.add_native_middleware (GZipMiddleware, minimum_size = 1000)

    if __name__ == "__main__":
        skitai.mount ("/shop", app)
        skitai.run ()
"""


@pytest.mark.parametrize(
    ("command", "point"),
    [
        (UVICORN, ""),
        ((sys.executable, "-m", "atila_compat", "run", "serve.py"), "/shop"),
    ],
    ids=["library", "launch script"],
)
def test_rules_for_the_whole_app_hold(serve: Serve, command: tuple[str, ...], point: str) -> None:
    """What the app asks of everybody, credentials and origins, native routes ask as well."""
    client = serve(WHOLE, command=command).client
    assert client.get(f"{point}/hello").status_code == 401
    kim = ("kim", "secret")
    assert client.get(f"{point}/hello", auth=kim).text == "hello kim"
    foreign = {"Origin": "https://evil.example"}
    assert client.get(f"{point}/hello", auth=kim, headers=foreign).status_code == 403
    friend = {"Origin": "https://shop.example"}
    allowed = client.get(f"{point}/hello", auth=kim, headers=friend)
    assert allowed.headers["access-control-allow-origin"] == "https://shop.example"
    preflight = client.options(f"{point}/hello", headers={**friend, "Access-Control-Request-Method": "PUT"})
    assert preflight.status_code == 200
    assert preflight.headers["access-control-allow-methods"] == "GET, HEAD, PUT"


def test_middleware_is_around_both(serve: Serve) -> None:
    """Native middleware sees the answers of both kinds; what it raises is an error page of the app."""
    client = serve(WHOLE, command=UVICORN).client
    old = client.get("/old", auth=("kim", "secret"))
    assert (old.headers["content-encoding"], len(old.text)) == ("gzip", 6000)
    failed = client.get("/fail", headers={"Accept": "application/json"})
    assert (failed.status_code, failed.json()["message"]) == (502, "bad gateway")


def test_rules_in_the_old_syntax_are_refused() -> None:
    """A rule as `app.route` takes it is an error that shows how Starlette writes it."""
    app = Atila("old syntax")
    with pytest.raises(ValueError, match=r"'/a/\{id:int\}/\{rest:path\}'"):
        app.add_native_route("/a/<int:id>/<path:rest>", lambda request: None)


def test_was_of_says_what_to_do() -> None:
    """An endpoint that shares nothing with an app is told how it can."""
    with pytest.raises(RuntimeError, match="SharedState"):
        native.was_of(Request({"type": "http", "headers": []}))


def test_fall_through_with_the_body_read_is_an_error(caplog: pytest.LogCaptureFixture) -> None:
    """A request whose body is gone cannot be answered by another route."""
    app = Atila("late")

    @app.native_route("/", methods=["POST"])
    async def late(request: Request) -> PlainTextResponse:
        await request.body()
        raise native.FallThrough

    answer = ask(app, "/", "POST", content=b"x")
    assert answer.status_code == 502
    assert "before the body is read" in caplog.text


def test_modules_declare_native_routes(serve: Serve) -> None:
    """A module's native routes are below its mount point, and are renewed when it is loaded anew."""
    service = textwrap.dedent("""
        from starlette.responses import PlainTextResponse

        def __mount__ (app, mntopt):
            @app.native_route ("/hello")
            async def hello (request):
                return PlainTextResponse ("{}")
    """)
    serve_py = """
        import atila, skitai
        from services import part

        app = atila.Atila (__name__)
        app.mount ("/part", part)
        if __name__ == "__main__":
            skitai.mount ("/", app)
            skitai.run ()
    """
    files = {"services/__init__.py": "", "services/part.py": service.format("first")}
    app = serve(serve_py, "--devel", files=files)
    assert app.client.get("/part/hello").text == "first"
    module = app.folder / "services" / "part.py"
    module.write_text(service.format("the second"))
    deadline = time.monotonic() + 10
    while app.client.get("/part/hello").text != "the second":
        assert time.monotonic() < deadline, app.log()
        time.sleep(0.1)


def test_apps_without_native_routes_have_no_table() -> None:
    """An app that has none does not look for any."""
    assert Atila("plain").native is None
