"""Events of apps (spec/05 sections 3 and 4)."""

from __future__ import annotations

import asyncio
import threading
from typing import Any, cast

import pytest

from atila_compat.context import current_was
from atila_compat.hooks import event_names
from atila_compat.hooks.events import broadcast_bus
from atila_compat.routing.mounting import MountContext
from atila_compat.routing.resource import resource_of
from atila_compat.serving.runtime import Runtime

from .hosts import App, Caller


def test_a_handler_gets_the_current_was_first() -> None:
    """Behind it comes what was emitted."""
    app = App()
    seen: list[Any] = []

    @app.on("order:made", "order:changed")
    def handler(was: Any, number: int, amount: int = 1, **more: Any) -> None:
        seen.append((was, number, amount, more))

    with Caller() as was:
        app.emit("order:made", 3)
        app.emit("order:changed", 4, amount=2, by="hans")
    assert seen == [(was, 3, 1, {}), (was, 4, 2, {"by": "hans"})]


def test_outside_of_requests_the_app_makes_a_was() -> None:
    """It does so only for events that somebody hears; an app that cannot passes None."""
    app = App()
    made: list[Any] = []
    seen: list[Any] = []

    def make() -> str:
        made.append(1)
        return "made"

    app.on("a")(seen.append)
    app.emit("a")
    app.lifecycle_was = make
    app.emit("a")
    app.emit("unheard")
    assert seen == [None, "made"]
    assert made == [1]


def test_a_failing_handler_is_logged_and_stops_nobody(caplog: pytest.LogCaptureFixture) -> None:
    """Neither the other handlers nor the one who emits."""
    app = App()
    seen: list[Any] = []
    app.on("broken")(lambda was: 1 / 0)
    app.on("broken")(seen.append)
    with Caller() as was:
        app.emit("broken")
    assert seen == [was]
    assert "of event broken failed" in caplog.text


def test_an_event_may_have_a_parameter_called_event() -> None:
    """Names of the framework do not take names away from apps."""
    app = App()
    seen: list[Any] = []
    app.on("a")(lambda was, event, name: seen.append((event, name)))
    app.emit("a", event=1, name=2)
    assert seen == [(1, 2)]


def test_threading_gives_each_handler_a_thread() -> None:
    """The thread sees the context variables of the emitter."""
    app, done = App(), threading.Event()
    seen: list[Any] = []

    @app.on("a")
    def handler(was: Any, x: int) -> None:
        seen.append((was, x, current_was.get(None), threading.current_thread() is threading.main_thread()))
        done.set()

    with Caller() as was:
        app.emit("a", 1, threading=True)
    assert done.wait(20)
    assert seen == [(was, 1, was, False)]


def test_emit_after_comes_behind_the_handler() -> None:
    """The event has no arguments; after an exception there is none."""
    app = App()
    seen: list[Any] = []
    app.on("finished")(lambda was, *args: seen.append((was, args)))

    @app.emit_after("finished")
    def handler(was: Any, fail: bool = False) -> str:
        seen.append("handler")
        if fail:
            raise ValueError("failed")
        return "ok"

    was = Caller()
    assert handler(was) == "ok"
    assert seen == ["handler", (was, ())]
    with pytest.raises(ValueError, match="failed"):
        handler(was, fail=True)
    assert seen[2:] == ["handler"]
    assert resource_of(handler).args == ("fail",)


def test_emit_after_waits_for_a_coroutine() -> None:
    """For an `async def` handler the event comes when it has returned, off the event loop."""
    app = App()
    seen: list[Any] = []
    app.on("finished")(lambda was: seen.append(threading.current_thread() is threading.main_thread()))

    @app.emit_after("finished")
    async def handler(was: Any) -> str:
        await asyncio.sleep(0)
        seen.append("handler")
        return "ok"

    assert asyncio.run(handler(Caller())) == "ok"
    assert seen == ["handler", False]


def test_a_broadcast_reaches_all_apps() -> None:
    """Only handlers of `on_broadcast` hear it, with the broadcasting request's was."""
    one, two = App(), App()
    seen: list[Any] = []
    one.on_broadcast("test:all")(lambda was, *args, **kwargs: seen.append(("one", was, args, kwargs)))
    two.on_signal("test:all")(lambda was, *args, **kwargs: seen.append(("two", was, args, kwargs)))
    two.on("test:all")(lambda was: seen.append("not this one"))
    was = Caller()
    was.broadcast("test:all", 1, x=2)
    was.emit("test:all")
    assert seen == [
        ("one", was, (1,), {"x": 2}),
        ("two", was, (1,), {"x": 2}),
        ("one", was, (), {}),
        ("two", was, (), {}),
    ]


def test_an_app_can_broadcast() -> None:
    """`app.broadcast`, which the README documents, does what `was.broadcast` does."""
    app = App()
    seen: list[Any] = []
    app.on_broadcast("test:app")(lambda was, *args: seen.append((was, args)))
    with Caller() as was:
        app.broadcast("test:app", 1)
        app.broadcast("test:unheard", 1)
    assert seen == [(was, (1,))]


def test_broadcast_after_comes_behind_the_handler() -> None:
    """All apps hear that the handler has returned."""
    app = App()
    seen: list[Any] = []
    App().on_broadcast("test:after")(seen.append)

    @app.broadcast_after("test:after")
    def handler(was: Any) -> str:
        assert seen == []
        return "ok"

    was = Caller()
    assert handler(was) == "ok"
    assert seen == [was]


def test_a_subscriber_hears_the_events_of_another_app() -> None:
    """Its handlers run behind the provider's own, with the same was; the provider does not hear it."""
    provider, subscriber = App(), App()
    seen: list[Any] = []
    subscriber.subscribe(provider)
    subscriber.subscribe(provider)
    subscriber.on("made")(lambda was, x: seen.append(("subscriber", was, x)))
    provider.on("made")(lambda was, x: seen.append(("provider", was, x)))
    with Caller() as was:
        provider.emit("made", 1)
        subscriber.emit("made", 2)
    assert seen == [("provider", was, 1), ("subscriber", was, 1), ("subscriber", was, 2)]


def test_subscribers_do_not_hear_life_cycle_events() -> None:
    """Those are emitted on the app's own bus."""
    provider, subscriber = App(), App()
    seen: list[Any] = []
    subscriber.subscribe(provider)
    subscriber.mounted(seen.append)
    provider.bus.emit("mounted", "was")
    assert seen == []
    subscriber.bus.emit("mounted", "was")
    assert seen == ["was"]


@pytest.mark.parametrize(
    ("decorators", "event"),
    [
        (("before_mount", "start_up", "startup"), "before_mount"),
        (("mounted",), "mounted"),
        (("mounted_or_reloaded",), "mounted_or_reloaded"),
        (("before_reload", "onreload", "reload"), "before_reload"),
        (("reloaded",), "reloaded"),
        (("before_umount",), "before_umount"),
        (("umounted", "shutdown"), "umounted"),
    ],
)
def test_life_cycle_decorators(decorators: tuple[str, ...], event: str) -> None:
    """Each is short for `app.on(event)` and returns the function."""
    for decorator in decorators:
        app = App()
        seen: list[Any] = []

        def handler(was: Any, seen: list[Any] = seen) -> None:
            seen.append(was)

        assert getattr(app, decorator)(handler) is handler
        app.bus.emit(event, "was")
        assert seen == ["was"]


def test_a_reloaded_module_replaces_its_handlers() -> None:
    """While a module is reloaded, a handler takes the place of the one declared there before."""
    app = App()
    seen: list[Any] = []

    def declare(word: str) -> None:
        @app.on("a")
        def handler(was: Any) -> None:
            seen.append(word)

        @app.on_broadcast("test:reload")
        def other(was: Any) -> None:
            seen.append(word)

    declare("old")
    app.mount_context = MountContext(reloading=True)
    declare("new")
    app.emit("a")
    app.broadcast("test:reload")
    assert seen == ["new", "new"]


def test_without_reloading_namesakes_are_all_called() -> None:
    """Modules may use the same name for their handlers."""
    app = App()
    seen: list[Any] = []

    def declare(word: str) -> None:
        @app.on("a")
        def handler(was: Any) -> None:
            seen.append(word)

    declare("one")
    declare("two")
    app.emit("a")
    assert seen == ["one", "two"]


@pytest.mark.anyio
async def test_an_async_handler_is_awaited_by_a_thread_that_emits() -> None:
    """It runs on the loop, and `emit` returns when it is done."""
    app = App()
    seen: list[Any] = []

    @app.on("a")
    async def handler(was: Any) -> None:
        await asyncio.sleep(0)
        seen.append(asyncio.get_running_loop())

    async with Runtime() as runtime:
        await asyncio.to_thread(app.emit_with, Caller(runtime=runtime), "a")
        assert seen == [runtime.loop]


@pytest.mark.anyio
async def test_an_async_handler_goes_on_by_itself_on_the_loop(caplog: pytest.LogCaptureFixture) -> None:
    """An `async def` handler that emits cannot wait for it; its error is logged."""
    app = App()
    seen: list[Any] = []

    @app.on("a")
    async def handler(was: Any) -> None:
        seen.append(1)
        raise ValueError("late")

    async with Runtime() as runtime:
        app.emit_with(Caller(runtime=runtime), "a")
        assert seen == []
        await asyncio.sleep(0.01)
    assert seen == [1]
    assert "late" in caplog.text


def test_the_names_of_events() -> None:
    """`atila.events` has these constants."""
    constants = {name: value for name, value in vars(event_names).items() if name.startswith("EVT_")}
    assert constants.pop("EVT_REQ_FINISH") == "finish_request"
    assert constants.pop("EVT_REQ_FINISHED") == "request:finished"
    assert constants == {
        "EVT_REQ_STARTED": "before_request",
        "EVT_REQ_FAILED": "failed_request",
        "EVT_REQ_SUCCESS": "success_request",
        "EVT_REQ_TEARDOWN": "teardown_request",
        "EVT_BEFORE_MOUNT": "before_mount",
        "EVT_MOUNTED": "mounted",
        "EVT_BEFORE_RELOAD": "before_reload",
        "EVT_RELOADED": "reloaded",
        "EVT_BEFORE_UMOUNT": "before_umount",
        "EVT_UMOUNTED": "umounted",
        "EVT_MOUNTED_RELOADED": "mounted_or_reloaded",
        "EVT_SPEC_CREATED": "spec:exposed",
    }


def test_the_broadcast_bus_logs() -> None:
    """A failing handler stops no broadcast."""
    assert cast(Any, broadcast_bus.logger).name == "atila_compat.hooks"
