"""What handlers of WebSockets are called with, and what generators hear."""

from __future__ import annotations

from ..launch import Serve
from .talking import Client


def test_checks_convert_what_handlers_get(serve: Serve) -> None:
    """`@app.inspect`, above or below `@app.websocket`, converts what handlers of all messages get."""
    source = """
        import skitai
        from atila import Atila

        app = Atila(__name__)

        @app.route("/above")
        @app.inspect(ints=["n"])
        @app.websocket(skitai.WS_CHANNEL, 60)
        def above(was, message, n=0):
            return repr(n)

        @app.route("/below")
        @app.websocket(skitai.WS_CHANNEL, 60)
        @app.inspect(ints=["n"])
        def below(was, message, n=0):
            return repr(n)

        @app.route("/session")
        @app.inspect(ints=["n"])
        @app.websocket(skitai.WS_CHANNEL | skitai.WS_SESSION, 60)
        def session(was, n=0):
            while (yield):
                yield repr(n)

        @app.route("/coroutine")
        @app.inspect(ints=["n"])
        @app.websocket(skitai.WS_COROUTINE, 60)
        def coroutine(was, n=0):
            while (yield was.Input()):
                yield repr(n)

        if __name__ == "__main__":
            skitai.mount("/", app)
            skitai.run(port=5000)
    """
    app = serve(source)
    for path in ("/above", "/below", "/session", "/coroutine"):
        with Client(app, path + "?n=7") as client:
            assert [client.ask("a"), client.ask("b")] == ["7", "7"]
    with Client(app, "/below?n=x") as client:  # a check that refuses does not leave the client waiting
        assert client.ask("a") == "[ERROR]"


def test_generators_hear_messages_as_they_come(serve: Serve) -> None:
    """An encoding is for what a WS_SESSION answers only; WS_COROUTINE has none."""
    source = """
        import skitai
        from atila import Atila

        app = Atila(__name__)

        @app.route("/session")
        @app.websocket(skitai.WS_CHANNEL | skitai.WS_SESSION, 60, encoding="json")
        def session(was):
            while message := (yield):
                yield {"heard": message}

        @app.route("/coroutine")
        @app.websocket(skitai.WS_COROUTINE, 60, encoding="json")
        def coroutine(was):
            while message := (yield was.Input()):
                yield message

        if __name__ == "__main__":
            skitai.mount("/", app)
            skitai.run(port=5000)
    """
    app = serve(source)
    with Client(app, "/session") as client:
        assert client.ask("[1]") == '{"heard": "[1]"}'
    with Client(app, "/coroutine") as client:
        assert client.ask("[1]") == "[1]"


def test_generators_without_parameters(serve: Serve) -> None:
    """A generator that takes no parameters is called without those of the query, as any resource is."""
    source = """
        import skitai
        from atila import Atila

        app = Atila(__name__)

        @app.route("/coroutine")
        @app.websocket(skitai.WS_COROUTINE, 60)
        def coroutine(was):
            while message := (yield was.Input()):
                yield message

        @app.route("/session/<name>")
        @app.websocket(skitai.WS_CHANNEL | skitai.WS_SESSION, 60)
        def session(was, name):
            while message := (yield):
                yield name + message

        if __name__ == "__main__":
            skitai.mount("/", app)
            skitai.run(port=5000)
    """
    app = serve(source)
    with Client(app, "/coroutine?token=x") as client:
        assert client.ask("a") == "a"
    with Client(app, "/session/x?token=x") as client:
        assert client.ask("a") == "xa"
