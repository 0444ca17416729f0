"""Native endpoints within an app: WebSockets, failures half-way, and what Starlette's classes see."""

from __future__ import annotations

import sys

import httpx
import pytest

from ..launch import Launched, Serve
from .talking import Client, refusal

UVICORN = (sys.executable, "-m", "uvicorn", "--log-level=warning", "serve:app")

APP = """
    from atila_compat import Atila
    from atila_compat.contrib import native
    from starlette.exceptions import HTTPException
    from starlette.responses import PlainTextResponse, StreamingResponse
    from starlette.routing import WebSocketRoute

    app = Atila (__name__)
    app.securekey = "a secret for tests"
    app.config.MAX_UPLOAD_SIZE = 1000

    @app.before_request
    def before (was):
        if "stop" in was.request.URL:
            raise was.Error ("403 Permission Denied", "stopped")

    @app.route ("/old")
    @app.websocket (1, 60)
    def old (was, message, **options):
        return "old " + message

    async def live (connection):
        if "refuse" in connection.query_params:
            raise HTTPException (409, "not now")
        if "pass" in connection.query_params:
            raise native.FallThrough
        native.was_of (connection).cookie ["seen"] = "yes"
        await connection.accept ()
        text = await connection.receive_text ()
        if text == "fail":
            raise ValueError (text)
        await connection.send_text ("new " + text)
        await connection.close ()

    app.add_native_routes (WebSocketRoute ("/live", live), WebSocketRoute ("/old", live))

    @app.native_route ("/half")
    async def half (request):
        async def pieces ():
            yield "begun"
            raise ValueError ("half-way")
        return StreamingResponse (pieces ())

    @app.native_route ("/anybody")
    async def anybody (request):
        return PlainTextResponse (str (request.user.is_authenticated) + str (request.auth.scopes))

    @app.native_route ("/dict")
    async def detail (request):
        raise HTTPException (418, {"why": "tea"})

    @app.native_route ("/")
    async def root (request):
        return PlainTextResponse ("root")

    if __name__ == "__main__":
        import skitai
        skitai.mount ("/shop", app)
        skitai.run ()
"""


@pytest.fixture
def app(serve: Serve) -> Launched:
    """The app on uvicorn."""
    return serve(APP, command=UVICORN)


def test_websocket_sends_the_cookies_of_was(app: Launched) -> None:
    """What is written before `accept` goes out with it."""
    with Client(app, "/live") as client:
        assert "seen=" in client.headers["set-cookie"]
        assert client.ask("hello") == "new hello"


@pytest.mark.parametrize(("query", "status_code"), [("refuse", 409), ("stop", 403)])
def test_handshake_is_refused_like_a_page(app: Launched, query: str, status_code: int) -> None:
    """An exception before `accept`, of the endpoint or of a hook, is the handshake's answer."""
    assert refusal(app, f"/live?{query}=1")[0] == status_code


def test_websocket_falls_through_to_the_old_one(app: Launched) -> None:
    """A native WebSocket that declines leaves the conversation to the app's own."""
    with Client(app, "/old?pass=1") as client:
        assert client.ask("hello") == "old hello"


def test_websocket_that_fails_is_closed_as_such(app: Launched) -> None:
    """An exception in a conversation closes it with code 1011, and is logged."""
    with Client(app, "/live") as client:
        client.say("fail")
        assert client.end() == 1011
    assert "ValueError: fail" in app.log()


def test_answer_that_fails_half_way_is_cut(app: Launched) -> None:
    """The client sees that the body is not complete."""
    with pytest.raises(httpx.RemoteProtocolError):
        app.client.get("/half")
    assert "failed in the middle of its answer" in app.log()


def test_nobody_is_starlettes_unauthenticated_user(app: Launched) -> None:
    """`request.user` and `request.auth` are there without AuthenticationMiddleware, too."""
    assert app.client.get("/anybody").text == "False[]"


def test_details_that_are_no_text_are_json(app: Launched) -> None:
    """FastAPI's details may be dicts; the app's error pages show text."""
    answer = app.client.get("/dict", headers={"Accept": "application/json"})
    assert (answer.status_code, answer.json()["more_info"]) == (418, '{"why": "tea"}')


def test_root_of_a_mounted_app(serve: Serve) -> None:
    """The native "/" of an app at /shop answers with and without the slash."""
    client = serve(APP).client
    assert client.get("/shop/").text == "root"
    assert client.get("/shop", follow_redirects=True).text == "root"
