"""The shorter way of WebSocket messages says what the ASGI way says, and leaves to it what takes longer."""

from __future__ import annotations

import time
from collections.abc import Callable

import hypothesis
import hypothesis.strategies as st
import pytest

from atila_compat.protocols.ws_direct import line_of
from atila_compat.types import Message

from ..launch import Launched
from .talking import BINARY, TEXT, Client, Raw, frame

SOURCE = """
    import gc, time
    import skitai
    from atila import Atila
    from atila_compat.protocols.ws_direct import Turns

    app = Atila(__name__)

    @app.route("/channel")
    @app.websocket(skitai.WS_CHANNEL, 60)
    def channel(was, message):
        if message == "which way":
            direct = [each for each in gc.get_objects() if isinstance(each, Turns) and each.working]
            return "direct" if direct else "asgi"
        if message == "fail":
            raise ValueError("told to")
        if message == "sleep":
            time.sleep(0.12)
        if message == "nothing":
            return
        if message == "many":
            return ["a", b"b", "c" * 70000]
        if message == "bytes":
            return b"of bytes"
        if message == "task":
            return was.Thread(str.upper, args=("in a task",))
        if message == "send":
            was.websocket.send("sent")
        if message == "close":
            was.websocket.close()
        return message

    @app.route("/session")
    @app.websocket(skitai.WS_SESSION, 60)
    def session(was):
        while True:
            message = yield
            if not message or message == "close":
                break
            if message == "sleep":
                time.sleep(0.12)
            if message == "send":
                was.websocket.send("sent")
            if message == "fail":
                raise ValueError("told to")
            yield None if message == "nothing" else ["a", b"b", "c"] if message == "many" else message

    @app.route("/coroutine")
    @app.websocket(skitai.WS_COROUTINE, 60)
    def coroutine(was):
        while True:
            message = yield was.Input()
            if not message or message == "close":
                break
            if message == "sleep":
                time.sleep(0.12)
            if message == "send":
                was.websocket.send("sent")
            if message == "fail":
                raise ValueError("told to")
            if message == "task":
                task = yield was.Thread(str.upper, args=("in a task",))
                message = task.fetch()
            if message == "nothing":
                continue
            if message == "many":
                yield "a"
                yield b"b"
                message = "c" * 70000
            yield message

    def in_between(other):
        async def wrapped(scope, receive, send):
            async def hear():
                return await receive()
            await other(scope, hear, send)
        return wrapped

    if __name__ == "__main__":
        skitai.mount("/", app)
        skitai.mount("/wrapped", in_between(app))
        skitai.run(port=5000)
"""

KINDS = ("channel", "session", "coroutine")
CLOSED = b"\x88\x02\x03\xe8"
WORDS = st.sampled_from(["", "fail", "nothing", "many", "bytes", "task", "send", "close", "sleep", "x" * 300])
MESSAGES = st.lists(st.one_of(WORDS, st.text(max_size=20), st.binary(max_size=20)), max_size=8)


def conversation(app: Launched, path: str, messages: list[str | bytes], pieces: list[int]) -> bytes:
    """What the server says to messages that are sent in pieces of some sizes, until it closes or hangs up."""
    data = b"".join(
        frame(message, BINARY) if isinstance(message, bytes) else frame(message.encode(), TEXT)
        for message in [*messages, "close"]
    )
    with Raw(app, path) as raw:
        for size in pieces:
            raw.send(data[:size])
            data = data[size:]
        raw.send(data)
        said = b""
        try:
            while not said.endswith(CLOSED) and (received := raw.socket.recv(65536)):
                said += received
        except ConnectionError:
            pass
    return said


@pytest.mark.parametrize("kind", KINDS)
@hypothesis.settings(max_examples=40)
@hypothesis.given(MESSAGES, st.lists(st.integers(1, 60), max_size=5))
def test_both_ways_say_the_same(
    app: Launched, kind: str, messages: list[str | bytes], pieces: list[int]
) -> None:
    """Whatever is said, in whatever pieces, the shorter way answers with the bytes of the ASGI way."""
    direct = conversation(app, f"/{kind}", messages, pieces)
    assert direct == conversation(app, f"/wrapped/{kind}", messages, pieces)


def test_which_way(app: Launched) -> None:
    """Messages go the shorter way; where somebody stands between server and app, and behind one that took
    long, they go the ASGI way."""
    with Client(app, "/channel") as client:
        assert [client.ask("which way") for _ in range(3)] == ["direct"] * 3
        client.say("sleep", "which way")
        assert client.hear(2) == ["sleep", "asgi"]
    with Client(app, "/wrapped/channel") as client:
        assert client.ask("which way") == "asgi"


@pytest.mark.parametrize("kind", KINDS)
def test_bursts(app: Launched, kind: str) -> None:
    """Messages that come at once, more than a handler has seen, are answered in their order."""
    said = [f"{number} " + "x" * (number % 50) for number in range(400)]
    with Raw(app, f"/{kind}") as raw:
        raw.send(b"".join(frame(message.encode()) for message in said))
        expected = b"".join(frame(message.encode(), masked=False) for message in said)
        heard = b""
        while len(heard) < len(expected):
            heard += raw.socket.recv(65536)
    assert heard == expected


@pytest.mark.parametrize("kind", KINDS)
def test_slow_messages_between_quick_ones(app: Launched, kind: str) -> None:
    """A message that takes long is followed by the ones that came meanwhile, and the connection goes on."""
    with Client(app, f"/{kind}") as client:
        client.say("a", "sleep", "b", "c")
        assert client.hear(4) == ["a", "sleep", "b", "c"]
        assert client.ask("d") == "d"


@pytest.mark.parametrize("kind", KINDS)
def test_clients_that_go_while_a_message_is_handled(app: Launched, kind: str) -> None:
    """A client that leaves in the middle harms nobody: others are served, the log stays clean."""
    before = len(app.log())
    for _ in range(5):
        with Raw(app, f"/{kind}") as raw:
            raw.send(frame(b"sleep") + frame(b"x"))
    with Client(app, f"/{kind}") as client:
        assert client.ask("still there") == "still there"
    time.sleep(0.3)
    assert "Traceback" not in app.log()[before:]


def test_invalid_text_ends_the_connection(app: Launched) -> None:
    """Text that is no UTF-8 is answered with close code 1007 by either way, behind the answers before it."""
    for path in ("/channel", "/wrapped/channel"):
        with Raw(app, path) as raw:
            raw.send(frame(b"x") + frame(b"\xff"))
            assert raw.end() == 1007


def test_clients_that_do_not_read(app: Launched) -> None:
    """Where a client takes nothing, its messages are read no further; all answers come in the end."""
    size, count = 100_000, 250
    with Raw(app, "/channel", receive_buffer=65536) as raw:
        raw.socket.setblocking(False)
        data, sent = frame(b"x" * size) * count, 0
        deadline = time.monotonic() + 2
        while sent < len(data) and time.monotonic() < deadline:
            try:
                sent += raw.socket.send(data[sent:])
            except BlockingIOError:
                time.sleep(0.02)
        assert sent < len(data), "the server has read it all, and keeps the answers"
        raw.socket.settimeout(10)
        heard = 0
        while heard < (size + 10) * count:
            heard += len(raw.socket.recv(1 << 20))
            while sent < len(data):
                raw.socket.setblocking(False)
                try:
                    sent += raw.socket.send(data[sent:])
                except BlockingIOError:
                    break
                finally:
                    raw.socket.settimeout(10)
    assert heard == (size + 10) * count


class _Wire:
    """A server's protocol with a line."""

    listener: Callable[[], None] | None = None

    async def receive(self) -> Message:
        return {}

    async def send(self, message: Message) -> None:
        pass

    def take(self) -> Message | None:
        return None

    def say(self, message: object) -> bool:
        return False


def test_nobody_stands_in_between() -> None:
    """There is a line only where `receive` and `send` are those of one connection that offers it."""
    wire, other = _Wire(), _Wire()

    async def wrapped() -> Message:
        return await wire.receive()

    assert line_of(wire.receive, wire.send) is wire
    assert line_of(wire.receive, other.send) is None
    assert line_of(wrapped, wire.send) is None
