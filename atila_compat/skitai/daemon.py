"""The service in the background: `start`, `-d`, `stop`, `restart`, `status` (spec/01 section 10).

The daemon's process id is in `.pid` of `skitai.get_varpath()`. The daemon holds a lock on that file as long
as it lives, so what a crash leaves behind is never mistaken for a running service, nor somebody else's
process for ours.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
from typing import IO, Any

from ..errors import AtilaError
from ..settings import settings
from . import place

fcntl: Any
try:
    import fcntl
except ImportError:  # Windows
    fcntl = None

NOT_RUNNING = 3
"""Exit code of `status` where nothing runs, as service managers expect it."""
START_SECONDS = 120.0
MARGIN = 15.0

_held: IO[str] | None = None
_starter: int | None = None


def pid_path() -> str:
    """The file with the daemon's process id."""
    return os.path.join(place.get_varpath(), ".pid")


def running() -> int:
    """The process id of the running daemon; 0 where none runs."""
    try:
        file = open(pid_path())  # noqa: SIM115 - closed below
    except OSError:
        return 0
    with file:
        owner = os.fstat(file.fileno()).st_uid
        if owner not in (0, os.geteuid()) and os.geteuid() == 0:
            return 0  # anybody may write below /var/tmp: root listens to root
        if not _is_locked(file):
            return 0
        try:
            return int(file.read().strip() or 0)
        except ValueError:
            return 0


def _is_locked(file: IO[str]) -> bool:
    """Whether a living process holds the lock; looks without taking it, which would need write access."""
    import struct

    # struct flock of a 64-bit Linux; where it differs, the lock itself is tried
    if sys.platform == "linux" and sys.maxsize > 2**32:
        asked = struct.pack("hhqqi4x", fcntl.F_RDLCK, 0, 0, 0, 0)
        answer = fcntl.fcntl(file.fileno(), fcntl.F_GETLK, asked)
        return bool(struct.unpack("hhqqi4x", answer)[0] != fcntl.F_UNLCK)
    try:
        fcntl.lockf(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    fcntl.lockf(file, fcntl.LOCK_UN)
    return False


def _say(what: str) -> None:
    print(f"{place.get_proc_title()} [{what}]")


def refuse_beside_daemon() -> None:
    """Raise SystemError where the daemon of this service runs."""
    if fcntl is not None and running():
        raise SystemError("daemon is running")


def obey(command: str) -> int | None:
    """Do what a command word says.

    Returns the exit code; None in the daemon itself, which goes on to serve. Raises AtilaError where it
    cannot be done.
    """
    if fcntl is None:
        raise AtilaError(f"{command} needs a POSIX system: run the service in the foreground")
    if command == "status":
        pid = running()
        _say(f"running:{pid}" if pid else "stopped")
        return 0 if pid else NOT_RUNNING
    if command == "stop":
        if not running():
            _say("stopped")
            return 0
        return 0 if _stop() else 1
    if command == "restart":
        if not _stop():
            return 1
    elif pid := running():
        _say(f"already running:{pid}")
        return 1
    return _start()


def _stop() -> bool:
    """End the daemon and wait for its end; whether it has ended."""
    pid = running()
    if not pid:
        return True
    try:
        os.kill(pid, signal.SIGTERM)
    except PermissionError:
        raise AtilaError(f"process {pid} belongs to somebody else: stop it as that user") from None
    except ProcessLookupError:
        return True
    deadline = time.monotonic() + settings.shutdown_timeout + MARGIN
    while running() == pid:
        if time.monotonic() > deadline:
            print(f"process {pid} does not end; kill -9 {pid} ends it at once", file=sys.stderr)
            return False
        time.sleep(0.02)
    return True


def _start() -> int | None:
    """Fork the daemon, and wait in the first process until it serves."""
    folder = place.get_varpath()
    with contextlib.suppress(OSError):
        if not os.path.isdir(parent := os.path.dirname(folder)):
            os.makedirs(parent)
            os.chmod(parent, 0o1777)  # noqa: S103 - as /var/tmp: each has their own services there
    try:
        os.makedirs(folder, exist_ok=True)
        file = open(os.path.join(folder, ".pid"), "a+")  # noqa: SIM115 - open as long as the daemon lives
    except OSError as error:
        raise AtilaError(f"cannot write {folder}: {error.strerror}; start the service as its owner") from None
    if settings.log_path is None:
        settings.log_path = _log_folder()
    told, tell = os.pipe()
    if os.fork():
        file.close()
        os.close(tell)
        return _wait_for(told)
    os.close(told)
    os.setsid()
    if os.fork():
        os._exit(0)
    _become_daemon(file, tell)
    return None


def _log_folder() -> str:
    for folder in (place.get_logpath(), os.path.join(place.get_varpath(), "log")):
        with contextlib.suppress(OSError):
            os.makedirs(folder, exist_ok=True)
            if os.access(folder, os.W_OK):
                return folder
    return place.get_varpath()


def _become_daemon(file: IO[str], tell: int) -> None:
    global _held, _starter
    _held, _starter = file, tell
    try:
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        tell_starter("another one has just been started")
        os._exit(1)
    file.seek(0)
    file.truncate()
    file.write(f"{os.getpid()}\n")
    file.flush()
    os.umask(0o022)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    sink = os.open(
        os.path.join(place.get_varpath(), "stderr.engine"), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644
    )
    sys.stdout.flush()
    sys.stderr.flush()
    os.dup2(sink, 1)
    os.dup2(sink, 2)


def tell_starter(problem: str = "") -> None:
    """Let the process that has started the daemon end: it serves, or there is a problem."""
    global _starter
    if _starter is not None:
        with contextlib.suppress(OSError):
            os.write(_starter, f"!{problem}".encode() if problem else b".")
            os.close(_starter)
        _starter = None


def _wait_for(told: int) -> int:
    import select

    readable, _, _ = select.select([told], [], [], START_SECONDS)
    said = os.read(told, 4096) if readable else b"!it has not answered in time"
    if said == b".":
        return 0
    problem = said[1:].decode("utf-8", "replace") or "it has ended"
    print(f"{place.get_proc_title()} has not started: {problem}", file=sys.stderr)
    for name in ("stderr.engine",):
        with contextlib.suppress(OSError), open(os.path.join(place.get_varpath(), name)) as file:
            sys.stderr.write(file.read()[-4000:])
    return 1
