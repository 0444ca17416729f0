"""Reading files for answers: off the event loop, and once only for small ones that are asked for often."""

from __future__ import annotations

import os
import time
from collections import OrderedDict
from collections.abc import Callable
from functools import partial
from typing import IO, TypeVar

import anyio
import anyio.to_thread

from .compression import compress
from .conditional import ByteRange

T = TypeVar("T")

SMALL = 256 * 1024
"""Files up to this many bytes are read at once, and kept in memory while they are asked for."""
CHUNK = 128 * 1024
"""Bytes that are read and sent at a time of larger files."""
CACHE_SIZE = 8 * 1024 * 1024
"""Bytes of small files that are kept in memory at most."""
SETTLED = 2.0
"""Seconds after its last change from which on a file is kept; a second change may hide in the clock."""
THREADS = 8
"""Reads at the same time at most."""


class FileChangedError(Exception):
    """A file was replaced between the look at it and its opening."""

    def __init__(self, status: os.stat_result) -> None:
        super().__init__()
        self.status = status


class _Contents:
    """Small files that were read lately, as sent, by path and encoding, as long as the file is the same."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._size = 0
        self._items: OrderedDict[tuple[str, str | None], tuple[tuple[int, ...], bytes]] = OrderedDict()

    @staticmethod
    def _identity(status: os.stat_result) -> tuple[int, ...]:
        return (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)

    def get(self, path: str, encoding: str | None, status: os.stat_result) -> bytes | None:
        item = self._items.get((path, encoding))
        if item is None:
            return None
        if item[0] != self._identity(status):
            self._drop((path, encoding))
            return None
        self._items.move_to_end((path, encoding))
        return item[1]

    def keep(self, path: str, encoding: str | None, status: os.stat_result, body: bytes) -> None:
        if len(body) > SMALL or time.time() - max(status.st_ctime, status.st_mtime) < SETTLED:
            return
        self._drop((path, encoding))
        self._items[path, encoding] = (self._identity(status), body)
        self._size += len(body)
        while self._size > self._limit:
            self._drop(next(iter(self._items)))

    def _drop(self, key: tuple[str, str | None]) -> None:
        item = self._items.pop(key, None)
        if item is not None:
            self._size -= len(item[1])


_contents = _Contents(CACHE_SIZE)
_limiter: anyio.CapacityLimiter | None = None


async def in_thread(func: Callable[[], T]) -> T:
    """Run `func` in a thread that is meant for files."""
    global _limiter
    if _limiter is None:
        _limiter = anyio.CapacityLimiter(THREADS)
    return await anyio.to_thread.run_sync(func, limiter=_limiter)


def _open_at_once(path: str, flags: int) -> int:
    # a pipe that took the place of the file must not keep the thread
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def open_unchanged(path: str, expected: os.stat_result) -> IO[bytes]:
    """Open a file that was looked at before.

    Raises FileChangedError where it is another one by now, OSError where it cannot be opened.
    """
    file = open(path, "rb", opener=_open_at_once)  # noqa: SIM115 - handed to the caller
    now = os.fstat(file.fileno())
    if (now.st_ino, now.st_size, now.st_mtime_ns) != (
        expected.st_ino,
        expected.st_size,
        expected.st_mtime_ns,
    ):
        file.close()
        raise FileChangedError(now)
    return file


def _read(path: str, expected: os.stat_result, part: ByteRange | None, encoding: str | None) -> bytes:
    with open_unchanged(path, expected) as file:
        if part is None:
            body = file.read(expected.st_size)
            return compress(body, encoding) if encoding else body
        file.seek(part.start)
        return file.read(part.length)


async def read_small(
    path: str, status: os.stat_result, part: ByteRange | None = None, encoding: str | None = None
) -> bytes:
    """A small file, or a part of one, compressed where `encoding` says so; from memory where it is known.

    Raises FileChangedError and OSError as `open_unchanged`.
    """
    if part is not None:
        return await in_thread(partial(_read, path, status, part, None))
    body = _contents.get(path, encoding, status)
    if body is None:
        body = await in_thread(partial(_read, path, status, None, encoding))
        _contents.keep(path, encoding, status, body)
    return body
