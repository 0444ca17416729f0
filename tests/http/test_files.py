from __future__ import annotations

import io
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from atila_compat.errors import HTTPError
from atila_compat.http.file_reply import FileReply, RedirectReply
from atila_compat.http.files import Files
from atila_compat.http.response import Response
from atila_compat.http.static import StaticFiles
from atila_compat.structures import AttrDict

from .answering import answer, make_scope


class Was(Files):
    """As much of a `was` as files need: an app at /other with static files at /static and /media."""

    def __init__(self, folder: Path, **scope: Any) -> None:
        static = StaticFiles()
        static.mount("/static", folder / "static")
        static.mount("/media", folder / "media")
        config = AttrDict(STATIC_URL="/static/", MEDIA_URL="/media")
        app: Any = SimpleNamespace(
            config=config, basepath="/other/", static_files=static, script_dir=str(folder)
        )
        request: Any = SimpleNamespace(scope={**make_scope("/"), **scope})
        self.app, self.request = app, request
        self.response = Response(request)


@pytest.fixture
def was(tmp_path: Path) -> Was:
    """A `was` of an app with a file in each place."""
    for name in ("static/img/logo.svg", "static/two words.txt", "media/up.bin", "data.csv"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    return Was(tmp_path)


def body_of(reply: FileReply | RedirectReply) -> str:
    """What is sent."""
    return answer(reply, make_scope("/")).body.decode()


def test_static_and_media(was: Was) -> None:
    """was.Static and was.Media find files below STATIC_URL and MEDIA_URL; a leading slash does no harm."""
    assert body_of(was.Static("img/logo.svg")) == "static/img/logo.svg"
    assert body_of(was.Static("/img/logo.svg")) == "static/img/logo.svg"
    assert body_of(was.Media("up.bin")) == "media/up.bin"
    static = was.Static("img/logo.svg")
    assert isinstance(static, FileReply)
    assert (static.content_type, static.validators) == ("image/svg+xml", True)


def test_the_type_that_a_handler_has_set(was: Was) -> None:
    """A static file is sent with the Content-Type that the handler has set before, if any."""
    was.response["Content-Type"] = "text/plain"
    static = was.Static("img/logo.svg")
    assert isinstance(static, FileReply)
    assert static.content_type == "text/plain"


def test_mounted_file(was: Was) -> None:
    """was.MountedFile answers with the file at a URL path, quoted or not."""
    assert body_of(was.MountedFile("/media/up.bin")) == "media/up.bin"
    assert body_of(was.MountedFile("/static/two words.txt")) == "static/two words.txt"
    assert body_of(was.MountedFile("/static/two%20words.txt")) == "static/two words.txt"


@pytest.mark.parametrize("uri", ["none.png", "../data.csv", "%2e%2e/data.csv", "", "/"])
def test_missing_files(was: Was, uri: str) -> None:
    """What is not there, or lies elsewhere, is 404."""
    with pytest.raises(HTTPError, match="404 Not Found"):
        was.Static(uri)


def test_directories_redirect_without_the_apps_mount_point(was: Was, tmp_path: Path) -> None:
    """A directory redirects to its path below the server's own root path, wherever the app is mounted."""
    below = Was(tmp_path, root_path="/proxy/other")
    for each, expected in ((was, "/static/img/"), (below, "/proxy/static/img/")):
        sent = answer(each.Static("img"), each.request.scope)
        assert (sent.status, sent.headers["Location"]) == (301, expected)


def test_files_by_path(was: Was, tmp_path: Path) -> None:
    """was.File takes a path, relative to the launch script or absolute, with type and name."""
    assert body_of(was.File("data.csv")) == "data.csv"
    assert body_of(was.File(tmp_path / "data.csv")) == "data.csv"
    assert was.File("data.csv").content_type == "application/octet-stream"
    reply = was.File("data.csv", "text/csv", "my.csv")
    assert (reply.content_type, reply.filename, reply.validators) == ("text/csv", "my.csv", False)


def test_open_files(was: Was) -> None:
    """was.File takes an open file."""
    assert body_of(was.File(io.BytesIO(b"from memory"), mimetype="text/plain")) == "from memory"


def test_missing_paths_are_the_apps_error(was: Was) -> None:
    """A path without a file raises FileNotFoundError in the handler."""
    with pytest.raises(FileNotFoundError):
        was.File("none.csv")


def test_another_host_has_its_own_files(was: Was, tmp_path: Path) -> None:
    """The static files of the request's own host go before those of the app."""
    (tmp_path / "host").mkdir()
    (tmp_path / "host" / "x").write_text("of the host")
    static = StaticFiles()
    static.mount("/static", tmp_path / "host")
    assert body_of(Was(tmp_path, **{"atila.static_files": static}).Static("x")) == "of the host"
