from __future__ import annotations

import asyncio
import gc
import logging
import threading
import time
from collections.abc import Callable, Coroutine
from contextvars import Context, ContextVar, copy_context
from typing import Any

import anyio.from_thread
import pytest

from atila_compat.serving import workers
from atila_compat.serving.workers import WorkerPool

number: ContextVar[int] = ContextVar("number", default=0)


def on_pool(work: Callable[[WorkerPool], Coroutine[Any, Any, Any]], threads: int = 4) -> Any:
    """What `work(pool)` returns on a loop of its own; the pool is closed behind it."""

    async def play() -> Any:
        pool = WorkerPool(threads)
        try:
            return await asyncio.wait_for(work(pool), 20)
        finally:
            await pool.close(1)

    return asyncio.run(play())


def worker_threads() -> set[threading.Thread]:
    """The threads of AnyIO that live."""
    return {thread for thread in threading.enumerate() if "AnyIO" in thread.name}


def wait_for_end_of(threads: set[threading.Thread]) -> None:
    """Wait until these threads have ended."""
    for thread in threads:
        thread.join(10)
        assert not thread.is_alive()


def failing(*args: Any) -> None:
    raise LookupError(*args)


def test_results_and_exceptions_come_back() -> None:
    """What a job returns or raises reaches who awaits it."""

    async def work(pool: WorkerPool) -> None:
        assert await pool.run(Context(), "sum", sum, (1, 2, 3)) == 6
        assert await pool.run(Context(), "none", lambda: None) is None
        with pytest.raises(LookupError, match="why"):
            await pool.run(Context(), "failing", failing, "why")

    on_pool(work)


def test_jobs_run_in_other_threads() -> None:
    """Jobs run in as many worker threads as the pool has, never on the loop's."""
    together = threading.Barrier(3, timeout=10)

    def meet() -> int:
        together.wait()
        return threading.get_ident()

    async def work(pool: WorkerPool) -> Any:
        return await asyncio.gather(*(pool.run(Context(), "meet", meet) for _ in range(3)))

    idents = set(on_pool(work, threads=3))
    assert len(idents) == 3
    assert threading.get_ident() not in idents


def test_pools_have_a_thread_at_least() -> None:
    """`threads = 0`, single-threaded in the original, is one thread."""

    async def work(pool: WorkerPool) -> Any:
        return await pool.run(Context(), "x", threading.active_count)

    assert WorkerPool(0).threads == 1
    assert on_pool(work, threads=0)


def test_context_variables_persist_over_hops() -> None:
    """What one hop of a request sets, the next one sees; other requests and the loop do not."""

    def count() -> int:
        number.set(number.get() + 1)
        return number.get()

    async def work(pool: WorkerPool) -> None:
        one, other = copy_context(), copy_context()
        assert [await pool.run(one, "x", count) for _ in range(3)] == [1, 2, 3]
        assert await pool.run(other, "x", count) == 1
        assert number.get() == 0

    on_pool(work)


def test_empty_contexts_are_contexts() -> None:
    """A context without variables, which is falsy, is used all the same."""

    async def work(pool: WorkerPool) -> Any:
        empty = Context()
        await pool.run(empty, "x", number.set, 5)
        return empty[number]

    assert on_pool(work) == 5


def test_from_thread_works_in_jobs() -> None:
    """`anyio.from_thread` reaches the loop from within a job."""

    async def on_loop(value: int) -> int:
        await asyncio.sleep(0)
        return value + 1

    async def work(pool: WorkerPool) -> Any:
        return await pool.run(Context(), "x", anyio.from_thread.run, on_loop, 1)

    assert on_pool(work) == 2


def test_a_thousand_jobs_at_once() -> None:
    """A thousand jobs in flight are all handed back, each to its own waiter."""

    async def work(pool: WorkerPool) -> Any:
        return await asyncio.gather(*(pool.run(Context(), "x", lambda n=n: n * 2) for n in range(1000)))

    assert on_pool(work) == [n * 2 for n in range(1000)]


def test_cancelled_waiters_do_no_harm() -> None:
    """A job whose waiter was cancelled runs to its end; the results of others still come."""
    gate = threading.Event()

    async def work(pool: WorkerPool) -> None:
        slow = asyncio.ensure_future(pool.run(Context(), "slow", gate.wait, 10))
        failed = asyncio.ensure_future(pool.run(Context(), "failed", failing))
        await asyncio.sleep(0.01)
        slow.cancel()
        failed.cancel()
        gate.set()
        assert await pool.run(Context(), "next", lambda: "next") == "next"
        with pytest.raises(asyncio.CancelledError):
            await slow

    on_pool(work, threads=1)


def test_busy_threads_are_named() -> None:
    """A pool tells what its threads run, the longest first, and how many jobs wait."""
    gate, begun = threading.Event(), threading.Barrier(3, timeout=10)

    def hold() -> None:
        begun.wait()
        gate.wait(10)

    async def work(pool: WorkerPool) -> None:
        jobs = [pool.run(Context(), "GET /first", hold)]
        while not pool.busy():
            await asyncio.sleep(0.001)
        jobs += [pool.run(Context(), f"GET /{name}", hold) for name in ("second", "third")]
        while len(pool.busy()) < 2 or pool.queued() != 1:
            await asyncio.sleep(0.001)
        assert [label for label, _ in pool.busy()] == ["GET /first", "GET /second"]
        assert all(seconds >= 0 for _, seconds in pool.busy())
        gate.set()
        begun.abort()
        await asyncio.gather(*jobs, return_exceptions=True)
        assert pool.busy() == []
        assert pool.queued() == 0

    on_pool(work, threads=2)


def test_saturation_is_reported_once_in_a_while(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Jobs that wait too long for a thread are one line in the log, with what the threads are running."""
    monkeypatch.setattr(workers, "SATURATED_AFTER", 0.01)

    async def work(pool: WorkerPool) -> float:
        jobs = [pool.run(Context(), f"GET /{n}", time.sleep, 0.03) for n in range(6)]
        await asyncio.gather(*jobs)
        return pool.waiting_time

    assert on_pool(work, threads=1) > 0.01
    (line,) = caplog.messages
    assert "more are waiting; all 1 threads are busy: GET /" in line


def test_threads_end_with_the_pool() -> None:
    """Closing ends the threads, after the jobs that they run."""
    done: list[int] = []

    async def work(pool: WorkerPool) -> set[threading.Thread]:
        before = worker_threads()
        jobs = [pool.run(Context(), "x", lambda n=n: done.append(n)) for n in range(20)]
        await asyncio.sleep(0.01)
        own = worker_threads() - before
        await pool.close()
        assert all(job.done() for job in jobs)
        return own

    own = on_pool(work)
    assert own
    wait_for_end_of(own)
    assert sorted(done) == list(range(20))


def test_threads_end_with_a_loop_that_nobody_cleans_up_behind() -> None:
    """A pool that was never closed leaves no thread when its loop ends."""

    async def work() -> set[threading.Thread]:
        before = worker_threads()
        await WorkerPool(3).run(Context(), "x", lambda: None)
        return worker_threads() - before

    own = asyncio.run(work())
    assert len(own) == 3
    wait_for_end_of(own)


def test_closing_does_not_wait_for_a_stuck_job(caplog: pytest.LogCaptureFixture) -> None:
    """A job that does not end is named in the log and left alone; its thread ends behind it."""
    gate, own = threading.Event(), set()

    async def work() -> None:
        nonlocal own
        before, pool = worker_threads(), WorkerPool(2)
        stuck = pool.run(Context(), "GET /stuck", gate.wait, 20)
        while not pool.busy():
            await asyncio.sleep(0.001)
        own = worker_threads() - before
        await pool.close(timeout=0.05)
        assert not stuck.done()

    asyncio.run(work())
    assert [record.levelno for record in caplog.records] == [logging.ERROR]
    assert "GET /stuck" in caplog.text
    gate.set()
    wait_for_end_of(own)


def test_unused_pools_have_nothing_to_close() -> None:
    """A pool that ran nothing has no threads, and closing it twice does nothing."""

    async def work() -> None:
        before, pool = worker_threads(), WorkerPool(2)
        await pool.close()
        await pool.close()
        assert worker_threads() <= before

    asyncio.run(work())


def test_nothing_of_a_job_is_kept() -> None:
    """A worker that waits for its next job holds no reference to the last one."""

    class Payload:
        alive = True

        def __del__(self) -> None:
            Payload.alive = False

    async def work(pool: WorkerPool) -> None:
        await pool.run(Context(), "x", lambda payload: None, Payload())
        for _ in range(100):
            gc.collect()
            if not Payload.alive:
                break
            await asyncio.sleep(0.01)
        assert not Payload.alive

    on_pool(work, threads=1)


def stop() -> None:
    raise StopIteration


def test_stop_iteration_comes_back_as_an_error() -> None:
    """StopIteration, which no future can hold, reaches who awaits the job as a RuntimeError."""

    async def work(pool: WorkerPool) -> None:
        jobs = [pool.run(Context(), "stop", stop), pool.run(Context(), "sum", sum, (1, 2))]
        results = await asyncio.wait_for(asyncio.gather(*jobs, return_exceptions=True), 1)
        assert isinstance(results[0], RuntimeError)
        assert results[1] == 3

    on_pool(work)


def test_pools_can_be_used_after_they_were_closed() -> None:
    """A closed pool that is given a job starts its threads again."""

    async def work(pool: WorkerPool) -> Any:
        await pool.run(Context(), "x", sum, (1, 2))
        await pool.close()
        return await asyncio.wait_for(pool.run(Context(), "x", sum, (1, 2)), 1)

    assert on_pool(work) == 3


def test_threads_that_block_leave_the_rest_to_others() -> None:
    """One thread is woken for what is there, and as soon as it blocks the next one."""

    async def work(pool: WorkerPool) -> None:
        together = threading.Barrier(4)
        for _ in range(20):  # nobody passes before all four are there
            jobs = [pool.run(copy_context(), "x", together.wait, 10) for _ in range(4)]
            assert sorted(await asyncio.gather(*jobs)) == [0, 1, 2, 3]
        release = threading.Event()
        blocked = pool.run(copy_context(), "blocked", release.wait, 10)
        assert await pool.run(copy_context(), "x", threading.get_ident)
        release.set()
        assert await blocked

    on_pool(work, threads=4)


def test_receivers_are_told_on_the_loop() -> None:
    """`put` tells an object of one's own what a job has returned or raised."""
    told: list[tuple[object, int]] = []

    class Receiver:
        def done(self) -> bool:
            return False

        def set_result(self, result: object) -> None:
            told.append((result, threading.get_ident()))

        def set_exception(self, exception: BaseException) -> None:
            told.append((exception, threading.get_ident()))

    async def work(pool: WorkerPool) -> None:
        pool.put(Receiver(), copy_context(), "x", str.upper, "a")
        pool.put(Receiver(), copy_context(), "x", str.index, "a", "b")
        await pool.run(copy_context(), "x", str)

    on_pool(work, threads=1)
    (result, here), (error, there) = told
    assert (result, type(error)) == ("A", ValueError)
    assert here == there == threading.get_ident()


def test_a_receiver_that_fails_keeps_nobody_from_his_result() -> None:
    """What one receiver raises is for the loop's log; the others are told theirs all the same."""
    failures: list[str] = []

    class Broken:
        def done(self) -> bool:
            return False

        def set_result(self, result: object) -> None:
            raise ValueError("a broken receiver")

        set_exception = set_result

    async def work(pool: WorkerPool) -> None:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda loop, context: failures.append(str(context["exception"])))
        for _ in range(3):
            pool.put(Broken(), copy_context(), "x", str)
        assert await asyncio.wait_for(pool.run(copy_context(), "x", str.upper, "a"), 5) == "A"

    on_pool(work, threads=1)
    assert failures == ["a broken receiver"] * 3


def meet(pool: WorkerPool, meeting: threading.Barrier) -> None:
    """Wait for a task, as `task.fetch()` does, until as many handlers do as are to meet."""
    pool.step_aside()
    try:
        meeting.wait(10)
    finally:
        pool.come_back()


@pytest.mark.parametrize("threads", [2, 3])
def test_who_waits_for_a_task_lets_others_run(threads: int) -> None:
    """Up to four times as many handlers as there are places wait for tasks at the same time."""
    count = 4 * threads
    meeting = threading.Barrier(count)

    async def work(pool: WorkerPool) -> None:
        jobs = [pool.run(copy_context(), "x", meet, pool, meeting) for _ in range(count)]
        await asyncio.wait_for(asyncio.gather(*jobs), 10)
        assert pool.idle() == threads

    on_pool(work, threads=threads)


def test_places_are_for_those_that_run() -> None:
    """No more handlers run at a time than there are places, whoever waits for a task besides."""
    lock = threading.Lock()
    running, most = 0, 0

    def handler(pool: WorkerPool) -> None:
        nonlocal running, most
        for _ in range(3):
            with lock:
                running += 1
                most = max(most, running)
            time.sleep(0.002)
            with lock:
                running -= 1
        pool.step_aside()
        time.sleep(0.01)
        pool.come_back()

    async def work(pool: WorkerPool) -> None:
        await asyncio.wait_for(
            asyncio.gather(*(pool.run(copy_context(), "x", handler, pool) for _ in range(100))), 20
        )

    on_pool(work, threads=3)
    assert most == 3


def test_one_thread_is_one_at_a_time() -> None:
    """A pool of one thread runs one handler after the other, also where they wait for tasks."""
    order: list[str] = []

    def handler(pool: WorkerPool, name: str) -> None:
        order.append(f"{name} begins")
        pool.step_aside()
        time.sleep(0.01)
        pool.come_back()
        order.append(f"{name} ends")

    async def work(pool: WorkerPool) -> None:
        await asyncio.gather(*(pool.run(copy_context(), "x", handler, pool, name) for name in "abc"))

    on_pool(work, threads=1)
    assert order == ["a begins", "a ends", "b begins", "b ends", "c begins", "c ends"]


def test_nothing_is_left_behind_when_handlers_wait_at_random() -> None:
    """Whatever mixture of running and waiting, every job is done."""

    def handler(pool: WorkerPool, number: int) -> int:
        for step in range(number % 4):
            pool.step_aside()
            time.sleep(0.0005 * (number * 7 % 5))
            pool.come_back()
            sum(range(step * 200))
        return number

    async def work(pool: WorkerPool) -> None:
        for burst in (1, 3, 50, 500):
            jobs = [pool.run(copy_context(), "x", handler, pool, number) for number in range(burst)]
            assert await asyncio.wait_for(asyncio.gather(*jobs), 20) == list(range(burst))
            await asyncio.sleep(0.001)

    on_pool(work, threads=2)


def test_closing_with_handlers_that_wait() -> None:
    """The end waits for handlers that wait for tasks, and for those whose place they have left."""
    done: list[int] = []

    def handler(pool: WorkerPool, number: int) -> None:
        pool.step_aside()
        time.sleep(0.05)
        pool.come_back()
        done.append(number)

    async def work(pool: WorkerPool) -> None:
        for number in range(12):
            pool.run(copy_context(), "x", handler, pool, number)
        await asyncio.sleep(0.02)

    on_pool(work, threads=2)
    assert sorted(done) == list(range(12))
