"""The `serve` fixture: real processes that answer, and that have to end."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from .launch import Launched, Serve

PLAIN = (sys.executable, "serve.py")
ANSWER = """
    import http.server, os, signal, sys
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(7))
    port = int(next(a for a in sys.argv if a.startswith("--port=")).partition("=")[2])
    print("serving", *sys.argv[2:], os.environ.get("COLOUR"), flush=True)
    http.server.test(http.server.SimpleHTTPRequestHandler, port=port, bind="127.0.0.1")
"""
STUBBORN = ANSWER.replace("lambda *_: sys.exit(7)", "signal.SIG_IGN")
PARENT = ANSWER.replace("print(", "os.fork() or signal.pause(); print(")


@pytest.fixture
def loose(tmp_path: Path) -> Iterator[Serve]:
    """A factory whose servers are killed at the end, whatever they do."""
    factory = Serve(tmp_path)
    yield factory
    for app in factory.running:
        app.kill()


def test_script_answers_until_the_test_ends(tmp_path: Path) -> None:
    """A launch script runs in a folder with its files and arguments until close() stops it."""
    factory = Serve(tmp_path)
    app = factory(ANSWER, "--devel", files={"a/b.txt": "\n  text"}, env={"COLOUR": "red"}, command=PLAIN)
    assert app.client.get("/a/b.txt").text == "\ntext"
    assert "serving --devel red" in app.log()
    factory.close()
    assert app.process.returncode == 7
    assert "serving" in app.log()


def test_each_app_has_a_folder_and_a_port(loose: Serve) -> None:
    """Two apps of one test do not meet."""
    one = loose(ANSWER, files={"one.txt": "1"}, command=PLAIN)
    two = loose(ANSWER, files={"two.txt": "2"}, command=PLAIN)
    assert (one.client.get("/one.txt").status_code, one.client.get("/two.txt").status_code) == (200, 404)
    assert (two.client.get("/one.txt").status_code, two.client.get("/two.txt").status_code) == (404, 200)


def test_script_that_ends_is_an_error_with_its_output(loose: Serve) -> None:
    """A script that ends before it answers is an error that shows what it printed."""
    with pytest.raises(RuntimeError, match=r"exit code 3(.|\n)*no luck"):
        loose("print('no luck'); raise SystemExit(3)", command=PLAIN)


def test_server_that_does_not_end_fails_the_test(loose: Serve) -> None:
    """A server that ignores SIGTERM is an AssertionError, and is killed."""
    app = loose(STUBBORN, command=PLAIN)
    with pytest.raises(AssertionError, match=r"did not end within 0\.3 s"):
        app.stop(within=0.3)
    assert app.process.returncode == -9


def test_children_left_behind_fail_the_test(loose: Serve) -> None:
    """A server whose children outlive it is an AssertionError, and they are killed."""
    app = loose(PARENT, command=PLAIN)
    with pytest.raises(AssertionError, match="its children have not"):
        app.stop(within=1)
    assert app._group() == []


def test_module_is_served_by_another_command(loose: Serve) -> None:
    """`command` replaces what runs the script: here uvicorn with an ASGI callable."""
    source = """
        async def app(scope, receive, send):
            assert scope["type"] == "http"
            await send({"type": "http.response.start", "status": 204, "headers": []})
            await send({"type": "http.response.body"})
    """
    app: Launched = loose(source, command=(sys.executable, "-m", "uvicorn", "serve:app", "--lifespan=off"))
    assert app.client.get("/").status_code == 204
    app.stop()
