"""Several worker processes on one listening socket, and the parent that looks after them.

Workers are forked after the launch script has recorded its mounts, and before any loop, thread or client
exists: they have all that the script made before `skitai.run`. uvicorn's own supervisor spawns them, and a
spawned process imports the launch script under another name, where what stands under
`if __name__ == "__main__"` does not run; it also looks after them twice a second only, which makes ends slow.

    SIGTERM, SIGINT    all workers end what they run; a second one cuts that short
    SIGHUP             each worker is replaced, the new one serves before the old one ends
    SIGTTIN, SIGTTOU   one worker more, one less

A worker tells the parent over a pipe that it serves, that it is alive (each second), and that it has answered
enough requests. It ends when its parent is gone.
"""

from __future__ import annotations

import contextlib
import faulthandler
import logging
import multiprocessing
import os
import signal
import socket
import time
from collections.abc import Callable
from multiprocessing import connection
from typing import Any

from ..settings import settings
from .access_log import access_log

log = logging.getLogger("atila_compat.server")

_fork: Any = multiprocessing.get_context("fork") if hasattr(os, "fork") else None

SERVES, ALIVE, ENOUGH = b"s", b".", b"e"
CANNOT_START = 2
HUNG_AFTER = 60.0
"""Seconds without a sign of life after which a worker is killed: its event loop does not run."""
START_SECONDS = 120.0
"""Seconds that a worker may take to load its apps."""
MARGIN = 5.0
"""Seconds behind the limit for shutting down after which a worker is killed."""
LONGEST_PAUSE = 10.0
"""Seconds between two attempts to start a worker that dies at once."""

Run = Callable[["Link"], int]


class Link:
    """The worker's end of the pipe.

    Attributes:
        index: number of the worker, from 0.
    """

    def __init__(self, index: int, pipe: int) -> None:
        self.index = index
        self._pipe = pipe

    def tell(self, what: bytes) -> None:
        """Tell the parent; where it is gone, end."""
        try:
            os.write(self._pipe, what)
        except BlockingIOError:
            return
        except OSError:
            os.kill(os.getpid(), signal.SIGTERM)


class Worker:
    """A worker process, seen from the parent."""

    def __init__(self, index: int) -> None:
        self.index = index
        self.pipe, self._end = os.pipe()
        os.set_blocking(self.pipe, False)
        os.set_blocking(self._end, False)
        self.process: Any = None
        self.started = self.heard = time.monotonic()
        self.serves = False
        self.kill_at: float | None = None

    def start(self, run: Run, others: list[Worker], inherited: list[int]) -> None:
        """Fork."""
        self.process = _fork.Process(
            target=self._work, args=(run, others, inherited), name=f"worker-{self.index}"
        )
        self.process.start()
        os.close(self._end)

    def _work(self, run: Run, others: list[Worker], inherited: list[int]) -> None:
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGHUP, signal.SIGTTIN, signal.SIGTTOU, signal.SIGINT):
            # the terminal sends Ctrl+C to all processes; it is the parent who decides
            signal.signal(number, signal.SIG_IGN)
        for number in (signal.SIGTERM, signal.SIGQUIT):
            signal.signal(number, _leave_early)
        for each in (*others, self):
            with contextlib.suppress(OSError):
                os.close(each.pipe)
        for descriptor in inherited:
            os.close(descriptor)
        faulthandler.enable()  # a worker that hangs is ended by SIGABRT and says where it was
        access_log.worker = self.index
        code = run(Link(self.index, self._end))
        logging.shutdown()
        # without the interpreter's own end, which waits for threads that nobody waits for
        os._exit(code)

    @property
    def pid(self) -> int:
        return int(self.process.pid)

    def signal(self, number: int) -> None:
        """Send a signal, if it runs."""
        if self.process.exitcode is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def retire(self) -> None:
        """Let it end what it runs."""
        if self.kill_at is None:
            self.kill_at = time.monotonic() + settings.shutdown_timeout + MARGIN
            self.signal(signal.SIGTERM)

    def hear(self) -> bytes:
        """What it has told since the last time."""
        try:
            said = os.read(self.pipe, 4096)
        except OSError:
            return b""
        if said:
            self.heard = time.monotonic()
        return said

    def close(self) -> None:
        """It has ended."""
        self.process.join()
        with contextlib.suppress(OSError):
            os.close(self.pipe)


def _leave_early(number: int, frame: Any) -> None:
    raise SystemExit(0)


class Supervisor:
    """Keeps `count` workers running until a signal ends them.

    Args:
        run: what a worker does; returns its exit code.
        count: how many there are.
        listeners: closed when the service ends; they stay open meanwhile, so no connection is refused while
            workers are replaced.
    """

    def __init__(self, run: Run, count: int, listeners: list[socket.socket]) -> None:
        self.run_worker = run
        self.count = count
        self.listeners = listeners
        self.workers: list[Worker] = []
        self.retiring: list[Worker] = []
        self.on_served: Callable[[], None] | None = None
        self.restart_wanted: Callable[[], bool] | None = None
        self._to_replace: list[Worker] = []
        self._replacement: Worker | None = None
        self._replaced: Worker | None = None
        self._ending = False
        self._forced = False
        self._ever_served = False
        self._failures = 0
        self._start_at = 0.0
        self._code = 0
        self._signals, self._wakeup = socket.socketpair()

    # -- the loop -------------------------------------------------------------------------------------------

    def run(self) -> int:
        """Serve; returns the exit code: 2 where the workers cannot start."""
        self._signals.setblocking(False)
        self._wakeup.setblocking(False)
        signal.set_wakeup_fd(self._wakeup.fileno(), warn_on_full_buffer=False)
        handled = (
            signal.SIGINT,
            signal.SIGTERM,
            signal.SIGHUP,
            signal.SIGTTIN,
            signal.SIGTTOU,
            signal.SIGCHLD,
        )
        for number in handled:
            signal.signal(number, _ignore)
        try:
            while not (self._ending and not self._all()):
                self._keep_up()
                self._wait()
                self._handle_signals()
                self._listen()
                self._reap()
                self._look()
        finally:
            signal.set_wakeup_fd(-1)
            for worker in self._all():
                worker.signal(signal.SIGKILL)
            for listener in self.listeners:
                listener.close()
        return self._code

    def _all(self) -> list[Worker]:
        return [*self.workers, *self.retiring, *filter(None, [self._replacement])]

    def _wait(self) -> None:
        pipes: list[Any] = [worker.pipe for worker in self._all()]
        sentinels = [worker.process.sentinel for worker in self._all()]
        connection.wait([*pipes, *sentinels, self._signals], timeout=0.5)

    def _handle_signals(self) -> None:
        with contextlib.suppress(BlockingIOError):
            for number in self._signals.recv(4096):
                if number in (signal.SIGINT, signal.SIGTERM):
                    self.stop()
                elif number == signal.SIGHUP:
                    log.info("replacing the workers")
                    self._to_replace = list(self.workers)
                elif number == signal.SIGTTIN:
                    self.count += 1
                    log.info("%d workers from now on", self.count)
                elif number == signal.SIGTTOU and self.count > 1:
                    self.count -= 1
                    log.info("%d workers from now on", self.count)

    def stop(self) -> None:
        """End the service; the second time, at once."""
        if self._ending and not self._forced:
            self._forced = True
            self._code = self._code or 1
        self._ending = True
        # whoever still connects has to be refused: the worker that holds the socket last takes all that wait
        for listener in self.listeners:
            listener.close()
        for worker in self._all():
            if self._forced:
                worker.signal(signal.SIGQUIT)
                worker.kill_at = time.monotonic() + 1
            else:
                worker.retire()

    # -- looking after them ---------------------------------------------------------------------------------

    def _start(self, index: int) -> Worker:
        worker = Worker(index)
        inherited = [self._signals.fileno(), self._wakeup.fileno()]
        worker.start(self.run_worker, self._all(), inherited)
        return worker

    def _keep_up(self) -> None:
        """Start what is missing, send home what is too much, go on with a replacement."""
        if self._ending:
            return
        while len(self.workers) < self.count and time.monotonic() >= self._start_at:
            taken = {worker.index for worker in self.workers}
            index = next(i for i in range(self.count) if i not in taken)
            self.workers.append(self._start(index))
        while len(self.workers) > self.count:
            worker = self.workers.pop()
            worker.retire()
            self.retiring.append(worker)
        self._to_replace = [worker for worker in self._to_replace if worker in self.workers]
        if self._replacement is None and self._to_replace:
            self._replaced = self._to_replace.pop(0)
            self._replacement = self._start(self._replaced.index)

    def _listen(self) -> None:
        for worker in self._all():
            said = worker.hear()
            if SERVES in said:
                worker.serves = True
                self._failures = 0
                self._served()
                if worker is self._replacement:
                    self._take_over()
            if ENOUGH in said and worker in self.workers and worker not in self._to_replace:
                log.info(
                    "worker %d has answered %s requests and is replaced", worker.pid, settings.max_requests
                )
                self._to_replace.append(worker)

    def _served(self) -> None:
        self._ever_served = self._ever_served or True
        if self.on_served is not None and all(worker.serves for worker in self.workers):
            told, self.on_served = self.on_served, None
            told()

    def _take_over(self) -> None:
        """The replacement serves: the one before it may end."""
        new, old = self._replacement, self._replaced
        assert new is not None
        self._replacement = self._replaced = None
        if old is not None and old in self.workers:
            self.workers[self.workers.index(old)] = new
            old.retire()
            self.retiring.append(old)
        elif len(self.workers) < self.count:  # it has died meanwhile
            self.workers.append(new)
        else:
            new.retire()
            self.retiring.append(new)
        log.info("worker %d takes over", new.pid)

    def _reap(self) -> None:
        for worker in self._all():
            if worker.process.exitcode is None:
                continue
            worker.close()
            if worker in self.retiring:
                self.retiring.remove(worker)
            elif worker is self._replacement:
                log.error("the new worker %d has not started: the old ones stay", worker.pid)
                self._replacement, self._to_replace = None, []
            else:
                self.workers.remove(worker)
                self._died(worker)

    def _died(self, worker: Worker) -> None:
        if self._ending:
            return
        code = worker.process.exitcode
        if not worker.serves and not self._ever_served:
            self._code = CANNOT_START if code == CANNOT_START else 1
            self.stop()
            return
        how = f"signal {-code}" if code < 0 else f"exit code {code}"
        if worker.serves:
            log.warning("worker %d has died (%s); another one takes its place", worker.pid, how)
            return
        self._failures += 1
        pause = min(2.0**self._failures / 4, LONGEST_PAUSE)
        self._start_at = time.monotonic() + pause
        log.error("worker %d has not started (%s); the next attempt is in %.1f s", worker.pid, how, pause)

    def _look(self) -> None:
        """Kill what hangs."""
        now = time.monotonic()
        for worker in self._all():
            if worker.kill_at is not None:
                if now > worker.kill_at:
                    log.error("worker %d does not end and is killed", worker.pid)
                    worker.signal(signal.SIGKILL)
                    worker.kill_at = now + MARGIN
                continue
            patience = HUNG_AFTER if worker.serves else START_SECONDS
            if now - worker.heard > patience:
                log.error(
                    "worker %d has given no sign of life for %.0f s and is ended: its event loop is blocked, "
                    "by an async def handler that waits without await for example",
                    worker.pid,
                    patience,
                )
                worker.signal(signal.SIGABRT)
                worker.kill_at = now + 1
        if self.restart_wanted is not None and not self._ending and self.restart_wanted():
            self.stop()


def _ignore(number: int, frame: Any) -> None:
    return
