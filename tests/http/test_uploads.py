from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atila_compat.http.uploads import LONGEST_NAME, ROLL_OVER, File, FlashFile, safe_name


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that temporary files go to."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def uploaded(data: bytes = b"data", name: str = "a.txt", mimetype: str = "text/plain") -> File:
    """A file that has arrived."""
    file = File(name, mimetype)
    file.feed(data)
    if file.pending:
        file.spool()
    file.complete()
    return file


def saved(file: File, into: Path, name: str | None = None, **options: Any) -> str:
    """Where a file is after `save`."""
    file.save(str(into), name, **options)
    assert file.path is not None
    return file.path


BIG = b"0123456789abcdef" * (ROLL_OVER // 16) + b"!"
BOTH = pytest.mark.parametrize("data", [b"small", BIG], ids=["memory", "disk"])


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("note.txt", "note.txt"),
        ("../../etc/pass wd.tar.gz", "pass_wd.tar.gz"),
        ("사진 1.png", "사진_1.png"),
        (".hidden", "hidden"),
        ("...", "noname"),
        (" a ", "_a_"),
        ("", "noname"),
        ("/", "noname"),
        ("C:\\docs\\a.txt", "a.txt"),
        ("a/b\\..\\c.txt", "c.txt"),
        ("a\0b\r\nc.txt", "a_b__c.txt"),
        ("""a"b'c:d;e>f<g&h?i|j.txt""", "a_b_c_d_e_f_g_h_i_j.txt"),
        ("a" * 300 + ".txt", "a" * (LONGEST_NAME - 4) + ".txt"),
        ("글" * 300 + ".txt", "글" * ((LONGEST_NAME - 4) // 3) + ".txt"),
        ("a." + "b" * 300, "a." + "b" * (LONGEST_NAME - 2)),
    ],
)
def test_names_are_safe(name: str, safe: str) -> None:
    """A client's file name loses folders, leading dots, and what shells and pages trip over."""
    assert File(name).name == safe_name(name) == safe


@given(st.text(max_size=400))
def test_any_name_is_a_file_name(name: str) -> None:
    """Whatever a client calls a file, it is the name of a file in the folder it is saved to."""
    safe = safe_name(name)
    assert safe
    assert not safe.startswith(".")
    assert not set(safe) & set("/\\\0\r\n \"'<>&;:?|")
    assert len(safe.encode("utf-8", "replace")) <= LONGEST_NAME
    assert os.path.basename(safe) == safe


@pytest.mark.parametrize(
    ("name", "ext"),
    [("a.txt", ".txt"), ("a.tar.gz", ".gz"), ("README", None), (".hidden", None), ("a.", ".")],
)
def test_extensions(name: str, ext: str | None) -> None:
    """`ext` is the last suffix with its dot, None without one."""
    assert File(name).ext == ext


def test_short_files_stay_in_memory(temporary: Path) -> None:
    """Up to a mebibyte nothing is written; `path` is None then."""
    file = uploaded(b"x" * ROLL_OVER)
    assert (file.size, file.path, file.file) == (ROLL_OVER, None, None)
    assert file.read() == b"x" * ROLL_OVER
    assert list(temporary.iterdir()) == []


def test_long_files_are_on_disk(temporary: Path) -> None:
    """One byte more is on disk, under a name with the same suffix, readable by this user only."""
    file = uploaded(BIG, "photo.png")
    (path,) = temporary.iterdir()
    assert file.path == file.file == str(path)
    assert path.name.startswith("atila-")
    assert path.suffix == ".png"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert file.read() == path.read_bytes() == BIG
    assert file.size == len(BIG)


def test_files_arrive_in_pieces() -> None:
    """What is written while a file arrives, and what comes after, is one file."""
    file = File("a.bin")
    for _ in range(5):
        file.feed(BIG)
        file.spool()
    file.feed(b"tail")
    file.complete()
    assert file.read() == BIG * 5 + b"tail"
    assert file.size == len(BIG) * 5 + 4


@given(st.lists(st.tuples(st.integers(0, 3), st.booleans()), max_size=12))
def test_files_arrive_in_pieces_of_any_length(pieces: list[tuple[int, bool]]) -> None:
    """Memory that was written to disk is used again, and none of what was in it before comes back."""
    file, whole = File("a.bin"), b""
    for number, (length, spooled) in enumerate(pieces):
        data = bytes([number]) * (0, 10, 70_000, ROLL_OVER)[length]
        file.feed(data)
        whole += data
        if spooled and file.pending:
            file.spool()
            assert file.pending == 0
    file.complete()
    assert (file.size, file.read()) == (len(whole), whole)
    file.discard()


@BOTH
def test_discarded_files_are_gone(temporary: Path, data: bytes) -> None:
    """After the request nothing of a file is left."""
    uploaded(data).discard()
    assert list(temporary.iterdir()) == []


def test_files_that_are_discarded_while_they_arrive_are_gone(temporary: Path) -> None:
    """A file that nobody waits for any more is deleted, also when a thread still writes it."""
    file = File("a.bin")
    file.feed(BIG)
    file.discard()
    file.spool()
    assert list(temporary.iterdir()) == []


@BOTH
def test_flushed_files_have_a_path(temporary: Path, data: bytes) -> None:
    """`flush` gives a path on disk; the file is gone after the request all the same."""
    file = uploaded(data)
    path = file.flush()
    assert path == file.flush() == file.path
    assert Path(path).read_bytes() == file.read() == data
    file.discard()
    assert list(temporary.iterdir()) == []


@BOTH
def test_moved_files_stay(tmp_path: Path, temporary: Path, data: bytes) -> None:
    """`move` puts the file where the app wants it; it stays there after the request."""
    file = uploaded(data)
    to = tmp_path / "moved.bin"
    to.write_bytes(b"old")
    assert file.move(str(to)) == file.path == str(to)
    file.discard()
    assert to.read_bytes() == file.read() == data
    assert list(temporary.iterdir()) == []


def test_kept_files_have_the_permissions_of_new_ones(tmp_path: Path) -> None:
    """A kept file can be read by whom new files can be read by, however long it is."""
    plain = tmp_path / "plain"
    plain.touch()
    for number, data in enumerate((b"small", BIG)):
        moved, saved = tmp_path / f"moved{number}", tmp_path / f"saved{number}"
        uploaded(data).move(str(moved))
        uploaded(data).save(str(tmp_path), saved.name)
        assert moved.stat().st_mode == saved.stat().st_mode == plain.stat().st_mode


@BOTH
def test_files_are_moved_to_files(tmp_path: Path, data: bytes) -> None:
    """A directory is no place for `move`, and what cannot be written is an OSError."""
    with pytest.raises(IsADirectoryError, match="name the file too"):
        uploaded(data).move(str(tmp_path))
    with pytest.raises(OSError, match="none"):
        uploaded(data).move(str(tmp_path / "none" / "a.txt"))


@BOTH
def test_saved_files_have_names_of_their_own(tmp_path: Path, data: bytes) -> None:
    """A name that is taken is numbered before its suffix; `dup = "o"` overwrites."""
    folder = tmp_path / "saved"
    folder.mkdir()
    names = [os.path.basename(saved(uploaded(data), folder)) for _ in range(3)]
    assert names == ["a.txt", "a.1.txt", "a.2.txt"]
    over = uploaded(b"over")
    assert saved(over, folder, dup="o") == str(folder / "a.txt")
    assert (folder / "a.txt").read_bytes() == b"over"
    assert (folder / "a.1.txt").read_bytes() == data


@pytest.mark.parametrize(
    ("name", "second"), [("README", "README.1"), ("a.tar.gz", "a.tar.gz.1"), ("a.b", "a.1.b"), (".b", ".1.b")]
)
def test_names_without_one_dot_are_numbered_at_the_end(tmp_path: Path, name: str, second: str) -> None:
    """A name with no dot, or more than one, gets its number at the end (spec/04 section 11)."""
    for _ in range(2):
        uploaded().save(str(tmp_path), name)
    assert (tmp_path / name).exists()
    assert (tmp_path / second).exists()


def test_saving_under_another_name(tmp_path: Path) -> None:
    """A name given by the app is taken as it is, without its folders."""
    assert saved(uploaded(), tmp_path, "other name.dat") == str(tmp_path / "other name.dat")
    assert saved(uploaded(), tmp_path, "x/../../up.dat") == str(tmp_path / "up.dat")


@pytest.mark.parametrize("name", ["", "..", ".", "x/", "x/.."])
@pytest.mark.parametrize("dup", ["o", "u"])
def test_names_that_are_folders(tmp_path: Path, name: str, dup: str) -> None:
    """A name that is no file's leaves the client's; nothing is written elsewhere."""
    folder = tmp_path / "saved"
    folder.mkdir()
    assert saved(uploaded(BIG), folder, name, dup=dup) == str(folder / "a.txt")


def test_folders_are_made_on_demand(tmp_path: Path) -> None:
    """With `mkdir` missing folders are made, without it they are an error."""
    with pytest.raises(FileNotFoundError):
        uploaded().save(str(tmp_path / "x"))
    assert Path(saved(uploaded(), tmp_path / "x" / "y", mkdir=True)).read_bytes() == b"data"


@pytest.mark.parametrize("dup", ["x", "", None])
def test_unknown_ways_with_duplicates(tmp_path: Path, dup: str | None) -> None:
    """Only `dup = "o"` overwrites."""
    names = [os.path.basename(saved(uploaded(), tmp_path, dup=dup)) for _ in range(2)]
    assert names == ["a.txt", "a.1.txt"]


@BOTH
def test_saving_twice_makes_two_files(tmp_path: Path, data: bytes) -> None:
    """What has been saved stays when the file is saved or moved once more."""
    file = uploaded(data)
    file.save(str(tmp_path), "one")
    file.save(str(tmp_path), "two")
    file.move(str(tmp_path / "three"))
    file.save(str(tmp_path), "three", dup="o")
    assert [(tmp_path / name).read_bytes() == data for name in ("one", "two", "three")] == [True] * 3
    assert file.path == str(tmp_path / "three")
    assert file.read() == data


@BOTH
def test_flash_files_end_with_their_block(data: bytes) -> None:
    """`as_flashfile` is a path that is deleted at the end of its block; three names for one thing."""
    file = uploaded(data)
    with file.as_flashfile() as path:
        assert Path(path).read_bytes() == data
    assert not os.path.exists(path)
    for attribute in ("tempfile", "flashfile"):
        flash = getattr(uploaded(data), attribute)
        assert isinstance(flash, FlashFile)
        assert flash() is flash
        flash.remove()
        flash.remove()
        assert not os.path.exists(flash)


@BOTH
def test_removed_files_are_gone(temporary: Path, data: bytes) -> None:
    """`remove` deletes a file, once or twice."""
    file = uploaded(data)
    file.remove()
    file.remove()
    assert list(temporary.iterdir()) == []


@BOTH
def test_removing_leaves_what_was_saved(tmp_path: Path, temporary: Path, data: bytes) -> None:
    """`remove` deletes what was uploaded, never what the app has moved or saved."""
    file = uploaded(data)
    file.move(str(tmp_path / "x"))
    file.remove()
    assert (tmp_path / "x").read_bytes() == data
    flushed = uploaded(data)
    flushed.flush()
    flushed.remove()
    assert list(temporary.iterdir()) == []


@BOTH
def test_removed_files_cannot_be_read(tmp_path: Path, data: bytes) -> None:
    """A removed file can be neither read nor saved, and leaves nothing behind."""
    file = uploaded(data)
    file.remove()
    with pytest.raises(FileNotFoundError):
        file.read()
    with pytest.raises(FileNotFoundError):
        file.move(str(tmp_path / "x"))


def test_short_files_outlive_their_flash_file(tmp_path: Path) -> None:
    """A file that is kept in memory can be read and saved after its flash file is gone."""
    file = uploaded()
    with file.as_flashfile():
        pass
    assert file.read() == b"data"
    assert Path(saved(file, tmp_path)).read_bytes() == b"data"
