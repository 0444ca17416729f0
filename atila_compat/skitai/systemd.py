"""The systemd unit of a service: `install`, `update`, `uninstall` (spec/01 section 10)."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

from ..errors import AtilaError
from ..settings import settings
from . import command_line, place

if TYPE_CHECKING:
    from .run_config import RunConfig

UNITS = "/etc/systemd/system"
_UNSAFE = re.compile(r"[^A-Za-z0-9:_.\-]")
STOP_MARGIN = 10


def unit_name() -> str:
    """The unit's name, made of the service's."""
    return f"skitai-{_UNSAFE.sub('-', place.service_name())}.service"


def _quoted(word: str) -> str:
    """A word of a command line in a unit: no specifier, variable or blank of it is looked into."""
    escaped = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    return f'"{escaped}"' if not re.fullmatch(r"[\w@+=:,./%$-]+", escaped) else escaped


def unit(config: RunConfig) -> str:
    """The text of the unit: the launch script, as it was called, without the command word."""
    script = os.path.abspath(getattr(sys.modules["__main__"], "__file__", sys.argv[0]))
    arguments = [word for word in command_line.arguments() if word not in (*command_line.COMMANDS, "-d")]
    command = " ".join(
        _quoted(word) for word in (sys.executable, "-m", "atila_compat", "run", script, *arguments)
    )
    folder = os.path.dirname(script).replace("%", "%%")
    stop_seconds = round(settings.shutdown_timeout) + STOP_MARGIN
    owner = os.environ.get("SUDO_USER") or ""
    whose = "" if config.user or not owner or owner == "root" else f"User={owner}\n"
    dropped = bool(config.user or config.group)
    reload = "ExecReload=/bin/kill -HUP $MAINPID\n" if config.has_supervisor(dropped) else ""
    return f"""[Unit]
Description={place.get_proc_title().replace("%", "%%")}
After=network-online.target
Wants=network-online.target

[Service]
Type=exec
{whose}WorkingDirectory={folder}
Environment=PYTHONUNBUFFERED=1
ExecStart={command}
{reload}# only the first process gets the signal: it ends the workers, each with what it runs
KillMode=mixed
KillSignal=SIGTERM
TimeoutStopSec={stop_seconds}
Restart=on-failure
RestartSec=2
LimitNOFILE=65536
NoNewPrivileges=yes
PrivateTmp=yes

[Install]
WantedBy=multi-user.target
"""


def obey(command: str, config: RunConfig) -> int:
    """Write, or remove, the unit, and let systemd know; returns the exit code.

    ATILA_SYSTEMD names another directory for units than /etc/systemd/system; systemd is not told then.

    Raises AtilaError where the directory cannot be written.
    """
    folder = os.environ.get("ATILA_SYSTEMD") or UNITS
    path = os.path.join(folder, unit_name())
    name = unit_name()
    if command in ("uninstall", "remove"):
        return _remove(path)
    if command == "update" and not os.path.exists(path):
        raise AtilaError(f"there is no {path}: install it first")
    try:
        with open(path, "w") as file:
            file.write(unit(config))
    except OSError as error:
        print(unit(config))
        raise AtilaError(
            f"cannot write {path}: {error.strerror}; run this as root, or put the text above there"
        ) from None
    if folder == UNITS:
        _systemctl("daemon-reload")
        if command == "install":
            _systemctl("enable", name)
    installed = command == "install"
    print(f"{name} {'installed' if installed else 'updated'}: {path}")
    print(f"systemctl {'start' if installed else 'restart'} {name.removesuffix('.service')}")
    return 0


def _remove(path: str) -> int:
    folder, name = os.path.split(path)
    if not os.path.exists(path):
        print(f"{name} was not installed: there is no {path}")
        return 0
    if not os.access(folder, os.W_OK):  # before the service is stopped
        raise AtilaError(f"cannot remove {path}: Permission denied; run this as root")
    if folder == UNITS:
        _systemctl("disable", "--now", name)
    try:
        os.remove(path)
    except OSError as error:
        raise AtilaError(f"cannot remove {path}: {error.strerror}") from None
    if folder == UNITS:
        _systemctl("daemon-reload")
    print(f"{name} removed: {path}")
    return 0


def _systemctl(*arguments: str) -> None:
    """Tell systemd; where it does not run, as in a container, say so."""
    program = shutil.which("systemctl")
    if program is None or not os.path.isdir("/run/systemd/system"):
        print(f"systemd does not run here; where it does: systemctl {' '.join(arguments)}", file=sys.stderr)
        return
    subprocess.run([program, *arguments], check=False)  # noqa: S603 - the program of the system
