"""`atila-compat migrate`, and what all sub-commands share."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from atila_compat.migrate.codemod.steps import STEPS, chosen
from atila_compat.migrate.commands import PURPOSES

ROOT = Path(__file__).resolve().parents[2]
APP = """\
import skitai
from atila import Atila
app = Atila (__name__)

@app.route ("/", coroutine = True)
def index (was):
    yield "streamed"
"""


def run(*arguments: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """The command, as a user runs it."""
    command = [sys.executable, "-m", "atila_compat", *arguments]
    variables = {**os.environ, "PYTHONPATH": str(ROOT), **environment}
    return subprocess.run(command, cwd=cwd, env=variables, capture_output=True, text=True, check=False)


def test_migrate_shows_a_diff_and_writes_when_it_is_told_to(tmp_path: Path) -> None:
    """The diff is on standard output, what is left on standard error; only --write changes files."""
    script = tmp_path / "serve.py"
    script.write_text(APP)
    shown = run("migrate", ".", cwd=tmp_path)
    assert shown.returncode == 0
    assert "+from atila_compat import Atila\n" in shown.stdout
    assert "left: serve.py:6: coroutines: index stays a generator: it streams text" in shown.stderr
    assert "1 of 1 files to change; --write changes them, 1 places left" in shown.stderr
    assert script.read_text() == APP
    patched = subprocess.run(
        ["git", "apply", "--check", "-p1"],
        cwd=tmp_path,
        input=shown.stdout,
        capture_output=True,
        text=True,
        check=False,
    )
    assert patched.returncode == 0, patched.stderr
    written = run("migrate", ".", "--write", cwd=tmp_path)
    assert written.stdout == shown.stdout
    assert "from atila_compat import skitai\n" in script.read_text()
    again = run("migrate", ".", "--write", cwd=tmp_path)
    assert again.stdout == ""
    assert "0 of 1 files to change" in again.stderr


def test_steps_are_taken_alone(tmp_path: Path) -> None:
    """--step takes one step, several take several; without it the usual ones are taken, endpoints not."""
    (tmp_path / "serve.py").write_text(APP)
    assert run("migrate", ".", "--step", "names", cwd=tmp_path).stdout == ""
    assert "atila_compat" in run("migrate", ".", "--step", "names", "--step", "imports", cwd=tmp_path).stdout
    assert [step.name for step in chosen([])] == ["slips", "names", "imports", "coroutines"]
    assert run("migrate", ".", "--step", "magic", cwd=tmp_path).returncode == 2
    assert run("migrate", cwd=tmp_path).returncode == 2


def test_steps_are_listed(tmp_path: Path) -> None:
    """--list names each step and what it does."""
    listed = run("migrate", "--list", cwd=tmp_path).stdout.splitlines()
    assert [line.split()[0] for line in listed] == [step.name for step in STEPS]


def test_missing_extra_is_named(tmp_path: Path) -> None:
    """Without libcst the command says which extra to install; the list of steps needs none."""
    (tmp_path / "serve.py").write_text(APP)
    (tmp_path / "libcst").mkdir()
    (tmp_path / "libcst" / "__init__.py").write_text("raise ImportError\n")
    path = os.pathsep.join([str(tmp_path), str(ROOT)])
    done = run("migrate", "serve.py", cwd=tmp_path, PYTHONPATH=path)
    assert done.returncode == 2
    assert "pip install 'atila_compat[migrate]'" in done.stderr
    assert run("migrate", "--list", cwd=tmp_path, PYTHONPATH=path).returncode == 0


@pytest.mark.parametrize("command", PURPOSES)
def test_every_command_has_help(command: str, tmp_path: Path) -> None:
    """Each sub-command explains itself, and stands in the list of all."""
    done = run(command, "--help", cwd=tmp_path)
    assert done.returncode == 0
    assert done.stdout.startswith(f"usage: atila-compat {command}")
    assert command in run("--help", cwd=tmp_path).stdout
