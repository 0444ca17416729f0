"""The shop of the migration guide: checked, run, compared with the original's answers, and migrated."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from .pages import SHOP, Reader

SUMMARY = re.compile(r"(\d+) of (\d+) answers as recorded")


@pytest.fixture
def reader(tmp_path: Path) -> Reader:
    """Somebody who has a copy of the shop."""
    return Reader(tmp_path / "shop")


def compat(reader: Reader, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run `atila-compat` in the copy."""
    return subprocess.run(
        [sys.executable, "-m", "atila_compat", *arguments],
        cwd=reader.folder,
        env=reader.environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def as_recorded(reader: Reader) -> tuple[int, int]:
    """How many answers are those of the original, and of how many."""
    done = compat(
        reader, "parity", "play", "recorded", "--run", f"{sys.executable} -m atila_compat run serve.py"
    )
    found = SUMMARY.search(done.stdout + done.stderr)
    assert found, done.stdout + done.stderr
    assert done.returncode == 0, done.stdout + done.stderr
    return int(found[1]), int(found[2])


def test_shop_is_of_real_size(reader: Reader) -> None:
    """25 routes and more, in 10 modules and more."""
    routes = compat(reader, "routes", "serve.py").stdout.splitlines()[1:]
    assert len(routes) >= 25
    assert len({route.split()[-1].rpartition(":")[0] for route in routes}) >= 10


def test_shop_lacks_nothing(reader: Reader) -> None:
    """`check` finds no use of the old names that is missing."""
    done = compat(reader, "check", ".", "--format=json")
    assert done.returncode == 0, done.stdout
    kinds = re.search(r"(\d+) missing", compat(reader, "check", ".").stdout)
    assert kinds
    assert kinds[1] == "0"


def test_shop_answers_as_the_original(reader: Reader) -> None:
    """All recorded answers of the original are given here, by the unmodified shop."""
    right, all_of_them = as_recorded(reader)
    assert right == all_of_them == len(json.loads((SHOP / "requests.json").read_text()))


def test_migrated_shop_answers_as_the_original(reader: Reader) -> None:
    """The same after all usual steps of `migrate`, and there is nothing left to do."""
    done = compat(reader, "migrate", ".", "--write")
    assert done.returncode == 0, done.stderr
    assert "import skitai\n" not in (reader.folder / "serve.py").read_text().replace(
        "from atila_compat import skitai\n", ""
    )
    assert "async def price" in (reader.folder / "shop/services/prices.py").read_text()
    right, all_of_them = as_recorded(reader)
    assert right == all_of_them
    assert compat(reader, "migrate", ".").stdout == ""


def test_moved_routes_answer_as_the_original(reader: Reader) -> None:
    """The same after the step that makes Starlette endpoints of what is simple enough."""
    done = compat(reader, "migrate", ".", "--step", "endpoints", "--write")
    assert done.returncode == 0, done.stderr
    assert "app.native_route" in (reader.folder / "shop/services/__init__.py").read_text()
    right, all_of_them = as_recorded(reader)
    assert right == all_of_them
