"""Atila routes and native ones side by side: routes, session, user, CSRF tokens, error pages, both ways."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import httpx
import pytest

from ..launch import Launched, Serve
from ..protocols.talking import Client

UVICORN = (sys.executable, "-m", "uvicorn", "--log-level=warning", "serve:app")

MIXED = """
    from atila_compat import Atila
    from atila_compat.contrib import native
    from starlette.endpoints import HTTPEndpoint
    from starlette.exceptions import HTTPException
    from starlette.responses import JSONResponse, PlainTextResponse, StreamingResponse
    from starlette.routing import Mount, Route, WebSocketRoute
    from starlette.applications import Starlette
    import asyncio

    app = Atila (__name__)
    app.securekey = "a secret for tests"
    app.users = {"kim": ("secret", False, {"level": 3})}
    seen = []

    @app.before_request
    def before (was):
        seen.append ("before")
        if was.request.get_header ("x-stop"):
            return was.response ("418 I'm a Teapot", "stopped by the hook")
        if was.request.get_header ("x-exit"):
            raise SystemExit (1)

    @app.finish_request
    def finish (was):
        was.response.set_header ("X-Routed", getattr (was.request.routed, "__name__", "an app"))
        was.response.set_header ("X-Route", was.request.routable ["route"])
        was.response.set_header ("X-Methods", ",".join (sorted (was.request.routable ["methods"])))
        was.response.set_header ("X-Mntopt", str (was.request.routable ["mntopt"]))
        seen.append ("finish")

    @app.failed_request
    def failed (was, exc_info):
        seen.append ("failed")

    @app.teardown_request
    def teardown (was):
        was.response.set_header ("X-Teardown", "yes")
        seen.append ("teardown")

    @app.permission_handler
    def permitted (was, perms):
        if was.session.get ("user") not in perms:
            raise was.Error ("403 Permission Denied", "you are not " + " or ".join (sorted (perms)))
        was.request.user = was.session.get ("user")

    @app.login_handler
    def login (was):
        if not was.session.get ("user"):
            return was.redirect ("/sign-in")

    @app.default_error_handler
    def error_page (was, error):
        return "PAGE {} {}".format (error ["code"], error ["detail"] or "")

    @app.route ("/seen")
    def what (was):
        found = list (seen)
        seen.clear ()
        return was.API (seen = found)

    @app.route ("/old/count")
    def count (was):
        was.session ["count"] = was.session.get ("count", 0) + 1
        return was.API (count = was.session ["count"], by = "atila")

    @app.route ("/sign/<name>")
    def sign (was, name):
        was.session ["user"] = name
        was.mbox.send ("welcome " + name)
        return was.API (token = was.csrf_token)

    @app.route ("/both", methods = ["POST"])
    def both (was, text = ""):
        return "atila got " + text

    @app.route ("/moved/<name>")
    def moved (was, name):
        return "the old one has " + name

    @app.route ("/links")
    def links (was):
        urls = [was.urlfor ("show", 3), was.urlfor ("show", id = 4, full = "yes"), was.urlfor ("count")]
        return was.API (urls = urls)

    async def new_count (request):
        was = native.was_of (request)
        was.session ["count"] = was.session.get ("count", 0) + 1
        return JSONResponse ({"count": was.session ["count"], "by": "starlette"})

    app.add_native_route ("/new/count", new_count)

    @app.native_route ("/both")
    async def both_new (request):
        return PlainTextResponse ("starlette got " + request.query_params.get ("text", ""))

    @app.native_route ("/moved/{name}")
    async def moved_new (request):
        if request.path_params ["name"] == "pass":
            raise native.FallThrough
        return PlainTextResponse ("the new one has " + request.path_params ["name"])

    @app.native_route ("/things/{id:int}", name = "show")
    def show (request):
        return JSONResponse ({
            "id": request.path_params ["id"],
            "args": request.state.was.request.ARGS,
            "url": str (request.url_for ("show", id = 9)),
            "old": str (request.url_for ("count")),
        })

    @app.native_route ("/fails/{how}")
    async def fails (request):
        how = request.path_params ["how"]
        request.state.was.session ["count"] = 99
        if how == "starlette":
            raise HTTPException (409, "taken", headers = {"X-Why": "because"})
        if how == "atila":
            raise request.state.was.Error ("410 Gone", "long ago")
        if how == "bug":
            1 / 0
        return JSONResponse ({"error": how}, 422)

    @app.native_route ("/members")
    async def members (request):
        await native.require_permission (request, ["kim", "lee"])
        return JSONResponse ({"user": request.user.display_name, "in": request.user.is_authenticated,
                              "scopes": request.auth.scopes})

    @app.native_route ("/mine")
    async def mine (request):
        await native.require_login (request)
        return PlainTextResponse ("yours")

    @app.native_route ("/basic")
    async def basic (request):
        user = await native.require_user (request, "basic")
        return JSONResponse ({"name": str (user), "info": user.info})

    @app.native_route ("/form", methods = ["POST"])
    async def form (request):
        await native.require_csrf (request)
        form = await request.form ()
        return PlainTextResponse ("saved " + form ["text"])

    @app.native_route ("/json", methods = ["POST"])
    async def json (request):
        return JSONResponse ({"right": await native.verify_csrf (request), "body": await request.json ()})

    @app.native_route ("/messages")
    async def messages (request):
        return JSONResponse ([message [4] for message in request.state.was.mbox.get ()])

    @app.native_route ("/task")
    async def task (request):
        return JSONResponse ({"sum": await request.state.was.Thread (sum, [1, 2, 3])})

    @app.native_route ("/stream")
    async def stream (request):
        async def pieces ():
            for piece in ("one ", "two ", "three"):
                yield piece
                await asyncio.sleep (0)
        request.state.was.cookie ["streamed"] = "yes"
        return StreamingResponse (pieces ())

    @app.native_route ("/echo", methods = ["POST"])
    async def echo (request):
        return PlainTextResponse (str (len (await request.body ())))

    class Thing (HTTPEndpoint):
        async def put (self, request):
            return PlainTextResponse ("put")

    app.add_native_route ("/thing", Thing)

    async def live (websocket):
        await websocket.accept ()
        was = native.was_of (websocket)
        text = await websocket.receive_text ()
        await websocket.send_text ("{} {}".format (was.session.get ("count"), text))
        await websocket.close ()

    app.add_native_routes (
        WebSocketRoute ("/live", live),
        Mount ("/sub", Starlette (routes = [Route ("/count", new_count)])),
    )

    @app.native_route ("/{rest:path}", fallback = True)
    async def rest (request):
        if request.path_params ["rest"].startswith ("none"):
            raise HTTPException (404)
        return PlainTextResponse ("fallback for " + request.path_params ["rest"])
"""


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Launched]:
    """An app with routes of both kinds, on uvicorn."""
    factory = Serve(tmp_path_factory.mktemp("mixed"))
    app = factory(MIXED, command=UVICORN)
    yield app
    factory.close()


@pytest.fixture
def client(mixed: Launched) -> httpx.Client:
    """A browser without cookies."""
    mixed.client.cookies.clear()
    return mixed.client


def test_session_is_shared_both_ways(client: httpx.Client) -> None:
    """What an Atila handler has put into the session a Starlette endpoint reads and changes, and back."""
    answers = [client.get(path).json() for path in ("/old/count", "/new/count", "/sub/count", "/old/count")]
    assert [answer["count"] for answer in answers] == [1, 2, 3, 4]
    assert [answer["by"] for answer in answers] == ["atila", "starlette", "starlette", "atila"]


def test_methods_of_a_path_fall_through(client: httpx.Client) -> None:
    """A path may have one method here and another there; one that neither has is 405."""
    assert client.get("/both?text=x").text == "starlette got x"
    assert client.post("/both", data={"text": "y"}).text == "atila got y"
    assert client.head("/both").status_code == 200
    assert client.delete("/both").status_code == 405
    assert client.delete("/new/count").status_code == 405


def test_native_route_goes_first_and_may_pass_on(client: httpx.Client) -> None:
    """The moved route answers in place of the old one, unless it declines."""
    assert client.get("/moved/bread").text == "the new one has bread"
    assert client.get("/moved/pass").text == "the old one has pass"


def test_fallback_is_asked_last(client: httpx.Client) -> None:
    """A fallback route answers paths that the app has no route for."""
    assert client.get("/somewhere/else").text == "fallback for somewhere/else"
    assert client.get("/old/count").json()["by"] == "atila"


@pytest.mark.parametrize(
    ("path", "status_code", "text"),
    [
        ("/fails/starlette", 409, "PAGE 409 taken"),
        ("/fails/atila", 410, "PAGE 410 long ago"),
        ("/fails/bug", 502, "PAGE 502 "),
        ("/none", 404, "PAGE 404 "),
        ("/fails/own", 422, '{"error":"own"}'),
    ],
)
def test_errors_have_the_pages_of_the_app(
    client: httpx.Client, path: str, status_code: int, text: str
) -> None:
    """What an endpoint raises is answered by the app's error handler; its answers stay as they are."""
    answer = client.get(path)
    assert (answer.status_code, answer.text) == (status_code, text)
    assert answer.headers.get("x-why") == ("because" if status_code == 409 else None)


def test_exit_in_a_hook(client: httpx.Client) -> None:
    """`sys.exit()` in a hook before a native route is a failed request, as before any other."""
    client.get("/seen")
    assert client.get("/new/count", headers={"X-Exit": "1"}).status_code == 502
    assert client.get("/seen").json()["seen"] == ["finish", "teardown", "before", "failed", "before"]


def test_failed_request_keeps_no_cookies(client: httpx.Client) -> None:
    """What an endpoint that fails has put into the session is forgotten, as with Atila handlers."""
    client.get("/fails/bug")
    assert client.get("/old/count").json()["count"] == 1


def test_hooks_run_around_native_endpoints(client: httpx.Client) -> None:
    """The app's hooks run in the order that they run in around Atila handlers, and can answer themselves."""
    client.get("/seen")
    assert client.get("/new/count").headers["x-teardown"] == "yes"
    assert client.get("/seen").json() == {
        "seen": ["finish", "teardown", "before", "finish", "teardown", "before"]
    }
    client.get("/fails/bug")
    assert client.get("/seen").json()["seen"] == ["finish", "teardown", "before", "failed", "before"]
    stopped = client.get("/new/count", headers={"x-stop": "1"})
    assert (stopped.status_code, stopped.text) == (418, "stopped by the hook")


def test_hooks_are_told_what_answers(client: httpx.Client) -> None:
    """`was.request.routed` and `routable` name the endpoint and its route, as those of an Atila handler."""
    names = ("x-routed", "x-route", "x-methods", "x-mntopt")
    new, old, sub = (client.get(f"/{each}/count").headers for each in ("new", "old", "sub"))
    assert [new[name] for name in names] == ["new_count", "/new/count", "GET,HEAD", "{}"]
    assert [old[name] for name in names] == ["count", "/old/count", "GET,POST", "{}"]
    assert [sub[name] for name in names] == ["an app", "/sub", "", "{}"]


def test_permission_handler_guards_native_endpoints(client: httpx.Client) -> None:
    """`require_permission` asks the app's permission handler, whose user is `request.user`."""
    refused = client.get("/members")
    assert (refused.status_code, refused.text) == (403, "PAGE 403 you are not kim or lee")
    client.get("/sign/kim")
    assert client.get("/members").json() == {"user": "kim", "in": True, "scopes": ["authenticated"]}


def test_login_handler_guards_native_endpoints(client: httpx.Client) -> None:
    """`require_login` answers with what the app's login handler answers: a redirection."""
    refused = client.get("/mine")
    assert (refused.status_code, refused.headers["location"]) == (302, "/sign-in")
    client.get("/sign/kim")
    assert client.get("/mine").text == "yours"


def test_authentication_of_native_endpoints(client: httpx.Client) -> None:
    """`require_user` asks for the credentials of the app's users."""
    refused = client.get("/basic")
    assert (refused.status_code, refused.headers["www-authenticate"]) == (401, 'Basic realm="App"')
    assert client.get("/basic", auth=("kim", "secret")).json() == {"name": "kim", "info": {"level": 3}}


def test_csrf_token_is_shared(client: httpx.Client) -> None:
    """A form of an Atila page can be posted to a Starlette endpoint, which checks the token."""
    token = client.get("/sign/kim").json()["token"]
    refused = client.post("/form", data={"text": "x"})
    assert (refused.status_code, refused.text) == (400, "PAGE 400 CSRF token error")
    assert client.post("/form", data={"text": "x", "XSRF_TOKEN": token}).text == "saved x"
    assert client.post("/form", files={"f": b"1"}, data={"text": "y", "XSRF_TOKEN": token}).text == "saved y"
    assert client.post("/form", data={"text": "z"}, headers={"X-XSRF-TOKEN": token}).text == "saved z"
    assert client.post("/json", json={"XSRF_TOKEN": token}).json()["right"]
    assert client.post("/json", json=["XSRF_TOKEN"]).json() == {"right": False, "body": ["XSRF_TOKEN"]}


def test_messages_are_shared(client: httpx.Client) -> None:
    """The message box of the app reaches Starlette endpoints."""
    client.get("/sign/kim")
    assert client.get("/messages").json() == ["welcome kim"]


def test_tasks_can_be_awaited(client: httpx.Client) -> None:
    """A Starlette endpoint awaits the app's tasks."""
    assert client.get("/task").json() == {"sum": 6}


def test_streams_stay_streams(client: httpx.Client) -> None:
    """A streamed answer goes out piece by piece, with the cookies of the app."""
    answer = client.get("/stream")
    assert (answer.text, answer.cookies["streamed"]) == ("one two three", "yes")


def test_urls_lead_both_ways(client: httpx.Client, mixed: Launched) -> None:
    """`was.urlfor` knows the names of native routes, `request.url_for` knows those and resource ids."""
    assert client.get("/links").json() == {"urls": ["/things/3", "/things/4?full=yes", "/old/count"]}
    shown = client.get("/things/7?full=1").json()
    assert shown == {
        "id": 7,
        "args": {"id": 7, "full": "1"},
        "url": f"{mixed.url}/things/9",
        "old": f"{mixed.url}/old/count",
    }


def test_endpoint_classes_choose_their_methods(client: httpx.Client) -> None:
    """A subclass of HTTPEndpoint answers the methods that it has."""
    assert client.put("/thing").text == "put"


def test_body_limit_of_the_app_holds(serve: Serve) -> None:
    """A body above `config.MAX_UPLOAD_SIZE` is answered 413, announced or not."""
    app = serve(MIXED + "\n    app.config.MAX_UPLOAD_SIZE = 1000\n", command=UVICORN)
    assert app.client.post("/echo", content=b"x" * 1000).text == "1000"
    assert app.client.post("/echo", content=b"x" * 1001).status_code == 413
    assert app.client.post("/echo", content=(b"x" * 600 for _ in range(2))).status_code == 413


def test_websocket_endpoint_reads_the_session(client: httpx.Client, mixed: Launched) -> None:
    """A Starlette WebSocket beside Atila's has the session of the app."""
    client.get("/old/count")
    cookie = "; ".join(f"{name}={value}" for name, value in client.cookies.items())
    with Client(mixed, "/live", cookie=cookie) as connection:
        assert connection.ask("hello") == "1 hello"
