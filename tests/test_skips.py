"""Nothing is skipped in CI."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

TESTS = textwrap.dedent("""
    import pytest

    def test_skipped():
        pytest.skip("no server")

    @pytest.mark.xfail
    def test_expected():
        assert False

    def test_passes():
        pass
""")
MODULE = "import pytest\npytest.skip('all of it', allow_module_level=True)\n"


def run(folder: Path, ci: str) -> subprocess.CompletedProcess[str]:
    """Run pytest in `folder` with the plugin on."""
    (folder / "conftest.py").write_text(Path(__file__).with_name("skips.py").read_text())
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-c", os.devnull, "."]
    env = {**os.environ, "CI": ci}
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(("ci", "code"), [("true", 1), ("", 0)])
def test_skipped_tests_fail_in_ci_only(tmp_path: Path, ci: str, code: int) -> None:
    """Where CI=true a skipped test is a failed one; an expected failure is neither."""
    (tmp_path / "test_it.py").write_text(TESTS)
    done = run(tmp_path, ci)
    assert done.returncode == code, done.stdout
    for words in ("1 failed" if ci else "1 skipped", "1 passed", "1 xfailed"):
        assert words in done.stdout


def test_skipped_modules_fail_in_ci(tmp_path: Path) -> None:
    """Where CI=true a module that skips itself fails the run."""
    (tmp_path / "test_module.py").write_text(MODULE)
    done = run(tmp_path, "true")
    assert done.returncode != 0
    assert "in CI no test may be" in done.stdout
