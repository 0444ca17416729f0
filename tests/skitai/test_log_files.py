"""Log files that several processes write: whatever becomes of the file, no line is lost."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from atila_compat.skitai import log_files
from atila_compat.skitai.log_files import SharedFile


def test_a_file_that_somebody_else_puts_aside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another process has put the file aside just when this one was about to: the line opens the next."""
    monkeypatch.setattr(log_files, "LOOK_EVERY", 0.0)
    path = tmp_path / "request.log"
    file = SharedFile(str(path), 10, 5)
    file.write("the first line\n")
    close = file._close

    def close_late() -> None:
        close()
        if path.exists():
            os.replace(path, f"{path}.1")

    monkeypatch.setattr(file, "_close", close_late)
    file.write("the second line\n")
    assert (tmp_path / "request.log.1").read_text() == "the first line\n"
    assert path.read_text() == "the second line\n"


def test_a_file_that_cannot_be_put_aside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where it cannot be renamed it is written on."""
    monkeypatch.setattr(log_files, "LOOK_EVERY", 0.0)
    file = SharedFile(str(tmp_path / "request.log"), 10, 5)
    file.write("the first line\n")
    (tmp_path / "request.log.lock").mkdir()
    file.write("the second line\n")
    assert (tmp_path / "request.log").read_text() == "the first line\nthe second line\n"
