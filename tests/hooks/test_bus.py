"""`EventBus` by itself (spec/08 section 5)."""

from __future__ import annotations

import logging
import threading
from typing import Any

import pytest

from atila_compat.hooks.bus import EventBus, EventDoesntExist


def test_handlers_get_what_is_emitted() -> None:
    """Positional and keyword arguments are handed on, an event without handlers is nothing."""
    bus = EventBus()
    seen: list[Any] = []

    @bus.on("made", "changed")
    def handler(*args: Any, **kwargs: Any) -> None:
        seen.append((args, kwargs))

    bus.emit("made", 1, x=2)
    bus.emit("changed")
    bus.emit("nobody", 3)
    assert seen == [((1,), {"x": 2}), ((), {})]


def test_the_decorator_returns_the_function() -> None:
    """A handler can still be called."""
    bus = EventBus()

    def handler() -> None: ...

    assert bus.on("a")(handler) is handler


def test_an_event_is_named() -> None:
    """Using the decorator without an event is refused with the remedy."""
    bus = EventBus()
    with pytest.raises(TypeError, match="name at least one event"):
        bus.on()
    with pytest.raises(TypeError, match="name at least one event"):
        bus.on(print)  # type: ignore[arg-type]


def test_a_function_is_kept_once_an_event() -> None:
    """Adding it again changes nothing; handlers run in the order in which they came."""
    bus = EventBus()
    seen: list[Any] = []

    def first() -> None:
        seen.append(1)

    def second() -> None:
        seen.append(2)

    for func in (first, second, first):
        bus.add_event(func, "a")
    bus.emit("a")
    assert seen == [1, 2]
    assert bus.event_count == 2


def test_replacing_takes_the_handler_of_the_same_place() -> None:
    """What a reloaded module declares replaces what it declared before, and nothing else."""
    bus = EventBus()
    seen: list[Any] = []

    def make(word: str) -> Any:
        def handler() -> None:
            seen.append(word)

        return handler

    def other() -> None:
        seen.append("other")

    bus.add_event(make("old"), "a")
    bus.add_event(other, "a")
    bus.add_event(make("new"), "a", replace=True)
    bus.emit("a")
    assert seen == ["other", "new"]


def test_emit_only_picks_by_name() -> None:
    """One name or several; unknown ones are nothing."""
    bus = EventBus()
    seen: list[Any] = []

    @bus.on("a")
    def one(word: str) -> None:
        seen.append(("one", word))

    @bus.on("a")
    def two(word: str) -> None:
        seen.append(("two", word))

    bus.emit_only("a", "two", "x")
    bus.emit_only("a", ["one"], "y")
    bus.emit_only("a", "three", "z")
    bus.emit_only("b", "one", "z")
    assert seen == [("two", "x"), ("one", "y")]


def test_emit_after_emits_when_the_function_has_returned() -> None:
    """The event carries no arguments; the result is the function's."""
    bus = EventBus()
    seen: list[Any] = []
    bus.on("done")(lambda *args: seen.append(args))

    @bus.emit_after("done")
    def work(x: int) -> int:
        seen.append(x)
        return x + 1

    assert work(1) == 2
    assert seen == [1, ()]
    assert work.__name__ == "work"


def test_handlers_are_removed_by_name() -> None:
    """What is not there cannot be removed."""
    bus = EventBus()
    seen: list[Any] = []

    @bus.on("a")
    def one() -> None:
        seen.append(1)

    bus.remove_event("one", "a")
    bus.emit("a")
    assert (seen, bus.event_count) == ([], 0)
    for event in ("a", "b"):
        with pytest.raises(EventDoesntExist, match="no handler called one"):
            bus.remove_event("one", event)


def test_an_error_reaches_the_emitter_where_there_is_no_logger() -> None:
    """A bus by itself hides nothing."""
    bus = EventBus()
    bus.on("a")(lambda: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        bus.emit("a")


def test_an_error_is_logged_and_stops_nobody(caplog: pytest.LogCaptureFixture) -> None:
    """With a logger the other handlers run; wrong arguments are an error of the handler too."""
    bus = EventBus(logging.getLogger("atila_compat.test"))
    seen: list[Any] = []
    bus.on("a")(lambda: 1 / 0)
    bus.on("a")(lambda missing: None)
    bus.on("a")(lambda: seen.append(1))
    bus.emit("a")
    assert seen == [1]
    assert [record.exc_info[0] for record in caplog.records if record.exc_info] == [
        ZeroDivisionError,
        TypeError,
    ]


def test_a_logger_with_trace_is_used_so() -> None:
    """Loggers of the original's kind have `trace()`."""

    class Logger:
        traced = 0

        def trace(self) -> None:
            self.traced += 1

    bus, logger = EventBus(), Logger()
    bus.set_logger(logger)
    bus.on("a")(lambda: 1 / 0)
    bus.emit("a")
    assert logger.traced == 1


def test_threads_of_their_own() -> None:
    """`threading = True` is consumed; each handler has a thread, and the emitter does not wait."""
    bus, gate = EventBus(), threading.Barrier(3, timeout=20)
    seen: list[Any] = []

    def wait(*args: Any, **kwargs: Any) -> None:
        seen.append((threading.get_ident(), args, kwargs))
        gate.wait()

    bus.on("a")(wait)
    bus.on("a")(lambda *args, **kwargs: wait(*args, **kwargs))
    bus.emit("a", 1, x=2, threading=True)
    gate.wait()
    assert len({ident for ident, _, _ in seen} | {threading.get_ident()}) == 3
    assert [rest for _, *rest in seen] == [[(1,), {"x": 2}]] * 2


def test_async_handlers_are_run() -> None:
    """Outside of an event loop the emitter waits for them."""
    bus = EventBus()
    seen: list[Any] = []

    @bus.on("a")
    async def handler(x: int) -> None:
        seen.append(x)

    bus.emit("a", 1)
    assert seen == [1]


def test_handlers_can_be_added_while_an_event_runs() -> None:
    """Those are for the next time."""
    bus = EventBus()
    seen: list[Any] = []

    @bus.on("a")
    def handler() -> None:
        seen.append(1)
        bus.on("a")(lambda: seen.append(2))

    bus.emit("a")
    assert seen == [1]


def test_its_name() -> None:
    """`cls_name` and the representation say what it is."""
    bus = EventBus()
    bus.on("a")(print)
    assert bus.cls_name == "EventBus"
    assert repr(bus) == "<EventBus: 1 handlers>"
