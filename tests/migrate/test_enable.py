"""`enable` and `disable`, in environments that are thrown away."""

from __future__ import annotations

import shutil
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

from atila_compat.errors import AtilaError
from atila_compat.migrate.enable import FILE, disable, enable
from atila_compat.migrate.startup import line
from tests.conformance.corpus import CASES
from tests.launch import Launched

ROOT = Path(__file__).resolve().parents[2]
APP = CASES / "routing.hello"


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A virtual environment that has this package and what it needs; gives its Python."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=False, symlinks=True)
    python = folder / "bin" / "python"
    (packages,) = folder.glob("lib/python*/site-packages")
    paths = [str(ROOT), *{sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}]
    (packages / "a_dependencies.pth").write_text("\n".join(paths) + "\n")
    return python


def run(python: Path, *arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run Python in an environment, as a user does, without help from outside."""
    environment = {"PATH": "/usr/bin:/bin"}
    command = [str(python), *arguments]
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)


def test_plain_python_runs_a_launch_script(environment: Path, tmp_path: Path) -> None:
    """After `enable` plain `python serve.py` serves an unmodified app; after `disable` it does not."""
    folder = shutil.copytree(APP, tmp_path / "app")
    before = run(environment, "serve.py", "--port=1", cwd=folder)
    assert "No module named 'atila'" in before.stderr
    done = run(environment, "-m", "atila_compat", "enable", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert FILE in done.stdout
    app = Launched([str(environment), "serve.py"], folder, env={"PYTHONPATH": ""})
    try:
        assert app.client.get("/").text == "Hello, World"
    finally:
        app.stop()
    done = run(environment, "-m", "atila_compat", "disable", cwd=tmp_path)
    assert done.stdout.startswith("removed: ")
    after = run(environment, "serve.py", "--port=1", cwd=folder)
    assert "No module named 'atila'" in after.stderr
    again = run(environment, "-m", "atila_compat", "disable", cwd=tmp_path)
    assert (again.returncode, again.stdout.startswith("was not enabled")) == (0, True)


def test_mode_is_known_from_the_import_on(environment: Path, tmp_path: Path) -> None:
    """`skitai.isdevel ()` knows of --devel before anything runs, as in the original."""
    (tmp_path / "serve.py").write_text("import skitai\nprint (skitai.isdevel (), skitai.getswd ())\n")
    run(environment, "-m", "atila_compat", "enable", cwd=tmp_path)
    try:
        assert run(environment, "serve.py", "--devel", cwd=tmp_path).stdout == f"True {tmp_path}\n"
        assert run(environment, "serve.py", cwd=tmp_path).stdout == f"False {tmp_path}\n"
    finally:
        run(environment, "-m", "atila_compat", "disable", cwd=tmp_path)


def test_programs_without_the_names_load_nothing(environment: Path, tmp_path: Path) -> None:
    """In an enabled environment a program that imports none of the names does not load this package."""
    code = "import sys, json; print([name for name in sys.modules if name.startswith('atila')])"
    run(environment, "-m", "atila_compat", "enable", cwd=tmp_path)
    try:
        assert run(environment, "-c", code, cwd=tmp_path).stdout == "[]\n"
        served = run(environment, "-c", "import rs4.pathtool; print(rs4.pathtool.__name__)", cwd=tmp_path)
        assert served.stdout == "atila_compat.shims.rs4.pathtool\n"
        missing = run(environment, "-c", "import rs4.nosuch", cwd=tmp_path)
        assert "rs4.nosuch is not served by atila_compat" in missing.stderr
    finally:
        run(environment, "-m", "atila_compat", "disable", cwd=tmp_path)


def test_folder_that_cannot_be_written_is_refused() -> None:
    """A folder that cannot be written is refused, with what to do instead."""
    with pytest.raises(AtilaError, match=r"cannot be written .*python3 -m venv"):
        enable(Path("/proc"))


def test_environment_without_the_package_is_refused(tmp_path: Path) -> None:
    """Where a new process would not find this package, nothing stays behind, and the reason is named."""
    venv.create(tmp_path / "bare", with_pip=False, symlinks=True)
    python = tmp_path / "bare" / "bin" / "python"
    code = f"import sys; sys.path.append({str(ROOT)!r}); from atila_compat.cli import main; main(['enable'])"
    done = run(python, "-c", code, cwd=tmp_path)
    assert done.returncode == 2
    assert "pip install atila_compat" in done.stderr
    assert not list((tmp_path / "bare").rglob(FILE))


def test_enable_may_be_repeated(tmp_path: Path) -> None:
    """A second `enable` writes the same; `disable` removes it once."""
    assert enable(tmp_path) == enable(tmp_path)
    assert (tmp_path / FILE).read_text() == line()
    assert disable(tmp_path)
    assert not disable(tmp_path)


def test_file_of_somebody_else_stays(tmp_path: Path) -> None:
    """`disable` does not remove a file of this name that `enable` has not written."""
    (tmp_path / FILE).write_text("/somewhere\n")
    with pytest.raises(AtilaError, match="look at it"):
        disable(tmp_path)
    assert (tmp_path / FILE).exists()


def test_line_is_one_line_that_site_executes() -> None:
    """The file's line begins with `import`, which is what Python executes in .pth files, and is alone."""
    assert line().startswith("import ")
    assert line().count("\n") == 1
    compile(line(), "x.pth", "exec")
    assert sys.executable
