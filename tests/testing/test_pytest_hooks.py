"""`from atila.pytest_hooks import *` in a conftest.py (README "Integrating pytest and API Documentation")."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from atila_compat.testing.pytest_hooks import document_name, documents_folder

from ..launch import ROOT
from ..servers import free_port
from .apps import SOURCE

CONFTEST = """
from atila.pytest_hooks import *
import skitai

@pytest.fixture
def launch ():
    return partial (skitai.test_client, port = {port}, silent = False)
"""

TESTS = """
import pytest

def test_app (launch):
    with launch ("../serve.py", devel = True) as client:
        assert client.get ("/items/3").status_code == 200
        assert client.siesta.items (4).put ({{"name": "a"}}).status_code == 200
        assert client.get ("/nothing").status_code == 404
        assert "__spec__" not in client.get ("/items/5").data

@pytest.mark.slow
def test_slow ():
    assert {slow}
"""


def write(folder: Path, slow: bool = True) -> Path:
    """A project with a launch script and tests; gives the folder of the tests."""
    tests = folder / "tests"
    (tests / "account").mkdir(parents=True)
    (folder / "serve.py").write_text(SOURCE)
    (tests / "conftest.py").write_text(CONFTEST.format(port=free_port()))
    (tests / "account" / "test_app.py").write_text(TESTS.format(slow=slow))
    return tests


def run(tests: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run pytest as a user does, with the old names served."""
    command = [sys.executable, "-m", "pytest", "-p", "atila_compat.testing.plugin", "-p", "no:cacheprovider"]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [*command, "--strict-markers", "--rootdir=.", *arguments],
        cwd=tests,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )


def test_docs_are_written(tmp_path: Path) -> None:
    """With `--docs`, tests that pass leave ../docs/api/index.md behind, which documents their calls."""
    done = run(write(tmp_path), "--docs")
    assert done.returncode == 0, done.stdout + done.stderr
    made = (tmp_path / "docs" / "api" / "index.md").read_text()
    assert made.startswith("## Table of Content\n\n1. [/items/&lt;int:id&gt;](#items) [**`GET`**]")
    assert "> **_URL_**: `/items/5`" in made
    assert "> **_Request Data_** (application/json)" in made
    assert "--docs: 3 calls are documented in" in done.stdout
    assert "1 passed, 1 skipped" in done.stdout


def test_docs_are_named_by_the_first_argument(tmp_path: Path) -> None:
    """`pytest account --docs` writes account.md."""
    done = run(write(tmp_path), "account", "--docs")
    assert done.returncode == 0, done.stdout
    assert [each.name for each in (tmp_path / "docs" / "api").iterdir()] == ["account.md"]


def test_docs_of_a_run_from_above(tmp_path: Path) -> None:
    """Started from the folder above `tests`, documents go into the same folder as from within it."""
    (tmp_path / "tests").mkdir()
    expected = str(tmp_path / "docs" / "api")
    assert documents_folder(str(tmp_path)) == documents_folder(str(tmp_path / "tests")) == expected


def test_no_docs_after_a_failure(tmp_path: Path) -> None:
    """Where a test fails no document is written, and that is said."""
    done = run(write(tmp_path, slow=False), "--docs", "--run-slow")
    assert done.returncode == 1
    assert not (tmp_path / "docs").exists()
    assert "no document is written" in done.stdout


def test_without_options(tmp_path: Path) -> None:
    """Without `--docs` nothing is recorded or written; without `--run-slow` slow tests are skipped."""
    tests = write(tmp_path)
    assert "1 passed, 1 skipped" in run(tests).stdout
    assert not (tmp_path / "docs").exists()
    assert not (tests / ".webtest_log").exists()


def test_calls_that_say_nothing_are_told(tmp_path: Path) -> None:
    """Where no answer said what had answered, the remedy is named."""
    tests = write(tmp_path)
    path = tests / "account" / "test_app.py"
    path.write_text(path.read_text().replace("devel = True", "devel = False"))
    done = run(tests, "--docs")
    assert done.returncode == 0
    assert "run the server with --devel" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        ([], "index"),
        (["--docs"], "index"),
        (["account", "other"], "account"),
        (["./account/"], "account"),
        (["account/test_app.py::test_a"], "account-test_app"),
        (["../tests"], "index"),
        (["tests"], "index"),
        (["tests/account"], "account"),
        (["tests_of_mine"], "tests_of_mine"),
        (["."], "index"),
    ],
)
def test_names_are_file_names(arguments: list[str], name: str) -> None:
    """A path or a test as the first argument makes one file name."""
    paths = [each for each in arguments if not each.startswith("-")] or ["/rootdir"]
    config = SimpleNamespace(invocation_params=SimpleNamespace(args=tuple(arguments)), args=paths)
    assert document_name(cast("pytest.Config", config)) == name
