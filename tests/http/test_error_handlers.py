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
