"""`atila-compat migrate`, and what all sub-commands share."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from atila_compat import cli
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


RECORD = "parity record --out new --upstream"
BAD = {
    "check nowhere": "there is no file or folder nowhere",
    "check . --output=no/report": "no/report cannot be written: there is no folder no",
    "check . --output=.": ". cannot be written: is a directory",
    "check . --bogus": "unrecognized arguments: --bogus",
    "migrate nowhere": "there is no file or folder nowhere",
    "migrate . --bogus": "unrecognized arguments: --bogus",
    "usage nowhere": "there is no file or folder nowhere",
    "usage .": ". cannot be read: Is a directory",
    "usage broken.py": "broken.py is no file that `run --usage` has written: ",
    "parity": "required: ACTION",
    "parity play nowhere --url http://127.0.0.1:1": "nowhere holds no case: ",
    "parity play case --url http://127.0.0.1:1": "nothing answers at http://127.0.0.1:1: ",
    "parity play case --url bogus": "'bogus' is no address of a server: ",
    "parity play case --run nosuchcommand": "nosuchcommand cannot be started: ",
    "parity play case --run 'a": "`'a` is no command line: ",
    "parity play case --url http://127.0.0.1:1 --mask (": "the mask '(' is no regular expression: ",
    "parity play case --url http://127.0.0.1:1 --html no/report": "no/report cannot be written: ",
    "parity play case": "one of the arguments --url --run is required",
    f"{RECORD} http://127.0.0.1:1 --requests nowhere": "nowhere cannot be read: ",
    f"{RECORD} http://127.0.0.1:1 --requests broken.py": "broken.py cannot be read: ",
    f"{RECORD} http://127.0.0.1:1 --requests bad.json": "bad.json is no JSON: ",
    f"{RECORD} http://127.0.0.1:1 --requests list.txt": "does not answer 001-get-root: ",
    f"{RECORD} http://127.0.0.1:1 --requests list.txt --mask (": "the mask '(' is no regular expression: ",
    f"{RECORD} bogus --listen 127.0.0.1:1": "write it as http://HOST:PORT",
    f"{RECORD} http://127.0.0.1:1 --listen here": "write it as 127.0.0.1:8080",
    f"{RECORD} http://127.0.0.1:1 --listen 127.0.0.1:99999": "write it as 127.0.0.1:8080",
    f"{RECORD} http://127.0.0.1:1 --listen 127.0.0.1:1 --out list.txt": "list.txt cannot be made: ",
}
"""Command lines in a folder with these files, and what they say."""


@pytest.mark.parametrize("line", BAD)
def test_bad_input_is_one_clear_line(
    line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is missing, broken, unknown or cannot be written is named in one line; the exit code is 2."""
    (tmp_path / "broken.py").write_bytes(b"\x80(")
    (tmp_path / "bad.json").write_text("{")
    (tmp_path / "list.txt").write_text("GET /")
    (tmp_path / "case").mkdir()
    exchange = {"id": "a", "request": {"path": "/"}}
    (tmp_path / "case" / "case.json").write_text(json.dumps({"about": "", "exchanges": [exchange]}))
    (tmp_path / "case" / "recorded.json").write_text('{"answers": {"a": {"status": 200, "headers": []}}}')
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as ended:
        cli.main(line.split())
    assert ended.value.code == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    *usage, last = captured.err.splitlines()
    assert last.startswith("atila-compat")
    assert BAD[line] in last
    assert usage == [] or usage[0].startswith("usage: ")
    assert not (tmp_path / "new").exists()


def test_files_that_cannot_be_read_are_told_and_the_others_rewritten(tmp_path: Path) -> None:
    """A broken file is named, the others are rewritten; the exit code is 1."""
    (tmp_path / "broken.py").write_text("def broken (:")
    (tmp_path / "serve.py").write_text(APP)
    done = run("migrate", ".", "--write", cwd=tmp_path)
    assert done.returncode == 1
    assert "left: broken.py:1: the file cannot be parsed" in done.stderr
    assert "from atila_compat import skitai\n" in (tmp_path / "serve.py").read_text()


@pytest.mark.parametrize("command", PURPOSES)
def test_every_command_has_help(command: str, tmp_path: Path) -> None:
    """Each sub-command explains itself, and stands in the list of all."""
    done = run(command, "--help", cwd=tmp_path)
    assert done.returncode == 0
    assert done.stdout.startswith(f"usage: atila-compat {command}")
    assert command in run("--help", cwd=tmp_path).stdout
