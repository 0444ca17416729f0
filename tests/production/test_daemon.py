"""The commands of the command line, on a real daemon."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest

from ..launch import ROOT
from ..programs import find, needs_systemd
from ..servers import free_port
from .traffic import service, wait_for


class Script:
    """A launch script whose service has a name of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.name = f"test-{uuid.uuid4().hex[:12]}"
        self.port = free_port()
        source = service(name=self.name, logpath=str(folder / "log"))
        source = source.replace('name = "production-test", ', "")
        (folder / "serve.py").write_text("\n".join(line[4:] for line in source.splitlines()))

    def __call__(self, *args: str, **env: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "atila_compat", "run", "serve.py", *args],
            cwd=self.folder,
            env={**os.environ, "PYTHONPATH": str(ROOT), **env},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    @property
    def pid(self) -> int:
        """The daemon's process id; 0 where none runs."""
        said = self("status").stdout.strip()
        return int(said.partition("running:")[2].rstrip("]") or 0)


@pytest.fixture
def script(tmp_path: Path) -> Iterator[Script]:
    """A launch script; its daemon is stopped at the end."""
    made = Script(tmp_path)
    yield made
    if pid := made.pid:
        for process in [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]:
            process.kill()
    shutil.rmtree(f"/var/tmp/skitai/{made.name}", ignore_errors=True)
    shutil.rmtree(f"/var/log/skitai/{made.name}", ignore_errors=True)


def test_the_life_of_a_daemon(script: Script) -> None:
    """start, status, a second start, restart, stop: what they say and what they do (spec/01 section 10)."""
    title = f"skitai/{script.name}"
    url = f"http://127.0.0.1:{script.port}"
    stopped = script("status")
    assert (stopped.stdout, stopped.returncode) == (f"{title} [stopped]\n", 3)

    started = script("start", f"--port={script.port}", "--workers=2")
    assert (started.stdout, started.stderr, started.returncode) == ("", "", 0)
    assert httpx.get(url).text == "hello"  # start comes back when the service answers
    first = script.pid
    assert script("status").stdout == f"{title} [running:{first}]\n"

    again = script("-d", f"--port={script.port}")
    assert (again.stdout, again.returncode) == (f"{title} [already running:{first}]\n", 1)
    beside = script(f"--port={free_port()}")
    assert beside.returncode == 1
    assert "daemon is running" in beside.stderr

    assert script("restart", f"--port={script.port}").returncode == 0
    assert script.pid not in (0, first)
    assert httpx.get(url).text == "hello"

    ended = script("stop")
    assert (ended.stderr, ended.returncode) == ("", 0)
    assert script("status").returncode == 3
    assert script("stop").stdout == f"{title} [stopped]\n"
    with pytest.raises(httpx.ConnectError):
        httpx.get(url)
    logs = script.folder / "log"
    assert "umounted by" in Path(f"/var/tmp/skitai/{script.name}/stderr.engine").read_text()
    assert "worker started on" in (logs / "server.log").read_text()
    assert "GET / 1.1 0 200 5 W" in (logs / "request.log").read_text()


def test_a_daemon_that_was_killed(script: Script) -> None:
    """What it leaves behind is no running service; the next start succeeds."""
    assert script("start", f"--port={script.port}").returncode == 0
    pid = script.pid
    os.kill(pid, signal.SIGKILL)
    wait_for(lambda: script.pid == 0, "it is seen that it has gone")
    assert script("start", f"--port={script.port}").returncode == 0
    assert script("stop").returncode == 0


def test_a_daemon_that_cannot_start(script: Script) -> None:
    """The command says so, with what went wrong."""
    answer = script("start", f"--port={script.port}", "--user=nobody-of-this-name")
    if os.geteuid() == 0:
        assert answer.returncode == 1
        assert "there is no such user" in answer.stderr
    source = (script.folder / "serve.py").read_text()
    failing = source.replace(
        "def __umount__", "@app.before_mount\ndef fail (was): os._exit (9)\n\ndef __umount__"
    )
    (script.folder / "serve.py").write_text(failing)
    answer = script("start", f"--port={script.port}", "--workers=2")
    assert answer.returncode == 1
    assert "has not started" in answer.stderr
    assert script("status").returncode == 3


@pytest.fixture
def units(tmp_path: Path) -> Path:
    """Where units are installed, in place of /etc/systemd/system."""
    folder = tmp_path / "units"
    folder.mkdir()
    return folder


def test_systemd_units(script: Script, units: Path) -> None:
    """install, update and uninstall write and remove a unit."""
    path = units / f"skitai-{script.name}.service"
    assert script("update", ATILA_SYSTEMD=str(units)).returncode == 1
    installed = script("install", "--port=8123", "--workers=2", ATILA_SYSTEMD=str(units))
    assert installed.returncode == 0
    text = path.read_text()
    assert (
        f"ExecStart={sys.executable} -m atila_compat run {script.folder}/serve.py --port=8123 --workers=2\n"
        in text
    )
    assert "KillMode=mixed" in text
    assert script("update", "--port=8124", ATILA_SYSTEMD=str(units)).returncode == 0
    assert "--port=8124" in path.read_text()
    assert script("uninstall", ATILA_SYSTEMD=str(units)).returncode == 0
    assert not path.exists()


@needs_systemd
def test_systemd_understands_the_unit(script: Script, units: Path) -> None:
    """systemd itself has nothing against the unit that install writes."""
    assert script("install", "--port=8123", ATILA_SYSTEMD=str(units)).returncode == 0
    (path,) = units.iterdir()
    verify = find("systemd-analyze")
    assert verify is not None
    answer = subprocess.run(
        [verify, "verify", "--man=no", path], capture_output=True, text=True, timeout=60, check=False
    )
    assert [line for line in answer.stderr.splitlines() if path.name in line] == []
