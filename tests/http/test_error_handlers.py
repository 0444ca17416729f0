from __future__ import annotations

from typing import Any

import pytest

from atila_compat import Atila
from atila_compat.http.error_handlers import ErrorHandlers
from tests.serving.connection import ask


def test_handlers_by_code_and_the_default_one() -> None:
    """A code has one handler, the last that was declared; 0 stands for all others."""
    app = ErrorHandlers()

    def first(was: Any, error: Any) -> str:
        return "first"

    def second(was: Any, error: Any) -> str:
        return "second"

    def other(was: Any, error: Any) -> str:
        return "other"

    assert app.error_handler(404)(first) is first
    app.errorhandler(404)(second)
    assert app.default_error_handler(other) is other
    assert app.error_handlers == {404: second, 0: other}
    app.defaulterrorhandler(first)
    app.add_error_handler(500, other)
    assert app.error_handlers == {404: second, 0: first, 500: other}


@pytest.fixture
def app() -> Atila:
    """An app with a page for 404 and one for the rest."""
    made = Atila("app")

    @made.error_handler(404)
    def missing(was: Any, error: Any) -> str:
        return f"missing {error['url']}"

    @made.default_error_handler
    def other(was: Any, error: Any) -> Any:
        if error["code"] == 410:
            return None
        return was.API(code=error["code"], detail=error["detail"], mode=error["mode"])

    @made.route("/raises/<int:code>")
    def raises(was: Any, code: int) -> str:
        raise was.Error(f"{code} Reason", "why")

    @made.route("/fails")
    def fails(was: Any) -> str:
        raise LookupError

    return made


def test_errors_of_the_framework_and_of_handlers(app: Atila) -> None:
    """Both kinds of errors go to the handler of their code, else to the default one; the status stays."""
    for path in ("/none", "/raises/404"):
        answer = ask(app, path)
        assert (answer.status_code, answer.text) == (404, f"missing http://testserver{path}")
    assert ask(app, "/raises/403").json() == {"code": 403, "detail": "why", "mode": "normal"}
    assert ask(app, "/fails", "DELETE").json()["code"] == 405


def test_handler_without_an_answer(app: Atila) -> None:
    """A handler that returns nothing leaves the built-in body."""
    answer = ask(app, "/raises/410")
    assert answer.status_code == 410
    assert answer.json() == {"code": 41000, "message": "reason", "more_info": "why"}


def test_failing_handler(caplog: pytest.LogCaptureFixture) -> None:
    """A handler that fails is logged, and the built-in body is sent."""
    app = Atila("app")

    @app.default_error_handler
    def failing(was: Any, error: Any) -> str:
        return str(error["no such key"])

    answer = ask(app, "/none")
    assert (answer.status_code, answer.json()) == (404, {"code": 40400, "message": "not found"})
    assert caplog.messages == ["the error handler for 404 failed"]


def test_what_handlers_are_told_of_the_reason() -> None:
    """`detail` is the explanation; False for an error without one, None where nobody could give one."""
    app = Atila("app")

    @app.default_error_handler
    def told(was: Any, error: Any) -> str:
        return f"{error['code']} {error['detail']!r} {error['errno']!r}"

    @app.route("/<kind>")
    def fail(was: Any, kind: str) -> Any:
        if kind == "raise":
            raise was.Error("404 Not Found")
        if kind == "explain":
            raise was.Error("404 Not Found", "why", 5)
        if kind == "crash":
            raise LookupError
        if kind == "static":
            return was.Static("none")
        if kind == "with":
            return was.response.with_explain("402 Pay", "why")
        return was.response("404 Not Found")

    kinds = ("raise", "explain", "crash", "reply", "static", "with", "none/at/all")
    assert [ask(app, f"/{kind}").text for kind in kinds] == [
        "404 False 0",
        "404 'why' 5",
        "502 None 0",
        "404 None 0",
        "404 '' 0",
        "402 'why' None",
        "404 '' 0",
    ]


def test_handlers_speak_in_the_type_of_the_answer() -> None:
    """A content type that was set before the error stays for the handler's text, unless a page is due."""
    app = Atila("app")
    app.default_error_handler(lambda was, error: "text")

    @app.route("/")
    def fail(was: Any) -> Any:
        was.response.set_header("Content-Type", "text/plain")
        raise was.Error("404 Not Found")

    assert ask(app, "/").headers["content-type"] == "text/plain"
    assert ask(app, "/", headers={"Accept": "text/html"}).headers["content-type"] == "text/html"


def test_answers_that_cannot_be_sent_are_not_for_handlers() -> None:
    """What a handler should not have returned, and an error without a status, are the framework's own 500."""
    app = Atila("app")
    app.default_error_handler(lambda was, error: "handled")
    app.route("/none")(lambda was: None)

    @app.route("/status")
    def status(was: Any) -> Any:
        raise was.Error("wrong")

    @app.route("/adaptive")
    def adaptive(was: Any) -> Any:
        return was.response.adaptive_error("402 Pay", "message", 5, "more")

    for path in ("/none", "/status"):
        assert ask(app, path).json() == {"code": 50000, "message": "internal server error"}
    assert ask(app, "/adaptive").json() == {"code": 5, "message": "message", "more_info": "more"}
    assert ask(app, "/adaptive", headers={"Accept": "text/html"}).text == "handled"


def test_refusals_of_unknown_users_go_to_handlers() -> None:
    """401 is told to the app's handler, without a reason."""
    app = Atila("app")
    app.error_handler(401)(lambda was, error: f"who are you? {error['detail']!r}")
    app.route("/", authenticate="basic")(lambda was: "never")
    answer = ask(app, "/")
    assert (answer.status_code, answer.text) == (401, "who are you? ''")
    assert answer.headers["www-authenticate"].startswith("Basic")
