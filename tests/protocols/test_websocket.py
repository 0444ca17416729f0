"""The handshake of a WebSocket: who gets in, who is told what, and what goes out with the answer."""

from __future__ import annotations

import sys

import pytest

from ..launch import Launched, Serve
from .talking import Client, refusal

SOURCE = """
    import skitai
    from atila import Atila

    app = Atila(__name__)
    app.securekey = "a secret of some length, for sessions"
    app.users = {"ann": "sesame"}
    app.realm = "shop"
    app.access_control_allow_origin = ["http://good.example"]
    app.seen = []

    @app.on("request:finished")
    def finished(was):
        if was.request.scope["type"] == "websocket":
            app.seen.append("finished")

    @app.before_request
    def before(was):
        if was.request.scope["type"] == "websocket":
            app.seen.append("before")
        was.request.g.stamp = "from the hook"
        if was.request.URL.get("let") == "nobody":
            return was.response("403 Permission Denied", "nobody gets in", [("X-Why", "closed")])
        if was.request.URL.get("let") == "error":
            raise was.Error("429 Too Many Requests", "later")

    @app.finish_request
    def finish(was):
        if was.request.scope["type"] == "websocket":
            app.seen.append("finish")

    @app.teardown_request
    def teardown(was):
        if was.request.scope["type"] == "websocket":
            app.seen.append("teardown")

    @app.permission_handler
    def allowed(was, perms):
        if was.request.get_header("x-role") not in perms:
            raise was.Error("403 Permission Denied", "role")

    def onopen(was):
        app.seen.append("onopen")
        was.request.session.set("WS_ID", was.websocket.client_id)
        was.cookie.set("colour", "red")
        was.websocket.send("sent early")
        return "welcome, " + was.request.g.stamp

    def onclose(was):
        app.seen.append("onclose")

    @app.route("/echo")
    @app.websocket(skitai.WS_CHANNEL, 60)
    def echo(was, message):
        return message

    @app.route("/session")
    @app.websocket(skitai.WS_CHANNEL | skitai.WS_THREAD, 60, onopen, onclose)
    def session(was, message, **options):
        app.websocket_send(was.request.session.get("WS_ID"), "pushed")
        return "{} {}".format(was.request.session.get("WS_ID") == was.websocket.client_id, message)

    @app.route("/item_in_stock")
    def item_in_stock(was):
        app.websocket_send(was.request.session.get("WS_ID"), "Item In Stock!")
        return str(was.request.session.get("WS_ID"))

    @app.route("/guarded")
    @app.permission_required(["admin"])
    @app.websocket(skitai.WS_CHANNEL, 60)
    def guarded(was, message):
        return message

    @app.route("/members", authenticate="basic")
    @app.websocket(skitai.WS_CHANNEL, 60)
    def members(was, message):
        return "{} {}".format(was.request.user, message)

    @app.route("/folder/")
    @app.websocket(skitai.WS_CHANNEL, 60)
    def folder(was, message):
        return message

    @app.route("/posted", methods=["POST"])
    @app.websocket(skitai.WS_CHANNEL, 60)
    def posted(was, message):
        return message

    @app.route("/coroutine")
    @app.websocket(skitai.WS_COROUTINE, 60)
    def coroutine(was):
        yield was.Input()

    @app.route("/page")
    def page(was):
        return "a page"

    @app.route("/path/<int:number>/<name>")
    @app.websocket(skitai.WS_CHANNEL, 60)
    def path(was, message, number):
        return "{} {}".format(message, number * 2)

    @app.route("/about")
    @app.websocket(skitai.WS_CHANNEL, 60)
    def about(was, message, q):
        request, env = was.request, was.env
        return str([
            request.method, request.uri, request.get_remote_addr(), request.scheme, env["QUERY_STRING"],
            env["websocket.client"] == was.websocket.client_id == was.wsclient(), was.g is not None,
        ])

    @app.route("/seen")
    def seen(was):
        seen, app.seen = app.seen, []
        return was.API(seen=seen)

    if __name__ == "__main__":
        skitai.mount("/", app)
        skitai.mount("/deeper", app, name="twin")
        skitai.run(port=5000)
"""


def test_hooks_run_once_at_the_handshake(app: Launched) -> None:
    """Hooks and events of requests run at the handshake, before onopen, and for no message."""
    app.client.get("/seen")
    with Client(app, "/session") as client:
        assert client.hear(2) == ["sent early", "welcome, from the hook"]
        client.ask("one")
        client.hear()
        seen = app.client.get("/seen").json()["seen"]
        assert seen == ["before", "finish", "teardown", "onopen", "finished"]


def test_hook_can_refuse(app: Launched) -> None:
    """What a before_request hook returns or raises answers the handshake: status, headers and body."""
    status, headers, body = refusal(app, "/echo?let=nobody")
    assert (status, headers["x-why"], body) == (403, "closed", "nobody gets in")
    assert refusal(app, "/echo?let=error")[0] == 429


def test_session_of_the_readme(app: Launched) -> None:
    """A session that onopen writes is sent with the handshake: pages of that browser can push messages."""
    with Client(app, "/session?size=3") as client:
        cookies = client.headers["set-cookie"]
        assert "ATLSES_" in cookies
        assert "colour=red" in cookies
        client.hear(2)
        client.say("hello")
        assert sorted(map(str, client.hear(2))) == ["True hello", "pushed"]
        session = next(part for part in cookies.replace(",", ";").split(";") if "ATLSES_" in part).strip()
        page = app.client.get("/item_in_stock", headers={"Cookie": session})
        assert client.hear() == ["Item In Stock!"]
        assert page.text.isdigit()
    with Client(app, "/session", Cookie=session) as client:
        client.hear(2)


def test_decorators_above_are_asked_at_the_handshake(app: Launched) -> None:
    """A permission that is missing refuses the handshake; with it, messages get through."""
    status, _, body = refusal(app, "/guarded", X_Role="guest")
    assert (status, "role" in body) == (403, True)
    with Client(app, "/guarded", X_Role="admin") as client:
        assert client.ask("in") == "in"


def test_authentication(app: Launched) -> None:
    """A route that wants to know who asks refuses others with a challenge."""
    status, headers, _ = refusal(app, "/members")
    assert (status, headers["www-authenticate"]) == (401, 'basic realm="shop"')
    assert refusal(app, "/members", Authorization="Basic eDp5")[0] == 401
    with Client(app, "/members", Authorization="Basic YW5uOnNlc2FtZQ==") as client:
        assert client.ask("hi") == "ann hi"


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/never", 404),
        ("/page", 500),
        ("/posted", 405),
        ("/folder", 301),
        ("/deeper", 308),
        ("/../echo", 404),
        ("/echo?broken", 400),
        ("/echo?int:n=x", 400),
        ("/path/x/y", 404),
    ],
)
def test_refused(app: Launched, path: str, status: int) -> None:
    """Whoever cannot be let in gets the status that a page would have given, and the error's body."""
    answered, headers, body = refusal(app, path)
    assert answered == status
    assert headers["content-type"] == "application/json"
    assert str(status) in body


def test_redirection_names_the_place(app: Launched) -> None:
    """A path that lacks its slash is redirected, as a page would be."""
    assert refusal(app, "/folder")[1]["location"] == "/folder/"


def test_origin(app: Launched) -> None:
    """The app's list of origins holds for WebSockets too, which browsers let any page open."""
    for path in ("/echo", "/nowhere"):  # who is not admitted does not learn what is there
        assert refusal(app, path, Origin="http://evil.example")[0] == 403
    with Client(app, "/echo", Origin="http://good.example") as client:
        assert client.ask("x") == "x"


def test_missing_origin_is_no_obstacle(app: Launched) -> None:
    """Programs send no Origin, and need none."""
    with Client(app, "/folder/") as client:
        assert client.ask("x") == "x"


def test_refusals_are_no_errors_in_the_log(app: Launched) -> None:
    """Nobody is alarmed by a handshake that was refused."""
    before = app.log()
    refusal(app, "/never")
    refusal(app, "/echo?let=nobody")
    assert "[error]" not in app.log()[len(before) :]


def test_plain_requests(app: Launched) -> None:
    """Over plain HTTP a channel is an ordinary resource, and a coroutine none."""
    assert app.client.get("/echo?message=1").text == "1"
    assert app.client.get("/echo").status_code == 400
    assert app.client.get("/coroutine").status_code == 500


def test_parameters_of_the_path(app: Launched) -> None:
    """A handler that names a parameter of the path gets it, converted."""
    with Client(app, "/path/21/x") as client:
        assert client.ask("m") == "m 42"


def test_request_of_the_handshake(app: Launched) -> None:
    """Handlers see the request that the connection began with."""
    with Client(app, "/about?q=1") as client:
        assert client.ask("m") == "['GET', '/about?q=1', '127.0.0.1', 'http', 'q=1', True, True]"


def test_mounted_in_starlette(serve: Serve) -> None:
    """An app that is mounted in somebody else's application talks over WebSockets there, and pushes."""
    source = """
        from starlette.applications import Starlette
        from starlette.routing import Mount
        from atila_compat import Atila, skitai

        legacy = Atila("legacy")

        @legacy.route("/echo")
        @legacy.websocket(skitai.WS_CHANNEL, 60)
        def echo(was, message):
            return was.app.basepath + " " + was.request.uri + " " + message

        @legacy.route("/push/<int:number>")
        def push(was, number):
            was.app.websocket_send(number, "pushed")
            return "done"

        app = Starlette(routes=[Mount("/old", legacy)])
    """
    app = serve(source, command=(sys.executable, "-m", "uvicorn", "serve:app"))
    with Client(app, "/old/echo") as client:
        assert client.ask("hi") == "/old/ /old/echo hi"
        assert app.client.get("/old/push/0").text == "done"
        assert client.hear() == ["pushed"]
    assert refusal(app, "/old/never")[0] == 404
