"""Child processes that run functions for `was.Process`.

Every child is a fresh interpreter with one pipe in and one out, so no lock, loop or thread of the server gets
into it. A thread waits for each call; a child that crashes fails its own call only and is replaced, one that
is killed because its time is up likewise. Functions of the launch script are found there because the child
runs it when it is first asked for one of them, as `__mp_main__`: code under `if __name__ == "__main__"` does
not run.
"""

from __future__ import annotations

import concurrent.futures
import contextlib
import logging
import os
import pickle
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import TYPE_CHECKING, Any, BinaryIO

from .. import affinity
from . import _child

if TYPE_CHECKING:
    from ..serving.runtime import Runtime

log = logging.getLogger("atila_compat.tasks")

_LAUNCH = "atila_compat.skitai.launch"


def in_child() -> bool:
    """Whether this process is a child of `was.Process`, in which no server may be started."""
    return bool(getattr(sys.modules.get("atila_compat.tasks._child"), "in_child", False))


def _settings() -> bytes:
    main = sys.modules["__main__"]
    spec = getattr(main, "__spec__", None)
    script = getattr(main, "__file__", None)
    if script is None and sys.argv and sys.argv[0].endswith(".py"):
        script = sys.argv[0]
    return pickle.dumps(
        {
            "path": [os.path.abspath(entry) for entry in sys.path],
            "argv": sys.argv,
            "script": os.path.abspath(script) if script and os.path.exists(script) else None,
            "module": spec.name if spec is not None and not spec.name.startswith("atila_compat.") else None,
            # the names `atila` and `skitai` exist only where the import hook is on
            "install": ["atila_compat"] if "atila_compat.shims" in sys.modules else [],
            # the module whose `run()` ends a script when it is told to collect what the script mounts
            "collector": _LAUNCH if _LAUNCH in sys.modules else None,
        }
    )


def _files(func: Callable[..., Any]) -> dict[str, str]:
    """Where the function's module is, for the child that cannot import it by name."""
    name = getattr(func, "__module__", None)
    path = getattr(sys.modules.get(name or ""), "__file__", None)
    return {name: os.path.abspath(path)} if name and path and path.endswith(".py") else {}


class _Child:
    """One process, which runs one call at a time."""

    def __init__(self) -> None:
        theirs_in, ours_out = os.pipe()
        ours_in, theirs_out = os.pipe()
        try:
            self.process = subprocess.Popen(  # noqa: S603 - our own file
                # -P: the folder of the file must not come first in sys.path, it has an http.py
                [sys.executable, "-P", _child.__file__, str(theirs_in), str(theirs_out)],
                stdin=subprocess.DEVNULL,
                pass_fds=(theirs_in, theirs_out),
            )
        finally:
            os.close(theirs_in)
            os.close(theirs_out)
        self.writer: BinaryIO = os.fdopen(ours_out, "wb")
        self.reader: BinaryIO = os.fdopen(ours_in, "rb")
        _child.write_message(self.writer, _settings())

    def call(self, message: bytes) -> bytes | None:
        """The answer, None where the process has died."""
        try:
            _child.write_message(self.writer, message)
            return _child.read_message(self.reader)
        except OSError:
            return None

    def end(self, kill: bool = False) -> int:
        """Close the pipes, which ends the process, or kill it; returns its exit code."""
        if kill:
            self.process.kill()
        for pipe in (self.writer, self.reader):
            with contextlib.suppress(OSError):
                pipe.close()
        try:
            return self.process.wait(1 if kill else 0.5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait()


class ProcessCall(Future[Any]):
    """The future of a call; `kill` ends the process that runs it."""

    killed = False

    def __init__(self) -> None:
        super().__init__()
        self._child: _Child | None = None
        self._guard = threading.Lock()

    def runs_in(self, child: _Child | None) -> None:
        """Note which process runs the call; None when it has answered."""
        with self._guard:
            self._child = child

    def kill(self) -> bool:
        """Take the call back, or kill the process that runs it."""
        if self.cancel():
            return True
        with self._guard:
            if self._child is None:
                return False
            self.killed = True
            self._child.process.kill()
        return True


class ProcessPool:
    """Up to `size` children, made when they are needed.

    Args:
        size: how many; by default one for each processor, at least two.
    """

    def __init__(self, size: int | None = None) -> None:
        self.size = size or max(2, os.cpu_count() or 1)
        self._threads = ThreadPoolExecutor(
            self.size, thread_name_prefix="atila-process", initializer=affinity.release
        )
        self._idle: list[_Child] = []
        self._all: set[_Child] = set()
        self._lock = threading.Lock()
        self._closed = False

    def submit(
        self,
        func: Callable[..., Any],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        filter: Callable[[Any], Any] | None = None,  # noqa: A002
    ) -> ProcessCall:
        """Run `func` in a child; `filter`, on this side, changes what it returns.

        The future raises what the function raises, with its traceback over there as the cause, and
        BrokenProcessPool where the process dies.
        """
        call = ProcessCall()
        self._threads.submit(self._run, call, func, args, kwargs, filter)
        return call

    def _take(self) -> _Child:
        with self._lock:
            while self._idle:
                child = self._idle.pop()
                if child.process.poll() is None:
                    return child
                self._all.discard(child)
                child.end()
        child = _Child()
        with self._lock:
            self._all.add(child)
        return child

    def _give_back(self, child: _Child) -> None:
        with self._lock:
            if not self._closed:
                self._idle.append(child)
                return
        self._drop(child)

    def _drop(self, child: _Child) -> int:
        with self._lock:
            self._all.discard(child)
        return child.end(kill=True)

    def _run(
        self,
        call: ProcessCall,
        func: Callable[..., Any],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        filter: Callable[[Any], Any] | None,  # noqa: A002
    ) -> None:
        if not call.set_running_or_notify_cancel():
            return
        try:
            packed = pickle.dumps((func, args, kwargs))
            value = self._call(call, pickle.dumps((_files(func), packed)))
            call.set_result(value if filter is None else filter(value))
        except BaseException as error:  # it is the call's
            call.set_exception(error)

    def _call(self, call: ProcessCall, message: bytes) -> Any:
        child = self._take()
        call.runs_in(child)
        answer = child.call(message)
        call.runs_in(None)
        if answer is None:
            code = self._drop(child)
            if call.killed:
                raise concurrent.futures.CancelledError("the process was killed")
            raise BrokenProcessPool(f"the process that ran this call has ended, exit code {code}")
        if call.killed:
            self._drop(child)
        else:
            self._give_back(child)
        well, value, trace = _child.loads(answer)
        if well:
            return value
        if isinstance(value, BaseException):
            value.__cause__ = _child.RemoteTraceback(trace)
            raise value
        raise RuntimeError(trace)

    def close(self) -> None:
        """End all children, whatever they do."""
        with self._lock:
            self._closed = True
            children, self._idle = list(self._all), []
        self._threads.shutdown(wait=False, cancel_futures=True)
        for child in children:
            child.process.kill()
        for child in children:
            if child in self._all:
                self._drop(child)


def pool_of(runtime: Runtime) -> ProcessPool:
    """The pool of a runtime, made at the first call."""

    def make() -> ProcessPool:
        pool = ProcessPool()

        async def close() -> None:
            await runtime.loop.run_in_executor(None, pool.close)

        runtime.on_close(close)
        return pool

    return runtime.shared("process pool", make)
