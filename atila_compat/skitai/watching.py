"""With `--devel` the process starts anew when a file changes that is not loaded anew by itself.

Service modules are loaded anew within the running process (routing/reloading.py). For all other files of the
project that have been imported, the launch script among them, the process ends what it runs, within a second,
and executes itself again. A file that cannot be compiled is not worth it: the log says what is wrong. A
program that fails when it is executed again waits for the next change.
"""

from __future__ import annotations

import logging
import os
import sys
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from . import place

if TYPE_CHECKING:
    from .http_server import GracefulServer
    from .server import Service

log = logging.getLogger("atila_compat.server")

_AGAIN = "ATILA_STARTED_AGAIN"
_POLL = 0.5
Stamp = tuple[int, int]
_INSTALLED = (f"{os.sep}site-packages{os.sep}", f"{os.sep}dist-packages{os.sep}", f"{os.sep}.venv{os.sep}")


def _stamp(path: str) -> Stamp | None:
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size


class Watch:
    """The files of the project.

    Attributes:
        changed_file: the first one that has changed and can be compiled; empty as long as there is none.
    """

    def __init__(self) -> None:
        self.changed_file = ""
        self._folder = os.path.realpath(place.getswd()) + os.sep
        self._stamps: dict[str, Stamp | None] = {}
        self.look()

    def _files(self) -> set[str]:
        """The launch script, and the modules beside or below it."""
        files = set()
        for module in list(sys.modules.values()):
            path = getattr(module, "__file__", None)
            if path and path.endswith(".py"):
                path = os.path.realpath(path)
                if path.startswith(self._folder) and not any(part in path for part in _INSTALLED):
                    files.add(path)
        return files

    def look(self, handled: frozenset[str] = frozenset()) -> bool:
        """Whether the process has to start anew; files in `handled` are loaded anew by themselves."""
        for path in self._files():
            stamp = _stamp(path)
            if stamp is None:  # an editor is about to write it
                continue
            known = self._stamps.setdefault(path, stamp)
            if stamp == known:
                continue
            self._stamps[path] = stamp
            if path in handled or not _compiles(path):
                continue
            log.info("%s has changed: starting anew", path)
            self.changed_file = path
        return bool(self.changed_file)

    def ask(self, server: GracefulServer) -> Callable[[], None]:
        """Looks once a second, and ends the server where it has to start anew."""

        def look() -> None:
            if not server.should_exit and self.look(files_loaded_anew(server.service)):
                server.handle_exit(0, None)

        return look


def start_again() -> None:
    """Execute this program again, with its arguments."""
    sys.stdout.flush()
    sys.stderr.flush()
    os.environ[_AGAIN] = "1"
    os.chdir(place.place.started_in or ".")
    os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606 - as it was started


def start_again_when_mended() -> None:
    """Where this program was executed again and has failed, wait until a file changes; else do nothing."""
    if not place.isdevel() or _AGAIN not in os.environ:
        return
    folder = os.path.realpath(place.getswd())
    before = {path: _stamp(path) for path in _below(folder)}
    print(f"waiting until a file in {folder} changes", file=sys.stderr, flush=True)
    while {path: _stamp(path) for path in _below(folder)} == before:
        time.sleep(_POLL)
    start_again()


def _below(folder: str) -> Iterator[str]:
    """The Python files of a project."""
    for base, folders, names in os.walk(folder):
        folders[:] = [
            name
            for name in folders
            if not name.startswith((".", "__pycache__", "node_modules"))
            and not os.path.exists(os.path.join(base, name, "pyvenv.cfg"))
        ]
        yield from (os.path.join(base, name) for name in names if name.endswith(".py"))


def files_loaded_anew(service: Service) -> frozenset[str]:
    """The files of service modules, which their apps load anew."""
    found = set()
    for loaded in service.loaded:
        for entry in getattr(loaded.app, "mountables", ()):
            path = getattr(getattr(entry, "module", None), "__file__", None)
            if path:
                found.add(os.path.realpath(path))
    return frozenset(found)


def _compiles(path: str) -> bool:
    try:
        with open(path, "rb") as file:
            compile(file.read(), path, "exec")
    except (OSError, SyntaxError, ValueError) as error:
        log.error("%s has changed and cannot be loaded: %s", path, error)
        return False
    return True
