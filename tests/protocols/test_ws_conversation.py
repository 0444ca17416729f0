"""A connection while it is open: the order of messages, silence, limits, shutting down."""

from __future__ import annotations

import time

from ..launch import Launched, Serve
from .talking import PING, PONG, TEXT, Client, Raw, frame

SOURCE = """
    import threading, time
    import skitai
    from atila import Atila

    app = Atila(__name__)
    app.heard = []
    app.running = set()

    @app.route("/order")
    @app.websocket(skitai.WS_CHANNEL, 60)
    def order(was, message):
        assert was.wsclient() not in app.running, "two at a time"
        app.running.add(was.wsclient())
        time.sleep(0.001 * (len(message) % 3))
        app.running.discard(was.wsclient())
        return message

    def onclose(was):
        app.heard.append("closed")

    @app.route("/short")
    @app.websocket(skitai.WS_CHANNEL, 1, None, onclose)
    def short(was, message):
        if message == "slow":
            time.sleep(1.5)
        return message

    @app.route("/chatty")
    @app.websocket(skitai.WS_COROUTINE, 1)
    def chatty(was):
        for n in range(8):
            yield str(n)
            yield was.Thread(time.sleep, args=(0.25,))
        yield was.Input()

    @app.route("/slowly")
    @app.websocket(skitai.WS_CHANNEL, 60)
    def slowly(was, message):
        for number in range(15):
            app.made = number + 1
            yield str(number)
            time.sleep(0.1)

    @app.route("/made")
    def made(was):
        return was.API(made=app.made)

    @app.route("/for-ever")
    @app.websocket(skitai.WS_CHANNEL, 0)
    def for_ever(was, message):
        return message

    @app.route("/count")
    @app.websocket(skitai.WS_CHANNEL, 60)
    def count(was, message):
        app.heard.append(message)
        time.sleep(0.3)

    @app.route("/heard")
    def heard(was):
        return was.API(heard=app.heard, threads=threading.active_count())

    if __name__ == "__main__":
        skitai.mount("/", app)
        skitai.run(port=5000)
"""


def test_messages_are_handled_in_their_order(app: Launched) -> None:
    """Messages of a connection are handled one after the other, however many threads there are."""
    said = ["x" * n for n in range(1, 60)]
    with Client(app, "/order") as client, Client(app, "/order") as other:
        client.say(*said)
        other.say(*said)
        assert client.hear(59) == said
        assert other.hear(59) == said


def test_slow_iterables(app: Launched) -> None:
    """What is yielded slowly goes out while the rest is being made."""
    with Client(app, "/slowly") as client:
        client.say("go")
        assert client.hear() == ["0"]
        assert app.client.get("/made").json()["made"] < 10


def test_silence(app: Launched) -> None:
    """A connection that is silent for its timeout is closed with code 1001, and onclose is called."""
    with Client(app, "/short") as client:
        for _ in range(3):
            time.sleep(0.5)
            assert client.ask("x") == "x"
        assert client.end() == 1001
    deadline = time.monotonic() + 10
    while "closed" not in app.client.get("/heard").json()["heard"]:
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_working_is_no_silence(app: Launched) -> None:
    """A handler that takes longer than the timeout is no silence; neither is a coroutine that talks."""
    with Client(app, "/short") as client:
        assert client.ask("slow") == "slow"
    with Client(app, "/chatty") as client:
        assert client.hear(8) == [str(n) for n in range(8)]
        assert client.end() == 1001


def test_no_timeout(app: Launched) -> None:
    """A timeout of 0 is none."""
    with Client(app, "/for-ever") as client:
        time.sleep(1.2)
        assert client.ask("x") == "x"


def test_ping(app: Launched) -> None:
    """A ping is answered by a pong with the same data, and no handler hears of it."""
    with Client(app, "/order") as client:
        client.ws.ping("are you there?")
        opcode, pong = client.ws.recv_data_frame(control_frame=True)
        assert (opcode, pong.data) == (PONG, b"are you there?")
        assert client.ask("x") == "x"


def test_fragments(app: Launched) -> None:
    """A message in fragments, with a ping in between, is one message."""
    with Raw(app, "/order") as raw:
        raw.send(frame("é".encode()[:1], TEXT, fin=False))
        raw.send(frame(b"?", PING))
        raw.send(frame("é".encode()[1:], 0, fin=False) + frame(b"!", 0))
        received = b""
        while len(received) < 8:
            received += raw.socket.recv(100)
        assert received == b"\x8a\x01?" + b"\x81\x03\xc3\xa9!"


def test_large_messages(app: Launched) -> None:
    """Messages of several megabytes go both ways."""
    said = "é" * 2_000_000
    with Client(app, "/order") as client:
        assert client.ask(said) == said


def test_clients_that_talk_fast_are_held_back(app: Launched) -> None:
    """What a handler has not come to is not read beyond a limit: a flooding client fills no memory."""
    with Raw(app, "/count") as raw:
        raw.socket.settimeout(1)
        sent, message = 0, frame(b"x" * 100_000, 2)
        try:
            while sent < 100_000_000:
                sent += raw.socket.send(message)
        except TimeoutError:
            pass
        assert sent < 50_000_000


def test_shutting_down(serve: Serve) -> None:
    """A server that ends tells its WebSockets so, and calls onclose."""
    source = """
        import skitai
        from atila import Atila

        app = Atila(__name__)

        def onclose(was):
            print("onclose called", flush=True)

        @app.route("/echo")
        @app.websocket(skitai.WS_CHANNEL, 60, None, onclose)
        def echo(was, message):
            return message

        if __name__ == "__main__":
            skitai.mount("/", app)
            skitai.run(port=5000)
    """
    app = serve(source)
    with Client(app, "/echo") as client:
        client.ask("x")
        app.stop()
        assert client.end() == 1012
    assert "onclose called" in app.log()
