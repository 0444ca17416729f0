"""Where a launch script lies, and in which mode it runs."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from atila_compat import skitai
from atila_compat.skitai import place as place_module
from atila_compat.skitai.place import place


@pytest.fixture(autouse=True)
def script_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The launch script lies in the temporary directory; no mode is set."""
    monkeypatch.delenv("SKITAIENV", raising=False)
    monkeypatch.setattr("sys.argv", ["serve.py"])
    place.script_dir = str(tmp_path)
    yield
    place.script_dir = place.name = None


def test_paths_are_joined_to_the_script(tmp_path: Path) -> None:
    """`abspath` joins and normalises; what is absolute stays."""
    assert skitai.getswd() == str(tmp_path)
    assert skitai.abspath("a/../b", "c") == str(tmp_path / "b" / "c")
    assert skitai.joinpath("/x") == "/x"
    assert skitai.abspath() == str(tmp_path)


def test_the_script_is_the_main_module() -> None:
    """Without a collected script, the directory is the one of `__main__`."""
    place.script_dir = None
    assert os.path.isabs(skitai.getswd())


def test_the_default_mode_is_production() -> None:
    """Without SKITAIENV the mode is PRODUCTION."""
    assert skitai.getenv() == "PRODUCTION"
    assert skitai.isproduction()
    assert not skitai.isdevel()


@pytest.mark.parametrize(
    ("argument", "mode"), [("--devel", "DEVEL"), ("--deploy=QA", "QA"), ("--port=1", None)]
)
def test_the_command_line_sets_the_mode(
    argument: str, mode: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`--devel` and `--deploy=VALUE` set SKITAIENV."""
    monkeypatch.setenv("SKITAIENV", "PYTEST")
    monkeypatch.setattr("sys.argv", ["serve.py", argument])
    place_module.apply_mode()
    assert skitai.getenv() == (mode or "PYTEST")
    assert skitai.is_devel() is (mode == "DEVEL")


def test_names(tmp_path: Path) -> None:
    """The service is called by its directory and script, or as `skitai.run(name=...)` says."""
    assert skitai.get_proc_title().startswith(f"skitai/{tmp_path.name}-")
    place.name = "zoo"
    assert skitai.get_proc_title() == "skitai/zoo"
    assert skitai.get_varpath("x") == "/var/tmp/skitai/x"
    assert skitai.get_logpath() == "/var/log/skitai/zoo"


def test_a_service_is_configuring_before_it_runs() -> None:
    """The status before `skitai.run` is CONFIGURING."""
    assert skitai.status() == "CONFIGURING"
