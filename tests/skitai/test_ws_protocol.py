"""WebSocket connections on the wire: how they end."""

from __future__ import annotations

import time
from collections.abc import Iterator
from functools import partial

import pytest

from ..launch import Launched, Serve
from ..production.traffic import read_all
from ..protocols.talking import Raw, frame

SOURCE = """
    import skitai
    from atila import Atila

    app = Atila(__name__)

    @app.route("/last")
    @app.websocket(skitai.WS_COROUTINE, 60)
    def last(was):
        yield was.Input()
        return "last"

    @app.route("/session")
    @app.websocket(skitai.WS_CHANNEL | skitai.WS_SESSION, 60)
    def session(was):
        yield
        yield "last"

    if __name__ == "__main__":
        skitai.mount("/", app)
        skitai.run(port=5000)
"""


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Launched]:
    """The service."""
    factory = Serve(tmp_path_factory.mktemp("ws"))
    yield factory(SOURCE)
    factory.close()


@pytest.mark.parametrize("path", ["/last", "/session"])
def test_last_messages_reach_clients_that_are_sending(app: Launched, path: str) -> None:
    """Where a generator ends, its client finds the last message and the end, whatever it sends meanwhile."""
    with Raw(app, path) as raw:
        raw.socket.sendall(frame(b"x" * 1000) * 100)
        time.sleep(0.3)
        raw.socket.sendall(frame(b"x", 9) * 100)
        time.sleep(0.1)
        # a connection that is reset raises
        assert b"".join(iter(partial(raw.socket.recv, 65536), b"")) == frame(b"last", masked=False)
    assert "Traceback" not in app.log()


def test_ends_are_not_waited_for_long(serve: Serve) -> None:
    """A client that does not go, and sends on, does not keep the server from stopping."""
    app = serve(SOURCE)
    with Raw(app, "/last") as raw:
        raw.send(frame(b"x"))
        assert read_all(raw.socket) == frame(b"last", masked=False)
        raw.send(frame(b"x"))
        app.stop(within=2)
