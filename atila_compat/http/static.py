"""Directories of static files at URLs; they go before the apps for GET and HEAD (spec/01 section 6.2)."""

from __future__ import annotations

import os
import stat

from ..settings import settings
from ..types import Scope
from .file_reply import FileReply, RedirectReply
from .media_types import media_type_of
from .request import path_below

INDEX_NAMES = ("index.htm", "index.html")
"""Of a directory that has both, the original shows the first."""


def is_odd_path(path: str) -> bool:
    """Whether a path contains `./`, `//` or NUL: no file and no route has it."""
    return "//" in path or "./" in path or "\0" in path


class StaticFiles:
    """The static directories of one virtual host.

    The directories at the longest URL that a path begins with are searched, and only these, in order. Nothing
    outside of a directory is ever found, whatever links or dots lead there.
    """

    def __init__(self) -> None:
        self._mounts: list[tuple[str, list[str]]] = []

    def __bool__(self) -> bool:
        return bool(self._mounts)

    def mount(self, url: str, directory: str | os.PathLike[str], *, first: bool = False) -> None:
        """Serve the files of a directory.

        Args:
            url: URL path, with or without slashes at its ends.
            directory: path of the directory; it may come into being later.
            first: search it before those that are at this URL already.
        """
        inner = url.strip("/")
        prefix = f"/{inner}/" if inner else "/"
        folder = os.path.join(os.path.abspath(directory), "")
        for known, directories in self._mounts:
            if known == prefix:
                directories.insert(0 if first else len(directories), folder)
                return
        self._mounts.append((prefix, [folder]))
        self._mounts.sort(key=lambda mount: -len(mount[0]))

    def find(self, scope: Scope) -> FileReply | RedirectReply | None:
        """The answer to an HTTP request, None where the apps are to be asked. Nothing is read yet."""
        if scope["method"] not in ("GET", "HEAD"):
            return None
        return self.lookup(path_below(scope))

    def lookup(self, path: str) -> FileReply | RedirectReply | None:
        """The file at a decoded URL path, a redirection for a directory without its slash, or None."""
        for prefix, directories in self._mounts:
            if path.startswith(prefix):
                return self._search(directories, path, path[len(prefix) :])
            if len(path) == len(prefix) - 1 and prefix.startswith(path):
                return self._search(directories, path, "")
        return None

    def _search(self, directories: list[str], path: str, rest: str) -> FileReply | RedirectReply | None:
        if "\\" in rest:
            return None
        for directory in directories:
            full = directory + rest
            try:
                status = os.stat(full)
            except (OSError, ValueError):  # ValueError: NUL, or characters that no file name has
                continue
            if is_odd_path(path) or rest.endswith("/..") or rest in ("..", "."):
                return None
            if stat.S_ISREG(status.st_mode):
                found = _reply(directory, full, status, path)
                if found is not None:
                    return found
            elif stat.S_ISDIR(status.st_mode) and _inside(directory, full):
                if not path.endswith("/"):
                    return RedirectReply(path + "/")
                found = _index(directory, full, path)
                if found is not None:
                    return found
        return None


def _inside(directory: str, full: str) -> str | None:
    """The real path of what is in a directory, links followed; None for what is not."""
    # the directory is resolved each time: deployments point it elsewhere while the server runs
    root, real = os.path.realpath(directory), os.path.realpath(full)
    return real if real == root or real.startswith(os.path.join(root, "")) else None


def _reply(directory: str, full: str, status: os.stat_result, path: str) -> FileReply | None:
    real = _inside(directory, full)
    if real is None:
        return None
    max_age = next((seconds for prefix, seconds in settings.max_ages if path.startswith(prefix)), 0)
    return FileReply(real, content_type=media_type_of(full), validators=True, max_age=max_age, status=status)


def _index(directory: str, folder: str, path: str) -> FileReply | None:
    for name in INDEX_NAMES:
        full = os.path.join(folder, name)
        try:
            status = os.stat(full)
        except OSError:
            continue
        if stat.S_ISREG(status.st_mode):
            return _reply(directory, full, status, path)
    return None
