from __future__ import annotations

import os
from pathlib import Path

import anyio
import pytest

from atila_compat.http import file_contents
from atila_compat.http.conditional import ByteRange
from atila_compat.http.file_contents import FileChangedError, read_small


def read(path: Path, part: ByteRange | None = None, encoding: str | None = None) -> bytes:
    """The file as `read_small` gives it."""

    async def run() -> bytes:
        return await read_small(str(path), path.stat(), part, encoding)

    return anyio.run(run)


def test_changes_are_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that is kept in memory is read again as soon as anything about it has changed."""
    monkeypatch.setattr(file_contents, "SETTLED", 0)
    path = tmp_path / "a"
    path.write_bytes(b"one")
    assert (read(path), read(path)) == (b"one", b"one")
    path.write_bytes(b"two")
    os.utime(path, (1, 1))
    assert read(path) == b"two"
    path.unlink()
    path.write_bytes(b"six")
    os.utime(path, (1, 1))
    assert read(path) == b"six"


def test_young_files_are_not_kept(tmp_path: Path) -> None:
    """A file that was changed a moment ago is read each time: another change may look the same."""
    path = tmp_path / "a"
    path.write_bytes(b"one")
    status = path.stat()
    assert read(path) == b"one"
    assert file_contents._contents.get(str(path), None, status) is None


def test_memory_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was not asked for lately makes room."""
    monkeypatch.setattr(file_contents, "SETTLED", 0)
    contents = file_contents._Contents(10)
    path = tmp_path / "a"
    path.write_bytes(b"")
    status = path.stat()
    contents.keep("a", None, status, b"1234")
    contents.keep("b", None, status, b"1234")
    assert contents.get("a", None, status) == b"1234"
    contents.keep("c", None, status, b"1234")
    assert contents.get("b", None, status) is None
    assert contents.get("a", None, status) == b"1234"
    contents.keep("big", None, status, b"x" * 11)
    assert contents.get("big", None, status) is None


def test_parts(tmp_path: Path) -> None:
    """A part is read without the rest."""
    path = tmp_path / "a"
    path.write_bytes(b"0123456789")
    assert read(path, ByteRange(2, 6, 10)) == b"2345"


def test_a_replaced_file_is_noticed(tmp_path: Path) -> None:
    """A file that is not the one that was looked at is not sent under its headers."""
    path = tmp_path / "a"
    path.write_bytes(b"old")
    status = path.stat()
    path.write_bytes(b"newer")
    with pytest.raises(FileChangedError) as caught:
        anyio.run(read_small, str(path), status)
    assert caught.value.status.st_size == 5
