"""The kinds of WebSockets: what a message does, what is answered, how it ends."""

from __future__ import annotations

import json
import time

import pytest

from ..launch import Launched
from .talking import Client, refusal

SOURCE = """
    import threading, time
    import skitai
    from atila import Atila

    app = Atila(__name__)
    app.closed = []

    def onopen(was):
        return "hello " + was.request.ARGS.get("name", "you")

    def onclose(was):
        app.closed.append((was.request.ARGS.get("name"), "onclose %s" % was.websocket.closed()))

    def broken(was):
        raise ValueError("in onopen")

    def extra(was):
        return str(was.request.ARGS["options"])

    VALUES = {
        "none": lambda was: None,
        "empty": lambda was: "",
        "text": lambda was: "text",
        "bytes": lambda was: b"bytes",
        "bytearray": lambda was: bytearray(b"bytes"),
        "list": lambda was: ["a", b"b", "c"],
        "generator": lambda was: ("%d" % n for n in range(3)),
        "as binary": lambda was: ("text", skitai.WS_OPCODE_BINARY),
        "as text": lambda was: (b"bytes", skitai.WS_OPCODE_TEXT),
        "api": lambda was: was.API(a=1),
        "task": lambda was: was.Thread(str.upper, args=("in a task",)),
        "then": lambda was: was.Thread(str.upper, args=("x",)).then(lambda was, task: task.fetch() + "!"),
        "failing task": lambda was: was.Thread(int, args=("x",)),
        "error": lambda was: 1 / 0,
        "http error": lambda was: exec("raise was.Error('404 Not Found')"),
        "number": lambda was: 7,
        "surrogate": lambda was: "\\ud800x",
        "empty items": lambda was: ["a", "", b"", "b"],
        "bad items": lambda was: ["a", 5, "b"],
        "failing generator": lambda was: (str(10 // n) for n in (5, 0)),
    }

    @app.route("/values")
    @app.websocket(skitai.WS_CHANNEL, 60)
    def values(was, message):
        return VALUES[message](was)

    @app.route("/async")
    @app.websocket(skitai.WS_CHANNEL, 60)
    async def asynchronous(was, message):
        if message == "fail":
            raise ValueError(message)
        task = was.Thread(str.upper, args=(message,))
        await task
        return task.fetch()

    @app.route("/named")
    @app.websocket(skitai.WS_CHANNEL | skitai.WS_NOTHREAD, 60, onopen, onclose)
    def named(was, text, name, tags=None, **options):
        return str([type(text).__name__, name, tags, options])

    @app.route("/broken")
    @app.websocket(skitai.WS_CHANNEL, 60, broken)
    def broken_onopen(was, message):
        return message

    @app.route("/options")
    @app.websocket(skitai.WS_CHANNEL, 60, extra)
    def options(was, message, a=None, **options):
        return message

    @app.route("/context")
    @app.websocket(skitai.WS_CHANNEL, 60)
    def context(was, message):
        was.request.g.count = was.request.g.get("count", 0) + 1
        return "%d %s" % (was.request.g.count, skitai.was.request is was.request)

    @app.route("/json")
    @app.websocket(skitai.WS_CHANNEL, 60, encoding="json")
    def json_(was, message):
        return message["say"]

    @app.route("/xmlrpc")
    @app.websocket(skitai.WS_CHANNEL, 60, encoding="xmlrpc")
    def xmlrpc(was, message):
        return {"heard": message}

    @app.route("/closed")
    def closed(was, name):
        return was.API(closed=[how for who, how in app.closed if who == name])

    @app.route("/session")
    @app.websocket(skitai.WS_CHANNEL | skitai.WS_SESSION, 60)
    def session(was, name, limit="3"):
        said = None
        for n in range(int(limit)):
            said = yield
            if said is None:
                break
            if said == "error":
                raise ValueError(said)
            yield ["%s %d" % (name, n), said] if said == "list" else "%s %d %s" % (name, n, said)
        app.closed.append((name, said))

    @app.route("/coroutine")
    @app.websocket(skitai.WS_COROUTINE, 60, onopen, onclose)
    def coroutine(was, name="nobody"):
        try:
            while 1:
                said = yield was.Input()
                if said is None:
                    break
                if said == "tick":
                    for n in range(3):
                        yield "tick %d" % n
                        time.sleep(0.1)
                elif said == "task":
                    yield "wait"
                    task = yield was.Thread(str.upper, args=("done",))
                    yield task.fetch()
                elif said == "failing task":
                    task = yield was.Thread(int, args=("x",))
                    try:
                        task.fetch()
                    except ValueError:
                        yield "failed"
                elif said == "bytes":
                    yield b"bytes"
                elif said == "many":
                    for n in range(20000):
                        yield "x" * 100
                elif said == "return":
                    yield "unheard"
                    return
                elif said == "return value":
                    yield "heard"
                    return "last"
                elif said == "error":
                    raise ValueError(said)
                elif said == "http error":
                    raise was.Error("404 Not Found")
                else:
                    yield "%s: %s" % (name, said)
        finally:
            app.closed.append((name, "finally"))

    @app.route("/impatient")
    @app.websocket(skitai.WS_COROUTINE, 60)
    def impatient(was):
        yield "before any message"
        while 1:
            said = yield was.Input()
            if said is None:
                app.closed.append(("impatient", "told"))
            yield str(said)  # never mind the end

    @app.route("/busy")
    @app.websocket(skitai.WS_COROUTINE, 60)
    def busy(was):
        try:
            while 1:
                yield "busy"
                yield was.Thread(time.sleep, args=(0.05,))
        finally:
            app.closed.append(("busy", "finally"))

    @app.route("/demanding")
    @app.websocket(skitai.WS_COROUTINE, 60)
    def demanding(was, key):
        yield was.Input()

    @app.route("/room/<place>")
    @app.websocket(skitai.WS_GROUPCHAT, 60, onopen, onclose)
    def room(was, message, room_id, name="nobody"):
        if message == "error":
            raise ValueError(message)
        if message == "who":
            was.websocket.send("you are %s" % was.wsclient(), was.wsclient())
            return None
        if message.startswith("to "):
            was.websocket.send("for you", int(message[3:]))
            return None
        return "%s in %s: %s" % (name, room_id, message)

    if __name__ == "__main__":
        skitai.mount("/", app)
        skitai.run(port=5000)
"""


def closing(app: Launched, name: str, count: int = 1) -> list[object]:
    """What the connection of that name has left behind at its end; waits for so many entries."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        found: list[object] = app.client.get("/closed?name=" + name).json()["closed"]
        if len(found) >= count:
            return found
        time.sleep(0.02)
    raise AssertionError(f"{name} has not been closed")


# -- WS_CHANNEL ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "heard"),
    [
        ("text", ["text"]),
        ("bytes", [b"bytes"]),
        ("bytearray", [b"bytes"]),
        ("list", ["a", b"b", "c"]),
        ("generator", ["0", "1", "2"]),
        ("as binary", [b"text"]),
        ("as text", ["bytes"]),
        ("api", ['{"a": 1}']),
        ("task", ["IN A TASK"]),
        ("then", ["X!"]),
        ("failing task", ["[ERROR]"]),
        ("error", ["[ERROR]"]),
        ("http error", ["[ERROR]"]),
        ("unknown", ["[ERROR]"]),
        ("surrogate", ["?x"]),
        ("failing generator", ["2", "[ERROR]"]),
        ("empty items", ["a", "", b"", "b"]),
        ("bad items", ["a"]),
        ("none", []),
        ("empty", []),
        ("number", []),
    ],
)
def test_answers(app: Launched, name: str, heard: list[str | bytes]) -> None:
    """A handler's value is answered by its type, an error by [ERROR], nothing by nothing."""
    with Client(app, "/values") as client:
        client.say(name, "text")
        assert client.hear(len(heard) + 1) == [*heard, "text"]


def test_binary_messages_are_bytearrays(app: Launched) -> None:
    """A handler hears text as str and binary messages as bytearray; its further arguments are the query's."""
    with Client(app, "/named?name=Ann&tags=a&tags=b&other=1") as client:
        assert client.hear() == ["hello Ann"]
        assert client.ask("x") == "['str', 'Ann', ['a', 'b'], {'other': '1'}]"
        assert client.ask(b"x") == "['bytearray', 'Ann', ['a', 'b'], {'other': '1'}]"


def test_parameter_missing(app: Launched) -> None:
    """A parameter that the query lacks is told at each message, and closes nothing."""
    with Client(app, "/named") as client:
        assert client.hear() == ["hello you"]
        assert [client.ask("x"), client.ask("y")] == ["[ERROR]", "[ERROR]"]


def test_onclose(app: Launched) -> None:
    """onclose is called once when the client has gone, properly or not; the connection is closed then."""
    with Client(app, "/named?name=proper") as client:
        client.hear()
    assert closing(app, "proper") == ["onclose True"]
    client = Client(app, "/named?name=lost")
    client.hear()
    assert client.ws.sock is not None
    client.ws.sock.close()
    assert closing(app, "lost") == ["onclose True"]


def test_onopen_that_fails(app: Launched) -> None:
    """An error in onopen is told like one of a message."""
    with Client(app, "/broken") as client:
        assert client.hear() == ["[ERROR]"]
        assert client.ask("x") == "x"


def test_onopen_of_the_readme(app: Launched) -> None:
    """The name of `**options` gives onopen the parameters that they would be."""
    with Client(app, "/options?a=1&b=2&c=3") as client:
        assert client.hear() == ["{'b': '2', 'c': '3'}"]


def test_one_was_for_a_connection(app: Launched) -> None:
    """Values of `was.request.g` last as long as the connection, and `skitai.was` is its `was`."""
    with Client(app, "/context") as client:
        assert [client.ask("x"), client.ask("x")] == ["1 True", "2 True"]


def test_async_handlers(app: Launched) -> None:
    """An `async def` handler is awaited; its error is told."""
    with Client(app, "/async") as client:
        assert [client.ask("one"), client.ask("fail"), client.ask("two")] == ["ONE", "[ERROR]", "TWO"]


def test_messages_sent_before_leaving_are_handled(app: Launched) -> None:
    """What a client has said before it left reaches the handler, then comes onclose."""
    with Client(app, "/session?name=leaving&limit=3") as client:
        client.say(*"abc")
    assert closing(app, "leaving") == ["c"]


# -- encodings -----------------------------------------------------------------------------------------------


def test_json(app: Launched) -> None:
    """With encoding json messages are documents: a dict is one, a list one for each item; errors are, too."""
    with Client(app, "/json") as client:
        for said, heard in (
            ({"a": [1]}, ['{"a": [1]}']),
            ("é漢😀", [r'"\u00e9\u6f22\ud83d\ude00"']),
            (3, ["3"]),
            ([1, [2], None, ""], ["1", "[2]", "null", '""']),
            ({}, ["{}"]),
        ):
            client.say(json.dumps({"say": said}))
            assert client.hear(len(heard)) == heard
        assert client.ask(b'{"say": "binary"}') == '"binary"'
        assert client.ask("{}") == '"[ERROR]"'
        for nothing in ("null", "0", "false", '""', "[]"):
            client.say(f'{{"say": {nothing}}}')
        assert client.ask('{"say": 1}') == "1"


@pytest.mark.parametrize("said", ["no json", "", "[" * 100_000, b"\xff"])
def test_malformed_json_ends_the_connection(app: Launched, said: str | bytes) -> None:
    """What is not in the encoding that was agreed upon ends the connection."""
    with Client(app, "/json") as client:
        client.say(said)
        assert client.end() is None


def test_xmlrpc(app: Launched) -> None:
    """With encoding xmlrpc a handler hears the parameters of calls, and its values are answers."""
    import xmlrpc.client

    with Client(app, "/xmlrpc") as client:
        for params, heard in (((1,), 1), (("a", {"b": [2]}), ["a", {"b": [2]}])):
            answer = client.ask(xmlrpc.client.dumps(params, "say"))
            assert xmlrpc.client.loads(str(answer))[0][0] == {"heard": heard}
        client.say("<no")
        assert client.end() is None


# -- WS_SESSION ----------------------------------------------------------------------------------------------


def test_session(app: Launched) -> None:
    """The generator hears at one yield and answers at the next; where it returns the connection ends."""
    with Client(app, "/session?name=Dan") as client:
        assert client.ask("a") == "Dan 0 a"
        client.say("list")
        assert client.hear(2) == ["Dan 1", "list"]
        assert client.ask("c") == "Dan 2 c"
        assert client.end() is None
    assert closing(app, "Dan") == ["c"]


def test_session_hears_of_the_end(app: Launched) -> None:
    """A generator whose client goes is sent None."""
    with Client(app, "/session?name=Bob") as client:
        client.ask("a")
    assert closing(app, "Bob") == [None]


def test_session_that_fails(app: Launched) -> None:
    """An exception in the generator ends the connection."""
    with Client(app, "/session?name=Ann") as client:
        client.say("error")
        assert client.end() is None


@pytest.mark.parametrize(
    "path", ["/session", "/session?name=x&other=1", "/session?name=x&limit=many", "/demanding", "/room/a"]
)
def test_parameters_that_do_not_fit(app: Launched, path: str) -> None:
    """A generator or a room that cannot be had with these parameters is refused at the handshake."""
    status = refusal(app, path)[0]
    assert status == (502 if "many" in path else 400)


# -- WS_COROUTINE --------------------------------------------------------------------------------------------


def test_coroutine(app: Launched) -> None:
    """A coroutine asks for messages, and yields any number of answers; parameters are the query's."""
    with Client(app, "/coroutine?name=Cho") as client:
        assert client.hear() == ["hello Cho"]
        assert client.ask("x") == "Cho: x"
        assert client.ask("bytes") == b"bytes"
        client.say("many")
        assert client.hear(20000) == ["x" * 100] * 20000
    assert closing(app, "Cho", 2) == ["finally", "onclose True"]


def test_coroutine_sends_when_it_waits(app: Launched) -> None:
    """What is yielded goes out when the coroutine waits for a task, or runs on for long."""
    with Client(app, "/coroutine") as client:
        client.hear()
        client.say("task", "tick", "failing task")
        assert client.hear(2) == ["wait", "DONE"]
        assert client.hear(3) == ["tick 0", "tick 1", "tick 2"]
        assert client.hear() == ["failed"]


def test_coroutine_that_returns(app: Launched) -> None:
    """Where a coroutine returns, the connection ends; what it has just yielded is dropped, as recorded."""
    with Client(app, "/coroutine") as client:
        client.hear()
        client.say("return")
        assert client.end() is None
    with Client(app, "/coroutine") as client:
        client.hear()
        client.say("return value")
        assert client.hear(2) == ["heard", "last"]
        assert client.end() is None


@pytest.mark.parametrize("how", ["error", "http error"])
def test_coroutine_that_fails(app: Launched, how: str) -> None:
    """An exception in a coroutine ends the connection."""
    with Client(app, f"/coroutine?name={how[:4]}") as client:
        client.hear()
        client.say(how)
        assert client.end() is None
    assert closing(app, how[:4], 2) == ["finally", "onclose True"]


def test_coroutine_whose_client_has_gone(app: Launched) -> None:
    """A coroutine that never asks for messages is closed when it waits; so is one that ignores the end."""
    with Client(app, "/busy") as client:
        client.hear(2)
    assert closing(app, "busy") == ["finally"]
    with Client(app, "/impatient") as client:
        assert client.hear() == ["before any message"]
        assert client.ask("x") == "x"
    assert closing(app, "impatient") == ["told"]


# -- WS_GROUPCHAT --------------------------------------------------------------------------------------------


def test_room(app: Launched) -> None:
    """Everybody in a room of a path hears the answers; `send` reaches all, or the one of an id."""
    with Client(app, "/room/a?room_id=1&name=Ann") as ann, Client(app, "/room/a?room_id=2") as other:
        assert ann.hear() == ["hello Ann"]
        assert other.hear() == ["hello nobody"]
        with Client(app, "/room/a?room_id=1&name=Bob") as bob:
            assert [ann.hear(), bob.hear()] == [["hello Bob"], ["hello Bob"]]
            ann.say("hi")
            assert [ann.hear(), bob.hear()] == [["Ann in 1: hi"], ["Ann in 1: hi"]]
            number = str(bob.ask("who")).rpartition(" ")[2]
            ann.say("to " + number)
            assert bob.hear() == ["for you"]
            bob.say("error")
            assert bob.hear() == ["[ERROR]"]
        ann.say("alone")
        assert ann.hear() == ["Ann in 1: alone"]
        assert other.ask("x") == "nobody in 2: x"
