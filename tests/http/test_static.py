from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from atila_compat.http.file_reply import FileReply, RedirectReply
from atila_compat.http.static import StaticFiles, is_odd_path
from atila_compat.settings import reset, settings

from .answering import answer, make_scope

FILES = {
    "a.txt": "a",
    "two words.txt": "w",
    "docs/index.html": "docs",
    "htm/index.htm": "htm",
    "list/b.txt": "b",
    ".hidden": "h",
}


@pytest.fixture
def public(tmp_path: Path) -> Path:
    """A directory with files, beside which lies a secret."""
    for name, text in FILES.items():
        path = tmp_path / "public" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (tmp_path / "secret.txt").write_text("secret")
    (tmp_path / "public-not" / "x").parent.mkdir()
    (tmp_path / "public-not" / "x").write_text("secret")
    return tmp_path / "public"


@pytest.fixture
def static(public: Path) -> StaticFiles:
    """The directory at /static."""
    files = StaticFiles()
    files.mount("/static", public)
    return files


def text_of(static: StaticFiles, path: str) -> str | None:
    """The contents of what a path leads to, `-> PATH` for a redirection, None for nothing."""
    found = static.lookup(path)
    if isinstance(found, RedirectReply):
        return f"-> {found.path}"
    if found is None:
        return None
    return answer(found, make_scope(path)).body.decode()


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/static/a.txt", "a"),
        ("/static/two words.txt", "w"),
        ("/static/docs/", "docs"),
        ("/static/docs/index.html", "docs"),
        ("/static/htm/", "htm"),
        ("/static/docs", "-> /static/docs/"),
        ("/static/list", "-> /static/list/"),
        ("/static", "-> /static/"),
        ("/static/.hidden", "h"),
        ("/static/list/", None),
        ("/static/", None),
        ("/static/none.txt", None),
        ("/static/A.TXT", None),
        ("/static/a.txt/", None),
        ("/static/a.txt/b", None),
        ("/staticfoo", None),
        ("/stat", None),
        ("/", None),
        ("/a.txt", None),
    ],
)
def test_paths_lead_to_files(static: StaticFiles, path: str, expected: str | None) -> None:
    """Files, index files of directories, a redirection for a directory without its slash; else nothing."""
    assert text_of(static, path) == expected


@pytest.mark.parametrize(
    "path",
    [
        "/static/../secret.txt",
        "/static/docs/../../secret.txt",
        "/static/docs/../a.txt",
        "/static/./a.txt",
        "/static//a.txt",
        "/static/..",
        "/static/docs/..",
        "/static/.",
        "/static/../public-not/x",
        "/static/a.txt\0",
        "/static/\0",
        "/static/\\a.txt",
        "/static/..\\secret.txt",
        "/static/\ud800",
        "/static/" + "x" * 5000,
        "/static/" + "x/" * 3000,
    ],
)
def test_odd_paths_lead_nowhere(static: StaticFiles, path: str) -> None:
    """Dots, doubled slashes, NUL, backslashes and endless names are answered as missing."""
    assert static.lookup(path) is None


def test_links_never_lead_outside(static: StaticFiles, public: Path) -> None:
    """A symbolic link is followed within the directory only, for files, directories and index files."""
    (public / "in.txt").symlink_to(public / "a.txt")
    (public / "out.txt").symlink_to(public.parent / "secret.txt")
    (public / "out").symlink_to(public.parent)
    (public / "near").symlink_to(public.parent / "public-not")
    (public / "list" / "index.html").symlink_to(public.parent / "secret.txt")
    (public / "loop").symlink_to(public / "loop")
    assert text_of(static, "/static/in.txt") == "a"
    for path in ("out.txt", "out", "out/", "out/secret.txt", "near/x", "list/", "loop", "loop/x"):
        assert text_of(static, f"/static/{path}") is None


def test_the_directory_itself_may_be_a_link(tmp_path: Path) -> None:
    """A deployment may point the directory elsewhere while the server runs."""
    for version in ("one", "two"):
        (tmp_path / version).mkdir()
        (tmp_path / version / "v").write_text(version)
    (tmp_path / "current").symlink_to(tmp_path / "one")
    files = StaticFiles()
    files.mount("/", tmp_path / "current")
    assert text_of(files, "/v") == "one"
    (tmp_path / "current").unlink()
    (tmp_path / "current").symlink_to(tmp_path / "two")
    assert text_of(files, "/v") == "two"


def test_what_is_no_regular_file_is_missing(static: StaticFiles, public: Path) -> None:
    """Pipes and devices are never opened."""
    os.mkfifo(public / "pipe")
    assert static.lookup("/static/pipe") is None


def test_the_longest_url_wins_alone(tmp_path: Path) -> None:
    """Only the directories at the longest matching URL are searched."""
    for name in ("root/static/a", "root/static/b", "static/b"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    files = StaticFiles()
    files.mount("/", tmp_path / "root")
    files.mount("/static/", tmp_path / "static")
    assert text_of(files, "/static/b") == "static/b"
    assert text_of(files, "/static/a") is None


def test_directories_at_one_url_are_searched_in_order(tmp_path: Path) -> None:
    """Directories stack; `first` puts one before those that are there."""
    for name in ("one/x", "two/x", "two/y", "three/x", "three/z/index.html", "one/z/other"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    files = StaticFiles()
    files.mount("/s", tmp_path / "one")
    files.mount("/s/", tmp_path / "two")
    assert (text_of(files, "/s/x"), text_of(files, "/s/y")) == ("one/x", "two/y")
    files.mount("s", tmp_path / "three", first=True)
    assert text_of(files, "/s/x") == "three/x"
    assert text_of(files, "/s/z/") == "three/z/index.html"


def test_only_get_and_head_are_asked(static: StaticFiles) -> None:
    """Other methods go to the apps."""
    assert static.find(make_scope("/static/a.txt", "POST")) is None
    assert isinstance(static.find(make_scope("/static/a.txt", "HEAD")), FileReply)
    assert isinstance(static.find(make_scope("/static/a.txt", root_path="/legacy")), FileReply)


@pytest.fixture
def _default_settings() -> Iterator[None]:
    reset()
    yield
    reset()


@pytest.mark.usefixtures("_default_settings")
def test_max_age_by_url(static: StaticFiles) -> None:
    """skitai.set_max_age says how long files at a URL may be kept."""
    settings.max_ages = [("/static/docs", 60), ("/static", 5)]
    for path, seconds in (("/static/docs/", 60), ("/static/a.txt", 5)):
        found = static.lookup(path)
        assert isinstance(found, FileReply)
        assert found.max_age == seconds


def test_type_by_name(static: StaticFiles) -> None:
    """The ending names the content type."""
    found = static.lookup("/static/docs/")
    assert isinstance(found, FileReply)
    assert found.content_type == "text/html"


def test_a_missing_directory_is_no_error(tmp_path: Path) -> None:
    """A directory may come into being after it was mounted."""
    files = StaticFiles()
    assert not files
    files.mount("/s", tmp_path / "later")
    assert files
    assert files.lookup("/s/x") is None
    (tmp_path / "later").mkdir()
    (tmp_path / "later" / "x").write_text("x")
    assert text_of(files, "/s/x") == "x"


def test_odd_paths() -> None:
    """`./`, `//` and NUL make a path odd."""
    assert all(is_odd_path(path) for path in ("/a/./b", "/../a", "//", "/a//b", "/a../b", "/a\0b"))
    assert not any(is_odd_path(path) for path in ("/", "/a/b", "/.a", "/a.b/c", "/a."))


segments = st.sampled_from(
    ["..", ".", "", "a.txt", "docs", "secret.txt", "..%2f", "\\", "\0", "public-not", "x", "public", "~", "é"]
)


@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(segments, max_size=7).map("/".join) | st.text())
def test_no_path_leads_outside(static: StaticFiles, rest: str) -> None:
    """Whatever the path, the file found is inside of the directory."""
    found = static.lookup("/static/" + rest)
    if isinstance(found, FileReply):
        assert found.path is not None
        assert "/public/" in found.path
        assert "secret" not in Path(found.path).read_text()


def test_index_of_a_directory_that_has_two(tmp_path: Path) -> None:
    """Where a directory has both, index.htm is shown."""
    for name in ("index.html", "index.htm"):
        (tmp_path / name).write_text(name)
    files = StaticFiles()
    files.mount("/s", tmp_path)
    assert text_of(files, "/s/") == "index.htm"
