"""A server that is started for a comparison and stopped after it."""

from __future__ import annotations

import contextlib
import os
import shlex
import signal
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ...errors import AtilaError

HOST = "127.0.0.1"
START_SECONDS = 30.0
STOP_SECONDS = 10.0


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
    return port


def is_listening(port: int) -> bool:
    """Whether somebody accepts connections there."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((HOST, port)) == 0


@contextlib.contextmanager
def launched(command: str, folder: Path | None = None) -> Iterator[str]:
    """Run a server for as long as the context lasts; gives its URL.

    Args:
        command: a command line; `{port}` in it stands for a free port, without it `--port=N` is appended.
        folder: its working directory.

    Raises AtilaError with what the command says when it ends, or does not listen in time.
    """
    port = free_port()
    filled = command.replace("{port}", str(port))
    try:
        words = shlex.split(filled)
    except ValueError as error:
        raise AtilaError(f"`{command}` is no command line: {error}") from error
    if not words:
        raise AtilaError("an empty command line starts no server")
    if filled == command:
        words.append(f"--port={port}")
    with tempfile.TemporaryFile() as log:
        try:
            process = subprocess.Popen(  # noqa: S603 - the user's own command
                words, cwd=folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        except OSError as error:
            raise AtilaError(f"{words[0]} cannot be started: {error.strerror or error}") from error

        def said() -> str:
            return os.pread(log.fileno(), os.fstat(log.fileno()).st_size, 0).decode("utf8", "replace")

        try:
            deadline = time.monotonic() + START_SECONDS
            while not is_listening(port):
                if process.poll() is not None:
                    raise AtilaError(f"`{shlex.join(words)}` ended with code {process.returncode}:\n{said()}")
                if time.monotonic() > deadline:
                    raise AtilaError(f"`{shlex.join(words)}` does not listen on {port}:\n{said()}")
                time.sleep(0.05)
            yield f"http://{HOST}:{port}"
        finally:
            _stop(process)


def _stop(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(STOP_SECONDS)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


@contextlib.contextmanager
def served(app: Any) -> Iterator[str]:
    """Serve an ASGI application in a thread of this process for as long as the context lasts; gives its URL.

    Raises AtilaError when it does not start.
    """
    from uvicorn import Config, Server

    port = free_port()
    server = Server(Config(app, host=HOST, port=port, log_level="warning", lifespan="auto"))
    thread = threading.Thread(target=server.run, name="parity", daemon=True)
    thread.start()
    deadline = time.monotonic() + START_SECONDS
    while not server.started:
        if not thread.is_alive() or time.monotonic() > deadline:
            raise AtilaError("the application does not start: its lifespan fails, see the log")
        time.sleep(0.01)
    try:
        yield f"http://{HOST}:{port}"
    finally:
        server.should_exit = True
        thread.join(STOP_SECONDS)
