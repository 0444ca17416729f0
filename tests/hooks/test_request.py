"""Request hooks and request events (spec/05 section 1)."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from typing import Any

import pytest

from atila_compat.errors import ExcInfo, HTTPError
from atila_compat.hooks.event_names import REQUEST_EVENTS
from atila_compat.serving.runtime import Runtime

from .hosts import App, Caller


def raised(error: Exception) -> ExcInfo:
    """What `sys.exc_info()` gives while `error` is handled."""
    try:
        raise error
    except Exception:
        return sys.exc_info()


def noting(app: App, log: list[str]) -> None:
    """Note every request event and every hook."""
    for event in REQUEST_EVENTS:
        app.on(event)(lambda was, *args, event=event: log.append(f"E {event}"))
    app.before_request(lambda was: log.append("H before"))
    app.finish_request(lambda was: log.append("H finish"))
    app.failed_request(lambda was, expt: log.append("H failed"))
    app.teardown_request(lambda was: log.append("H teardown"))


def test_events_come_before_the_hooks_of_their_point() -> None:
    """The recorded order of a request that succeeds, and of one that fails."""
    app, was = App(), Caller()
    log: list[Any] = []
    noting(app, log)
    app.hooks.run_before(was)
    log.append("handler")
    app.hooks.run_success(was)
    app.hooks.run_teardown(was)
    app.hooks.run_finished(was)
    assert log == [
        "E before_request",
        "H before",
        "handler",
        "E success_request",
        "E finish_request",
        "H finish",
        "E teardown_request",
        "H teardown",
        "E request:finished",
    ]
    log.clear()
    app.hooks.run_failed(was, raised(ValueError()))
    assert log == ["E failed_request", "H failed"]


@pytest.mark.parametrize("answer", ["short cut", "", 0, False, [], object()])
def test_before_request_answers_with_anything_but_none(answer: Any) -> None:
    """Empty values are answers as well."""
    app = App()
    app.before_request(lambda was: answer)
    assert app.hooks.run_before(Caller()) is answer


def test_without_answers_the_request_goes_on() -> None:
    """None, or no hook at all."""
    app = App()
    assert app.hooks.run_before(Caller()) is None
    assert app.hooks.run_failed(Caller(), raised(ValueError())) is None
    app.before_request(lambda was: None)
    app.failed_request(lambda was, expt: None)
    assert app.hooks.run_before(Caller()) is None
    assert app.hooks.run_failed(Caller(), raised(ValueError())) is None


def test_failed_request_sees_the_exception_and_may_answer() -> None:
    """The hook and the event get the triple of `sys.exc_info()`."""
    app = App()
    seen: list[Any] = []
    app.on("failed_request")(lambda was, expt: seen.append(expt))

    @app.failed_request
    def failed(was: Any, expt: ExcInfo) -> str:
        seen.append(expt)
        return f"rescued from {expt[1]}"

    exc_info = raised(ValueError("bad value"))
    assert app.hooks.run_failed(Caller(), exc_info) == "rescued from bad value"
    assert seen == [exc_info, exc_info]


def test_the_results_of_the_other_hooks_are_ignored() -> None:
    """`finish_request` and `teardown_request` cannot answer."""
    app = App()
    app.finish_request(lambda was: "ignored")
    app.teardown_request(lambda was: "ignored")
    run: list[Callable[[Any], Any]] = [app.hooks.run_success, app.hooks.run_teardown, app.hooks.run_finished]
    assert [each(Caller()) for each in run] == [None, None, None]


def test_a_second_hook_replaces_the_first() -> None:
    """There is one place for each; the decorator returns the function."""
    app = App()
    log: list[Any] = []
    for word in ("one", "two"):

        def hook(was: Any, word: str = word) -> None:
            log.append(word)

        assert app.before_request(hook) is hook
    app.hooks.run_before(Caller())
    assert log == ["two"]


def test_an_error_of_a_hook_is_the_requests() -> None:
    """Hooks may refuse a request; errors of event handlers are only logged."""
    app = App()
    for decorate in (app.before_request, app.finish_request, app.teardown_request):

        @decorate
        def hook(was: Any) -> None:
            raise HTTPError("401 Unauthorized", "wrong key")

    @app.failed_request
    def failed(was: Any, expt: ExcInfo) -> None:
        raise HTTPError("418 I'm a teapot")

    was = Caller()
    for run in (app.hooks.run_before, app.hooks.run_success, app.hooks.run_teardown):
        with pytest.raises(HTTPError, match="401"):
            run(was)
    with pytest.raises(HTTPError, match="418"):
        app.hooks.run_failed(was, raised(ValueError()))


def test_a_failing_event_handler_does_not_hinder_the_hook(caplog: pytest.LogCaptureFixture) -> None:
    """It is logged, the hook runs."""
    app = App()
    app.on("before_request")(lambda was: 1 / 0)
    app.before_request(lambda was: "answer")
    assert app.hooks.run_before(Caller()) == "answer"
    assert "of event before_request failed" in caplog.text


def test_an_app_without_hooks_is_not_active() -> None:
    """Its requests need not look at hooks and events at all."""
    app = App()
    assert not app.hooks.active
    app.on("mounted", "custom-event")(print)
    app.on_broadcast("before_request")(print)
    assert not app.hooks.active


@pytest.mark.parametrize("hook", ["before_request", "finish_request", "failed_request", "teardown_request"])
def test_a_hook_makes_an_app_active(hook: str) -> None:
    """Any of the four."""
    app = App()
    getattr(app, hook)(print)
    assert app.hooks.active


@pytest.mark.parametrize("event", REQUEST_EVENTS)
def test_a_listener_makes_an_app_active(event: str) -> None:
    """Any request event; when the listener goes, so does the activity."""
    app = App()

    @app.on(event)
    def handler(was: Any) -> None: ...

    assert app.hooks.active
    app.bus.remove_event("handler", event)
    assert not app.hooks.active


@pytest.mark.parametrize("listens_first", [True, False])
def test_a_subscriber_makes_its_provider_active(listens_first: bool) -> None:
    """Request events reach subscribers; the subscriber's own requests hear nothing of the provider's."""
    provider, subscriber = App(), App()
    seen: list[Any] = []
    if listens_first:
        subscriber.on("before_request")(seen.append)
        assert not provider.hooks.active
    subscriber.subscribe(provider)
    if not listens_first:
        assert not provider.hooks.active
        subscriber.on("before_request")(seen.append)
    assert provider.hooks.active
    was = Caller()
    provider.hooks.run_before(was)
    assert seen == [was]


@pytest.mark.anyio
async def test_hooks_may_be_async() -> None:
    """The request waits for them, and their results count."""
    app = App()

    @app.before_request
    async def before(was: Any) -> str:
        await asyncio.sleep(0)
        return "answer"

    @app.teardown_request
    async def teardown(was: Any) -> None:
        raise HTTPError("418 I'm a teapot")

    async with Runtime() as runtime:
        was = Caller(runtime=runtime)
        assert await asyncio.to_thread(app.hooks.run_before, was) == "answer"
        with pytest.raises(HTTPError):
            await asyncio.to_thread(app.hooks.run_teardown, was)
