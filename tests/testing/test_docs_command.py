"""`atila-compat docs`: the API document of a launch script."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from openapi_spec_validator import validate

from atila_compat.errors import AtilaError
from atila_compat.testing import recording
from atila_compat.testing.docs_command import records_folder

from ..launch import ROOT
from .apps import SOURCE, make_app


def command(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run `atila-compat docs`."""
    return subprocess.run(
        [sys.executable, "-m", "atila_compat", "docs", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder with a launch script and with what its tests have recorded."""
    folder = tmp_path / "shop"
    (folder / "tests").mkdir(parents=True)
    (folder / "serve.py").write_text(SOURCE)
    recording.start(str(folder / "tests" / recording.FOLDER))
    app = make_app()
    app.debug = app.expose_spec = True
    try:
        with app.test_client() as client:
            client.get("/items/3")
    finally:
        recording.stop()
    return folder


def test_document_on_the_terminal(project: Path) -> None:
    """Without options the document is printed; it is valid, and named after the folder."""
    done = command(project, "serve.py")
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    validate(document)
    assert document["info"] == {"title": "shop", "version": "1"}
    assert "/items/{id}" in document["paths"]


def test_records_are_found(project: Path) -> None:
    """What was recorded here or in `tests` is in the document."""
    document = json.loads(command(project, "serve.py").stdout)
    answer = document["paths"]["/items/{id}"]["get"]["responses"]["200"]
    assert answer["content"]["application/json"]["examples"]["example1"]["value"]["id"] == 3


def test_files(project: Path) -> None:
    """`--output` and `--html` write files, from any folder; options that are unknown are the script's."""
    options = ["--output", "api.json", "--html=api.html", "--title", "Shop", "--api-version", "3", "--devel"]
    done = command(project.parent, *options[:2], "shop/serve.py", *options[2:])
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
    document = json.loads((project.parent / "api.json").read_text())
    assert document["info"] == {"title": "Shop", "version": "3"}
    assert (project.parent / "api.html").read_text().startswith("<!DOCTYPE html>")


def test_missing_script(tmp_path: Path) -> None:
    """A script that is not there is one line and exit code 2."""
    done = command(tmp_path, "nothing.py")
    assert (done.returncode, done.stderr) == (2, "atila-compat: there is no launch script nothing.py\n")


def test_output_that_cannot_be_written(project: Path) -> None:
    """A file that cannot be written is one line, before the script runs; exit code 1."""
    for option in ("--output", "--html"):
        done = command(project, "serve.py", option, "no/api")
        assert done.returncode == 1
        assert done.stderr.endswith(f"/no/api cannot be written: there is no folder {project}/no\n")
        assert done.stderr.count("\n") == 1


def test_script_that_mounts_nothing(tmp_path: Path) -> None:
    """A script that mounts nothing is exit code 1."""
    (tmp_path / "empty.py").write_text("")
    done = command(tmp_path, "empty.py")
    assert done.returncode == 1
    assert "skitai.mount" in done.stderr


def test_records_folder(project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Records are found in the folder itself, in `.webtest_log`, or below `tests`; else that is an error."""
    folder = str(project / "tests" / recording.FOLDER)
    for given in (folder, os.path.dirname(folder), str(project / "tests")):
        assert records_folder(given) == folder
    monkeypatch.chdir(project)
    assert records_folder(None) == folder
    monkeypatch.chdir(tmp_path)
    assert records_folder(None) is None
    with pytest.raises(AtilaError, match="pytest --docs"):
        records_folder(str(tmp_path))
