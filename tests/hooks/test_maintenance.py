"""Maintenance jobs (spec/05 section 5)."""

from __future__ import annotations

import asyncio
import threading
import time
from itertools import pairwise
from typing import Any

import pytest

from atila_compat.context import current_was
from atila_compat.hooks.maintenance import DEFAULT_INTERVAL, MaintenanceClock, run_maintenance
from atila_compat.routing.mounting import MountContext
from atila_compat.serving.runtime import Runtime

from .hosts import App, Caller


async def until(condition: Any) -> None:
    """Wait for something that happens in a thread."""
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0.005)


def test_all_forms_of_the_decorator() -> None:
    """Plain, with `per`, with `threading`; it returns the function."""
    app = App()

    @app.maintain
    def every(was: Any, now: float, count: int) -> None: ...

    @app.maintain()
    def every_too(was: Any, now: float, count: int) -> None: ...

    @app.maintain(3)
    def third(was: Any, now: float, count: int) -> None: ...

    @app.maintain(per=2, threading=True)
    def threaded(was: Any, now: float, count: int) -> None: ...

    @app.maintain(per_maintaining=5)
    def fifth(was: Any, now: float, count: int) -> None: ...

    assert {name: (job.per, job.threading) for name, job in app.maintenance_jobs.items()} == {
        "every": (1, False),
        "every_too": (1, False),
        "third": (3, False),
        "threaded": (2, True),
        "fifth": (5, False),
    }
    assert app.maintenance_jobs["third"].func is third


def test_names_of_jobs_are_unique() -> None:
    """A second job of the same name is refused."""
    app = App()

    @app.maintain
    def job(was: Any, now: float, count: int) -> None: ...

    with pytest.raises(AssertionError, match="a maintenance job called job already"):
        app.maintain(2)(job)


def test_a_reloaded_job_replaces_the_old_one() -> None:
    """While its module is reloaded, a job may be declared again."""
    app = App()

    def declare(per: int) -> None:
        @app.maintain(per)
        def job(was: Any, now: float, count: int) -> None: ...

    declare(1)
    app.mount_context = MountContext(reloading=True)
    declare(2)
    assert [job.per for job in app.maintenance_jobs.values()] == [2]


def test_per_is_positive() -> None:
    """Each 0th round is none."""
    with pytest.raises(ValueError, match="per has to be at least 1"):
        App().maintain(0)


def test_a_job_takes_part_in_each_perth_round() -> None:
    """Counted from round 0, with the time and the number of the round."""
    app, was = App(), Caller()
    rounds: list[Any] = []

    @app.maintain(3)
    def third(was: Any, now: float, count: int) -> None:
        rounds.append((was, now, count))

    for count in range(7):
        app.run_round(was, 100.0 + count, count)
    assert rounds == [(was, 100.0, 0), (was, 103.0, 3), (was, 106.0, 6)]


def test_a_failing_job_is_logged_and_the_others_run(caplog: pytest.LogCaptureFixture) -> None:
    """A job breaks neither the round nor any request."""
    app = App()
    rounds: list[Any] = []

    @app.maintain
    def broken(was: Any, now: float, count: int) -> None:
        raise ValueError("broken job")

    @app.maintain
    def sound(was: Any, now: float, count: int) -> None:
        rounds.append(count)

    app.run_round(Caller(), 0.0, 5)
    assert rounds == [5]
    assert "maintenance job broken failed in round 5" in caplog.text


def test_events_of_a_job_carry_the_rounds_was() -> None:
    """During a round its `was` is the current one, and not any longer."""
    app, was = App(), Caller()
    seen: list[Any] = []
    app.on("swept")(seen.append)

    @app.maintain
    def sweep(was: Any, now: float, count: int) -> None:
        app.emit("swept")

    app.run_round(was, 0.0, 0)
    assert seen == [was]
    assert current_was.get(None) is None


def test_an_app_keeps_count_in_g() -> None:
    """`app.g` holds the time of the last round and the number of the next, as in the original."""
    app = App()
    assert dict(app.g) == {"__last_maintern": 0.0, "__maintern_count": 0}


@pytest.mark.anyio
async def test_a_threaded_job_does_not_hold_up_the_round() -> None:
    """It runs in a thread for tasks; the round goes on."""
    app, go_on = App(), threading.Event()
    seen: list[Any] = []

    @app.maintain(threading=True)
    def slow(was: Any, now: float, count: int) -> None:
        assert go_on.wait(20)
        seen.append((threading.get_ident(), current_was.get(None) is was))

    async with Runtime() as runtime:
        app.run_round(Caller(runtime=runtime), 0.0, 0)
        assert seen == []
        go_on.set()
        await until(lambda: seen)
    assert seen[0][0] != threading.get_ident()
    assert seen[0][1]


@pytest.mark.anyio
async def test_the_clock_holds_rounds_without_any_request() -> None:
    """The first at once, the others at the interval; counted without gaps, none too early."""
    app = App()
    app.config.MAINTAIN_INTERVAL = 0.1
    rounds: list[tuple[float, int]] = []

    @app.maintain
    def job(was: Any, now: float, count: int) -> None:
        rounds.append((now, count))

    began = time.time()
    async with Runtime() as runtime:
        clock = asyncio.create_task(run_maintenance(app, runtime, lambda: Caller(runtime=runtime)))
        await until(lambda: len(rounds) >= 4 and app.g["__maintern_count"] == len(rounds))
        clock.cancel()
    assert [count for _, count in rounds] == list(range(len(rounds)))
    assert began <= rounds[0][0]
    assert all(later - earlier > 0.08 for (earlier, _), (later, _) in pairwise(rounds))
    assert app.g["__last_maintern"] == rounds[-1][0]


@pytest.mark.anyio
async def test_the_first_round_is_done_before_requests_come() -> None:
    """`begin` returns when the jobs of round 0 have returned; `run` goes on from there."""
    app = App()
    app.config.MAINTAIN_INTERVAL = 0.1
    rounds: list[Any] = []

    @app.maintain
    def job(was: Any, now: float, count: int) -> None:
        time.sleep(0.02)
        rounds.append(count)

    async with Runtime() as runtime:
        clock = MaintenanceClock(app, runtime, lambda: Caller(runtime=runtime))
        await clock.begin()
        assert rounds == [0]
        running = asyncio.create_task(clock.run())
        await until(lambda: len(rounds) >= 2)
        running.cancel()
    assert rounds[:2] == [0, 1]


@pytest.mark.anyio
async def test_the_start_does_not_wait_for_ever(caplog: pytest.LogCaptureFixture) -> None:
    """A first round that takes long goes on beside the requests, and the next one waits for it."""
    app, go_on = App(), threading.Event()
    app.config.MAINTAIN_INTERVAL = 0
    rounds: list[Any] = []

    @app.maintain
    def slow(was: Any, now: float, count: int) -> None:
        assert go_on.wait(20)
        rounds.append(count)

    async with Runtime() as runtime:
        clock = MaintenanceClock(app, runtime, lambda: Caller(runtime=runtime))
        await clock.begin(patience=0.01)
        running = asyncio.create_task(clock.run())
        await asyncio.sleep(0.05)
        assert rounds == []
        go_on.set()
        await until(lambda: len(rounds) >= 2)
        running.cancel()
    assert rounds[:2] == [0, 1]
    assert "the first maintenance round goes on" in caplog.text


@pytest.mark.anyio
async def test_a_round_that_cannot_begin_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    """The clock survives whatever goes wrong in a round."""
    app = App()
    app.config.MAINTAIN_INTERVAL = 0
    app.maintain(print)
    tries: list[Any] = []

    def make_was() -> Any:
        tries.append(1)
        raise ValueError("no was today")

    async with Runtime() as runtime:
        running = asyncio.create_task(run_maintenance(app, runtime, make_was))
        await until(lambda: len(tries) >= 2)
        running.cancel()
    assert "maintenance round 0 failed" in caplog.text


@pytest.mark.anyio
async def test_an_async_job_runs_on_the_loop() -> None:
    """The round waits for it."""
    app = App()
    loops: list[Any] = []

    @app.maintain
    async def job(was: Any, now: float, count: int) -> None:
        await asyncio.sleep(0)
        loops.append(asyncio.get_running_loop())

    async with Runtime() as runtime:
        await MaintenanceClock(app, runtime, lambda: Caller(runtime=runtime)).begin()
        assert loops == [runtime.loop]


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (1, 1.0),
        (0.5, 0.5),
        ("30", 30.0),
        (0, 0.1),
        (-5, DEFAULT_INTERVAL),
        (None, DEFAULT_INTERVAL),
        ("often", DEFAULT_INTERVAL),
        (float("nan"), DEFAULT_INTERVAL),
    ],
)
def test_the_interval_is_read_from_the_configuration(value: Any, seconds: float) -> None:
    """In seconds; what is no interval is the default's 60."""
    app = App()
    app.config.MAINTAIN_INTERVAL = value
    runtime: Any = None
    assert MaintenanceClock(app, runtime, Caller).interval == seconds
