"""The threads of tasks: as many as are needed, and not more than that."""

from __future__ import annotations

import asyncio
import concurrent.futures
import threading
import time
from collections.abc import AsyncIterator
from contextvars import ContextVar

import pytest

from atila_compat.serving.task_threads import TaskThreads

pytestmark = pytest.mark.anyio

who: ContextVar[str] = ContextVar("who", default="nobody")


@pytest.fixture
async def threads() -> AsyncIterator[TaskThreads]:
    """Four at most."""
    made = TaskThreads(asyncio.get_running_loop(), 4)
    yield made
    made.close()


async def all_of(futures: list[concurrent.futures.Future[int]]) -> list[int]:
    return [await asyncio.wait_for(asyncio.wrap_future(future), 10) for future in futures]


def own_thread() -> int:
    return threading.get_ident()


async def test_results_and_errors(threads: TaskThreads) -> None:
    """A future has what the function returns or raises; SystemExit ends the task, not the thread."""
    assert await asyncio.wrap_future(threads.submit(max, 1, 3, key=abs)) == 3
    with pytest.raises(ZeroDivisionError):
        await asyncio.wrap_future(threads.submit(lambda: 1 / 0))
    leaving = threads.submit(exit, 5)
    while not leaving.done():
        await asyncio.sleep(0.01)
    assert isinstance(leaving.exception(), SystemExit)
    assert await asyncio.wrap_future(threads.submit(abs, -1)) == 1


async def test_the_callers_context(threads: TaskThreads) -> None:
    """A function sees the context variables of its caller, and cannot change them for others."""
    who.set("caller")
    assert await asyncio.wrap_future(threads.submit(who.get)) == "caller"
    await asyncio.wrap_future(threads.submit(who.set, "task"))
    assert who.get() == "caller"


@pytest.mark.parametrize("from_loop", [True, False])
async def test_tasks_that_block_do_not_keep_others(threads: TaskThreads, from_loop: bool) -> None:
    """Each task that takes long has a thread of its own, up to the limit; the others follow."""
    meeting = threading.Barrier(4)

    def meet(number: int) -> int:
        if number < 4:
            meeting.wait(10)
        return number

    def submit() -> list[concurrent.futures.Future[int]]:
        return [threads.submit(meet, number) for number in range(8)]

    futures = submit() if from_loop else await asyncio.to_thread(submit)
    assert await all_of(futures) == list(range(8))


async def test_who_waits_in_a_thread_needs_no_loop_to_run(threads: TaskThreads) -> None:
    """A task runs though the event loop is busy; only more threads than one are the loop's to start."""
    future = threads.submit(abs, -1)
    assert future.result(10) == 1  # the loop does not run meanwhile


async def test_many_from_many_threads(threads: TaskThreads) -> None:
    """No task is lost or run twice, wherever they come from; there are no more threads than there may be."""
    done: list[int] = []
    idents: set[int] = set()

    def note(number: int) -> None:
        done.append(number)
        idents.add(own_thread())

    def submit(base: int) -> list[concurrent.futures.Future[None]]:
        futures = []
        for number in range(300):
            futures.append(threads.submit(note, base + number))
            if number % 50 == 0:
                time.sleep(0.001)
        return futures

    groups = await asyncio.gather(*(asyncio.to_thread(submit, 1000 * n) for n in range(8)))
    for future in (future for group in groups for future in group):
        await asyncio.wait_for(asyncio.wrap_future(future), 10)
    assert len(idents) <= 4
    assert sorted(done) == sorted(1000 * n + number for n in range(8) for number in range(300))


async def test_cancelled_before_they_begin(threads: TaskThreads) -> None:
    """What is cancelled while it waits is left out."""
    release = threading.Event()
    blocking = [threads.submit(release.wait, 10) for _ in range(4)]
    late = threads.submit(abs, -1)
    assert late.cancel()
    release.set()
    for future in blocking:
        assert await asyncio.wrap_future(future)
    assert late.cancelled()


async def test_the_end() -> None:
    """At the end what waits is cancelled, threads end behind what they run, and nothing new is taken."""
    threads = TaskThreads(asyncio.get_running_loop(), 2)
    release, running = threading.Event(), threading.Barrier(3)

    def block() -> int:
        running.wait(10)
        release.wait(10)
        return own_thread()

    blocking = [threads.submit(block) for _ in range(2)]
    await asyncio.to_thread(running.wait, 10)
    waiting = threads.submit(abs, -1)
    threads.close()
    assert waiting.cancelled()
    with pytest.raises(RuntimeError, match="shutting down"):
        threads.submit(abs, -1)
    release.set()
    idents = set(await all_of(blocking))
    deadline = time.monotonic() + 10
    while idents & {thread.ident for thread in threading.enumerate()}:
        assert time.monotonic() < deadline
        await asyncio.sleep(0.01)
