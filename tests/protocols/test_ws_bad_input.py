"""What clients should not send over a WebSocket: told with a close code, and never an error of ours."""

from __future__ import annotations

import struct

import pytest
import websocket
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ..launch import Launched
from ..servers import HOST
from .talking import BINARY, CLOSE, PING, Client, Raw, frame

SOURCE = """
    import skitai
    from atila import Atila

    app = Atila(__name__)

    @app.route("/echo")
    @app.websocket(skitai.WS_CHANNEL, 60)
    def echo(was, message):
        return message

    @app.route("/json")
    @app.websocket(skitai.WS_CHANNEL, 60, encoding="json")
    def json(was, message):
        return [message]

    @app.route("/coroutine")
    @app.websocket(skitai.WS_COROUTINE, 60)
    def coroutine(was):
        while 1:
            message = yield was.Input()
            if message is None:
                break
            yield message

    if __name__ == "__main__":
        skitai.mount("/", app)
        skitai.run(port=5000)
"""
MiB = 1024 * 1024
RESERVED = 3


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (frame(b"\xff\xfe"), 1007),
        (frame("é".encode()[:1]), 1007),
        (frame(b"x", masked=False), 1002),
        (frame(b"x", RESERVED), 1002),
        (frame(b"x", rsv=4), 1002),
        (frame(b"x", 0), 1002),
        (frame(b"x" * 126, PING), 1002),
        (frame(b"x", PING, fin=False), 1002),
        (frame(b"x", fin=False) + frame(b"y"), 1002),
        (frame(b"\x03", CLOSE), 1002),
        (frame(struct.pack("!H", 999), CLOSE), 1002),
        *((frame(struct.pack("!H", n), CLOSE), 1002) for n in (0, 1004, 1005, 1006, 1015, 1016, 2999, 5000)),
        (frame(struct.pack("!H", 1000) + b"\xff", CLOSE), 1007),
        (frame("κ".encode()[:1], fin=False) + frame(b"\xff", 0), 1007),
        (frame(b"a", fin=False) + frame(b"p", PING) + frame(b"x", RESERVED), 1002),
        (b"\x82\xff" + struct.pack("!Q", 2**62), 1009),
        (b"\x81\xff" + struct.pack("!Q", 17 * MiB), 1009),
    ],
)
def test_protocol_errors(app: Launched, data: bytes, code: int) -> None:
    """Frames against the protocol are answered by the close code that says why (RFC 6455 section 7.4)."""
    for path in ("/echo", "/coroutine"):
        with Raw(app, path) as raw:
            raw.send(data)
            assert raw.end() == code


def test_text_that_is_no_utf8_is_the_clients_fault(app: Launched) -> None:
    """Nothing in the log blames the server for what a client has sent."""
    before = len(app.log())
    with Raw(app, "/echo") as raw:
        raw.send(frame(b"\xff\xfe"))
        assert raw.end() == 1007
    assert "Traceback" not in app.log()[before:]


def test_fragments_that_are_too_long_together(app: Launched) -> None:
    """The limit of a message holds for all of its fragments."""
    with Raw(app, "/echo") as raw:
        raw.send(frame(b"x" * MiB, BINARY, fin=False))
        for _ in range(17):
            raw.send(frame(b"x" * MiB, 0, fin=False))
        assert raw.end() == 1009


@pytest.mark.parametrize(
    "data", [b"\x81", b"\x81\xfe\x00", frame(b"half a message")[:-3], frame(b"one", fin=False), b"\r\n\r\n"]
)
def test_truncated_frames(app: Launched, data: bytes) -> None:
    """A client that leaves in the middle of a frame leaves nothing behind."""
    with Raw(app, "/echo") as raw:
        raw.send(data)
    with Client(app, "/echo") as client:
        assert client.ask("x") == "x"


@pytest.mark.parametrize("missing", ["Sec-WebSocket-Key", "Sec-WebSocket-Version", "Connection", "Upgrade"])
def test_incomplete_handshakes(app: Launched, missing: str) -> None:
    """A handshake that lacks a header, or has a wrong one, is the client's mistake, or a plain request."""
    headers = {
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    }
    del headers[missing]
    assert 400 <= app.client.get("/echo", headers=headers).status_code < 500
    assert 400 <= app.client.get("/echo", headers={**headers, missing: "x"}).status_code < 500


def test_handshakes_without_a_key(app: Launched) -> None:
    """A handshake without its key is refused as any bad request is, in the form that the client accepts."""
    headers = {"Upgrade": "websocket", "Connection": "Upgrade", "Accept": "application/json"}
    answer = app.client.get("/echo", headers=headers)
    assert (answer.status_code, answer.json()) == (400, {"code": 40000, "message": "bad request"})


def test_two_origins(app: Launched) -> None:
    """A client that sends its own Origin and another one is taken at the first."""
    client = websocket.create_connection(
        f"ws://{HOST}:{app.port}/echo", timeout=5, header=["Origin: http://other.example"]
    )
    client.send("x")
    assert client.recv() == "x"
    client.close()


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    path=st.sampled_from(["/echo", "/json", "/coroutine"]),
    pieces=st.lists(
        st.binary(max_size=64)
        | st.builds(
            frame,
            st.binary(max_size=300),
            st.integers(0, 15),
            fin=st.booleans(),
            masked=st.booleans(),
            rsv=st.sampled_from([0, 0, 0, 1, 4]),
        ),
        max_size=8,
    ),
)
def test_any_bytes(app: Launched, path: str, pieces: list[bytes]) -> None:
    """Whatever comes after the handshake, the server goes on, and its log has no error of ours."""
    before = len(app.log())
    with Raw(app, path) as raw:
        for piece in pieces:
            raw.send(piece)
    with Client(app, "/echo") as client:
        assert client.ask("x") == "x"
    assert "atila_compat/" not in app.log()[before:]
