"""Files that commands write: looked at before the work, so that no long run ends without its report."""

from __future__ import annotations

import os
from pathlib import Path

from ..errors import AtilaError


def check_writable(path: Path) -> None:
    """AtilaError where a file cannot be written at `path`, as far as that can be told without writing."""
    problem = ""
    if path.is_dir():
        problem = "is a directory"
    elif not path.parent.is_dir():
        problem = f"there is no folder {path.parent}"
    elif not os.access(path if path.exists() else path.parent, os.W_OK):
        problem = "permission denied"
    if problem:
        raise AtilaError(f"{path} cannot be written: {problem}")


def write_file(path: Path, text: str) -> None:
    """Write a report. AtilaError where that is not possible."""
    try:
        path.write_text(text, "utf8")
    except OSError as error:
        raise AtilaError(f"{path} cannot be written: {error.strerror or error}") from error


def make_folder(path: Path) -> None:
    """Make a folder and those above it, where missing. AtilaError where nothing can be written there."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise AtilaError(f"{path} cannot be made: {error.strerror or error}") from error
    if not os.access(path, os.W_OK | os.X_OK):
        raise AtilaError(f"{path} cannot be written: permission denied")
