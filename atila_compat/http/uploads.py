"""Uploaded files (README "File Upload", spec/04 section 11)."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from types import TracebackType
from typing import IO

ROLL_OVER = 1024 * 1024
"""Bytes: a longer file is kept on disk, a shorter one in memory."""

LONGEST_NAME = 200
"""Bytes: file systems take names of 255, and `save` adds a number."""
_LONGEST_EXT = 32

_UNSAFE = re.compile(r"""[\s\x00-\x1f\x7f\\"':;><&?|/]""")


def _current_umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


_FILE_MODE = 0o666 & ~_current_umask()
"""Temporary files can be read by this user only; what an app keeps gets the permissions of a new file."""


def safe_name(name: str) -> str:
    """A client's file name without folders, leading dots and characters that shells and pages trip over."""
    base = name.replace("\\", "/").rsplit("/", 1)[-1].lstrip(".")
    stem, ext = os.path.splitext(_UNSAFE.sub("_", base))
    if len(ext.encode("utf-8", "replace")) > _LONGEST_EXT:
        stem, ext = stem + ext, ""
    room = LONGEST_NAME - len(ext.encode("utf-8", "replace"))
    return stem.encode("utf-8", "replace")[:room].decode("utf-8", "ignore") + ext or "noname"


class FlashFile(str):
    """The path of a file that is deleted when its `with` block ends."""

    def remove(self) -> None:
        """Delete the file now."""
        with contextlib.suppress(FileNotFoundError):
            os.remove(self)

    def __call__(self) -> FlashFile:
        """Itself: `file.tempfile` and `file.flashfile` may be called, as `file.as_flashfile` is."""
        return self

    def __enter__(self) -> FlashFile:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.remove()


class File:
    """One uploaded file.

    Args:
        name: as the client sent it.
        mimetype: media type of the part, empty where none was sent.

    Attributes:
        name: safe to be used as a file name.
        path: where the file is; None while it is in memory only.
        size: in bytes.
    """

    def __init__(self, name: str, mimetype: str = "") -> None:
        self.name = safe_name(name)
        self.mimetype = mimetype
        self.size = 0
        self.path: str | None = None
        self._memory = bytearray()  # the first `_pending` bytes of it count
        self._pending = 0
        self._spool: IO[bytes] | None = None
        self._temporary: str | None = None
        self._discarded = False
        self._removed = False

    # -- while it arrives -----------------------------------------------------------------------------------

    def feed(self, data: bytes) -> None:
        """Take the next bytes, in memory."""
        end = self._pending + len(data)
        self._memory[self._pending : end] = data
        self._pending = end
        self.size += len(data)

    @property
    def pending(self) -> int:
        """Bytes that `spool` would write."""
        return 0 if self._short else self._pending

    @property
    def _short(self) -> bool:
        """Whether the content is kept in memory, to be read and saved again whatever its copies become."""
        return self.size <= ROLL_OVER

    def spool(self) -> None:
        """Write what is in memory to disk; blocks."""
        first = self._spool is None
        if self._spool is None:
            handle, path = tempfile.mkstemp(prefix="atila-", suffix=self.ext or "")
            self._spool = os.fdopen(handle, "wb")
            self.path = self._temporary = path
        try:
            with memoryview(self._memory) as memory:
                self._spool.write(memory[: self._pending])
            if not self._short:
                # The memory stays, for the next bytes: to get it from the system each time takes longer than
                # to write. Only what was needed until now is too much for that.
                self._pending = 0
                if first:
                    self._memory = bytearray()
        finally:
            if self._discarded:  # meanwhile, by who gave up waiting for this thread
                self.discard()

    def complete(self) -> None:
        """The last byte has come; blocks where the file is on disk."""
        if self.pending:
            self.spool()
        if self._spool is not None:
            self._spool.close()
            self._spool = None
            if not self._short:
                self._memory = bytearray()

    def discard(self) -> None:
        """Delete the temporary file, if there is one and nobody has moved it."""
        self._discarded = True
        if self._spool is not None:
            self._spool.close()
            self._spool = None
        if self._temporary is not None:
            with contextlib.suppress(FileNotFoundError):
                os.remove(self._temporary)
            self._temporary = None

    # -- what apps use --------------------------------------------------------------------------------------

    @property
    def file(self) -> str | None:
        """The same as `path`."""
        return self.path

    @property
    def ext(self) -> str | None:
        """The last suffix of the name with its dot, or None."""
        return os.path.splitext(self.name)[1] or None

    def read(self) -> bytes:
        """The whole content. Raises FileNotFoundError where it has been removed."""
        if self._short and not self._removed:
            return bytes(memoryview(self._memory)[: self._pending])
        if self.path is None:
            raise FileNotFoundError(f"{self.name} has been removed")
        with open(self.path, "rb") as stored:
            return stored.read()

    def flush(self) -> str:
        """Have the file on disk; returns its path. It is deleted after the request."""
        if self.path is None:
            self.spool()
        if self._spool is not None:
            self.complete()
        assert self.path is not None
        return self.path

    def move(self, to: str) -> str:
        """Move the file to the path `to`, where it stays; returns that.

        A file that is there is overwritten. What has been moved or saved before is the app's and stays: this
        makes one more. Raises OSError where `to` is a directory, or cannot be written.
        """
        if os.path.isdir(to):
            raise IsADirectoryError(f"{to} is a directory: name the file too, or use save()")
        if self._temporary is not None and os.path.exists(self._temporary):
            shutil.move(self._temporary, to)
            os.chmod(to, _FILE_MODE)
        elif self._short or self.path is None:
            content = self.read()
            with open(to, "wb") as target:
                target.write(content)
        elif not _same(self.path, to):
            shutil.copyfile(self.path, to)
        self._temporary = None
        self.path = to
        return to

    def save(self, into: str, name: str | None = None, mkdir: bool = False, dup: str | None = "u") -> None:
        """Put the file into a directory.

        Args:
            into: the directory.
            name: name to take in place of the client's; folders in it are ignored.
            mkdir: make the directory where it is missing.
            dup: for a name that is taken: `"o"` overwrites, anything else saves as `name.1.ext`,
                `name.2.ext`...

        `path` says where it is then. Raises FileNotFoundError for a missing directory.
        """
        if mkdir:
            os.makedirs(into, exist_ok=True)
        own = os.path.basename(name or "")
        target = os.path.join(into, self.name if own in ("", ".", "..") else own)
        if dup == "o":
            self.move(target)
            return
        # Taking the name with O_EXCL keeps two requests from saving under the same one.
        for candidate in _numbered(target):
            try:
                os.close(os.open(candidate, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
            except FileExistsError:
                continue
            self.move(candidate)
            return

    def as_flashfile(self) -> FlashFile:
        """The path of the file, which is deleted at the end of a `with` block."""
        return FlashFile(self.flush())

    tempfile = flashfile = property(as_flashfile)

    def remove(self) -> None:
        """Delete the uploaded file; what has been moved or saved is the app's and stays."""
        self._memory = bytearray()
        self._pending = 0
        self._removed = True
        self.discard()

    def __repr__(self) -> str:
        return f"<File {self.name} {self.size} bytes>"


def _same(one: str, other: str) -> bool:
    return os.path.exists(other) and os.path.samefile(one, other)


def _numbered(path: str) -> Iterator[str]:
    yield path
    folder, name = os.path.split(path)
    stem, dot, ext = name.rpartition(".") if name.count(".") == 1 else (name, "", "")
    number = 1
    while True:
        yield os.path.join(folder, f"{stem}.{number}{dot}{ext}")
        number += 1
