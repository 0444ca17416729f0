"""Tasks that run as coroutines on the event loop."""

from __future__ import annotations

import asyncio
import threading
import time
from typing import Any

import pytest

from atila_compat.serving.runtime import Runtime
from atila_compat.settings import settings
from atila_compat.state import state
from atila_compat.tasks.remote import CallOptions, OperationTimeout, RemoteTask, start
from atila_compat.tasks.response import STA_TIMEOUT, Result
from atila_compat.tasks.task import Origin
from atila_compat.was import Was

READ = Origin("@x", "read", args=("a",), node="here")


async def answer() -> str:
    return "data"


async def slow() -> None:
    await asyncio.sleep(5)


async def broken() -> None:
    raise LookupError("lost")


def test_a_coroutine_is_a_task(was: Was) -> None:
    """What it returns is the data, what it raises the error."""
    task = start(was, answer, origin=READ, options=CallOptions())
    assert task.fetch() == "data"
    result = task.dispatch()
    assert (result.node, result.method, str(task)) == ("here", "read", "read @x")
    with pytest.raises(LookupError, match="lost"):
        start(was, broken, origin=READ, options=CallOptions()).fetch()


def test_a_timeout_is_the_tasks_end(was: Was) -> None:
    """A call that takes too long fails with OperationTimeout, and is cancelled."""
    cancelled = threading.Event()

    async def work() -> None:
        try:
            await asyncio.sleep(5)
        except asyncio.CancelledError:
            cancelled.set()
            raise

    task = start(was, work, origin=READ, options=CallOptions(timeout=0.02))
    with pytest.raises(OperationTimeout, match="Operation Timeout") as raised:
        task.fetch()
    assert "no answer within 0.02 seconds" in raised.value.__notes__[0]
    result = task.dispatch()
    assert (result.status, result.status_code, result.reason) == (STA_TIMEOUT, 500, "Operation Timeout")
    assert cancelled.wait(5)


def test_a_wait_that_is_too_short_is_the_end_too(was: Was) -> None:
    """fetch (timeout = ...) gives a call up, as in the original."""
    task = start(was, slow, origin=READ, options=CallOptions())
    with pytest.raises(OperationTimeout):
        task.fetch(timeout=0.02)
    assert task.dispatch().status == STA_TIMEOUT


def test_timeouts_within_the_work_are_its_own(was: Was) -> None:
    """A TimeoutError that the work raises is raised as it is."""

    async def work() -> None:
        raise TimeoutError("inner")

    with pytest.raises(TimeoutError, match="inner"):
        start(was, work, origin=READ, options=CallOptions()).fetch()


def test_the_default_timeout_is_a_setting() -> None:
    """Without a timeout, or with 0, skitai.set_backend decides."""
    assert CallOptions().seconds() == CallOptions(timeout=0).seconds() == settings.backend_timeout
    assert CallOptions(timeout=3).seconds() == 3


def test_callbacks_run_in_a_thread(was: Was, runtime: Runtime, caplog: pytest.LogCaptureFixture) -> None:
    """A callback gets the result, of a failure too; what it raises is logged."""
    called: list[Any] = []
    done = threading.Event()

    def callback(result: Result) -> None:
        called.append((result.status_code, threading.current_thread().name))
        done.set()
        raise ValueError("in the callback")

    start(was, broken, origin=READ, options=CallOptions(callback=callback))
    assert done.wait(5)
    assert called[0][0] == 500
    assert called[0][1].startswith("atila-task")
    until = time.monotonic() + 5
    while "in the callback" not in caplog.text and time.monotonic() < until:
        time.sleep(0.01)
    assert "in the callback" in caplog.text


def test_what_writes_is_not_kept(was: Was) -> None:
    """A call that may not be cached is made each time."""
    made: list[int] = []

    async def work() -> int:
        made.append(1)
        return len(made)

    for _ in range(2):
        origin = Origin("@x", "write", args=(1,), writes=True, cacheable=False)
        start(was, work, origin=origin, options=CallOptions(cache=60)).fetch()
    for _ in range(2):
        start(was, work, origin=Origin("@x", args=([object],)), options=CallOptions(cache=60)).fetch()
    assert len(made) == 3


def test_names_are_read_once(was: Was) -> None:
    """An iterator of names serves all calls of a stub."""
    state.register("a", "b")
    options = CallOptions(rm_cache=iter(["a", "b"]), use_cache=iter(["a"]))
    assert (options.changes, options.depends_on) == (("a", "b"), ("a",))
    for _ in range(2):
        before = was.getlu("a"), was.getlu("b")
        start(was, answer, origin=READ, options=options).commit()
        assert was.getlu("a") > before[0]
        assert was.getlu("b") > before[1]


def test_a_kept_result_takes_no_loop(was: Was) -> None:
    """A task that the cache answers has ended when it is made."""
    start(was, answer, origin=READ, options=CallOptions(cache=60)).commit()
    task = start(was, slow, origin=READ, options=CallOptions())
    assert isinstance(task, RemoteTask)
    assert task.done()
    assert task.fetch() == "data"
