"""Locks by name, held by one thread of one worker process at a time (spec/01 section 10).

one process         threads exclude each other
several workers     and so do the processes, by locks on single bytes of a file in a directory that they
                    share: the kernel frees those of a process that dies; any number of names costs nothing
several machines    and so do they, by a key in Redis, which expires where its holder has died
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import stat
import tempfile
import threading
import time
import uuid
import weakref
from types import TracebackType
from typing import IO, Any

from .errors import AtilaError

fcntl: Any
try:
    import fcntl
except ImportError:  # Windows, where a service is one process
    fcntl = None

_POLL = 0.005
_LONGEST_POLL = 0.1
_FILE = "names.lock"


def lock_file(name: str) -> IO[bytes]:
    """A file that this process and those it forks lock by `fcntl.lockf`; it ends with the last of them.

    It is in memory where the system can do that, so that a service without a directory to write to can start.
    """
    if hasattr(os, "memfd_create"):
        return os.fdopen(os.memfd_create(name), "r+b")
    return tempfile.TemporaryFile(prefix=f"{name}-")


def private_folder(path: str) -> str:
    """Make a directory that nobody else may enter, if it is not there; returns its path.

    Raises PermissionError where it is somebody else's, or open to others: in a directory for temporary files
    anybody may have made one of that name.
    """
    os.makedirs(path, mode=0o700, exist_ok=True)
    found = os.lstat(path)
    owners = (0, os.geteuid()) if hasattr(os, "geteuid") else (found.st_uid,)
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in owners or found.st_mode & 0o022:
        raise PermissionError(errno.EACCES, "the directory is somebody else's, or open to others", path)
    return path


class Locks:
    """The locks of this process, by name.

    Attributes:
        folder: what this process shares with its fellows; empty where it has none.
        store: keeps the locks of several machines; None where there is one machine.
        held: those that somebody has; others are forgotten, with the last who names them.
    """

    def __init__(self) -> None:
        self.folder = ""
        self.store: Any = None
        self.held: set[SharedLock] = set()
        self._locks: weakref.WeakValueDictionary[str, SharedLock] = weakref.WeakValueDictionary()
        self._file: int | None = None
        self._guard = threading.Lock()
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._after_fork)

    def _after_fork(self) -> None:
        self._guard = threading.Lock()
        self._locks = weakref.WeakValueDictionary()
        self.held = set()

    def get(self, name: str) -> SharedLock:
        """The lock of that name."""
        with self._guard:
            lock = self._locks.get(name)
            if lock is None:
                lock = self._locks[name] = SharedLock(name, self)
            return lock

    def file(self) -> int:
        """The file that the processes lock bytes of; it stays open, since closing it would free them all.

        Where it has been deleted, as by a cleaner of /tmp, there is a new one for all.
        """
        path = os.path.join(self.folder, _FILE)
        with self._guard:
            if self._file is None or not _is_at(self._file, path):
                private_folder(self.folder)
                before, self._file = self._file, os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
                if before is not None:
                    os.close(before)
            return self._file


def _is_at(file: int, path: str) -> bool:
    try:
        return os.path.samestat(os.fstat(file), os.stat(path))
    except FileNotFoundError:
        return False


class SharedLock:
    """A re-entrant lock: `with lock:`, or `acquire` and `release` in one thread."""

    def __init__(self, name: str, space: Locks) -> None:
        self.name = name
        self._space = space
        self._threads = threading.RLock()
        self._depth = 0
        self._byte: int | None = None
        self._token = ""

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        """Take the lock; whether it was taken.

        Args:
            blocking: wait for it.
            timeout: seconds to wait at most; -1 for as long as it takes.

        Raises AtilaError where the Redis that keeps it does not answer.
        """
        deadline = None if timeout < 0 else time.monotonic() + timeout
        if not self._threads.acquire(blocking, timeout):
            return False
        if self._depth == 0:
            taken = False
            try:
                taken = self._take(blocking, deadline)
            finally:
                if not taken:
                    self._threads.release()
            if not taken:
                return False
        self._depth += 1
        self._space.held.add(self)
        return True

    def release(self) -> None:
        """Give the lock back. RuntimeError where this thread does not have it."""
        if not self._threads._is_owned():  # type: ignore[attr-defined]
            raise RuntimeError(f"lock {self.name!r} is released by a thread that does not have it")
        self._depth -= 1
        try:
            if self._depth == 0:
                self._space.held.discard(self)
                self._give()
        finally:
            self._threads.release()

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()

    # -- other processes ------------------------------------------------------------------------------------

    def _take(self, blocking: bool, deadline: float | None) -> bool:
        if self._space.store is not None:
            token = uuid.uuid4().hex
            taken = _wait(lambda: self._space.store.take_lock(self.name, token), blocking, deadline)
            self._token = token if taken else ""
            return taken
        if not self._space.folder or fcntl is None:
            return True
        if self._byte is None:
            digest = hashlib.sha256(self.name.encode("utf-8", "surrogatepass")).digest()
            self._byte = (
                int.from_bytes(digest[:8], "big") >> 2
            )  # what every system takes as a place in a file
        if blocking and deadline is None:
            try:
                fcntl.lockf(self._space.file(), fcntl.LOCK_EX, 1, self._byte)
                return True
            except OSError as error:
                # The kernel takes all threads of a process for one, and sees circles where there are none
                if error.errno != errno.EDEADLK:
                    raise
        return _wait(self._try_file, blocking, deadline)

    def _try_file(self) -> bool:
        file = self._space.file()
        try:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, self._byte)
        except (BlockingIOError, PermissionError):  # the second one on systems of old
            return False
        return True

    def _give(self) -> None:
        if self._token:
            token, self._token = self._token, ""
            with contextlib.suppress(AtilaError):  # it expires by itself
                self._space.store.give_lock(self.name, token)
        elif self._byte is not None and self._space.folder:
            fcntl.lockf(self._space.file(), fcntl.LOCK_UN, 1, self._byte)


def _wait(attempt: Any, blocking: bool, deadline: float | None) -> bool:
    pause = _POLL
    while not attempt():
        if not blocking or (deadline is not None and time.monotonic() >= deadline):
            return False
        time.sleep(pause)
        pause = min(pause * 1.5, _LONGEST_POLL)
    return True


locks = Locks()
"""Those of this process: `was.get_lock`, `was.plock`."""
