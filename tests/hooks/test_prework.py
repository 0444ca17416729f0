"""Work before and after handlers (spec/05 section 6)."""

from __future__ import annotations

import asyncio
import os
import threading
from pathlib import Path
from typing import Any

import pytest

from atila_compat.errors import HTTPError
from atila_compat.http.response import ErrorReply
from atila_compat.routing.resource import resource_of
from atila_compat.serving.runtime import Runtime

from .hosts import App, Caller


def test_the_chain_runs_around_the_handler() -> None:
    """Functions of `run_before`, the handler, functions of `run_after`, whose results are ignored."""
    app = App()
    log: list[Any] = []

    def note(word: str, result: Any = None) -> Any:
        def work(was: Any) -> Any:
            log.append(word)
            return result

        return work

    @app.run_before(note("pre1"), note("pre2"))
    @app.run_after(note("post1", "ignored"), note("post2"))
    def handler(was: Any, name: str) -> str:
        log.append("handler")
        return name

    assert handler(Caller(), name="x") == "x"
    assert log == ["pre1", "pre2", "handler", "post1", "post2"]
    assert resource_of(handler).args == ("name",)


@pytest.mark.parametrize("answer", ["stopped", "", 0, False])
def test_the_first_answer_stops_the_chain(answer: Any) -> None:
    """Anything but None is the answer; nothing further is called."""
    app = App()
    log: list[Any] = []

    @app.run_before(lambda was: answer, lambda was: log.append("second"))
    @app.run_after(lambda was: log.append("after"))
    def handler(was: Any) -> str:
        log.append("handler")
        return "ok"

    assert handler(Caller()) == answer
    assert log == []


def test_run_after_further_out_sees_the_answer_of_run_before() -> None:
    """It runs after whatever stands below it has returned."""
    app = App()
    log: list[Any] = []

    @app.run_after(lambda was: log.append("after"))
    @app.run_before(lambda was: "short")
    def handler(was: Any) -> str:
        return "ok"

    assert handler(Caller()) == "short"
    assert log == ["after"]


def test_run_after_does_not_follow_an_exception() -> None:
    """Only a handler that has returned is followed."""
    app = App()
    log: list[Any] = []

    @app.run_after(lambda was: log.append("after"))
    def handler(was: Any) -> str:
        raise HTTPError("410 Gone")

    with pytest.raises(HTTPError):
        handler(Caller())
    assert log == []


def test_an_error_before_or_after_is_the_requests() -> None:
    """Pre- and postwork may raise `was.Error`; what comes behind does not run."""
    app = App()
    log: list[Any] = []

    def refuse(was: Any) -> None:
        raise HTTPError("403 Permission Denied")

    @app.run_before(refuse)
    def first(was: Any) -> str:
        log.append("handler")
        return "ok"

    @app.run_after(refuse, log.append)
    def second(was: Any) -> str:
        return "ok"

    for handler in (first, second):
        with pytest.raises(HTTPError):
            handler(Caller())
    assert log == []


def test_an_async_handler_is_awaited_before_the_postwork() -> None:
    """The postwork runs when the coroutine has returned, in a thread, for it may block."""
    app = App()
    log: list[Any] = []

    @app.run_after(lambda was: log.append(threading.current_thread() is threading.main_thread()))
    async def handler(was: Any) -> str:
        await asyncio.sleep(0)
        log.append("handler")
        return "ok"

    assert asyncio.run(handler(Caller())) == "ok"
    assert log == ["handler", False]


@pytest.mark.anyio
async def test_prework_may_be_async() -> None:
    """The handler's thread waits for it, and its result counts."""
    app = App()

    async def work(was: Any) -> str:
        await asyncio.sleep(0)
        return "answer"

    @app.run_before(work)
    def handler(was: Any) -> str:
        return "ok"

    async with Runtime() as runtime:
        assert await asyncio.to_thread(handler, Caller(runtime=runtime)) == "answer"


@pytest.mark.parametrize(
    ("result", "reached"), [(True, True), (None, True), (False, False), ("x", False), (1, False), ("", False)]
)
def test_a_test_is_passed_with_true_or_none(result: Any, reached: bool) -> None:
    """False is answered with 403, anything else is the answer."""
    app = App()

    @app.testpass_required(lambda was: result)
    def handler(was: Any) -> str:
        return "reached"

    reply = handler(Caller())
    assert (reply == "reached") is reached
    if result is False:
        assert isinstance(reply, ErrorReply)
        assert reply.status_code == 403
    elif not reached:
        assert reply == result


def test_a_test_may_raise() -> None:
    """`was.Error` is the answer."""
    app = App()

    def check(was: Any) -> None:
        raise HTTPError("401 Unauthorized", "no token")

    @app.testpass_required(check)
    def handler(was: Any) -> str:
        return "ok"

    with pytest.raises(HTTPError, match="no token"):
        handler(Caller())


def test_tests_are_recorded_for_the_documentation() -> None:
    """By the name of the test, an object by that of its class."""
    app = App()

    class Check:
        def __call__(self, was: Any) -> None: ...

    def is_even(was: Any) -> None: ...

    @app.testpass_required(is_even)
    @app.testpass_required(Check())
    def handler(was: Any) -> str:
        return "ok"

    assert resource_of(handler).auth_requirements == [("testpass", "Check"), ("testpass", "is_even")]
    assert handler(Caller()) == "ok"


def updated(app: App, log: list[Any], key: str = "STATE", interval: float = 0, result: Any = None) -> Any:
    """A handler below `if_updated`."""

    def work(was: Any, key: str) -> Any:
        log.append(key)
        return result

    @app.if_updated(key, work, interval=interval)
    def handler(was: Any) -> str:
        return "ok"

    return handler


def test_if_updated_works_at_first_and_when_the_stamp_is_newer() -> None:
    """An older or equal stamp is nothing new."""
    app, was = App(), Caller()
    log: list[Any] = []
    handler = updated(app, log)
    for stamp, times in ((0.0, 1), (0.0, 1), (5.0, 2), (5.0, 2), (4.0, 2), (6.0, 3)):
        was.stamps["STATE"] = stamp
        assert handler(was) == "ok"
        assert len(log) == times
    assert set(log) == {"STATE"}


def test_the_result_of_conditional_prework_is_the_answer() -> None:
    """That of the one request that has done the work; empty ones count too."""
    app, was = App(), Caller()
    was.stamps["STATE"] = 1.0
    for result in ("intercepted", "", 0, False):
        handler = updated(App(), [], result=result)
        assert [handler(was), handler(was)] == [result, "ok"]
    assert updated(app, [])(was) == "ok"


def test_resources_of_an_app_share_what_they_have_seen() -> None:
    """The work is done once for a key, whichever resource comes first; another app does its own."""
    app, was = App(), Caller()
    was.stamps = {"STATE": 1.0, "OTHER": 1.0}
    logs: list[list[Any]] = [[], [], [], []]
    for handler in (
        updated(app, logs[0]),
        updated(app, logs[1]),
        updated(app, logs[2], "OTHER"),
        updated(App(), logs[3]),
    ):
        handler(was)
    assert logs == [["STATE"], [], ["OTHER"], ["STATE"]]


def test_within_the_interval_nothing_is_looked_at() -> None:
    """After a look, the next comes when the interval has passed."""
    app, was = App(), Caller()
    log: list[Any] = []
    handler = updated(app, log, interval=3600)
    was.stamps["STATE"] = 1.0
    handler(was)
    was.stamps.clear()
    handler(was)
    assert log == ["STATE"]


def test_an_unregistered_key_is_an_error() -> None:
    """What was never registered cannot have been updated."""
    with pytest.raises(KeyError):
        updated(App(), [], "UNKNOWN")(Caller())


def test_work_that_fails_is_tried_again() -> None:
    """It has not been done; the error is the request's."""
    app, was = App(), Caller()
    was.stamps["STATE"] = 1.0
    tries: list[Any] = []

    def work(was: Any, key: str) -> None:
        tries.append(key)
        if len(tries) < 3:
            raise ValueError("not yet")

    @app.if_updated("STATE", work, interval=3600)
    def handler(was: Any) -> str:
        return "ok"

    for _ in range(2):
        with pytest.raises(ValueError, match="not yet"):
            handler(was)
    assert [handler(was), handler(was)] == ["ok", "ok"]
    assert len(tries) == 3


def test_who_comes_during_the_work_waits_for_it() -> None:
    """The work is done once, and no handler runs before it is done."""
    app, was = App(), Caller()
    was.stamps["STATE"] = 1.0
    begun, go_on = threading.Event(), threading.Event()
    log: list[Any] = []

    def work(was: Any, key: str) -> None:
        begun.set()
        assert go_on.wait(20)
        log.append("work")

    @app.if_updated("STATE", work, interval=0)
    def handler(was: Any) -> str:
        log.append("handler")
        return "ok"

    threads = [threading.Thread(target=handler, args=(was,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    assert begun.wait(20)
    go_on.set()
    for thread in threads:
        thread.join(20)
    assert log == ["work", "handler", "handler", "handler", "handler"]


def test_if_file_modified_goes_by_the_files_time(tmp_path: Path) -> None:
    """At the first request, and at each that finds the file newer; the function gets the path as declared."""
    app, was = App(), Caller()
    log: list[Any] = []
    path = str(tmp_path / "config")

    @app.if_file_modified(path, lambda was, path: log.append(path), interval=0)
    def handler(was: Any) -> str:
        return "ok"

    assert handler(was) == "ok"
    assert log == []
    Path(path).write_text("a")
    for stamp, times in ((1_000_000_000, 1), (1_000_000_000, 1), (1_000_000_100, 2), (900_000_000, 2)):
        os.utime(path, (stamp, stamp))
        assert handler(was) == "ok"
        assert log == [path] * times
    os.remove(path)
    assert handler(was) == "ok"
    assert len(log) == 2


def test_a_path_and_a_key_of_one_name_are_two_things(tmp_path: Path) -> None:
    """Files and keys are watched separately."""
    app, was = App(), Caller()
    log: list[Any] = []
    path = tmp_path / "x"
    path.touch()
    was.stamps[str(path)] = 1.0

    @app.if_file_modified(str(path), lambda was, path: log.append("file"), interval=0)
    def handler(was: Any) -> str:
        return "ok"

    updated(app, log, str(path))(was)
    handler(was)
    assert log == [str(path), "file"]
