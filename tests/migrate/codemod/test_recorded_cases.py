"""Migrated apps give the recorded answers, without any import hook."""

from __future__ import annotations

import dataclasses
import shutil
import sys
from pathlib import Path

import pytest

from atila_compat.migrate.codemod.rewriting import rewrite
from atila_compat.migrate.codemod.steps import chosen
from tests.conformance.corpus import CASES, load_all
from tests.conformance.season import play


@pytest.mark.timeout(120)
@pytest.mark.parametrize(
    ("name", "steps"),
    [
        ("routing.hello", ["imports"]),
        ("app.todo", ["slips", "names", "imports"]),
        ("mount.package", ["imports"]),
        ("coroutine.basic", ["imports", "coroutines"]),
        ("stream.coroutine", ["imports", "coroutines"]),
        ("task.basic", ["slips", "names", "imports", "coroutines"]),
        ("routing.hello", ["imports", "endpoints"]),
        ("errors.templates", ["imports", "endpoints"]),
        ("session.basic", ["imports", "endpoints"]),
        ("template.basics", ["imports", "endpoints"]),
        ("token.jwt", ["imports", "names"]),
        ("inspect.scopes", ["imports", "names"]),
    ],
)
def test_migrated_app_answers_as_recorded(name: str, steps: list[str], tmp_path: Path) -> None:
    """After a step, plain Python runs the launch script, and the app answers as the original did."""
    case = load_all()[name]
    folder = shutil.copytree(CASES / name, tmp_path / name)
    files, _ = rewrite([folder], chosen(steps))
    for file in files:
        file.write()
    assert any(file.changed for file in files)
    again, _ = rewrite([folder], chosen(steps))
    assert not any(file.changed for file in again)
    played = play(dataclasses.replace(case, folder=folder), run=(sys.executable,))
    assert played.differs == {}, played.trouble
