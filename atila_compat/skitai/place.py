"""Where a launch script lies and in which mode it runs: `abspath`, `isdevel`... (spec/01 section 9)."""

from __future__ import annotations

import os
import sys
from typing import Any

from .command_line import option_values

environ: dict[str, Any] = {}
"""An empty dict for the app's own notes, as the original has it."""


class Place:
    """The running service.

    Attributes:
        script_dir: directory of the launch script where it is not the one of `__main__`.
        status: `"CONFIGURING"` until `skitai.run`, then `"CREATING"`, `"CREATED"` and `"STARTING"`.
        name: the service's name where `skitai.run(name=...)` gave one.
        started_in: the directory that the user was in.
    """

    def __init__(self) -> None:
        self.script_dir: str | None = None
        self.status = "CONFIGURING"
        self.name: str | None = None
        self.started_in: str | None = None


place = Place()


def getswd() -> str:
    """The directory of the launch script; without a script the current one."""
    if place.script_dir is not None:
        return place.script_dir
    script = getattr(sys.modules.get("__main__"), "__file__", None)
    return os.path.dirname(os.path.abspath(script)) if script else os.getcwd()


def joinpath(*paths: str) -> str:
    """`paths` joined onto the directory of the launch script, normalised; an absolute path stays."""
    return os.path.normpath(os.path.join(getswd(), *paths))


abspath = joinpath


def extend_path(path: str | list[str] | None) -> None:
    """Put directories, relative to the launch script, at the front of Python's module search path."""
    for folder in reversed([path] if isinstance(path, str) else path or []):
        absolute = joinpath(folder)
        if absolute in sys.path:
            sys.path.remove(absolute)
        sys.path.insert(0, absolute)


def getenv() -> str:
    """The mode: SKITAIENV of the environment, else what the command line says, else `"PRODUCTION"`."""
    return os.environ.get("SKITAIENV") or _given_mode() or "PRODUCTION"


def _given_mode() -> str | None:
    given = option_values()
    return "DEVEL" if "--devel" in given else given.get("--deploy")


def setenv(mode: str) -> None:
    """Set the mode; has an effect before the apps are loaded."""
    os.environ["SKITAIENV"] = mode


def isdevel() -> bool:
    """Whether the mode is DEVEL (`--devel`)."""
    return getenv() == "DEVEL"


is_devel = isdevel


def isproduction() -> bool:
    """Whether the mode is PRODUCTION, the default."""
    return getenv() == "PRODUCTION"


def status() -> str:
    """How far the service is: CONFIGURING, CREATING, CREATED or STARTING."""
    return place.status


def service_name() -> str:
    """`name` of `skitai.run`, else directory and file name of the launch script."""
    if place.name:
        return place.name
    script = getattr(sys.modules.get("__main__"), "__file__", None)
    stem = os.path.splitext(os.path.basename(script))[0] if script else "app"
    return f"{os.path.basename(getswd())}-{stem}"


def get_proc_title() -> str:
    """`skitai/NAME` of this service."""
    return f"skitai/{service_name()}"


def get_varpath(name: str | None = None) -> str:
    """The directory for a service's own files, by default this one's; it is not made."""
    return f"/var/tmp/skitai/{name or service_name()}"  # noqa: S108 - the path that operators know


def get_logpath(name: str | None = None) -> str:
    """The directory for a service's log files, by default this one's; it is not made."""
    return f"/var/log/skitai/{name or service_name()}"


def apply_mode() -> None:
    """Set SKITAIENV as `--devel` and `--deploy=VALUE` of the command line say."""
    mode = _given_mode()
    if mode:
        setenv(mode)
