from __future__ import annotations

import asyncio
import logging
import os
import sys
import threading
from types import ModuleType
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

from atila_compat import Atila
from atila_compat.app import Registry
from tests.serving.connection import ask, client


def test_defaults() -> None:
    """A new app has the original's defaults (spec/01 section 2)."""
    app = Atila("my.app")
    assert (app.app_name, app.name) == ("my.app", "my.app")
    assert (app.debug, app.use_reloader, app.expose_spec) == (False, False, False)
    assert (app.enable_namespace, app.auto_mount, app.ATILA_THE_HUN) == (True, True, True)
    assert (app.securekey, app.salt, app.session_timeout, app.authenticate) == (None, None, None, None)
    assert (app.access_control_allow_origin, app.access_control_max_age) == (None, 0)
    assert (app.realm, app.users, app.opaque) == ("App", {}, None)
    assert app.PACKAGE_DIRS == ["services", "exports"]
    assert (app.basepath, app.module) == ("/", None)


def test_default_config() -> None:
    """`app.config` has the original's defaults; its items are attributes."""
    app = Atila("app")
    assert dict(app.config) == {
        "MEDIA_URL": "/media/",
        "STATIC_URL": "/static/",
        "TEMPLATE_DIRS": [],
        "MINIFY_HTML": False,
        "MAX_UPLOAD_SIZE": 256 * 1024 * 1024,
        "MAINTAIN_INTERVAL": 60,
        "JSON_ENCODER": "utcoffset",
        "PRETTY_JSON": False,
    }
    app.config.OWN = 1
    assert app.config["OWN"] == 1
    app.config.TEMPLATE_DIRS.append("x")
    assert Atila("other").config.TEMPLATE_DIRS == []


def test_values_for_threads() -> None:
    """`app.g` and `app.store` are one dict of the app's own; `app.r` is a new one each time."""
    app = Atila("app")
    app.g["a"] = 1
    assert app.store.a == 1
    assert Atila("other").g.get("a") is None
    app.r.x = 1
    assert app.r == {}


@pytest.mark.parametrize(
    ("key", "salt"), [("secret", b"secret"), (["new", "old"], b"new"), ("é", "é".encode()), (b"raw", b"raw")]
)
def test_secret_as_bytes(key: Any, salt: bytes) -> None:
    """`app.salt` is the secure key as bytes, the first one where there are several."""
    app = Atila("app")
    app.securekey = key
    assert app.salt == salt


def test_limits() -> None:
    """The body limit and the request's time come from the configuration."""
    app = Atila("app")
    assert app.request_timeout == 300
    app.config.MAX_UPLOAD_SIZE, app.config.REQUEST_TIMEOUT = 5, 7
    assert (app.max_upload_size, app.request_timeout) == (5, 7)


def test_locks_by_name() -> None:
    """Locks of one name are one; without a name it is the app's."""
    app = Atila("app")
    assert app.get_lock("a") is app.get_lock("a") is not app.get_lock("b")
    assert app.get_lock() is app.lock
    with app.lock, app.lock:
        pass


def test_paths_below_home() -> None:
    """Paths are joined to the app's home: its package's folder, its script's, or the current one."""
    app = Atila(__name__)
    here = os.path.dirname(os.path.abspath(__file__))
    assert app.home == here
    assert app.joinpath("a", "../b") == os.path.join(here, "b")
    assert app.get_resource("x.json") == os.path.join(here, "resources", "x.json")
    assert Atila("no.such.module").home == os.getcwd()


def test_switches() -> None:
    """Debugging and the sessions' time can be set by methods."""
    app = Atila("app")
    app.set_devel()
    assert (app.debug, app.use_reloader) == (True, True)
    app.set_devel(False, use_reloader=True)
    assert (app.debug, app.use_reloader) == (False, True)
    app.set_default_session_timeout(60)
    assert app.session_timeout == 60


def test_log(caplog: pytest.LogCaptureFixture) -> None:
    """`app.log` writes a line with its type; `app.traceback` the exception being handled."""
    caplog.set_level(logging.DEBUG, "atila_compat.app")
    app = Atila("app")
    app.log("hello")
    app.log("oops", "expt")
    try:
        raise LookupError
    except LookupError:
        app.traceback()
        app.trace("job")
    assert caplog.messages == ["[info] hello", "[expt] oops", "[expt] exception", "[expt:job] exception"]
    assert [record.levelno for record in caplog.records] == [logging.INFO] + [logging.ERROR] * 3


@pytest.mark.parametrize(
    ("environment", "own", "expected"),
    [
        ("DEVEL", False, True),
        ("PRODUCTION", True, False),
        ("QA", True, True),
        ("QA", False, False),
    ],
)
def test_environment_decides_about_debugging(environment: str, own: bool, expected: bool) -> None:
    """DEVEL switches debugging on and PRODUCTION off; other environments leave it to the app."""
    app = Atila("app")
    app.debug = app.use_reloader = app.expose_spec = own
    app.load(environment=environment)
    assert (app.debug, app.use_reloader, app.expose_spec) == (expected,) * 3


def test_loading_sets_point_home_and_urls() -> None:
    """A loaded app knows its point and its package's folder; URLs of files end with a slash."""
    app = Atila("app")
    module = ModuleType("a_package")
    module.__file__ = "/srv/site/__init__.py"
    app.load(module, {"config": {"STATIC_URL": "/assets"}, "colour": "red"}, "/deep/er")
    assert (app.basepath, app.home, app.module) == ("/deep/er/", "/srv/site", module)
    assert (app.config.STATIC_URL, app.config.MEDIA_URL) == ("/assets/", "/media/")
    assert app.colour == "red"  # type: ignore[attr-defined]
    assert app.started
    assert repr(app) == "<Atila app at /deep/er/>"


def test_urls_of_the_app() -> None:
    """`app.urlfor` and `app.build_url` make URLs outside of requests."""
    app = Atila("app")
    app.route("/x/<int:n>")(lambda was, n: "")
    assert app.urlfor("<lambda>", 3) == app.build_url("<lambda>", n=3) == "/x/3"


# -- registry -----------------------------------------------------------------------------------------------


def test_apps_by_name(caplog: pytest.LogCaptureFixture) -> None:
    """`was.apps` finds apps by name; an unknown one is a NameError that names the known ones."""
    registry, one, two = Registry(), Atila("one"), Atila("two")
    registry.add("one", one)
    registry.add("one", one)
    registry.add("two", two)
    assert caplog.messages == []
    registry.add("two", one)
    assert "an app named two is mounted already" in caplog.text
    assert (registry["one"], registry["two"], registry.get("two")) == (one, two, two)
    assert (registry.get("none"), registry.get("none", 1)) == (None, 1)
    assert "one" in registry
    assert "none" not in registry
    assert list(registry) == ["one", "two"]
    with pytest.raises(NameError, match="'none'; there are: one, two"):
        registry["none"]


def test_owner_of_a_handler() -> None:
    """A handler belongs to the app that has routed it, the asking one first."""
    registry, one, two = Registry(), Atila("one"), Atila("two")

    def shared(was: Any) -> None: ...

    def lonely(was: Any) -> None: ...

    def unrouted(was: Any) -> None: ...

    registry.add("one", one)
    registry.add("two", two)
    for app in (one, two):
        app.route("/shared")(shared)
    two.route("/lonely")(lonely)
    assert registry.owner_of(shared, one) is one
    assert registry.owner_of(shared, two) is two
    assert registry.owner_of(lonely, one) is two
    assert registry.owner_of(unrouted, one) is one


# -- ASGI ---------------------------------------------------------------------------------------------------


def hello_app() -> Atila:
    """An app that says where it is."""
    app = Atila("hello")

    @app.route("/")
    def index(was: Any) -> str:
        return f"index {was.urlfor('index')}"

    @app.route("/hello/<name>")
    def hello(was: Any, name: str) -> str:
        return f"hello {name} {was.env['SCRIPT_NAME']} {was.urlfor('hello', name)}"

    return app


def test_apps_are_asgi_applications() -> None:
    """An app answers without any server around it, and is set up at its first request."""
    app = hello_app()
    assert not app.started
    assert ask(app, "/hello/ann").text == "hello ann / /hello/ann"
    assert app.started


def test_apps_can_be_mounted_in_starlette() -> None:
    """Mounted in a Starlette application, an app knows its point."""
    site = Starlette(routes=[Mount("/legacy", hello_app())])
    assert ask(site, "/legacy/hello/ann").text == "hello ann /legacy/ /legacy/hello/ann"
    assert ask(site, "/legacy/").text == "index /legacy/"
    assert ask(site, "/legacy/none").json() == {"code": 40400, "message": "not found"}


def test_apps_serve_one_loop_after_the_other() -> None:
    """An app serves on a new event loop as it did on the last one."""
    app = hello_app()
    for _ in range(3):
        assert ask(app, "/").text == "index /"


def test_apps_that_cannot_be_set_up_fail_at_each_request() -> None:
    """An app whose set-up fails serves nothing, not even half of it."""
    app = hello_app()

    def fail(app: Any) -> None:
        raise LookupError("no such table")

    app.mount("/", fail)

    async def run() -> None:
        async with client(app) as peer:
            with pytest.raises(LookupError):
                await peer.get("/")
            with pytest.raises(RuntimeError, match="no such table"):
                await peer.get("/")

    asyncio.run(run())


def test_first_requests_at_once_set_up_once() -> None:
    """Many first requests at the same time set an app up once."""
    app, calls = hello_app(), []
    app.mount("/", lambda app: calls.append(1))

    async def run() -> list[httpx.Response]:
        async with client(app) as peer:
            return await asyncio.gather(*(peer.get("/") for _ in range(20)))

    assert {answer.status_code for answer in asyncio.run(run())} == {200}
    assert calls == [1]


def test_importing_leaves_no_thread_behind() -> None:
    """Making an app starts nothing: no loop, no thread."""
    before = set(threading.enumerate())
    Atila("app")
    assert set(threading.enumerate()) <= before
    assert "atila_compat.app" in sys.modules
