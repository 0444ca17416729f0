"""The Starlette application of all that is mounted: who answers for a path, in which order."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import anyio
import httpx
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route

from atila_compat import Atila, settings, skitai
from atila_compat.errors import AtilaError
from atila_compat.skitai.loading import LoadError
from atila_compat.skitai.mounts import Mounts, use_mounts
from atila_compat.skitai.place import place
from atila_compat.skitai.server import Service
from atila_compat.types import ASGIApp, Receive, Scope, Send

pytestmark = pytest.mark.anyio


@pytest.fixture(autouse=True)
def mounts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Mounts]:
    """Mounts of the test's own; the launch script lies in the temporary directory."""
    monkeypatch.delenv("SKITAIENV", raising=False)
    monkeypatch.setattr("sys.argv", ["serve.py"])
    fresh = Mounts()
    before, place.script_dir = use_mounts(fresh), str(tmp_path)
    yield fresh
    use_mounts(before)
    place.script_dir = None
    settings.reset()


@contextlib.asynccontextmanager
async def running(app: ASGIApp) -> AsyncIterator[httpx.AsyncClient]:
    """A client of an application whose lifespan runs."""
    to_app, from_app = anyio.create_memory_object_stream[Any](2), anyio.create_memory_object_stream[Any](2)

    async def live() -> None:
        await app({"type": "lifespan", "state": {}}, to_app[1].receive, from_app[0].send)

    async with anyio.create_task_group() as group:
        group.start_soon(live)
        await to_app[0].send({"type": "lifespan.startup"})
        assert (await from_app[1].receive())["type"] == "lifespan.startup.complete"
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
            yield client
        await to_app[0].send({"type": "lifespan.shutdown"})
        assert (await from_app[1].receive())["type"] == "lifespan.shutdown.complete"
    for stream in (*to_app, *from_app):
        stream.close()


def atila(name: str, **routes: str) -> Atila:
    """An app whose routes answer with its name and theirs: `atila("a", index="/")`."""
    app = Atila(name)

    def add(resource: str, rule: str) -> None:
        def handler(was: Any, **params: Any) -> str:
            return f"{name}.{resource}"

        handler.__name__ = resource
        app.route(rule)(handler)

    for resource, rule in routes.items():
        add(resource, rule)
    return app


def module_called_zoo() -> ModuleType:
    """An empty module."""
    module = ModuleType("zoo")
    module.__file__ = "zoo.py"
    return module


def wsgi(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    """A WSGI app that tells what it was asked."""
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [f"{environ['SCRIPT_NAME']}|{environ['PATH_INFO']}".encode()]


async def test_the_longest_mount_point_answers() -> None:
    """An app below another one's point goes first, whatever the order of mounting."""
    skitai.mount("/", atila("top", index="/", deep="/api/v1/x"))
    skitai.mount("/api/v1", atila("api", index="/", x="/x"))
    skitai.mount("/api", atila("short", index="/"))
    async with running(skitai.asgi()) as client:
        assert (await client.get("/")).text == "top.index"
        assert (await client.get("/api/v1/")).text == "api.index"
        assert (await client.get("/api/v1/x")).text == "api.x"
        assert (await client.get("/api/")).text == "short.index"
        assert (await client.get("/apixx")).status_code == 404


async def test_a_point_without_its_slash_is_redirected() -> None:
    """The path of a mount point without slash answers 308, also where an app is on "/"."""
    skitai.mount("/", atila("top", index="/"))
    skitai.mount("/api/v1", atila("api", index="/"))
    async with running(skitai.asgi()) as client:
        answer = await client.get("/api/v1?a=1")
        assert (answer.status_code, answer.headers["location"]) == (308, "/api/v1/")
        assert answer.json() == {"code": 30800, "message": "permanent redirect"}
        assert (await client.post("/api/v1")).status_code == 308


async def test_several_apps_on_the_root() -> None:
    """Apps on one point are asked in their order whether a path is theirs; a WSGI app takes the rest."""
    skitai.mount("/", wsgi)
    skitai.mount("/", atila("one", both="/both", only="/one/<int:n>"))
    skitai.mount("/", atila("two", both="/both", two="/one/two"))
    async with running(skitai.asgi()) as client:
        assert (await client.get("/both")).text == "one.both"
        assert (await client.get("/one/1")).text == "one.only"
        assert (await client.get("/one/two")).text == "two.two"
        assert (await client.get("/zoo")).text == "/|/zoo"


async def test_nobody_knows_the_path() -> None:
    """Where several apps share the root and none knows a path, the server answers 404, as Accept wants it.

    Below a first segment where one of them has answered before, the 404 is that app's.
    """
    skitai.mount("/", one := atila("one", index="/one"))
    one.error_handler(404)(lambda was, error: "none here")
    skitai.mount("/", atila("two", index="/two"))
    async with running(skitai.asgi()) as client:
        assert (await client.get("/zoo")).json() == {"code": 40400, "message": "not found"}
        page = await client.get("/zoo", headers={"Accept": "text/html"})
        assert page.status_code == 404
        assert "404 Not Found" in page.text
        assert [(await client.get(path)).text for path in ("/one", "/one/x")] == ["one.index", "none here"]


async def test_files_go_before_apps(tmp_path: Path) -> None:
    """A file hides a route for GET and HEAD only; a directory without index does not."""
    (tmp_path / "files" / "sub").mkdir(parents=True)
    (tmp_path / "files" / "page").write_text("a file")
    app = atila("app", page="/page", sub="/sub/")
    skitai.mount("/", "files")
    skitai.mount("/", app)
    async with running(skitai.asgi()) as client:
        assert (await client.get("/page")).text == "a file"
        assert (await client.post("/page", content=b"x")).text == "app.page"
        assert (await client.get("/sub/")).text == "app.sub"
        assert (await client.get("/sub")).status_code == 301


async def test_apps_serve_files_of_their_own(tmp_path: Path) -> None:
    """`set_static`, `set_media` and `add_static` of an app do what those of a preference do."""
    for name in ("s", "t", "m"):
        (tmp_path / name).mkdir()
        (tmp_path / name / f"{name}.txt").write_text(name)
    app = Atila("app")
    app.set_static("/assets", "s")
    app.add_static("t")
    app.set_media("/pictures", "m")
    skitai.mount("/", app)
    async with running(skitai.asgi()) as client:
        assert app.config.STATIC_URL == "/assets/"
        assert str(tmp_path / "s") == app.config.STATIC_ROOT
        for path in ("/assets/s.txt", "/assets/t.txt", "/pictures/m.txt"):
            assert (await client.get(path)).text == path[-5]


async def test_disable_static(mounts: Mounts, tmp_path: Path) -> None:
    """Directories are not served where that is switched off."""
    (tmp_path / "page").write_text("a file")
    skitai.mount("/", str(tmp_path))
    skitai.mount("/", atila("app", page="/page"))
    async with running(Service(mounts, serve_static=False)) as client:
        assert (await client.get("/page")).text == "app.page"


async def test_virtual_hosts(tmp_path: Path) -> None:
    """An app with a host rule answers for its names, in any case, with any port; others get the default."""
    (tmp_path / "c.txt").write_text("c's")
    skitai.mount("/", atila("all", index="/"))
    skitai.mount("/", atila("c", index="/"), host="c.com .d.com")
    skitai.mount("/", str(tmp_path), host="c.com .d.com")
    async with running(skitai.asgi()) as client:
        for host, expected in {
            "c.com": "c.index",
            "C.com:8080": "c.index",
            "d.com": "c.index",
            "x.d.com": "c.index",
            "xd.com": "all.index",
            "e.com": "all.index",
        }.items():
            assert (await client.get("/", headers={"Host": host})).text == expected
        assert (await client.get("/c.txt", headers={"Host": "c.com"})).text == "c's"
        assert (await client.get("/c.txt")).status_code == 404


async def test_no_host_answers() -> None:
    """Where only named hosts are served, others get 404."""
    skitai.mount("/", atila("c", index="/"), host="c.com")
    async with running(skitai.asgi()) as client:
        assert (await client.get("/")).status_code == 404


async def test_apps_know_each_other() -> None:
    """`was.apps` has all apps by their names; the names of others are NameErrors."""
    one, two = Atila("one"), atila("two", index="/")
    found: dict[str, Any] = {}

    @one.route("/")
    def index(was: Any) -> str:
        found.update(two=was.apps["second"], url=was.urlfor("second:index"))
        try:
            was.apps["zoo"]
        except NameError as error:
            found["error"] = str(error)
        return "OK"

    skitai.mount("/", one, name="first")
    skitai.mount("/2", two, name="second")
    async with running(skitai.asgi()) as client:
        assert (await client.get("/")).text == "OK"
    assert found["two"] is two
    assert found["url"] == "/2/"
    assert "zoo" in found["error"]


async def test_subscribers_hear_events() -> None:
    """An app that subscribes to another one hears what that emits."""
    publisher, subscriber, stranger = Atila("p"), Atila("s"), Atila("x")
    heard: list[tuple[str, Any]] = []
    for app in (subscriber, stranger):

        @app.on("changed")
        def changed(was: Any, value: Any, app: Atila = app) -> None:
            heard.append((app.name, value))

    @publisher.route("/")
    def index(was: Any) -> str:
        publisher.emit("changed", 7)
        return "OK"

    skitai.mount("/s", subscriber, name="s", subscribe="p")
    skitai.mount("/", publisher, name="p")
    skitai.mount("/x", stranger, name="x")
    async with running(skitai.asgi()) as client:
        await client.get("/")
    assert heard == [("s", 7)]


async def test_life_cycle() -> None:
    """Apps are told when they are mounted and umounted; `__umount__` runs at the end."""
    order: list[str] = []
    package = module_called_zoo()
    app = Atila("zoo")
    for event in ("before_mount", "mounted", "mounted_or_reloaded", "before_umount", "umounted"):
        app.on(event)(lambda was, event=event: order.append(event))
    package.__dict__.update(
        __app__=lambda: order.append("app") or app,  # type: ignore[func-returns-value]
        __config__=lambda pref: order.append("config"),
        __setup__=lambda app, mntopt: order.append("setup"),
        __mount__=lambda app, mntopt: order.append(f"mount {mntopt['point']}"),
        __umount__=lambda app: order.append("umount"),
    )
    skitai.mount("/zoo", package)
    assert order == ["config"]
    async with running(skitai.asgi()):
        assert order[1:] == ["app", "setup", "mount /zoo/", "before_mount", "mounted", "mounted_or_reloaded"]
        order.clear()
    assert order == ["before_umount", "umount", "umounted"]


async def test_preferences_reach_apps() -> None:
    """Attributes and config of a preference are the app's, for WSGI apps too."""

    class Plain:
        def __call__(self, environ: dict[str, Any], start_response: Any) -> list[bytes]:
            start_response("200 OK", [])
            return [f"{self.colour} {self.config.SIZE}".encode()]  # type: ignore[attr-defined]

    app = Atila("app")
    with skitai.preference(SIZE=3) as pref:
        pref.colour = "red"
        skitai.mount("/", app, pref)
        skitai.mount("/plain", Plain(), pref)
    async with running(skitai.asgi()) as client:
        assert (await client.get("/plain/")).text == "red 3"
    assert (app.colour, app.config.SIZE) == ("red", 3)  # type: ignore[attr-defined]


async def test_file_targets(tmp_path: Path) -> None:
    """A file's app is loaded when the server starts, under a name of its own."""
    (tmp_path / "filed.py").write_text(
        "from atila_compat import Atila\n"
        "import beside\n"
        "app = Atila(__name__)\n"
        "@app.route('/')\n"
        "def index(was): return beside.text + ' ' + __name__\n"
    )
    (tmp_path / "beside.py").write_text("text = 'beside'\n")
    skitai.mount("/", "filed.py:app")
    assert "skitai.mounted.filed" not in sys.modules
    try:
        async with running(skitai.asgi()) as client:
            assert (await client.get("/")).text == "beside skitai.mounted.filed"
    finally:
        sys.path.remove(str(tmp_path))
        for name in ("skitai.mounted.filed", "beside"):
            del sys.modules[name]


async def test_asgi_apps_can_be_mounted() -> None:
    """A Starlette application beside an Atila app finds its own paths below its point."""

    async def hello(request: Request) -> PlainTextResponse:
        return PlainTextResponse(f"starlette {request.url.path}")

    skitai.mount("/", atila("app", index="/"))
    skitai.mount("/new", Starlette(routes=[Route("/hello", hello)]))
    async with running(skitai.asgi()) as client:
        assert (await client.get("/new/hello")).text == "starlette /new/hello"
        assert (await client.get("/")).text == "app.index"


async def test_wsgi_apps_get_no_head() -> None:
    """HEAD and unknown verbs never reach a WSGI app: 405, as in the original."""
    skitai.mount("/", wsgi)
    async with running(skitai.asgi()) as client:
        assert (await client.head("/")).status_code == 405
        assert (await client.request("FOO", "/")).status_code == 405
        assert (await client.options("/x")).text == "/|/x"


async def test_wsgi_apps_have_was() -> None:
    """`skitai.was` and `environ["skitai.was"]` are the same, with all apps."""

    def plain(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        assert environ["skitai.was"].request is skitai.was.request
        start_response("200 OK", [])
        return [skitai.was.apps["zoo"].name.encode()]

    skitai.mount("/", atila("lion"), name="zoo")
    skitai.mount("/plain", plain)
    async with running(skitai.asgi()) as client:
        assert (await client.get("/plain/")).text == "lion"


async def test_routes_of_starlette_go_first() -> None:
    """Routes that are added to the application win over the mounts; its routes list shows both."""

    async def hello(request: Request) -> PlainTextResponse:
        return PlainTextResponse("new")

    skitai.mount("/", atila("old", index="/", hello="/hello"))
    app = skitai.asgi()
    app.add_route("/hello", hello)
    app.routes.append(Route("/more", hello))
    app.mount("/sub", Starlette(routes=[Route("/x", hello)]))
    async with running(app) as client:
        assert (await client.get("/hello")).text == "new"
        assert (await client.get("/more")).text == "new"
        assert (await client.get("/sub/x")).text == "new"
        assert (await client.get("/")).text == "old.index"
        assert (await client.get("/nope")).json()["code"] == 40400
        assert [getattr(route, "path", None) for route in app.routes] == ["/hello", "/more", "/sub", "/"]


async def test_middleware_of_starlette(tmp_path: Path) -> None:
    """Middleware that is added surrounds apps and files."""
    (tmp_path / "one.txt").write_text("one")

    class Marked:
        def __init__(self, app: ASGIApp) -> None:
            self.app = app

        async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
            async def marked(message: Any) -> None:
                if message["type"] == "http.response.start":
                    message["headers"] = [*message["headers"], (b"x-marked", b"yes")]
                await send(message)

            await self.app(scope, receive, marked)

    skitai.mount("/", atila("app", index="/"))
    skitai.mount("/api", atila("api", index="/"))
    skitai.mount("/files", str(tmp_path))
    app = skitai.asgi()
    app.user_middleware.append(Middleware(Marked))
    async with running(app) as client:
        for path in ("/", "/api/", "/api", "/files/one.txt", "/nope"):
            assert (await client.get(path)).headers["x-marked"] == "yes", path


async def test_mounted_without_lifespan() -> None:
    """Mounted in another application, which hands no lifespan on, everything starts at the first request."""
    package = module_called_zoo()
    package.__dict__.update(__app__=lambda: atila("zoo", index="/", x="/x"))
    skitai.mount("/inner", package)
    outer = Starlette(routes=[Mount("/outer", skitai.asgi())])
    transport = httpx.ASGITransport(outer)
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
        answers = [await client.get("/outer/inner/x"), await client.get("/outer/inner/")]
        assert [answer.text for answer in answers] == ["zoo.x", "zoo.index"]
        redirect = await client.get("/outer/inner")
        assert (redirect.status_code, redirect.headers["location"]) == (308, "/outer/inner/")


async def test_mounting_while_running(tmp_path: Path) -> None:
    """What a hook mounts after the start is served, too."""
    (tmp_path / "one.txt").write_text("one")
    app = Atila("app")
    told: list[str] = []
    late = atila("late", index="/")
    late.on("mounted")(lambda was: told.append("mounted"))

    @app.route("/")
    def index(was: Any) -> str:
        skitai.mount("/files", str(tmp_path))
        skitai.mount("/late", late, name="late")
        return "OK"

    skitai.mount("/", app)
    async with running(skitai.asgi()) as client:
        assert (await client.get("/late/")).status_code == 404
        assert (await client.get("/")).text == "OK"
        assert (await client.get("/late/")).text == "late.index"
        assert (await client.get("/files/one.txt")).text == "one"
    assert told == ["mounted"]


async def test_name_collisions(caplog: pytest.LogCaptureFixture) -> None:
    """A second app of a name is left out, and the log says so."""
    skitai.mount("/one", atila("one", index="/"), name="same")
    skitai.mount("/two", atila("two", index="/"), name="same")
    async with running(skitai.asgi()) as client:
        assert (await client.get("/one/")).status_code == 200
        assert (await client.get("/two/")).status_code == 404
    assert "app name collision detected: same" in caplog.text


async def test_a_failing_app(caplog: pytest.LogCaptureFixture) -> None:
    """An app that cannot be loaded fails the start; its traceback is in the log once."""

    def broken() -> Atila:
        raise ValueError("boom")

    package = module_called_zoo()
    package.__dict__["__app__"] = broken
    skitai.mount("/", package)
    service = skitai.asgi()
    with pytest.raises(LoadError, match="app load failed: zoo"):
        async with service.router.lifespan_context(service):
            raise NotImplementedError
    assert isinstance(service.failure, ValueError)
    assert caplog.text.count("ValueError: boom") == 1


async def test_one_argument_hooks_of_a_package_fail() -> None:
    """The package's own hooks take app and options, always."""
    package = module_called_zoo()
    package.__dict__.update(__app__=lambda: Atila("zoo"), __mount__=lambda app: None)
    skitai.mount("/", package)
    service = skitai.asgi()
    with pytest.raises(LoadError):
        async with service.router.lifespan_context(service):
            raise NotImplementedError
    assert isinstance(service.failure, TypeError)


async def test_variables_that_are_not_there(tmp_path: Path) -> None:
    """A file without the variable, and one whose variable is no app, say so."""
    (tmp_path / "empty_file.py").write_text("number = 3\n")
    for target, reason in (("empty_file.py", "variable"), ("empty_file.py:number", "cannot be called")):
        fresh = Mounts()
        use_mounts(fresh)
        skitai.mount("/", target)
        service = Service(fresh)
        with pytest.raises(LoadError):
            service.load()
        assert reason in str(service.failure)
    sys.path.remove(str(tmp_path))
    del sys.modules["skitai.mounted.empty_file"]


async def test_nothing_is_mounted() -> None:
    """`skitai.asgi` without mounts says what to call."""
    with pytest.raises(AtilaError, match=r"call skitai\.mount"):
        skitai.asgi()
