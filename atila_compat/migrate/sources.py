"""The Python files of a code base, read one by one; one that cannot be read stops nothing."""

from __future__ import annotations

import ast
import io
import os
import re
import tokenize
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

SKIPPED = frozenset({"__pycache__", "node_modules", "site-packages"})
"""Folders that are no part of a code base; those whose names begin with a dot, and environments, neither."""

_PYTHON_2 = (
    (re.compile(r"Missing parentheses in call to 'print'"), "print is a function"),
    (re.compile(r"Missing parentheses in call to 'exec'"), "exec is a function"),
    (re.compile(r"multiple exception types must be parenthesized"), "write `except X as e`"),
    (re.compile(r"leading zeros in decimal integer"), "octal numbers begin with 0o"),
    (re.compile(r"inconsistent use of tabs and spaces"), "indent by one of tabs and spaces"),
)
_PYTHON_2_LINES = (
    (re.compile(r"^\s*print\s+['\"\w]"), "print is a function"),
    (re.compile(r"^\s*raise\s+\w+\s*,"), "write `raise X (...)`"),
    (re.compile(r"\bur['\"]"), "there is no ur'' any more"),
    (re.compile(r"<>"), "write != for <>"),
    (re.compile(r"^\s*exec\s+['\"\w]"), "exec is a function"),
    (re.compile(r"`[^`]*`"), "write repr (x) for `x`"),
)


@dataclass(frozen=True)
class Source:
    """A file that could be read.

    Attributes:
        path: the file.
        shown: its path as reports show it, with slashes.
        text: its text.
        tree: the same, parsed.
    """

    path: Path
    shown: str
    text: str
    tree: ast.Module

    @cached_property
    def lines(self) -> list[str]:
        """The lines as Python counts them, without their ends."""
        return re.split(r"\r\n|\n|\r", self.text)

    def column(self, line: int, offset: int) -> int:
        """The column in characters, from 0, for an offset in bytes of UTF-8, as the parser gives it."""
        text = self.lines[line - 1] if 0 < line <= len(self.lines) else ""
        return offset if text.isascii() else len(text.encode()[:offset].decode("utf8", "ignore"))


@dataclass(frozen=True)
class Broken:
    """A file that could not be read.

    Attributes:
        reason: what is wrong with it.
        todo: what to do about it.
    """

    path: Path
    shown: str
    line: int
    column: int
    reason: str
    todo: str


def python_files(root: Path) -> Iterator[Path]:
    """The Python files below a folder, sorted; or the one that `root` is."""
    if root.is_file():
        yield root
        return
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if not is_skipped(Path(folder, name)))
        for name in sorted(names):
            path = Path(folder, name)
            if name.endswith((".py", ".pyw")) and not name.startswith(".") and not _is_special(path):
                yield path


def _is_special(path: Path) -> bool:
    """Whether reading would wait for somebody, as of a pipe."""
    return os.path.exists(path) and not os.path.isfile(path)


def is_skipped(folder: Path) -> bool:
    """Whether a folder is no part of a code base."""
    name = folder.name
    return name in SKIPPED or name.startswith(".") or (folder / "pyvenv.cfg").exists()


def shown(path: Path) -> str:
    """A path as reports show it: relative to the current folder where it lies below."""
    relative = os.path.relpath(path)
    return (str(path) if relative.startswith(os.pardir) else relative).replace(os.sep, "/")


def read(path: Path) -> Source | Broken:
    """Read and parse one file."""
    try:
        return parse(path.read_bytes(), path)
    except OSError as error:
        reason = f"cannot be read: {error.strerror or error}"
        return Broken(path, shown(path), 1, 0, reason, "make it readable, or leave it out")


def parse(content: bytes, path: Path) -> Source | Broken:
    """Parse the bytes of a file."""
    name = shown(path)

    def broken(line: int | None, column: int | None, reason: str, todo: str) -> Broken:
        return Broken(path, name, max(line or 1, 1), max((column or 1) - 1, 0), reason, todo)

    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(content).readline)
        text = content.decode(encoding)
    except (SyntaxError, UnicodeDecodeError, LookupError) as error:
        line = content[: error.start].count(b"\n") + 1 if isinstance(error, UnicodeDecodeError) else 1
        todo = "save it as UTF-8, or name its encoding in its first line: # -*- coding: euc-kr -*-"
        return broken(line, 1, f"is not in the encoding that it declares: {error}", todo)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(text.removeprefix("\ufeff"), filename=name)
    except SyntaxError as error:
        todo = "correct it; the file is skipped until then"
        old = _python_2(error, text)
        if old:
            todo = f"this looks like Python 2 ({old}): convert it first, it cannot run on Python 3"
        return broken(error.lineno, error.offset, f"cannot be parsed: {error.msg}", todo)
    except (ValueError, RecursionError, MemoryError) as error:
        reason = f"cannot be parsed: {str(error) or 'it is nested too deeply'}"
        return broken(1, 1, reason, "correct it; the file is skipped until then")
    return Source(path, name, text.removeprefix("\ufeff"), tree)


def _python_2(error: SyntaxError, text: str) -> str:
    """What of Python 2 the line has that could not be parsed; empty where it looks like something else."""
    for pattern, what in _PYTHON_2:
        if pattern.search(error.msg or ""):
            return what
    lines = text.splitlines()
    number = error.lineno or 0
    line = lines[number - 1] if 0 < number <= len(lines) else ""
    for pattern, what in _PYTHON_2_LINES:
        if pattern.search(line):
            return what
    return ""
