"""`rs4.pathtool`: files and directories."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import re
import shutil
import zipfile
from shutil import copy, copyfile, copytree, move, rmtree
from types import TracebackType
from urllib.parse import unquote

__all__ = [
    "FlashFile",
    "copy",
    "copyfile",
    "copytree",
    "flashfile",
    "mkdir",
    "mkfn",
    "modpath",
    "move",
    "remove",
    "rmtree",
    "unzipdir",
    "zipdir",
]


class FlashFile(str):
    """The path of a file that is deleted at the end of `with`, or when nobody holds the path any more."""

    __slots__ = ("_alive",)

    def __enter__(self) -> FlashFile:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._delete()

    def __del__(self) -> None:
        self._delete()

    def _delete(self) -> None:
        with contextlib.suppress(OSError):
            os.remove(self)


def flashfile(name: str) -> FlashFile:
    """A path whose file is deleted when it is no longer used."""
    return FlashFile(name)


def mkdir(tdir: str, mod: int = 0o755) -> None:
    """Make a directory and its parents; one that is there stays.

    Args:
        tdir: path.
        mod: permissions of the directories that are made.
    """
    os.makedirs(tdir, mode=mod, exist_ok=True)


def remove(d: str) -> None:
    """Delete a file or a directory with all that is in it; nothing happens where there is none."""
    if os.path.isdir(d) and not os.path.islink(d):
        shutil.rmtree(d)
    else:
        with contextlib.suppress(FileNotFoundError):
            os.remove(d)


def mkfn(text: str) -> str:
    """A file name made of a text: characters that file systems refuse become low dashes."""
    return re.sub(r'[\s\\/:*?"<>|&;]+', "_", unquote(text)).strip("_") or "noname"


def modpath(mod_name: str) -> str:
    """The file of a module; raises ModuleNotFoundError."""
    spec = importlib.util.find_spec(mod_name)
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(f"no module named {mod_name!r}", name=mod_name)
    return spec.origin


def zipdir(zip_path: str, target_path: str) -> None:
    """Pack all files below `target_path` into the archive `zip_path`."""
    with zipfile.ZipFile(zip_path, "w", zipfile.ZIP_DEFLATED) as archive:
        for folder, _, names in os.walk(target_path):
            for name in names:
                full = os.path.join(folder, name)
                archive.write(full, os.path.relpath(full, target_path))


def unzipdir(zip_path: str, target_path: str = ".") -> None:
    """Unpack an archive below `target_path`; names that lead out of it are made to stay inside."""
    with zipfile.ZipFile(zip_path) as archive:
        archive.extractall(target_path)
