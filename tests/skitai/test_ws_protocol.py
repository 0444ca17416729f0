"""WebSocket connections on the wire: how they end."""

from __future__ import annotations

import time
from collections.abc import Iterator
from functools import partial

import pytest

from ..launch import Launched, Serve
from ..production.traffic import read_all
from ..protocols.talking import Client, Raw, frame

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


def test_close_codes(serve: Serve) -> None:
    """With `app.config.WEBSOCKET_CLOSE_CODES` the end has a code that says why, in place of hanging up."""
    source = """
        import skitai
        from atila import Atila

        app = Atila(__name__)
        app.config.WEBSOCKET_CLOSE_CODES = True

        @app.route("/coroutine")
        @app.websocket(skitai.WS_COROUTINE, 60)
        def coroutine(was):
            if (yield was.Input()) == "fail":
                raise ValueError("fail")

        @app.route("/json")
        @app.websocket(skitai.WS_CHANNEL, 60, encoding="json")
        def json(was, message):
            return message

        if __name__ == "__main__":
            skitai.mount("/", app)
            skitai.run(port=5000)
    """
    app = serve(source)
    for path, said, code in (
        ("/coroutine", "over", 1000),
        ("/coroutine", "fail", 1011),
        ("/json", "no json", 1007),
    ):
        with Client(app, path) as client:
            client.say(said)
            assert client.end() == code
