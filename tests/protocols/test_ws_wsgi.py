"""`skitai.websocket`: WebSockets of Flask apps and plain WSGI callables."""

from __future__ import annotations

import time

import pytest

from ..launch import Launched
from .talking import Client, refusal

SOURCE = """
    import skitai
    from flask import Flask, abort, request

    flask = Flask("pages")
    over = []

    def onopen():
        return "hello"

    def onclose():
        over.append("echo")

    @flask.route("/echo")
    @skitai.websocket("message", 60, onopen, onclose)
    def echo():
        message = request.args["message"]
        if message == "fail":
            raise ValueError(message)
        if message == "abort":
            abort(404)
        if message == "push":
            request.environ["websocket"].send("pushed")
        return "you said: {} {}".format(message, request.args.get("name"))

    @flask.route("/session/<name>")
    @skitai.websocket(1)
    def session(name):
        websocket = request.environ["websocket"]
        def talk():
            count = 0
            while 1:
                message = yield
                if not message:
                    over.append(name)
                    return
                count += 1
                if message == "fail":
                    raise ValueError(message)
                yield "{} {} {} {}".format(name, count, message, websocket.client_id)
        return talk()

    @flask.route("/was")
    @skitai.websocket("message", 60)
    def was():
        assert skitai.was is not None and request.environ["skitai.was"].request is skitai.was.request
        return skitai.was.request.uri if request.args["message"] == "uri" else ""

    @flask.route("/page")
    def page():
        return "a page"

    @flask.route("/over/<name>")
    def is_over(name):
        return str(name in over)

    if __name__ == "__main__":
        skitai.mount("/flask", flask)
        skitai.run(port=5000)
"""


def is_over(app: Launched, name: str) -> bool:
    """Whether the end of a connection has been noticed, after waiting for it."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        if app.client.get(f"/flask/over/{name}").text == "True":
            return True
        time.sleep(0.02)
    return False


def test_was(app: Launched) -> None:
    """`skitai.was` belongs to the message that is handled; an empty answer is an empty message."""
    with Client(app, "/flask/was?q=1") as client:
        assert client.ask("uri") == "/flask/was?q=1&message=uri"
        assert client.ask("nothing") == ""


def test_view_for_each_message(app: Launched) -> None:
    """A view is called for each message, which is a query parameter beside those of the handshake."""
    with Client(app, "/flask/echo?name=Ann") as client:
        assert client.hear() == ["hello"]
        assert client.ask("hi & é=+") == "you said: hi & é=+ Ann"
        client.say("push")
        assert client.hear(2) == ["pushed", "you said: push Ann"]
    assert is_over(app, "echo")


@pytest.mark.parametrize("how", ["fail", "abort"])
def test_view_that_fails(app: Launched, how: str) -> None:
    """An error answer of the app is told as one of a message, and the connection stays."""
    with Client(app, "/flask/echo") as client:
        client.hear()
        assert client.ask(how) == "[ERROR]"
        assert client.ask("x") == "you said: x None"


def test_generator(app: Launched) -> None:
    """A view that returns a generator hears messages at its yields, and None at the end."""
    with Client(app, "/flask/session/Ann") as client:
        number = str(client.ask("a")).rpartition(" ")[2]
        assert client.ask("b") == f"Ann 2 b {number}"
    assert is_over(app, "Ann")
    with Client(app, "/flask/session/Bob") as client:
        client.say("fail")
        assert client.end() is None


def test_timeout(app: Launched) -> None:
    """A number in place of the parameter's name is the timeout."""
    with Client(app, "/flask/session/Cho") as client:
        assert client.end() == 1001
    assert is_over(app, "Cho")


@pytest.mark.parametrize(("path", "status"), [("/flask/never", 404), ("/flask/page", 500), ("/flask", 308)])
def test_refused(app: Launched, path: str, status: int) -> None:
    """A path without such a view is refused, by the app where it does so itself."""
    assert refusal(app, path)[0] == status


def test_plain_requests(app: Launched) -> None:
    """Over plain HTTP such a view is an ordinary one."""
    assert app.client.get("/flask/echo?message=x").text == "you said: x None"
