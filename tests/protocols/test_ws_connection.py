"""The sending side of a connection: order, threads, bounds, pushes, the end."""

from __future__ import annotations

import time

import psutil
import pytest

from ..launch import Launched
from .talking import CLOSE, Client, Raw, frame

SOURCE = """
    import threading, time
    import skitai
    from atila import Atila

    app = Atila(__name__)
    app.g.clients = {}
    app.g.over = []

    def onopen(was):
        app.g.clients[was.request.ARGS.get("name", "nobody")] = was.websocket

    def onclose(was):
        app.g.over.append(was.request.ARGS.get("name", "nobody"))

    @app.route("/talk")
    @app.websocket(skitai.WS_CHANNEL | skitai.WS_THREADSAFE, 60, onopen, onclose)
    def talk(was, message, name="nobody"):
        ws = was.websocket
        if message == "threads":
            def send(n):
                for i in range(50):
                    ws.send("%d %d" % (n, i))
            threads = [threading.Thread(target=send, args=(n,)) for n in range(4)]
            [thread.start() for thread in threads]
            [thread.join() for thread in threads]
            return "done"
        if message == "steps":
            ws.send("one")
            ws.send(["two", b"three"])
            return ("%d" % n for n in (4, 5))
        if message == "opcodes":
            ws.send("text", skitai.WS_OPCODE_BINARY)
            ws.send(b"bytes", skitai.WS_OPCODE_TEXT)
            ws.send("ping", skitai.WS_OPCODE_PING)
            return "done"
        if message == "close":
            ws.send("before")
            ws.close()
            ws.send("behind")
            return "never heard %s" % ws.closed()
        if message == "opcode close":
            ws.send("", skitai.WS_OPCODE_CLOSE)
        if message == "wait":
            while not ws.closed():
                ws.send("still there")
                time.sleep(0.02)
            app.g.over.append("noticed")
            return None
        if message.startswith("flood"):
            begun = time.monotonic()
            for n in range(int(message[5:])):
                ws.send("x" * 10000)
            app.g.over.append("flooded")
            return None
        if message.startswith("stream"):
            return ("x" * 10000 for n in range(int(message[6:])))
        return message

    @app.route("/push")
    def push(was, to, text, count="1"):
        for n in range(int(count)):
            app.websocket_send(int(to), text)
        return "done"

    @app.route("/push-async")
    async def push_async(was, to, text, count="1"):
        for n in range(int(count)):
            app.websocket_send(int(to), text)
        return "done"

    @app.route("/id")
    def id_(was, name="nobody"):
        return str(app.g.clients[name].client_id)

    @app.route("/shout")
    def shout(was, name):
        app.g.clients[name].send("from outside")
        return str(app.g.clients[name].closed())

    @app.route("/hang-up")
    def hang_up(was, name):
        app.g.clients[name].close(4001)
        return "done"

    @app.route("/over")
    def over(was):
        return was.API(over=app.g.over)

    if __name__ == "__main__":
        skitai.mount("/", app)
        skitai.run(port=5000, network_timeout=3)
"""
ARGS = ("--threads=6",)


def over(app: Launched, name: str) -> bool:
    """Whether this has come to its end, after waiting for it."""
    deadline = time.monotonic() + 15
    while time.monotonic() < deadline:
        if name in app.client.get("/over").json()["over"]:
            return True
        time.sleep(0.02)
    return False


def number(app: Launched, name: str) -> str:
    """The client id of the connection of that name."""
    return app.client.get("/id?name=" + name).text


def test_order(app: Launched) -> None:
    """What is sent while a handler runs comes before what it returns."""
    with Client(app, "/talk") as client:
        client.say("steps", "last")
        assert client.hear(6) == ["one", "two", b"three", "4", "5", "last"]


def test_threads(app: Launched) -> None:
    """Threads of the app's own may send at a time: none is lost, each thread's messages keep their order."""
    with Client(app, "/talk") as client:
        client.say("threads")
        heard = [str(message) for message in client.hear(200)]
        assert client.hear() == ["done"]
        for n in range(4):
            assert [m for m in heard if m.startswith(f"{n} ")] == [f"{n} {i}" for i in range(50)]


def test_opcodes(app: Launched) -> None:
    """`send` takes the opcode of text or binary messages; those of control frames send nothing."""
    with Client(app, "/talk") as client:
        client.say("opcodes")
        assert client.hear(3) == [b"text", "bytes", "done"]


def test_close(app: Launched) -> None:
    """`close` ends the connection properly, behind what was sent; what comes later is dropped."""
    with Client(app, "/talk?name=closing") as client:
        client.say("close")
        assert client.hear() == ["before"]
        assert client.end() == 1000
    assert over(app, "closing")
    with Client(app, "/talk") as client:
        client.say("opcode close")
        assert client.end() == 1000


def test_close_from_outside(app: Launched) -> None:
    """Any thread may close a connection, with a code of the app's own."""
    with Client(app, "/talk?name=outside") as client:
        client.ask("x")
        app.client.get("/hang-up?name=outside")
        assert client.end() == 4001
    assert over(app, "outside")


def test_push(app: Launched) -> None:
    """`app.websocket_send` reaches the client whose id it is given, from sync and async resources."""
    with Client(app, "/talk?name=pushed") as client, Client(app, "/talk?name=other") as other:
        client.ask("x")
        for path in ("push", "push-async"):
            assert app.client.get(f"/{path}?to={number(app, 'pushed')}&text=for+you&count=3").text == "done"
            assert client.hear(3) == ["for you"] * 3
        assert other.ask("y") == "y"
        assert app.client.get("/shout?name=pushed").text == "False"
        assert client.hear() == ["from outside"]


def test_push_to_nobody(app: Launched) -> None:
    """Ids that are unknown, or of clients that have gone, are ignored."""
    with Client(app, "/talk?name=gone") as client:
        client.ask("x")
    assert over(app, "gone")
    for to in (number(app, "gone"), "99999", "-1"):
        assert app.client.get(f"/push?to={to}&text=x").text == "done"
    assert app.client.get("/shout?name=gone").text == "True"


def test_handler_notices_that_the_client_has_gone(app: Launched) -> None:
    """`closed()` tells a handler that runs on that its client has gone."""
    with Client(app, "/talk") as client:
        client.say("wait")
        client.hear(2)
    assert over(app, "noticed")


def memory(app: Launched) -> int:
    """Bytes that the server's processes have resident."""
    process = psutil.Process(app.process.pid)
    return sum(each.memory_info().rss for each in (process, *process.children(recursive=True)))


@pytest.mark.parametrize("how", ["flood", "stream"])
def test_slow_client(app: Launched, how: str) -> None:
    """A client that does not read holds back the handler; the process keeps no more than a few megabytes."""
    with Raw(app, "/talk?name=slow" + how, receive_buffer=4096) as raw:
        before = memory(app)
        raw.send(frame(f"{how}20000".encode()))  # 200 MB
        time.sleep(1.0)
        assert memory(app) - before < 20_000_000
    assert over(app, "slow" + how)


def test_client_that_takes_nothing_is_disconnected(app: Launched) -> None:
    """A handler does not wait for ever for a client that takes nothing: it is given up after the timeout."""
    with Raw(app, "/talk?name=stuck", receive_buffer=4096) as raw:
        raw.send(frame(b"flood20000"))
        assert over(app, "stuck")
        assert over(app, "flooded")


@pytest.mark.parametrize("path", ["push", "push-async"])
def test_push_to_a_slow_client(app: Launched, path: str) -> None:
    """A client that does not read is disconnected before pushes to it fill the memory, or block pages."""
    name = "slow" + path
    with Raw(app, "/talk?name=" + name, receive_buffer=4096) as raw:
        before = memory(app)
        answer = app.client.get(f"/{path}?to={number(app, name)}&text={'x' * 10000}&count=10000")
        assert answer.text == "done"
        assert memory(app) - before < 20_000_000
        assert over(app, name)
        assert raw.head.startswith(b"HTTP/1.1 101")


def test_fast_client_gets_everything(app: Launched) -> None:
    """A client that reads gets all of a flood, in order and in one piece."""
    with Client(app, "/talk") as client:
        for how in ("flood", "stream"):
            client.say(f"{how}2000")
            assert client.hear(2000) == ["x" * 10000] * 2000
        assert client.ask("y") == "y"


def test_close_frame_of_the_client_is_answered(app: Launched) -> None:
    """A client that closes properly is told goodbye with its own code."""
    with Raw(app, "/talk") as raw:
        raw.send(frame((1000).to_bytes(2, "big"), CLOSE))
        assert raw.end() == 1000
