"""The command `atila-compat`."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from atila_compat import __version__, cli

from .launch import ROOT

SCRIPT = """
import skitai
from atila import Atila

app = Atila ("zoo")

@app.route ("/")
def index (was):
    return "index"

@app.route ("/lions/<int:n>", methods = ["GET", "DELETE"])
def lion (was, n):
    return str (n)

def plain (env, start):
    pass

if __name__ == "__main__":
    skitai.mount ("/api", app, name = "zoo")
    if "--all" in skitai.options.argv or True:
        skitai.mount ("/files", "files")
    skitai.run (port = 5000)
"""


def command(folder: Path, *args: str) -> subprocess.CompletedProcess[str]:
    """Run `python -m atila_compat` in a folder."""
    return subprocess.run(
        [sys.executable, "-m", "atila_compat", *args],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


@pytest.fixture
def script(tmp_path: Path) -> Path:
    """A launch script with an app and a directory."""
    (tmp_path / "files").mkdir()
    (tmp_path / "serve.py").write_text(SCRIPT.lstrip())
    return tmp_path


def test_routes(script: Path) -> None:
    """`routes` prints methods, rule, resource id and place of each route as a table."""
    answer = command(script, "routes", "serve.py")
    assert answer.returncode == 0, answer.stderr
    assert [line.split() for line in answer.stdout.splitlines()] == [
        ["METHODS", "RULE", "RESOURCE", "PLACE"],
        ["GET,POST", "/api/", "index", "serve.py:6"],
        ["DELETE,GET", "/api/lions/<int:n>", "lion", "serve.py:10"],
        ["GET,HEAD", "/files/*", str(script / "files")],
    ]


def test_routes_of_several_apps(script: Path) -> None:
    """Ids of several apps have the names of their apps; WSGI apps and aliases are listed, too."""
    text = (script / "serve.py").read_text()
    more = 'skitai.mount ("/plain", plain, name = "plain"); skitai.mount ("/up", "@up/v1")\n    skitai.run'
    (script / "serve.py").write_text(text.replace("skitai.run", more))
    lines = [line.split() for line in command(script, "routes", "serve.py").stdout.splitlines()]
    assert ["GET,POST", "/api/", "zoo:index", "serve.py:6"] in lines
    assert ["*", "/plain/*", "plain:", "serve.py:14"] in lines
    assert ["*", "/up/*", "@up/v1"] in lines


def test_routes_of_an_app_that_fails(script: Path) -> None:
    """An app that cannot be loaded is named, with code 1."""
    (script / "serve.py").write_text("import skitai, broken\nskitai.mount ('/', broken)\nskitai.run ()\n")
    (script / "broken.py").write_text("def __app__ (): raise ValueError ('boom')\n")
    answer = command(script, "routes", "serve.py")
    assert answer.returncode == 1
    assert "app load failed: broken" in answer.stderr
    assert "boom" in answer.stderr


@pytest.mark.parametrize("name", ["run", "routes"])
def test_missing_scripts_are_named(name: str, tmp_path: Path) -> None:
    """A script that is not there, or a directory, is one line and code 2."""
    for path in ("nowhere.py", "."):
        answer = command(tmp_path, name, path)
        assert answer.returncode == 2
        assert len(answer.stderr.splitlines()) == 1
        assert path in answer.stderr


@pytest.mark.parametrize("name", ["run", "routes", "docs"])
def test_scripts_that_fail_are_shown_as_python_shows_them(name: str, tmp_path: Path) -> None:
    """A script that fails is shown from its own line on, one that cannot be parsed with that line; code 1."""
    (tmp_path / "broken.py").write_text("def broken (:\n")
    broken = command(tmp_path, name, "broken.py")
    assert broken.returncode == 1
    assert broken.stderr.splitlines()[0] == f'  File "{tmp_path}/broken.py", line 1'
    assert broken.stderr.splitlines()[-1] == "SyntaxError: invalid syntax"
    (tmp_path / "fails.py").write_text("\nimport nowhere\n")
    failed = command(tmp_path, name, "fails.py")
    assert failed.returncode == 1
    assert failed.stderr.splitlines()[:2] == [
        "Traceback (most recent call last):",
        f'  File "{tmp_path}/fails.py", line 2, in <module>',
    ]
    assert "atila_compat" not in failed.stderr


def test_output_that_nobody_reads(script: Path) -> None:
    """Where the reader of the output has gone, as behind `| head`, the command ends without a word."""
    for arguments in ("routes serve.py", "check ."):
        reading, writing = os.pipe()
        os.close(reading)
        with subprocess.Popen(
            [sys.executable, "-m", "atila_compat", *arguments.split()],
            cwd=script,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=writing,
            stderr=subprocess.PIPE,
        ) as process:
            os.close(writing)
            _, said = process.communicate(timeout=30)
        assert (process.returncode, said) == (1, b"")


def test_interrupted_commands_end_quietly(script: Path) -> None:
    """Ctrl+C ends a command with code 130, and no traceback."""
    (script / "serve.py").write_text(
        "import signal, time\n"
        "signal.signal (signal.SIGINT, signal.default_int_handler)  # shells let background jobs ignore it\n"
        "print ('begun', flush = True); time.sleep (30)\n"
    )
    for name in ("run", "docs"):
        with subprocess.Popen(
            [sys.executable, "-m", "atila_compat", name, "serve.py"],
            cwd=script,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        ) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == b"begun\n"
            process.send_signal(signal.SIGINT)
            _, said = process.communicate(timeout=30)
        assert (process.returncode, said) == (130, b"")


def test_a_script_without_mounts(tmp_path: Path) -> None:
    """A script that mounts nothing is named with what it has to call."""
    (tmp_path / "empty.py").write_text("")
    answer = command(tmp_path, "routes", "empty.py")
    assert answer.returncode == 1
    assert "skitai.mount" in answer.stderr


def test_version_and_usage(capsys: pytest.CaptureFixture[str]) -> None:
    """`--version` prints the version; without a command the usage is shown."""
    with pytest.raises(SystemExit) as ended:
        cli.main(["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out == f"atila_compat {__version__}\n"
    with pytest.raises(SystemExit) as ended:
        cli.main([])
    assert ended.value.code == 2
    assert "COMMAND" in capsys.readouterr().err
