from __future__ import annotations

import logging
from typing import Any

import pytest

from atila_compat import Atila
from atila_compat.context import get_was
from atila_compat.serving.runtime import Runtime
from tests.serving.connection import ask


@pytest.fixture
def app() -> Atila:
    """An app with a secret, for cookies of all kinds."""
    made = Atila("app")
    made.securekey = "secret"
    return made


def test_current_was_is_that_of_the_request(app: Atila) -> None:
    """Handlers and hooks find their `was` by `get_was()` too; outside of requests there is none."""
    seen: list[bool] = []
    app.before_request(lambda was: seen.append(get_was() is was))
    app.teardown_request(lambda was: seen.append(get_was() is was))

    @app.route("/")
    def now(was: Any) -> str:
        seen.append(get_was() is was)
        return ""

    @app.route("/async")
    async def later(was: Any) -> str:
        seen.append(get_was() is was)
        return ""

    ask(app, "/")
    ask(app, "/async")
    assert seen == [True] * 6
    with pytest.raises(RuntimeError, match="no request is being handled here"):
        get_was()


def test_cookies_go_out_with_answers_not_with_errors(app: Atila) -> None:
    """Cookies, session and message box are sent with a finished answer and dropped with an error."""

    @app.route("/<kind>")
    def handler(was: Any, kind: str) -> str:
        was.cookie.set("plain", "1")
        was.session.set("user", "ann")
        if kind == "error":
            raise was.Error("403 Forbidden")
        if kind == "crash":
            raise LookupError
        return "done"

    names = {line.partition("=")[0] for line in ask(app, "/done").headers.get_list("set-cookie")}
    assert names == {"plain", "ATLSES_"}
    for kind in ("error", "crash"):
        assert "set-cookie" not in ask(app, f"/{kind}").headers


def test_error_handlers_see_what_is_not_sent(app: Atila) -> None:
    """Session and cookies of a handler that has failed are there for its error page, and forgotten then."""

    @app.error_handler(409)
    def page(was: Any, error: dict[str, Any]) -> str:
        was.cookie["page"] = "1"
        return f"{was.session.get('user')} {was.cookie['plain']}"

    @app.route("/")
    def handler(was: Any) -> None:
        was.session["user"] = "ann"
        was.cookie["plain"] = "1"
        raise was.Error("409 Conflict")

    answer = ask(app, "/")
    assert (answer.text, answer.headers.get("set-cookie")) == ("ann 1", None)


@pytest.mark.parametrize("value", [None, 7, [1]])
def test_cookies_go_out_with_what_cannot_be_sent(app: Atila, value: Any) -> None:
    """The handler has done its work: only its value is no answer."""

    @app.route("/")
    def handler(was: Any) -> Any:
        was.cookie.set("plain", "1")
        return value

    answer = ask(app, "/")
    assert (answer.status_code, answer.headers["set-cookie"]) == (500, "plain=1; path=/")


def test_the_body_of_a_coroutine_begins_when_the_request_is_finished_for_hooks(app: Atila) -> None:
    """`request:finished` comes before it, and once."""
    seen: list[str] = []
    app.on("request:finished")(lambda was: seen.append("finished"))

    @app.route("/", coroutine=True)
    def handler(was: Any) -> Any:
        seen.append("body")
        yield was.Mask(1)
        return "done"

    assert ask(app, "/").text == "done"
    assert seen == ["finished", "body"]


def test_callbacks_of_what_is_at_hand_are_a_part_of_the_handler(app: Atila) -> None:
    """`then` of a Mask, of a task that was waited for, of an empty group: before the hooks behind it."""
    seen: list[str] = []
    app.finish_request(lambda was: seen.append("finish"))
    app.on("request:finished")(lambda was: seen.append("finished"))

    @app.failed_request
    def failed(was: Any, expt: Any) -> None:
        seen.append(expt[0].__name__)

    @app.route("/<kind>")
    def handler(was: Any, kind: str) -> Any:
        def respond(was: Any, task: Any) -> str:
            seen.append("answer")
            if kind == "error":
                raise was.Error("409 Conflict")
            return str(task.fetch())

        if kind == "group":
            return was.Tasks(a=was.Mask(1)).then(respond)
        if kind == "empty":
            return was.Tasks().then(respond)
        if kind in ("late", "fetched"):
            task = was.Thread(lambda: 1)
            if kind == "fetched":
                task.fetch()
            return task.then(respond)
        return was.Mask(1).then(respond)

    for kind, text in (("mask", "1"), ("fetched", "1"), ("group", "{'a': 1}"), ("empty", "[]")):
        assert ask(app, f"/{kind}").text == text
        assert seen == ["answer", "finish", "finished"]
        seen.clear()
    assert ask(app, "/error").status_code == 409
    assert seen == ["answer", "HTTPError", "finished"]
    seen.clear()
    assert ask(app, "/late").text == "1"
    assert seen == ["finish", "finished", "answer"]


@pytest.mark.parametrize(
    ("target", "given"),
    [
        ("/x", {"a": "1", "b": "2"}),
        ("/x?a=0", {"a": "hook", "b": "2"}),
        ("/x?b=0", {"a": "hook", "b": "0"}),
    ],
)
def test_what_hooks_change_in_args_reaches_the_handler(
    app: Atila, target: str, given: dict[str, str]
) -> None:
    """ARGS is what a handler is called with, defaults too, where it takes what the client has sent."""

    @app.before_request
    def before(was: Any) -> None:
        was.request.ARGS["a"] = "hook"

    @app.route("/x")
    def handler(was: Any, a: str = "1", b: str = "2") -> Any:
        return was.API(a=a, b=b)

    assert ask(app, target).json() == given


def test_what_hooks_change_in_params_stays_there(app: Atila) -> None:
    """PARAMS tells what stood in the path; a handler is called with that."""
    app.before_request(lambda was: was.request.PARAMS.update(n=9, more=1))

    @app.route("/<int:n>")
    def handler(was: Any, n: int) -> Any:
        return was.API(n=n, params=was.request.PARAMS)

    assert ask(app, "/3").json() == {"n": 3, "params": {"n": 9, "more": 1}}


def test_inspect_converts_defaults_of_calls_that_have_arguments(app: Atila) -> None:
    """A default is converted with the arguments that the client has sent; without any it is left alone."""

    @app.route("/")
    @app.inspect(booleans=["detail"])
    def handler(was: Any, page: str = "1", detail: Any = "yes") -> Any:
        return was.API(detail=detail, args=was.request.ARGS["detail"])

    assert ask(app, "/?page=2").json() == {"detail": True, "args": True}
    assert ask(app, "/").json() == {"detail": "yes", "args": True}


def test_hooks_see_the_type_error_of_a_call_that_does_not_fit(app: Atila) -> None:
    """failed_request is told what has been raised; the client, unless the hook answers, what it means."""
    seen: list[Any] = []

    @app.route("/")
    def handler(was: Any, a: str) -> str:
        return a

    @app.failed_request
    def failed(was: Any, expt: Any) -> str | None:
        seen.append(expt[0])
        return str(expt[1]) if was.request.get_header("x-say") else None

    assert ask(app, "/").json() == {
        "code": 40000,
        "message": "bad request",
        "more_info": "parameter `a` is missing",
    }
    assert "missing 1 required positional argument: 'a'" in ask(app, "/", headers={"X-Say": "1"}).text
    assert seen == [TypeError, TypeError]


def test_arguments_reach_the_handler_as_keywords(app: Atila) -> None:
    """A handler is called with keywords from path, query and body; a call that does not fit is 400."""

    @app.route("/x/<int:n>")
    def handler(was: Any, n: int, a: str, b: str = "b") -> Any:
        return was.API(n=n, a=a, b=b)

    assert ask(app, "/x/3?a=1").json() == {"n": 3, "a": "1", "b": "b"}
    assert ask(app, "/x/3?a=q", "POST", data={"a": "f"}).json() == {"n": 3, "a": "f", "b": "b"}
    assert ask(app, "/x/3").json()["more_info"] == "parameter `a` is missing"
    assert ask(app, "/x/3?a=1&z=1").json()["more_info"] == "parameter `z` needn't"


def test_arguments_behind_an_opaque_decorator(app: Atila) -> None:
    """What a decorator without `functools.wraps` hands on, and the handler does not take, is the client's."""

    def opaque(func: Any) -> Any:
        def hands_on(was: Any, **keywords: Any) -> Any:
            return func(was, **keywords)

        return hands_on

    @app.route("/")
    @opaque
    def handler(was: Any, a: str = "1") -> Any:
        return was.API(a=a, failed=len(7) if a == "fail" else None)  # type: ignore[arg-type]

    assert ask(app, "/?a=2").json()["a"] == "2"
    assert ask(app, "/?z=2").json() == {
        "code": 40000,
        "message": "bad request",
        "more_info": "no parameter need",
    }
    assert ask(app, "/?a=fail").status_code == 502


def test_before_request_may_answer(app: Atila) -> None:
    """Anything but None that a `before_request` hook returns is the answer; the handler does not run."""
    app.before_request(lambda was: "from the hook" if was.request.path == "/a" else None)
    app.route("/<name>")(lambda was, name: "from the handler")
    assert ask(app, "/a").text == "from the hook"
    assert ask(app, "/b").text == "from the handler"


def test_hooks_see_arguments_that_they_may_refuse(app: Atila) -> None:
    """A hook may raise `was.Error`; the request's arguments are ready for it."""

    def refuse(was: Any) -> None:
        if was.request.ARGS.get("a") != "1":
            raise was.Error("403 Forbidden", "a should be 1")

    app.before_request(refuse)
    app.route("/")(lambda was, a: "fine")
    assert ask(app, "/?a=1").text == "fine"
    assert ask(app, "/?a=2").json()["more_info"] == "a should be 1"


def test_failed_request_may_rescue(app: Atila, caplog: pytest.LogCaptureFixture) -> None:
    """What `failed_request` returns is the answer, with status 200; the failure is logged all the same."""
    seen: list[Any] = []

    def rescue(was: Any, exc_info: Any) -> Any:
        seen.append(exc_info[0])
        return "rescued"

    app.failed_request(rescue)

    @app.route("/")
    def fails(was: Any) -> str:
        was.response.set_status("201 Created")
        raise LookupError

    answer = ask(app, "/")
    assert (answer.status_code, answer.text) == (200, "rescued")
    assert seen == [LookupError]
    assert [record.levelno for record in caplog.records if record.exc_info] == [logging.ERROR]


def test_hooks_may_change_the_answer(app: Atila) -> None:
    """Headers that finish and teardown hooks set are sent."""
    app.finish_request(lambda was: was.response.set_header("X-Finish", "1"))
    app.teardown_request(lambda was: was.response.set_header("X-Teardown", "2"))
    app.route("/")(lambda was: "")
    headers = ask(app, "/").headers
    assert (headers["x-finish"], headers["x-teardown"]) == ("1", "2")


def test_failing_hooks_are_errors_of_the_request(app: Atila) -> None:
    """A hook that raises after the handler is the request's error; nothing of it reaches the server."""

    def fail(was: Any) -> None:
        raise LookupError

    app.teardown_request(fail)
    app.route("/")(lambda was: "fine")
    assert ask(app, "/").status_code == 502


def test_broken_error_answers_are_plain(app: Atila, caplog: pytest.LogCaptureFixture) -> None:
    """Where even the error answer cannot be made, the client gets a plain 500 and the log the reason."""
    del app.config["JSON_ENCODER"]

    @app.route("/")
    def fails(was: Any) -> str:
        raise LookupError

    answer = ask(app, "/")
    assert (answer.status_code, answer.text) == (500, "Internal Server Error")
    assert "the error answer failed" in caplog.text


def test_runtime_of_the_request_is_current(app: Atila) -> None:
    """`Runtime.current()` is the running request's, in handlers of both kinds."""

    @app.route("/sync")
    def sync(was: Any) -> str:
        return str(Runtime.current() is was.runtime)

    @app.route("/async")
    async def later(was: Any) -> str:
        return str(Runtime.current() is was.runtime)

    assert ask(app, "/sync").text == ask(app, "/async").text == "True"
