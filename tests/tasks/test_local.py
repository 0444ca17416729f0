"""Threads, processes and shell commands (spec/06 section 1)."""

from __future__ import annotations

import concurrent.futures
import contextvars
import math
import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from atila_compat.serving.runtime import Runtime
from atila_compat.tasks.local import split_arguments
from atila_compat.was import Was


def add(a: int, b: int = 10) -> int:
    return a + b


def boom(message: str) -> None:
    raise ValueError(message)


def eventually(holds: Callable[[], bool]) -> bool:
    until = time.monotonic() + 5
    while not holds():
        if time.monotonic() > until:
            return False
        time.sleep(0.01)
    return True


def running(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_arguments_go_to_the_function_or_to_the_task() -> None:
    """With positional arguments all go to the function; without, the control keywords are taken out."""
    assert split_arguments((1,), {"timeout": 5}) == ((1,), {"timeout": 5}, {})
    assert split_arguments((), {"args": [1], "timeout": 5}) == ((1,), {}, {"timeout": 5})
    assert split_arguments((), {"a": 1, "meta": {}}) == ((), {"a": 1}, {"meta": {}})
    assert split_arguments((), {"kwargs": {"b": 2}, "a": 1}) == ((), {"b": 2}, {})


def test_threads_take_arguments_in_every_form(was: Was) -> None:
    """was.Thread (f, 1, b = 2), (f, args = ...), (f, kwargs = ...) and (f, b = 2) all work."""
    assert was.Thread(add, 3, b=4).fetch() == 7
    assert was.Thread(add, args=(3,)).fetch() == 13
    assert was.Thread(add, args=(3,), kwargs={"b": 5}).fetch() == 8
    assert was.Thread(add, a=1, b=1).fetch() == 2


def test_threads_see_the_context_of_the_request(was: Was) -> None:
    """Context variables that were set before are found in the thread."""
    variable: contextvars.ContextVar[str] = contextvars.ContextVar("variable")
    variable.set("seen")
    assert was.Thread(variable.get).fetch() == "seen"


def test_threads_run_side_by_side(was: Was) -> None:
    """Two threads that wait for each other both get on."""
    barrier = threading.Barrier(2, timeout=5)
    tasks = [was.Thread(barrier.wait) for _ in range(2)]
    assert sorted(task.fetch() for task in tasks) == [0, 1]


def test_processes_run_functions_elsewhere(was: Was) -> None:
    """A function runs in another process, with arguments as for threads."""
    assert was.Process(math.sqrt, args=(16.0,)).fetch() == 4.0
    assert was.Process(add, 1, 2).fetch() == 3
    assert was.Process(os.getpid).fetch() != os.getpid()
    assert was.Process(math.sqrt, args=(9.0,), filter=int).fetch() == 3


def test_errors_of_a_process_come_back(was: Was) -> None:
    """What a function raises over there is raised here, with its traceback as the cause."""
    with pytest.raises(ValueError, match="over there") as caught:
        was.Process(boom, "over there").fetch()
    assert "in boom" in str(caught.value.__cause__)


def test_a_crashed_process_fails_its_call_only(was: Was) -> None:
    """The call of a process that dies fails, others and later ones work."""
    crashing, working = was.Process(os._exit, 3), was.Process(time.sleep, 0.1)
    with pytest.raises(concurrent.futures.process.BrokenProcessPool, match="exit code 3"):
        crashing.fetch()
    assert working.fetch() is None
    assert [was.Process(add, 1, n).fetch() for n in range(4)] == [1, 2, 3, 4]


def test_a_process_is_killed_when_its_time_is_up(was: Was) -> None:
    """timeout ends the process itself, and the next call finds another one."""
    task = was.Process(time.sleep, args=(60,), timeout=0.2)
    with pytest.raises(concurrent.futures.TimeoutError):
        task.fetch()
    assert was.Process(add, 1, 1).fetch() == 2
    assert eventually(lambda: task._future.done())


def test_a_process_can_be_killed(was: Was) -> None:
    """kill ends a call that runs; afterwards there is nothing to kill."""
    task = was.Process(time.sleep, 60)
    assert eventually(task.kill)
    with pytest.raises(concurrent.futures.CancelledError):
        task.fetch()
    assert not task.kill()


def test_what_cannot_be_pickled_says_so(was: Was) -> None:
    """A function that no other process can have fails when it is fetched."""
    with pytest.raises(Exception, match="pickle"):
        was.Process(lambda: 1).fetch()


def test_shell_commands_give_their_output(was: Was) -> None:
    """The data is the standard output as text, through the filter."""
    assert was.Subprocess("echo hello").fetch() == "hello\n"
    assert was.Subprocess("printf 'a b'", filter=lambda text: text.split()).fetch() == ["a", "b"]
    assert was.Subprocess("echo m", meta={"a": 1}).meta["a"] == 1
    assert str(was.Subprocess("echo x")) == "echo x"


def test_another_exit_code_is_an_error(was: Was) -> None:
    """A failing command is a SystemError with code and standard error."""
    with pytest.raises(SystemError, match=r"^code:3 oops\n$"):
        was.Subprocess("echo oops >&2; exit 3").fetch()


def test_large_outputs_do_not_block(was: Was) -> None:
    """Both outputs are read, however much comes."""
    command = "head -c 300000 /dev/zero | tr '\\0' x; head -c 300000 /dev/zero | tr '\\0' y >&2"
    assert len(was.Subprocess(command).fetch()) == 300000


def test_the_whole_group_ends_when_the_time_is_up(was: Was, tmp_path: Path) -> None:
    """timeout ends the shell and everything that it has started, whether or not that listens."""
    pids = tmp_path / "pids"
    command = f"trap '' TERM; sleep 60 & echo $$ $! > {pids}; wait"
    task = was.Subprocess(command, timeout=0.4)
    with pytest.raises(concurrent.futures.TimeoutError, match="did not end"):
        task.fetch()
    for pid in map(int, pids.read_text().split()):
        assert eventually(lambda pid=pid: not running(pid))  # type: ignore[misc]


def test_a_background_process_that_keeps_the_output_open_is_bounded(was: Was) -> None:
    """A command that leaves something behind with its output ends with its time."""
    with pytest.raises(concurrent.futures.TimeoutError):
        was.Subprocess("sleep 60 & echo started", timeout=0.3).fetch()


def test_shell_commands_can_be_ended(was: Was) -> None:
    """kill and terminate signal the group; the error names the signal."""
    for end, number in (("kill", signal.SIGKILL), ("terminate", signal.SIGTERM)):
        task = was.Subprocess("sleep 60")
        assert eventually(lambda task=task: task.proc is not None)  # type: ignore[misc]
        assert getattr(task, end)()
        with pytest.raises(SystemError, match=f"code:-{int(number)} "):
            task.fetch()
        assert not task.kill()


def test_lines_come_while_the_command_runs(was: Was, tmp_path: Path) -> None:
    """task.lines gives each line as it comes, and again from the start."""
    go = tmp_path / "go"
    task = was.Subprocess(f"echo one; until [ -e {go} ]; do sleep 0.02; done; printf 'two\\nthree'")
    lines = task.lines
    assert next(lines) == b"one\n"
    assert not task.done()
    go.touch()
    assert list(lines) == [b"two\n", b"three"]
    assert list(task.lines()) == [b"one\n", b"two\n", b"three"]
    assert task.fetch() == "one\ntwo\nthree"


def test_lines_are_awaited_on_the_loop(was: Was, runtime: Runtime) -> None:
    """`async for line in task` gives the lines of a command."""

    async def read() -> list[bytes]:
        return [line async for line in was.Subprocess("echo one; echo two")]

    assert runtime.spawn(read()).result(5) == [b"one\n", b"two\n"]


def test_nothing_runs_on_after_the_runtime(was: Was, runtime: Runtime, tmp_path: Path) -> None:
    """Closing the runtime ends commands and processes that still run."""
    pid_file = tmp_path / "pid"
    shell = was.Subprocess(f"echo $$ > {pid_file}; sleep 60")
    process = was.Process(os.getpid)
    child = process.fetch()
    was.Process(time.sleep, 60)
    assert eventually(lambda: pid_file.exists() and bool(pid_file.read_text()))
    runtime.spawn(runtime.aclose()).result(10)
    assert eventually(lambda: not running(int(pid_file.read_text())))
    assert eventually(lambda: not running(child))
    assert shell.dispatch(timeout=5).status_code == 500
