"""`skitai.test_client`: a launch script as a real server, and a client for it (spec/08 section 1).

with skitai.test_client("serve.py", port=30371, devel=True) as client:
    assert client.get("/").status_code == 200
"""

from __future__ import annotations

import contextlib
import os
import shlex
import signal
import socket
import subprocess
import sys
import tempfile
import time
import weakref
from pathlib import Path
from typing import IO, Any

import httpx

from ..errors import AtilaError
from .client import Client

START_SECONDS = 30.0
"""How long a server may take until it accepts connections."""
STOP_SECONDS = 10.0
"""How long it may take to end; then it is killed."""
POLL_SECONDS = 0.02

_ROOT = str(Path(__file__).resolve().parents[2])


def is_listening(port: int) -> bool:
    """Whether somebody accepts connections on this port of the loopback interface."""
    try:
        socket.create_connection(("127.0.0.1", port), 0.5).close()
    except OSError:
        return False
    return True


def command_of(script: str, port: int, devel: bool, opts: dict[str, Any]) -> list[str]:
    """The command line that runs a launch script.

    Args:
        script: path, and options of its own: `"serve.py --x"`.
        opts: more options: `zoo=3` is `--zoo 3`, a value that is empty or false makes a flag, `--zoo`.
    """
    command = [sys.executable, "-m", "atila_compat", "run", *shlex.split(script), "--port", str(port)]
    if devel:
        command.append("--devel")
    for name, value in opts.items():
        command.append(f"--{name}" if len(name) > 1 else f"-{name}")
        if value or (value == 0 and value is not False):
            command.append(str(value))
    return command


class Server:
    """The process of a launch script, in a session of its own, which answers on `port`.

    Args:
        silent: keep its output to oneself; `log()` has it.

    Raises AtilaError with its output where it ends, or does not listen in time.
    """

    def __init__(self, command: list[str], port: int, silent: bool) -> None:
        self._log: IO[bytes] | None = tempfile.TemporaryFile() if silent else None  # noqa: SIM115
        path = os.pathsep.join(filter(None, [os.environ.get("PYTHONPATH"), _ROOT]))
        self.process: subprocess.Popen[bytes] = subprocess.Popen(  # noqa: S603 - the test's own script
            command,
            env={**os.environ, "PYTHONPATH": path, "PYTHONUNBUFFERED": "1"},
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=None if self._log is None else subprocess.STDOUT,
            start_new_session=True,
        )
        # whoever forgets to stop a server leaves none behind
        self._finalizer = weakref.finalize(self, _end, self.process, self._log)
        self._await_port(command, port)

    def _await_port(self, command: list[str], port: int) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not is_listening(port):
            ended = self.process.poll() is not None
            if ended or time.monotonic() > deadline:
                how = "has ended" if ended else f"does not listen on port {port} after {START_SECONDS:.0f} s"
                output = self.log()
                self.stop()
                raise AtilaError(f"{shlex.join(command)} {how}\n{output}".rstrip())
            time.sleep(POLL_SECONDS)

    def log(self) -> str:
        """What it has printed so far; empty where that goes to the terminal."""
        if self._log is None or self._log.closed:
            return ""
        size = os.fstat(self._log.fileno()).st_size
        return os.pread(self._log.fileno(), size, 0).decode("utf-8", "replace")

    def has_ended(self, within: float = 0.5) -> bool:
        """Whether the process has ended, or does `within` so many seconds."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(within)
        return self.process.poll() is not None

    def stop(self) -> None:
        """End the process; may be called again."""
        self._finalizer()


def _end(process: subprocess.Popen[bytes], log: IO[bytes] | None) -> None:
    """SIGTERM, and SIGKILL for what of the process and its children does not end."""
    with contextlib.suppress(ProcessLookupError):
        process.send_signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(STOP_SECONDS)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    if log is not None:
        log.close()


class Launcher(Client):
    """What `skitai.test_client` returns: a client, and the server that it talks to.

    Args:
        script: path of the launch script, relative to the current directory; options of its own may follow,
            `"serve.py --x"`. Without one a server has to run already, as with `dry`.
        port: where it answers, on 127.0.0.1.
        devel: run it with `--devel`.
        ssl: speak TLS to it; its certificate is not checked.
        silent: keep the server's output to oneself; a server that listens on the port already is used then,
            and left running. Otherwise the output goes to the terminal.
        dry: start nothing.
        temp_dir: where `driver.capture` puts its pictures.
        opts: options of the script: `zoo=3` is `--zoo 3`, `zoo=None` is `--zoo`.

    Raises AtilaError where the script is not there, cannot be started, or its port is taken.
    """

    def __init__(
        self,
        script: str | os.PathLike[str] | None = None,
        port: int = 5000,
        devel: bool = False,
        ssl: bool = False,
        silent: bool = True,
        dry: bool = False,
        temp_dir: str | None = None,
        **opts: Any,
    ) -> None:
        if temp_dir is not None:
            os.makedirs(temp_dir, exist_ok=True)
        super().__init__(f"{'https' if ssl else 'http'}://127.0.0.1:{port}", temp_dir=temp_dir)
        self.port = port
        self.server: Server | None = None
        self._explain = self._ended
        if script is None or dry:
            return
        try:
            self._start(os.fspath(script), devel, silent, opts)
        except BaseException:
            super().close()
            raise

    def _start(self, script: str, devel: bool, silent: bool, opts: dict[str, Any]) -> None:
        path = shlex.split(script)[0]
        if not os.path.isfile(path):
            raise AtilaError(f"there is no launch script {os.path.abspath(path)}")
        if is_listening(self.port):
            if silent:
                return
            raise AtilaError(
                f"port {self.port} is taken: stop what listens there, choose another port, or use "
                "skitai.test_client(port=...) without a script to talk to it"
            )
        self.server = Server(command_of(script, self.port, devel, opts), self.port, silent)

    def _ended(self, error: httpx.TransportError) -> Exception | None:
        if self.server is None or not self.server.has_ended():
            return None
        return RuntimeError(f"the server has ended\n{self.server.log()}".rstrip())

    def log(self) -> str:
        """What the server has printed, where it was started by this client and is silent."""
        return "" if self.server is None else self.server.log()

    def stop(self) -> None:
        """Close the connections and end the server, if this client has started it; may be called again."""
        super().close()
        if self.server is not None:
            self.server.stop()

    close = _close = stop
