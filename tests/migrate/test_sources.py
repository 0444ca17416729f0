"""Reading the files of a code base."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atila_compat.migrate.sources import Broken, Source, parse, python_files, read


@pytest.mark.parametrize(
    "line",
    [
        "print 'x'",
        "raise ValueError, 'x'",
        "x = ur'a'",
        "if 1 <> 2: pass",
        "exec 'x = 1'",
        "x = `1`",
        "try: pass\nexcept (A, B), e: pass",
        "x = 0777",
    ],
)
def test_python_2_is_recognised(line: str) -> None:
    """Code of Python 2 is told from other mistakes, since it takes a conversion and not a correction."""
    broken = parse(f"import os\n{line}\n".encode(), Path("old.py"))
    assert isinstance(broken, Broken)
    assert "Python 2" in broken.todo
    assert broken.line >= 2


@pytest.mark.parametrize("text", ["def f (:\n", "reutrn 1\n", "x = (\n", "'''\n"])
def test_other_mistakes_are_not_python_2(text: str) -> None:
    """A plain mistake is named with its place."""
    broken = parse(text.encode(), Path("x.py"))
    assert isinstance(broken, Broken)
    assert "Python 2" not in broken.todo
    assert "cannot be parsed" in broken.reason


def test_encodings() -> None:
    """UTF-8, a byte order mark and declared encodings are read; a wrong one is told with its line."""
    for content in (
        "x = '한글'".encode(),
        b"\xef\xbb\xbfx = 1",
        "# coding: euc-kr\nx = '한글'".encode("euc-kr"),
        "# coding: latin-1\nx = 'é'".encode("latin-1"),
    ):
        assert isinstance(parse(content, Path("x.py")), Source)
    broken = parse(b"# one\n# two\nx = '\xff\xfe'\n", Path("x.py"))
    assert isinstance(broken, Broken)
    assert broken.line == 3


def test_files_are_found_in_their_order(tmp_path: Path) -> None:
    """All Python files below a folder are found, sorted; a single file is itself, whatever its name."""
    for name in ("b.py", "a/z.py", "a/b.pyw", ".hidden.py", "notes.txt", ".git/x.py"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("")
    names = [str(path.relative_to(tmp_path)) for path in python_files(tmp_path)]
    assert names == ["b.py", "a/b.pyw", "a/z.py"]
    assert list(python_files(tmp_path / "notes.txt")) == [tmp_path / "notes.txt"]


def test_unreadable_files_are_told(tmp_path: Path) -> None:
    """A file that cannot be opened is broken, and nothing is raised."""
    broken = read(tmp_path / "nowhere.py")
    assert isinstance(broken, Broken)
    assert "No such file" in broken.reason


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    """Whatever bytes a file holds, it is read or told to be broken."""
    found = parse(content, Path("x.py"))
    assert isinstance(found, (Source, Broken))


def test_pipes_are_left_alone(tmp_path: Path) -> None:
    """What nobody may ever write to is not read; a link that leads nowhere is named when it is."""
    os.mkfifo(tmp_path / "pipe.py")
    (tmp_path / "link.py").symlink_to("nowhere")
    (tmp_path / "real.py").write_text("")
    assert [path.name for path in python_files(tmp_path)] == ["link.py", "real.py"]
    assert isinstance(read(tmp_path / "link.py"), Broken)
