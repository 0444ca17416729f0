"""A task starts when it is made, is waited for in every way, and keeps its error."""

from __future__ import annotations

import asyncio
import concurrent.futures
import gc
import threading
import time
import traceback
from concurrent.futures import Future
from typing import Any

import pytest

from atila_compat.errors import HTTPError
from atila_compat.serving.runtime import Runtime
from atila_compat.tasks.deferred import Deferred, Then, arrival
from atila_compat.tasks.remote import CallOptions, RemoteTask
from atila_compat.tasks.response import STA_NORMAL, STA_REQFAIL, STA_TIMEOUT
from atila_compat.tasks.task import Origin, Task, cancel_all, tasks_of
from atila_compat.was import Was


def fail(message: str) -> None:
    raise ValueError(message)


def in_loop(runtime: Runtime, coroutine: Any) -> Any:
    return runtime.spawn(coroutine).result(10)


def test_starts_before_anybody_waits(was: Was) -> None:
    """Work begins when the task is made, not when it is fetched."""
    begun = threading.Event()
    task = was.Thread(begun.set)
    assert begun.wait(5)
    assert task.fetch() is None


def test_runs_once_however_often_it_is_fetched(was: Was) -> None:
    """Fetching again gives the same result without running again."""
    seen: list[int] = []
    task = was.Thread(seen.append, 1)
    task.fetch()
    task.fetch()
    assert seen == [1]


def test_errors_keep_type_and_traceback(was: Was) -> None:
    """What the work raised is raised by fetch, with the place where it happened."""
    task = was.Thread(fail, "bad thing")
    with pytest.raises(ValueError, match="bad thing") as caught:
        task.fetch()
    assert "fail" in [frame.name for frame in traceback.extract_tb(caught.value.__traceback__)]


def test_traceback_does_not_grow_with_each_fetch(was: Was) -> None:
    """Fetching a failed task many times shows the same traceback each time."""
    task = was.Thread(fail, "again")
    lengths = set()
    for _ in range(4):
        with pytest.raises(ValueError, match="again") as caught:
            task.fetch()
        lengths.add(len(traceback.extract_tb(caught.value.__traceback__)))
    assert len(lengths) == 1


def test_dispatch_never_raises(was: Was) -> None:
    """dispatch and wait give the result object of a failed task too."""
    result = was.Thread(fail, "x").dispatch()
    assert (result.status, result.status_code) == (STA_NORMAL, 500)
    assert was.Thread(fail, "x").wait().status_code == 500
    with pytest.raises(ValueError, match="x"):
        result.fetch()


def test_commit_gives_nothing_and_raises(was: Was) -> None:
    """commit waits, returns None and raises the task's error."""
    assert was.Thread(str, 1).commit() is None  # type: ignore[func-returns-value]
    with pytest.raises(ValueError, match="x"):
        was.Thread(fail, "x").commit()


@pytest.mark.parametrize(("data", "status"), [([], "410 Partial Not Found"), ([1, 2], "409 Conflict")])
def test_one_wants_exactly_one(was: Was, data: list[int], status: str) -> None:
    """one is a 410 without, and a 409 with several elements."""
    with pytest.raises(HTTPError) as caught:
        was.Thread(list, data).one()
    assert caught.value.status == status


def test_one_of_what_has_no_length_is_itself(was: Was) -> None:
    """A number is its own single element."""
    assert was.Thread(int, 7).one() == 7
    assert was.Thread(list, "z").one() == "z"


def test_filter_changes_the_data(was: Was) -> None:
    """filter is data to data, and runs once."""
    seen: list[int] = []

    def change(value: int) -> int:
        seen.append(value)
        return value * 100

    task = was.Thread(int, args=("3",), filter=change)
    assert (task.fetch(), task.fetch(), seen) == (300, 300, [3])


def test_an_error_in_the_filter_is_the_tasks(was: Was) -> None:
    """What the filter raises is raised by fetch."""
    with pytest.raises(ZeroDivisionError):
        was.Thread(int, args=("3",), filter=lambda value: value / 0).fetch()


def test_meta_is_the_apps_and_has_the_id(was: Was) -> None:
    """task.meta is what was given, and on the result too."""
    task = was.Thread(int, args=(1,), meta={"a": 1})
    assert task.meta == {"a": 1, "__was_id": was.ID}
    assert task.dispatch().meta == task.meta
    assert list(was.Thread(int).meta) == ["__was_id"]


def test_a_completed_task_is_its_result_too(was: Was) -> None:
    """task.status_code and task.data can be read as from the result."""
    task = was.Thread(int, 3)
    assert (task.status_code, task.status, task.data) == (200, STA_NORMAL, 3)
    with pytest.raises(AttributeError, match="nothing"):
        task.nothing  # noqa: B018


def test_waiting_has_a_limit(was: Was) -> None:
    """A wait that is too short raises TimeoutError; a local task goes on and can be asked again."""
    go = threading.Event()
    task = was.Thread(go.wait)
    with pytest.raises(concurrent.futures.TimeoutError, match="wait"):
        task.fetch(timeout=0.01)
    assert task.dispatch(timeout=0.01).status == STA_TIMEOUT
    go.set()
    assert task.fetch() is True


def test_without_a_timeout_the_requests_limit_ends_the_wait(was: Was) -> None:
    """Nothing waits for ever: config.REQUEST_TIMEOUT ends a wait without one of its own."""
    was.app.config.REQUEST_TIMEOUT = 0.05
    go = threading.Event()
    task = was.Thread(go.wait)
    with pytest.raises(concurrent.futures.TimeoutError):
        task.fetch()
    go.set()


def test_fetch_on_the_event_loop_is_refused(was: Was, runtime: Runtime) -> None:
    """Where waiting would block the loop an error says to await."""
    go = threading.Event()
    task = was.Thread(go.wait)

    async def wrong() -> None:
        task.fetch()

    with pytest.raises(RuntimeError, match="await task"):
        in_loop(runtime, wrong())
    go.set()


def test_awaiting_gives_the_data(was: Was, runtime: Runtime) -> None:
    """`await task` is fetch for async functions, errors included; a done task may be fetched on the loop."""

    async def right() -> tuple[int, int]:
        task = was.Thread(int, "5")
        return await task, task.fetch()

    async def failing() -> None:
        await was.Thread(fail, "lost")

    assert in_loop(runtime, right()) == (5, 5)
    with pytest.raises(ValueError, match="lost"):
        in_loop(runtime, failing())


def test_async_for_goes_through_the_data(was: Was, runtime: Runtime) -> None:
    """`async for` over a task gives the items of its data."""

    async def items() -> list[int]:
        return [item async for item in was.Thread(range, 3)]

    assert in_loop(runtime, items()) == [0, 1, 2]


def test_wait_on_the_loop_tells_no_errors(was: Was, runtime: Runtime) -> None:
    """As a deferred answer a failed task is waited for in peace, and tells its error when it is finished."""
    task = was.Thread(fail, "later")

    async def drive() -> None:
        await task.wait()

    in_loop(runtime, drive())
    with pytest.raises(ValueError, match="later"):
        task.finish(was)


def test_what_is_too_late_on_the_loop_stays_late(was: Was, runtime: Runtime) -> None:
    """After a wait on the loop has given up, finish does not wait once more."""
    go = threading.Event()
    task = was.Thread(go.wait, args=(10,), timeout=0.02)

    async def drive() -> None:
        await task.wait()

    in_loop(runtime, drive())
    with pytest.raises(concurrent.futures.TimeoutError):
        task.finish(was)
    go.set()


def test_then_answers_with_the_callback(was: Was, runtime: Runtime) -> None:
    """task.then(respond) is a deferred answer: respond(was, task) makes it."""
    later = was.Thread(int, "4").then(lambda was, task: task.fetch() + 1)
    assert isinstance(later, Then)

    async def drive() -> None:
        await later.wait()

    in_loop(runtime, drive())
    assert later.finish(was) == 5


def test_then_without_callback_is_the_data(was: Was) -> None:
    """Without a callback the task's data is the answer."""
    task = was.Thread(int, "4")
    task.commit()
    assert task.then().finish(was) == 4


def test_aliases_of_the_original_work(was: Was) -> None:
    """getwait, getswait and the *_or_throw names mean what they meant."""
    task = was.Thread(int, 1)
    assert task.getwait().data == task.getswait().data == 1
    assert task.dispatch_or_throw().data == task.getwait_or_throw().data == 1
    assert task.wait_or_throw() is None
    assert was.Thread(print, end="").none_or_dispatch() is None
    assert was.Thread(int, 1).none_or_dispatch() is not None
    assert task.returning("done") == "done"
    assert task.result() == 1
    with pytest.raises(ValueError, match="x"):
        was.Thread(fail, "x").dispatch_or_throw()


def test_cancelling_what_has_not_begun(was: Was) -> None:
    """A cancelled task says so: dispatch as a request that was not sent, fetch with CancelledError."""
    task = Task(Future(), name="queued")
    assert task.cancel()
    assert task.dispatch().status == STA_REQFAIL
    with pytest.raises(concurrent.futures.CancelledError, match="queued"):
        task.fetch()


def waiting_call(was: Was, *, writes: bool) -> tuple[RemoteTask, threading.Event]:
    begun = threading.Event()

    async def work() -> None:
        begun.set()
        await asyncio.sleep(30)

    task = RemoteTask(was, work, origin=Origin("@x", "call", writes=writes), options=CallOptions())
    assert begun.wait(5)
    return task, begun


def test_a_client_that_goes_cancels_its_tasks_but_no_sent_writes(was: Was) -> None:
    """cancel_all ends what only reads, and leaves writes that are on their way alone."""
    reading, _ = waiting_call(was, writes=False)
    writing, _ = waiting_call(was, writes=True)
    assert cancel_all(was) == 1
    assert reading.done()
    assert not writing.done()
    assert not writing.cancel()
    assert writing.kill()


def test_tasks_of_a_request_are_held_weakly(was: Was) -> None:
    """A task that nobody has any more is not kept by the request."""
    was.Thread(int).commit()
    task = was.Thread(int)
    gc.collect()
    assert was.tasks_of_request == [task]
    task.commit()


def test_a_failure_that_nobody_sees_is_logged(was: Was, caplog: pytest.LogCaptureFixture) -> None:
    """A task that is left alone and fails says so in the log; one whose error was fetched does not."""
    go = threading.Event()

    def later() -> None:
        go.wait(5)
        fail("unseen")

    was.Thread(later)
    gc.collect()
    go.set()
    until = time.monotonic() + 5
    while "unseen" not in caplog.text and time.monotonic() < until:
        time.sleep(0.01)
    assert "nobody has asked" in caplog.text
    was.get("nothing").dispatch()
    assert was.Thread(fail, "seen").dispatch().status_code == 500
    gc.collect()
    assert "seen" not in caplog.text.replace("unseen", "")
    assert "731" not in caplog.text


def test_many_waits_share_a_future(runtime: Runtime) -> None:
    """Giving up a wait leaves the future to others."""
    future: Future[int] = Future()

    async def impatient() -> bool:
        return await arrival(future, timeout=0.01)

    async def patient() -> bool:
        return await arrival(future)

    waiting = runtime.spawn(patient())
    assert in_loop(runtime, impatient()) is False
    future.set_result(1)
    assert waiting.result(5) is True
    assert in_loop(runtime, impatient()) is True


def test_tasks_that_are_no_more_are_forgotten(was: Was) -> None:
    """A request that goes on starting tasks remembers those that somebody holds, and few others."""
    held = [was.Thread(abs, args=(-1,)) for _ in range(20)]
    for _ in range(1000):
        was.Thread(abs, args=(-1,)).fetch()
    assert tasks_of(was) == held
    assert len(vars(was)["_tasks_of_request"]) <= 120


def test_several_futures_wake_the_loop_once(runtime: Runtime) -> None:
    """Who waits for several futures is woken by the last of them, whichever that is."""
    futures: list[Future[int]] = [Future() for _ in range(5)]
    wakes = []
    waits = threading.Event()
    wake = runtime.loop.call_soon_threadsafe

    async def together() -> bool:
        runtime.loop.call_soon_threadsafe = lambda *args: wakes.append(args) or wake(*args)  # type: ignore
        runtime.loop.call_soon(waits.set)
        try:
            return await arrival(*futures, timeout=5)
        finally:
            runtime.loop.call_soon_threadsafe = wake  # type: ignore[method-assign]

    waiting = runtime.spawn(together())
    assert waits.wait(5)
    for number in (3, 0, 4, 2):
        futures[number].set_result(number)
    assert not waiting.done()
    futures[1].cancel()
    assert waiting.result(5) is True
    assert len(wakes) == 1


def test_some_of_several_futures_are_not_enough(runtime: Runtime) -> None:
    """Where one of several futures is late, waiting for them ends with the timeout."""
    done: Future[int] = Future()
    late: Future[int] = Future()
    done.set_result(1)
    waiting = runtime.spawn(arrival(done, late, timeout=0.01))
    assert waiting.result(5) is False


def test_a_deferred_has_to_say_what_it_does() -> None:
    """The base class stands for nothing."""
    deferred = Deferred()
    assert not deferred.done()
    for call in (deferred.wait, deferred.cancel):
        with pytest.raises(NotImplementedError):
            call()


def test_timeouts_can_be_changed(was: Was) -> None:
    """set_timeout counts from when it is called."""
    go = threading.Event()
    task = was.Thread(go.wait)
    assert task.get_timeout() is None
    task.set_timeout(0.02)
    assert task.get_timeout() == 0.02
    began = time.monotonic()
    with pytest.raises(concurrent.futures.TimeoutError):
        task.fetch()
    assert time.monotonic() - began < 5
    go.set()


def test_names_are_for_people(was: Was) -> None:
    """str(task) is what runs."""
    task = was.Thread(time.sleep, 0)
    assert str(task) == task.get_name() == "time.sleep"
    task.commit()
    assert repr(task) == "<ThreadTask time.sleep done>"
