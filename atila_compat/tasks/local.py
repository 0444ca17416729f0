"""Tasks on this machine: functions in threads and in processes, shell commands (spec/06 section 1)."""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import os
import selectors
import signal
import subprocess
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from .. import affinity
from .processes import ProcessCall, pool_of
from .task import Task, register

if TYPE_CHECKING:
    from ..serving.runtime import Runtime
    from ..was import Was

SHELL_TIMEOUT = 300.0
"""Seconds that a shell command may run where nothing else is said."""
MAX_SHELLS = 64
"""Shell commands that run at a time; more wait for their turn."""
_GRACE = 0.5
"""Seconds between asking a command to end and killing it."""
_CONTROLS = frozenset({"args", "kwargs", "filter", "meta", "timeout"})


def name_of(func: Callable[..., Any]) -> str:
    """`module.function`."""
    name = getattr(func, "__name__", None) or type(func).__name__
    module = getattr(func, "__module__", None)
    return f"{module}.{name}" if module else name


def split_arguments(
    args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any], dict[str, Any]]:
    """What goes to the function, and what says how to run it (spec/06 section 1).

    With positional arguments everything goes to the function. Without any, `args`, `kwargs`, `filter`, `meta`
    and `timeout` are for the task; other keywords go to the function unless `kwargs` says what does.

    Returns positional arguments, keyword arguments, and the controls.
    """
    if args or not kwargs:
        return args, kwargs, {}
    if len(kwargs) == 1 and "args" in kwargs:  # as they are mostly called
        return tuple(kwargs["args"]), {}, {}
    controls = {name: kwargs[name] for name in _CONTROLS & kwargs.keys()}
    positional = tuple(controls.pop("args", ()))
    named = controls.pop("kwargs", None)
    if named is None:
        named = {name: value for name, value in kwargs.items() if name not in _CONTROLS}
    return positional, dict(named), controls


def _notes(was: Was, meta: dict[str, Any] | None) -> dict[str, Any]:
    return {**meta, "__was_id": was.ID} if meta else {"__was_id": was.ID}


class ThreadTask(Task):
    """A function in a thread for tasks: `was.Thread(...)`.

    Its `timeout` ends the waiting only: Python cannot stop a thread.
    """


def thread(was: Was, target: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> ThreadTask:
    """Start `was.Thread(target, *args, **kwargs)`."""
    positional, named, controls = split_arguments(args, kwargs)
    change = controls.get("filter")
    if change is None:
        future = was.runtime.submit(target, *positional, **named)
    else:
        future = was.runtime.submit(lambda: change(target(*positional, **named)))
    task = ThreadTask(
        future,
        name=name_of(target),
        meta=_notes(was, controls.get("meta")),
        timeout=controls.get("timeout"),
        limit=was.app.request_timeout,
    )
    register(was, task)
    return task


class _Killable(Task):
    """A task whose work is killed when its own time limit has passed."""

    def kill(self) -> bool:
        """End the work; tells whether there was any."""
        raise NotImplementedError

    def _give_up(self, seconds: float, *, explicit: bool) -> Any:
        if not explicit:
            result = self._settle(self._expire(seconds))
            self.kill()
            return result
        return super()._give_up(seconds, explicit=explicit)


class ProcessTask(_Killable):
    """A function in a child process: `was.Process(...)`. Its `timeout` and `kill()` end the process."""

    _future: ProcessCall

    def kill(self) -> bool:
        """Take the call back, or kill the process that runs it."""
        return self._future.kill()


def process(
    was: Was, target: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> ProcessTask:
    """Start `was.Process(target, *args, **kwargs)`."""
    positional, named, controls = split_arguments(args, kwargs)
    call = pool_of(was.runtime).submit(target, positional, named, controls.get("filter"))
    task = ProcessTask(
        call,
        name=name_of(target),
        meta=_notes(was, controls.get("meta")),
        timeout=controls.get("timeout"),
        limit=was.app.request_timeout,
    )
    register(was, task)
    return task


# -- shell commands ------------------------------------------------------------------------------------------


class Shell:
    """A shell command in a process group of its own.

    Args:
        command: for `/bin/sh`.
        timeout: seconds; then the whole group is ended.
    """

    def __init__(self, command: str, timeout: float) -> None:
        self.command = command
        self.timeout = timeout
        self.process: subprocess.Popen[bytes] | None = None
        self.output = bytearray()
        self.ended = False
        self.changed = threading.Condition()
        self._deadline = time.monotonic() + timeout
        self._signal: int | None = None

    def run(self) -> str:
        """Run to the end; the standard output.

        Raises SystemError("code:3 <standard error>") for another exit code than 0, TimeoutError.
        """
        try:
            return self._run()
        finally:
            with self.changed:
                self.ended = True
                self.changed.notify_all()

    def _run(self) -> str:
        with self.changed:
            if self._signal is not None:
                raise SystemError(f"code:-{self._signal} ")
            process = self.process = subprocess.Popen(  # noqa: S602 - a shell is what was asked for
                self.command,
                shell=True,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
                bufsize=0,
            )
        errors = bytearray()
        assert process.stdout is not None
        assert process.stderr is not None
        try:
            in_time = self._collect({process.stdout: self.output, process.stderr: errors})
            if in_time:
                process.wait(max(0.0, self._deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            in_time = False
        finally:
            if process.poll() is None or not self._drained:
                self._end_group(process)
            process.stdout.close()
            process.stderr.close()
        if not in_time:
            raise concurrent.futures.TimeoutError(
                f"{self.command!r} did not end within {self.timeout:g} seconds"
            )
        if process.returncode:
            raise SystemError(f"code:{process.returncode} {errors.decode('utf-8', 'replace')}")
        with self.changed:
            return self.output.decode("utf-8", "replace")

    _drained = False

    def _collect(self, pipes: dict[Any, bytearray]) -> bool:
        """Read until both pipes are closed; False when the time is up."""
        with selectors.DefaultSelector() as selector:
            for pipe, into in pipes.items():
                selector.register(pipe, selectors.EVENT_READ, into)
            while selector.get_map():
                left = self._deadline - time.monotonic()
                if left <= 0:
                    return False
                for key, _ in selector.select(left):
                    piece = os.read(key.fd, 65536)
                    if not piece:
                        selector.unregister(key.fileobj)
                        continue
                    with self.changed:
                        key.data.extend(piece)
                        self.changed.notify_all()
        self._drained = True
        return True

    def _end_group(self, process: subprocess.Popen[bytes]) -> None:
        for number in (signal.SIGTERM, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(_GRACE)

    def send(self, number: int) -> bool:
        """Signal the whole group; a command that has not begun will not. Tells whether there was any."""
        with self.changed:
            if self.ended:
                return False
            if self.process is None:
                self._signal = number
                return True
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, number)
            return True
        return False

    def lines(self, patience: float) -> Iterator[bytes]:
        """The lines of the standard output as they come; TimeoutError when `patience` is over without one."""
        at = 0
        while True:
            with self.changed:
                end = self.output.find(b"\n", at)
                while end < 0 and not self.ended:
                    if not self.changed.wait(patience):
                        raise concurrent.futures.TimeoutError(
                            f"{self.command!r} wrote no line in {patience:g} s"
                        )
                    end = self.output.find(b"\n", at)
                line = bytes(self.output[at : end + 1 if end >= 0 else len(self.output)])
            if not line:
                return
            at += len(line)
            yield line


class Shells:
    """The shell commands of a runtime: a thread reads from each."""

    def __init__(self, runtime: Runtime) -> None:
        self._threads = ThreadPoolExecutor(
            MAX_SHELLS, thread_name_prefix="atila-shell", initializer=affinity.release
        )
        self._running: set[Shell] = set()
        runtime.on_close(self.aclose)

    def start(self, shell: Shell, change: Callable[[Any], Any] | None) -> Future[Any]:
        """Run a command in a thread."""

        def run() -> Any:
            self._running.add(shell)
            try:
                output = shell.run()
            finally:
                self._running.discard(shell)
            return output if change is None else change(output)

        return self._threads.submit(run)

    async def aclose(self) -> None:
        """Kill what runs."""
        for shell in list(self._running):
            shell.send(signal.SIGKILL)
        self._threads.shutdown(wait=False, cancel_futures=True)


class Lines:
    """The lines of a command's output; `task.lines` and `task.lines()` are the same."""

    def __init__(self, shell: Shell, patience: float) -> None:
        self._lines = shell.lines(patience)

    def __iter__(self) -> Iterator[bytes]:
        return self._lines

    def __next__(self) -> bytes:
        return next(self._lines)

    def __call__(self) -> Lines:
        return self


class SubprocessTask(_Killable):
    """A shell command: `was.Subprocess(...)`. `async for line in task` gives its lines as they come."""

    def __init__(self, shell: Shell, future: Future[Any], runtime: Runtime, **options: Any) -> None:
        super().__init__(future, name=shell.command, **options)
        self._shell = shell
        self._runtime = runtime

    @property
    def lines(self) -> Lines:
        """The lines of the standard output as bytes, as they come."""
        return Lines(self._shell, self._shell.timeout)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        lines = self._shell.lines(self._shell.timeout)
        while (line := await asyncio.wrap_future(self._runtime.submit(next, lines, None))) is not None:
            yield line

    @property
    def proc(self) -> subprocess.Popen[bytes] | None:
        """The process, None before it has begun."""
        return self._shell.process

    def kill(self) -> bool:
        """Kill the command and everything that it has started."""
        return self._shell.send(signal.SIGKILL)

    def terminate(self) -> bool:
        """Ask the command, and everything that it has started, to end."""
        return self._shell.send(signal.SIGTERM)


def shell_command(
    was: Was,
    command: str,
    meta: dict[str, Any] | None = None,
    filter: Callable[[Any], Any] | None = None,  # noqa: A002 - the original's name
    timeout: float | None = None,
) -> SubprocessTask:
    """Start `was.Subprocess(command, ...)`."""
    runtime = was.runtime
    shell = Shell(command, timeout or SHELL_TIMEOUT)
    shells = runtime.shared("shells", lambda: Shells(runtime))
    task = SubprocessTask(
        shell, shells.start(shell, filter), runtime, meta=_notes(was, meta), limit=was.app.request_timeout
    )
    register(was, task)
    return task
