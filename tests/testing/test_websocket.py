"""`client.websocket`: WebSocket connections for tests (spec/08 section 1.1)."""

from __future__ import annotations

import sys

import pytest
import websocket

from atila_compat import skitai
from atila_compat.errors import MissingExtra

from ..launch import Serve

SOURCE = """
from atila_compat import Atila, skitai

app = Atila(__name__)
app.securekey = "a key for tests"

@app.route("/in")
def sign_in(was):
    was.session["name"] = "hans"
    return "in"

@app.route("/chat")
@app.websocket(skitai.WS_CHANNEL | skitai.WS_NOTHREAD, 60)
def chat(was, message):
    return "%s said %s" % (was.request.get_header("x-name"), message)

@app.route("/session")
@app.websocket(skitai.WS_CHANNEL | skitai.WS_NOTHREAD, 60)
def session(was, message):
    return was.session.get("name", "nobody")

skitai.mount("/", app)
skitai.run()
"""


def test_messages(serve: Serve) -> None:
    """What is sent reaches the handler, and its answer comes back; the client's headers are sent along."""
    with skitai.test_client(port=serve(SOURCE).port) as client:
        client.set_default_header("X-Name", "Hans")
        connection = client.websocket("/chat")
        connection.send("hello")
        assert connection.recv() == "Hans said hello"
        connection.close()


def test_cookies_are_sent(serve: Serve) -> None:
    """The client's cookies are sent with the handshake: the session is there."""
    with skitai.test_client(port=serve(SOURCE).port) as client:
        client.get("/in")
        connection = client.websocket("/session")
        connection.send("who?")
        assert connection.recv() == "hans"
        connection.close()


def test_refusal(serve: Serve) -> None:
    """A server that refuses is an error of websocket-client."""
    with (
        skitai.test_client(port=serve(SOURCE).port) as client,
        pytest.raises(websocket.WebSocketBadStatusException, match="404"),
    ):
        client.websocket("/nothing")


def test_missing_package(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without websocket-client the error names the extra."""
    monkeypatch.setitem(sys.modules, "websocket", None)
    with skitai.test_client(port=1) as client, pytest.raises(MissingExtra, match=r"atila_compat\[testing\]"):
        client.websocket("/chat")
