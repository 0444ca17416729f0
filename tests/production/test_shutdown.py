"""How a service ends: nothing that was accepted is lost, what does not end is named and left behind."""

from __future__ import annotations

import signal
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
import websocket

from ..launch import Serve
from .traffic import Load, connected, read_all, service, wait_for

FOREVER = b"GET /forever HTTP/1.1\r\nHost: a\r\n\r\n"
ENDED = 1012
"""The close code "service restart" (RFC 6455 registry)."""


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("keep_alive", [True, False])
def test_sigterm_under_load_loses_nothing(serve: Serve, workers: int, keep_alive: bool) -> None:
    """Every request whose connection was accepted is answered; then nobody listens any more."""
    app = serve(service(), workers=workers)
    with Load(app.port, keep_alive=keep_alive) as load:
        wait_for(lambda: load.answered > 200, "the load runs")
        app.process.send_signal(signal.SIGTERM)
        load.wait_until_refused()
    assert app.process.wait(10) == 0
    assert load.lost == []
    assert app.log().count("umounted by") == workers


def test_running_requests_end(serve: Serve) -> None:
    """What runs when the signal comes is answered, hooks run afterwards, the code is 0."""
    app = serve(service())
    with ThreadPoolExecutor() as pool:
        answer = pool.submit(httpx.get, f"{app.url}/sleep?seconds=1", timeout=20)
        wait_for(lambda: app.client.get("/").text == "hello", "it serves")
        time.sleep(0.3)
        app.process.send_signal(signal.SIGTERM)
        assert answer.result().text == "slept"
    assert answer.result().headers["connection"] == "close"
    assert app.process.wait(10) == 0
    assert "umounted by" in app.log()


def test_streams_and_websockets_are_closed(serve: Serve) -> None:
    """A WebSocket is told 1012; a stream without end is cut at the limit, its generator closed."""
    app = serve(service(shutdown_timeout=1))
    socket = websocket.create_connection(f"ws://127.0.0.1:{app.port}/echo", timeout=10)
    raw = socket.sock
    assert raw is not None
    socket.send("one")
    assert socket.recv() == "echo one"
    with connected(app.port, b"GET /stream HTTP/1.1\r\nHost: a\r\n\r\n") as stream:
        assert stream.recv(1000).startswith(b"HTTP/1.1 200")
        app.process.send_signal(signal.SIGTERM)
        opcode, data = socket.recv_data(control_frame=True)
        assert opcode == websocket.ABNF.OPCODE_CLOSE
        assert int.from_bytes(data[:2], "big") == ENDED
        raw.close()  # the client library leaves it open once the server has closed its side
        rest = read_all(stream)
    assert b"tick" in rest
    assert not rest.endswith(b"0\r\n\r\n")
    assert app.process.wait(10) == 0
    assert "stream closed" in app.log()
    assert "Traceback" not in app.log()
    assert "have not ended within 1 s and are cut short" in app.log()
    assert "umounted by" in app.log()


@pytest.mark.parametrize("workers", [1, 2])
def test_a_handler_that_never_returns(serve: Serve, workers: int) -> None:
    """It is named by file and line and left behind: the process ends in time, its hooks have run."""
    app = serve(service(shutdown_timeout=1), workers=workers)
    with connected(app.port, FOREVER) as client:
        time.sleep(0.5)
        assert app.stop(within=8) == 0
        assert read_all(client).startswith(b"HTTP/1.1 503 ")
    assert "Traceback" not in app.log()
    line = next(
        n
        for n, text in enumerate((app.folder / "serve.py").read_text().splitlines(), 1)
        if "here it is" in text
    )
    named = [text for text in app.log().splitlines() if "cut short" in text]
    assert len(named) == 1
    assert "GET /forever" in named[0]
    assert any(f"{app.folder / 'serve.py'}:{n} in forever" in named[0] for n in (line, line - 1))
    assert app.log().count("umounted by") == workers


@pytest.mark.parametrize("workers", [1, 2])
def test_the_second_signal_forces(serve: Serve, workers: int) -> None:
    """The second SIGTERM does not wait for what runs."""
    app = serve(service(shutdown_timeout=60), workers=workers)
    with connected(app.port, FOREVER):
        time.sleep(0.5)
        app.process.send_signal(signal.SIGTERM)
        time.sleep(0.5)
        assert app.process.poll() is None
        app.process.send_signal(signal.SIGTERM)
        assert app.process.wait(8) == 1


def test_a_blocked_event_loop_ends_too(serve: Serve) -> None:
    """An async def handler that blocks the event loop cannot keep the process alive."""
    app = serve(
        """
        import time, skitai
        from atila import Atila

        app = Atila (__name__)

        @app.route ("/")
        async def index (was):
            time.sleep (1000)

        if __name__ == "__main__":
            skitai.mount ("/", app)
            skitai.run (shutdown_timeout = 0.5)
        """
    )
    with connected(app.port, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"):
        time.sleep(0.5)
        app.process.send_signal(signal.SIGTERM)
        assert app.process.wait(8) == 1
    assert "does not end by itself" in app.log()


def test_a_stuck_handler_is_named_while_the_rest_goes_on(serve: Serve) -> None:
    """A handler that runs for long is named with its place in the log, once; others are answered."""
    app = serve(service(stuck_after=1, threads=2, shutdown_timeout=0.5))
    with connected(app.port, FOREVER):
        wait_for(lambda: "GET /forever has been running for" in app.log(), "it is named")
        assert f"{app.folder / 'serve.py'}:" in app.log()
        assert app.client.get("/").text == "hello"
        time.sleep(2.5)
        assert app.log().count("GET /forever has been running") == 1
