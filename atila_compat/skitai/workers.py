"""Several worker processes: uvicorn's supervisor with workers that are forked (README "Architecture").

uvicorn itself spawns its workers, and a spawned process imports the launch script under another name, where
what stands under `if __name__ == "__main__"` does not run. Forked workers have all that the script made
before `skitai.run`: mounts, options, aliases, temporary files, shared memory.
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import socket
from typing import Any

from uvicorn import Config
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors import multiprocess

log = logging.getLogger("atila_compat.server")

_fork = multiprocessing.get_context("fork") if hasattr(os, "fork") else None


class ForkedProcess(multiprocess.Process):
    """A worker that is forked; it ends when its supervisor is gone."""

    def __init__(self, config: Config, sockets: list[socket.socket]) -> None:
        super().__init__(config, sockets)
        assert _fork is not None
        self.process: Any = _fork.Process(target=self._serve, args=(sockets,))

    def _serve(self, sockets: list[socket.socket]) -> None:
        self.parent_conn.close()
        for number in (signal.SIGHUP, signal.SIGTTIN, signal.SIGTTOU):
            signal.signal(number, signal.SIG_IGN)
        signal.signal(signal.SIGINT, _leave)
        signal.signal(signal.SIGTERM, _leave)
        self.target(sockets)

    def always_pong(self) -> None:
        """Answer the supervisor's questions; where it is gone, end."""
        try:
            super().always_pong()
        except (EOFError, OSError):
            os.kill(os.getpid(), signal.SIGTERM)


class Supervisor(multiprocess.Multiprocess):
    """Keeps the workers alive, and says in the log when one had to be replaced."""

    def keep_subprocess_alive(self) -> None:
        """Replace the workers that have died or do not answer."""
        before = [process.pid for process in self.processes]
        super().keep_subprocess_alive()
        for old, process in zip(before, self.processes, strict=False):
            if process.pid != old:
                log.warning("worker %s has died; %s takes its place", old, process.pid)


def _leave(number: int, frame: Any) -> None:
    raise SystemExit(0)


def supervise(config: Config, listener: socket.socket) -> int:
    """Run `config.workers` workers on one socket until a signal ends them; returns the exit code."""
    # the supervisor makes its workers by this name and takes no class
    multiprocess.Process = ForkedProcess  # type: ignore[misc]
    supervisor = Supervisor(config, [listener])
    supervisor.run()
    failed = any(process.process.exitcode == STARTUP_FAILURE for process in supervisor.processes)
    return 2 if failed else 0
