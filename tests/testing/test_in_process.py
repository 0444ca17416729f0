"""`app.test_client`: apps called in this process (spec/08 section 1.1)."""

from __future__ import annotations

import logging
import threading
from pathlib import Path
from typing import Any

import httpx
import pytest

from atila_compat import Atila
from atila_compat.errors import AtilaError
from atila_compat.testing.in_process import CLIENT


def make_app() -> Atila:
    """A new app."""
    return Atila(f"app{id(object())}")


def test_handlers_answer() -> None:
    """Handlers answer as they do in a server, in worker threads, to a client on this machine."""
    app = make_app()

    @app.route("/")
    def index(was: Any) -> Any:
        return was.API(peer=was.request.get_remote_addr(), thread=threading.get_ident())

    with app.test_client() as client:
        said = client.get("/").data
    assert said["peer"] == CLIENT[0]
    assert said["thread"] != threading.get_ident()


def test_life_cycle() -> None:
    """The app is set up and its life-cycle events are emitted, at the beginning and at the end."""
    app = make_app()
    seen: list[str] = []

    @app.mounted
    def mounted(was: Any) -> None:
        seen.append("mounted")

    @app.before_umount
    def before_umount(was: Any) -> None:
        seen.append("before_umount")

    with app.test_client():
        assert seen == ["mounted"]
    assert seen == ["mounted", "before_umount"]


def test_point() -> None:
    """The app answers below its mount point, and makes its URLs there."""
    app = make_app()

    @app.route("/where")
    def where(was: Any) -> Any:
        return was.API(url=was.urlfor(where), uri=was.request.uri)

    with app.test_client("/api") as client:
        assert client.get("/api/where").data == {"url": "/api/where", "uri": "/api/where"}
        assert client.get("/where").status_code == 404
        assert client.get("/apiwhere").status_code == 404


def test_approot(tmp_path: Path) -> None:
    """`approot` is the app's home, where its templates are."""
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "hello.j2").write_text("Hello {{ name }}")
    app = make_app()

    @app.route("/")
    def index(was: Any) -> Any:
        return was.render("hello.j2", name="Hans")

    with app.test_client("/", str(tmp_path)) as client:
        assert client.get("/").text == "Hello Hans"


def test_debugging_is_the_apps_own() -> None:
    """Debugging is neither switched on nor off, whatever the environment says."""
    for debug in (True, False):
        app = make_app()
        app.debug = debug
        with app.test_client():
            assert app.debug is debug


def test_several_clients_of_one_app(caplog: pytest.LogCaptureFixture) -> None:
    """An app may be tested again and again, each time with a loop of its own."""
    app = make_app()

    @app.route("/task")
    def task(was: Any) -> Any:
        return was.API(n=was.Thread(lambda: 1).fetch())

    with caplog.at_level(logging.WARNING):
        for _ in range(2):
            with app.test_client() as client:
                assert client.get("/task").data == {"n": 1}
    assert not caplog.records


def test_close_may_be_called_again() -> None:
    """`close ()` ends the app, and may be called again."""
    client = make_app().test_client()
    client.close()
    client.close()


def test_failing_set_up_is_told() -> None:
    """What the app's set-up raises reaches the test."""
    app = make_app()

    def broken(app: Atila) -> None:
        raise ValueError("no such thing")

    app.mount("/", broken)
    with pytest.raises(ValueError, match="no such thing"):
        app.test_client()


def test_gzip_and_binary_bodies() -> None:
    """Bodies arrive as a server would send them, compressed ones unpacked."""
    app = make_app()

    @app.route("/")
    def index(was: Any) -> Any:
        return "text " * 1000

    with app.test_client() as client:
        answer = client.get("/", headers={"Accept-Encoding": "gzip"})
    assert answer.headers["Content-Encoding"] == "gzip"
    assert answer.text == "text " * 1000


def test_timeout() -> None:
    """An answer that takes longer than `timeout=` is an httpx.ReadTimeout."""
    app = make_app()
    done = threading.Event()

    @app.route("/")
    def index(was: Any) -> Any:
        done.wait(10)
        return "late"

    with app.test_client() as client:
        with pytest.raises(httpx.ReadTimeout):
            client.get("/", timeout=0.05)
        done.set()


@pytest.mark.parametrize("name", ["http2", "driver"])
def test_what_needs_a_server_says_so(name: str) -> None:
    """A browser or HTTP/2 cannot be had in process; the error says what to use."""
    with make_app().test_client() as client, pytest.raises(AtilaError, match=r"skitai\.test_client"):
        getattr(client, name)


def test_websocket_needs_a_server() -> None:
    """Neither can a WebSocket or a gRPC channel."""
    with make_app().test_client() as client:
        with pytest.raises(AtilaError, match=r"skitai\.test_client"):
            client.websocket("/")
        with pytest.raises(AtilaError, match=r"skitai\.test_client"):
            client.grpc()
