from __future__ import annotations

import asyncio
import concurrent.futures
import threading
import time
from collections.abc import Callable
from contextvars import ContextVar, copy_context
from typing import Any

import pytest

from atila_compat.errors import AtilaError
from atila_compat.serving.runtime import Runtime

pytestmark = pytest.mark.anyio

who: ContextVar[str] = ContextVar("who", default="nobody")


async def double(value: int) -> int:
    await asyncio.sleep(0)
    return value * 2


async def fail() -> None:
    await asyncio.sleep(0)
    raise LookupError("why")


async def in_thread(func: Callable[..., Any], *args: Any) -> Any:
    """What `func(*args)` gives in a thread that has no event loop."""
    return await asyncio.get_running_loop().run_in_executor(None, func, *args)


async def test_runtime_belongs_to_the_loop_it_is_entered_on() -> None:
    """A runtime knows its loop while it is open; before that, asking is an error with a remedy."""
    runtime = Runtime()
    with pytest.raises(RuntimeError, match="use `async with Runtime"):
        _ = runtime.loop
    async with runtime:
        assert runtime.loop is asyncio.get_running_loop()
        assert Runtime.of_running_loop() is Runtime.current() is runtime
        assert runtime.is_running()


async def test_environment_says_how_many_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """ATILA_THREADS counts where nobody else has said how many; a value that is none is named."""
    monkeypatch.setenv("ATILA_THREADS", "7")
    assert Runtime().workers.threads == 7
    assert Runtime(threads=2).workers.threads == 2
    for wrong in ("0", "-1", "many", "10001"):
        monkeypatch.setenv("ATILA_THREADS", wrong)
        with pytest.raises(AtilaError, match="ATILA_THREADS is a number from 1 to 10000"):
            Runtime()
    monkeypatch.delenv("ATILA_THREADS")
    assert Runtime().workers.threads == 4


async def test_loops_without_a_runtime_get_one() -> None:
    """`of_running_loop` makes a runtime once a loop; after it was closed, another."""
    first = Runtime.of_running_loop()
    assert Runtime.of_running_loop() is first
    await first.aclose()
    second = Runtime.of_running_loop()
    assert second is not first
    await second.aclose()


async def test_no_runtime_is_current_elsewhere() -> None:
    """Outside of requests, hooks and events there is no current runtime; the error says so."""

    def ask() -> None:
        with pytest.raises(RuntimeError, match="inside handlers, hooks and events"):
            Runtime.current()

    await in_thread(ask)


async def test_spawn_from_the_loop() -> None:
    """A coroutine that is spawned on the loop itself runs there; its future has result or error."""
    async with Runtime() as runtime:
        assert await asyncio.wrap_future(runtime.spawn(double(2))) == 4
        with pytest.raises(LookupError, match="why"):
            await asyncio.wrap_future(runtime.spawn(fail()))


async def test_spawn_from_other_threads() -> None:
    """From any other thread, the future can be waited for there."""
    async with Runtime() as runtime:
        assert await in_thread(lambda: runtime.spawn(double(3)).result(10)) == 6

        def waiting() -> None:
            with pytest.raises(LookupError, match="why"):
                runtime.spawn(fail()).result(10)

        await in_thread(waiting)


@pytest.mark.parametrize("from_loop", [True, False])
async def test_cancelled_futures_cancel_their_coroutine(from_loop: bool) -> None:
    """Cancelling the future of a spawned coroutine cancels the coroutine."""
    begun, ended = asyncio.Event(), asyncio.Event()

    async def endless() -> None:
        begun.set()
        try:
            await asyncio.sleep(100)
        finally:
            ended.set()

    async with Runtime() as runtime:
        future = runtime.spawn(endless()) if from_loop else await in_thread(lambda: runtime.spawn(endless()))
        await asyncio.wait_for(begun.wait(), 10)
        assert future.cancel()
        await asyncio.wait_for(ended.wait(), 10)
        with pytest.raises(concurrent.futures.CancelledError):
            future.result(0)


@pytest.mark.parametrize("from_loop", [True, False])
async def test_futures_that_are_cancelled_at_once(from_loop: bool) -> None:
    """A future that is cancelled when its coroutine has hardly begun is cancelled for all who wait for it."""

    def at_once() -> concurrent.futures.Future[None]:
        future = runtime.spawn(asyncio.sleep(100))
        assert future.cancel()
        return future

    async with Runtime() as runtime:
        future = at_once() if from_loop else await in_thread(at_once)
        await asyncio.sleep(0.01)
        assert future.cancelled()
        ended, _ = await in_thread(lambda: concurrent.futures.wait([future], 5))
        assert ended == {future}
        assert not runtime._background


async def test_what_has_not_begun_is_cancelled_at_the_end() -> None:
    """Who waits for a coroutine that the end of the runtime comes before is told so."""
    async with Runtime() as runtime:
        future = runtime.spawn(asyncio.sleep(0))
    await asyncio.sleep(0.01)
    assert future.cancelled()


async def test_what_still_runs_is_cancelled_at_the_end() -> None:
    """Coroutines that were spawned on the loop do not outlive the runtime."""
    async with Runtime() as runtime:
        future = runtime.spawn(asyncio.sleep(100))
        await asyncio.sleep(0)
    for _ in range(3):
        await asyncio.sleep(0)
    assert future.cancelled()


async def test_submit_runs_in_threads_of_its_own() -> None:
    """Blocking work of tasks runs in other threads than handlers, with the caller's context variables."""
    async with Runtime(threads=1) as runtime:
        who.set("caller")
        release = threading.Event()
        blocked = runtime.workers.run(copy_context(), "x", release.wait, 10)
        value, name = await asyncio.wrap_future(
            runtime.submit(lambda suffix: (who.get() + suffix, threading.current_thread().name), "!")
        )
        release.set()
        await blocked
        assert value == "caller!"
        assert name.startswith("atila-task")


async def test_submitted_work_cannot_change_the_callers_context() -> None:
    """Context variables are copied: what the work sets stays there."""
    async with Runtime() as runtime:
        await asyncio.wrap_future(runtime.submit(who.set, "work"))
        assert who.get() != "work"


async def test_submitted_errors_come_back() -> None:
    """An exception of the work is the future's."""
    async with Runtime() as runtime:
        with pytest.raises(ZeroDivisionError):
            await asyncio.wrap_future(runtime.submit(lambda: 1 / 0))


async def test_shared_values_are_made_once() -> None:
    """`shared` makes one value a key, also for threads that ask at the same time."""
    made: list[int] = []

    def make() -> object:
        made.append(1)
        time.sleep(0.01)
        return object()

    async with Runtime() as runtime:
        values = await asyncio.gather(*(in_thread(runtime.shared, "key", make) for _ in range(8)))
        assert len(set(map(id, values))) == len(made) == 1
        assert runtime.shared("other", make) is not values[0]


async def test_callbacks_at_the_end() -> None:
    """What was registered last is closed first; a failure is logged and stops nothing."""
    order: list[str] = []

    def closing(name: str, error: bool = False) -> Callable[[], Any]:
        async def close() -> None:
            order.append(name)
            if error:
                raise LookupError(name)

        return close

    async with Runtime() as runtime:
        runtime.on_close(closing("first"))
        runtime.on_close(closing("second", error=True))
        runtime.on_close(closing("third"))
    assert order == ["third", "second", "first"]


async def test_slow_callbacks_are_given_up(caplog: pytest.LogCaptureFixture) -> None:
    """A callback that does not end is given up after the time limit, and named in the log."""
    runtime = Runtime()
    async with runtime:
        runtime.on_close(lambda: asyncio.sleep(100))
        await runtime.aclose(timeout=0.01)
    assert "closing" in caplog.text


async def test_threads_end_with_the_runtime() -> None:
    """After a runtime is closed, its threads for tasks are gone; test_workers has those for handlers."""
    before = set(threading.enumerate())
    async with Runtime() as runtime:
        await asyncio.wrap_future(runtime.submit(lambda: None))
        own = set(threading.enumerate()) - before
    assert own
    for thread in own:
        await in_thread(thread.join, 10)
        assert not thread.is_alive()


async def test_runtimes_of_two_loops_are_apart() -> None:
    """Each event loop has a runtime of its own."""

    async def other() -> Runtime:
        return Runtime.of_running_loop()

    async with Runtime() as runtime:
        assert await in_thread(asyncio.run, other()) is not runtime
