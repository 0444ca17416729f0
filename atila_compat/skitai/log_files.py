"""Log files that several processes write, and that are put aside when they have grown."""

from __future__ import annotations

import contextlib
import logging
import os
import threading
import time
from typing import Any

fcntl: Any
try:
    import fcntl
except ImportError:  # Windows, where one process writes
    fcntl = None

LOOK_EVERY = 1.0
"""Seconds between two looks whether somebody else, another worker or logrotate, has put the file aside."""


class SharedFile:
    """A file that lines are appended to.

    Each write is one system call, so lines of several processes do not mix. Where the file has grown beyond
    `size` it becomes `PATH.1`, that `PATH.2`, and so on. Where it cannot be written, as on a full disk, lines
    are lost and the service goes on.

    Args:
        size: bytes.
        kept: how many files are kept besides the current one.
    """

    def __init__(self, path: str, size: int, kept: int) -> None:
        self.path = path
        self._size = size
        self._kept = kept
        self._lock = threading.Lock()
        self._file: int | None = None
        self._identity: tuple[int, int] | None = None
        self._looked = 0.0
        self._process = 0

    def open(self) -> None:
        """Open the file; raises OSError where that cannot be done."""
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_CLOEXEC", 0)
        self._file = os.open(self.path, flags, 0o640)
        found = os.fstat(self._file)
        self._identity, self._process = (found.st_dev, found.st_ino), os.getpid()

    def write(self, text: str) -> None:
        """Append text, which ends with a line end."""
        data = text.encode("utf-8", "backslashreplace")
        with self._lock, contextlib.suppress(OSError):
            with contextlib.suppress(OSError):  # where it cannot be put aside it is written on
                self._look()
            if self._file is None:
                self.open()
            assert self._file is not None
            os.write(self._file, data)

    def _look(self) -> None:
        now = time.monotonic()
        if now - self._looked < LOOK_EVERY:
            return
        self._looked = now
        try:
            found = os.stat(self.path)
        except FileNotFoundError:
            self._close()
            return
        if (found.st_dev, found.st_ino) != self._identity:
            self._close()
        elif self._size and found.st_size > self._size:
            self._close()
            self._put_aside()

    def _close(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _put_aside(self) -> None:
        """Rename; one process does it, others find that it has been done."""
        lock = os.open(self.path + ".lock", os.O_WRONLY | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o640)
        try:
            if fcntl is not None:
                fcntl.flock(lock, fcntl.LOCK_EX)
            try:
                if os.stat(self.path).st_size <= self._size:
                    return
            except FileNotFoundError:  # it has been put aside just now, and nobody has begun the next one
                return
            for number in range(self._kept - 1, 0, -1):
                with contextlib.suppress(FileNotFoundError):
                    os.replace(f"{self.path}.{number}", f"{self.path}.{number + 1}")
            if self._kept:
                os.replace(self.path, f"{self.path}.1")
            else:
                os.remove(self.path)
        finally:
            os.close(lock)


class FileHandler(logging.Handler):
    """Writes records to a SharedFile."""

    def __init__(self, file: SharedFile) -> None:
        super().__init__()
        self.file = file

    def emit(self, record: logging.LogRecord) -> None:
        """Append the record's line."""
        try:
            self.file.write(self.format(record) + "\n")
        except Exception:
            self.handleError(record)
