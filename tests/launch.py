"""Launch scripts as real processes, as users start them: `python3 -m atila_compat run serve.py --port=N`."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import httpx
import psutil

from .servers import HOST, free_port, listening, wait_until

ROOT = Path(__file__).resolve().parent.parent
RUN = (sys.executable, "-m", "atila_compat", "run", "serve.py")
STOP_SECONDS = 10.0


class Launched:
    """A server process in a session of its own, which answers on a free port of the loopback interface.

    Args:
        command: what is started; `{port}` in it stands for the port, without one `--port=N` is appended.
        folder: its working directory.
        args: further arguments, at the end.
        env: further environment; the package of this checkout is importable in any case.

    Raises RuntimeError with the process's output when it ends before it answers, or does not answer in time.

    Attributes:
        client: an httpx.Client whose base is the server, without proxies; it follows no redirects.
        process: the subprocess.Popen, started in a process group of its own.
        port, url: where it answers, `http://127.0.0.1:PORT`.
        folder: where it runs.
    """

    def __init__(
        self,
        command: Sequence[str],
        folder: Path,
        args: Sequence[str] = (),
        env: Mapping[str, str] | None = None,
    ) -> None:
        self.folder = folder
        self.port = free_port()
        self.url = f"http://{HOST}:{self.port}"
        self._said = ""
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - closed by _release()
        path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
        self.process: subprocess.Popen[bytes] = subprocess.Popen(
            [*with_port(command, self.port), *args],
            cwd=folder,
            env={**_environment(), "PYTHONUNBUFFERED": "1", "PYTHONPATH": path, **(env or {})},
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self.client = httpx.Client(base_url=self.url, trust_env=False, timeout=20)
        try:
            wait_until(lambda: listening(self.port), self.process, self.log)
        except RuntimeError:
            self.kill()
            raise

    def log(self) -> str:
        """What the process has printed so far, on standard output and standard error."""
        if self._log.closed:
            return self._said
        size = os.fstat(self._log.fileno()).st_size
        return os.pread(self._log.fileno(), size, 0).decode("utf8", "replace")

    @property
    def stopped(self) -> bool:
        """Whether stop() or kill() has been called."""
        return self._log.closed

    def stop(self, within: float = STOP_SECONDS, *, and_children: bool = True) -> int:
        """End the process as `kill` and service managers do, by SIGTERM; gives its exit code.

        Raises AssertionError with the log when it has not ended `within` so many seconds, or leaves children
        behind; they are killed then.

        Args:
            within: seconds.
            and_children: False for scripts that start processes of their own and do not end them.
        """
        deadline = time.monotonic() + within
        self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(within)
            while and_children and (children := self._group()):
                if time.monotonic() > deadline:
                    raise AssertionError(
                        f"the server has ended, its children have not: {children}\n{self.log()}"
                    )
                time.sleep(0.02)
        except subprocess.TimeoutExpired:
            message = f"the server did not end within {within} s after SIGTERM:\n{self.log()}"
            raise AssertionError(message) from None
        finally:
            self.kill()
        return code

    def kill(self) -> None:
        """End the process and its children at once; may be called again."""
        if self.stopped:
            return
        while processes := self._group():
            for process in processes:
                with contextlib.suppress(psutil.NoSuchProcess):
                    process.kill()
            time.sleep(0.01)
        self.process.wait()
        self._said = self.log()
        self._log.close()
        self.client.close()

    def _group(self) -> list[psutil.Process]:
        """The living processes of the server's group, no zombies: nobody may be there to reap them."""
        found = []
        for process in psutil.process_iter(["status"]):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                alive = process.info["status"] != psutil.STATUS_ZOMBIE
                if alive and os.getpgid(process.pid) == self.process.pid:
                    found.append(process)
        return found


def _environment() -> dict[str, str]:
    """This process's environment. Other threads may change it meanwhile, as pytest does before each test."""
    return {name: value for name in list(os.environ) if (value := os.environ.get(name)) is not None}


def with_port(command: Sequence[str], port: int) -> list[str]:
    """The command with this port in its places for one, or at its end."""
    filled = [part.replace("{port}", str(port)) for part in command]
    return filled if filled != list(command) else [*filled, f"--port={port}"]


class Serve:
    """The `serve` fixture: `serve(source)` writes a launch script and runs it; see `__call__`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.running: list[Launched] = []

    def __call__(
        self,
        source: str,
        *args: str,
        files: Mapping[str, str | bytes] | None = None,
        env: Mapping[str, str] | None = None,
        command: Sequence[str] = RUN,
        workers: int | None = None,
    ) -> Launched:
        """Run a launch script as a real process, wait until it answers, and stop it when the test ends.

        Args:
            source: the text of `serve.py`, dedented.
            args: its arguments, as on the command line: `"--devel"`, `"--threads=2"`.
            files: more files beside it, by relative path (`"services/__init__.py"`, `"static/a.css"`); text
                is dedented, bytes are written as they are.
            env: more environment variables.
            command: what runs it, in place of `python -m atila_compat run serve.py`; `--port=N` is appended:
                `(sys.executable, "-m", "uvicorn", "serve:app")` serves the app as a library user does.
            workers: given as `--workers=N`, and so many are waited for: the first alone would answer already.

        Gives a `Launched`: `.client` (httpx.Client on the server), `.url`, `.port`, `.process`, `.log()`,
        `.folder`, `.stop()`. A test that asks for several gets each in a folder of its own.

            def test_hello(serve: Serve) -> None:
                app = serve(HELLO)
                assert app.client.get("/").text == "Hello, World"

        When the test ends the process gets SIGTERM; the test fails when it does not end within STOP_SECONDS
        or leaves children behind. A test may stop it itself, and look at the exit code that `stop()` gives.
        Raises RuntimeError with the output when the script ends before it answers.
        """
        folder = self.folder / f"app{len(self.running)}"
        for name, content in {**(files or {}), "serve.py": source}.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else textwrap.dedent(content).encode())
        if workers is not None:
            args = (*args, f"--workers={workers}")
        app = Launched(command, folder, args, env)
        self.running.append(app)
        if workers is not None:
            started = "worker started on"
            wait_until(lambda: app.log().count(started) >= workers, app.process, app.log)
        return app

    def close(self) -> None:
        """Stop whatever still runs; AssertionError for what does not end, after all have been tried."""
        with contextlib.ExitStack() as stack:
            for app in self.running:
                if not app.stopped:
                    stack.callback(app.stop)
