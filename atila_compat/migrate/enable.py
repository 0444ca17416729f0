"""`atila-compat enable` and `disable`: whether plain `python3 serve.py` finds the original's names.

`enable` writes one .pth file into the environment of the Python that runs it. What is installed there under
the original's names stays, and is out of the way as long as the file is there.
"""

from __future__ import annotations

import importlib.metadata
import os
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

from ..errors import AtilaError
from ..shims.hook import SERVED
from .startup import WAITING, line

FILE = "atila_compat_enabled.pth"
_CHECK = "import skitai; print(skitai.__name__)"


def site_packages() -> Path:
    """Where this Python's environment keeps its packages."""
    return Path(sysconfig.get_path("purelib"))


def put_aside() -> list[str]:
    """The installed packages that the names of the original no longer mean, `skitai 0.38.1`."""
    found = []
    for name in sorted(SERVED):
        try:
            found.append(f"{name} {importlib.metadata.version(name)}")
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def enable(folder: Path | None = None) -> Path:
    """Write the file; gives its path.

    Args:
        folder: where packages are kept, by default this environment's.

    Raises AtilaError where it cannot be written, or does not work there.
    """
    path = (folder or site_packages()) / FILE
    try:
        path.write_text(line(), "utf8")
    except OSError as error:
        raise AtilaError(
            f"{path.parent} cannot be written ({error.strerror or error}): make an environment of your own "
            "(python3 -m venv .venv), install atila_compat there and enable it; or leave it off and run "
            "`atila-compat run serve.py`"
        ) from error
    problem = _problem() if folder is None else ""
    if problem:
        disable(folder)
        raise AtilaError(
            f"{sys.executable} does not find the names in spite of {path}, so it is removed: {problem}; "
            "install atila_compat into this environment first (pip install atila_compat)"
        )
    return path


def _problem() -> str:
    """What a new Python process says to the names; empty where it finds them."""
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(  # noqa: S603 - this Python, and code of our own
            [sys.executable, "-c", _CHECK], cwd=folder, capture_output=True, text=True, check=False
        )
    if done.returncode == 0 and done.stdout.strip() == SERVED["skitai"]:
        return ""
    return (done.stderr.strip().splitlines() or [f"skitai is {done.stdout.strip()}"])[-1]


def disable(folder: Path | None = None) -> bool:
    """Remove the file; tells whether it was there.

    Raises AtilaError where it cannot be removed, or holds something else.
    """
    path = (folder or site_packages()) / FILE
    try:
        text = path.read_text("utf8")
    except FileNotFoundError:
        return False
    except OSError as error:
        raise AtilaError(f"{path} cannot be read: {error.strerror or error}") from error
    if WAITING not in text:
        raise AtilaError(
            f"{path} was not written by `atila-compat enable`: look at it, and remove it yourself"
        )
    try:
        os.unlink(path)
    except OSError as error:
        raise AtilaError(f"{path} cannot be removed: {error.strerror or error}") from error
    return True
