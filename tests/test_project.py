"""Rules of the repository: what stands where, who imports whom, what is declared."""

from __future__ import annotations

import ast
import importlib.metadata
import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

import atila_compat

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "atila_compat"
TOP_LEVEL = {
    "atila_compat",
    "examples",
    "migration_guide",
    "tests",
    "CHANGELOG.md",
    "LICENSE",
    "README.md",
    "pyproject.toml",
}
LONGEST_MODULE = 500

FLOORS = (
    ("affinity", "context", "errors", "locks", "settings", "state", "state_redis", "structures", "types"),
    ("http",),
    ("routing",),
    ("hooks",),
    ("security",),
    ("data",),
    ("tasks",),
    ("was",),
    ("serving",),
    ("protocols",),
    ("app",),
    ("contrib",),
    ("skitai",),
    ("__init__", "__main__", "cli", "migrate", "shims", "testing"),
)
"""From the ground up; a module may import from its own floor and those below it."""

ON_THE_GROUND = {
    "routing.resource": "what every decorator of every area needs of a handler",
    "tasks.aliases": "a table of names and addresses, which data and tasks look up",
}
"""Modules that every floor may import, though their folder is higher up; they import the ground only."""

UPWARD = {
    ("app", "skitai"): "`app.run()` starts the engine, README of the original; `app.alias()` is its alias()",
    ("app", "skitai.preference"): "`app.set_static()`, `app.extends()`: what preferences do",
    ("app", "testing.in_process"): "`app.test_client()`",
    ("skitai.script", "shims.hook"): "a launch script that is run gets the names that the hook serves",
    ("skitai", "testing.launcher"): "`skitai.test_client()`",
}
"""Imports inside functions that look up all the same: (from, to) and why."""

NOT_AT_IMPORT = {
    "aiosqlite",
    "asyncpg",
    "databases",
    "django",
    "grpc",
    "httpx",
    "libcst",
    "motor",
    "pymongo",
    "redis",
    "sqlalchemy",
    "zttp",
}
"""Packages that load when they are first used, since most apps do not."""

OURS = {"atila_compat", "tests", "atila", "skitai", "rs4", "aquests", "sqlphile"}
"""This project's own, and the names that its import hook serves."""

BROUGHT_ALONG = {"css_html_js_minify"}
"""Packages that apps bring along when they ask for them; nothing here needs them."""

PART_OF = {"httpcore": "httpx", "httptools": "uvicorn", "markupsafe": "jinja2"}
"""Packages that are the public ground of another, which is declared."""

MODULES = sorted(PACKAGE.rglob("*.py"))
RECORDED = {"cases", "more"}
"""Folders with apps that stay as they were recorded."""
SOURCES = [
    path for path in sorted((ROOT / "tests").rglob("*.py")) if not RECORDED & set(path.parts)
] + MODULES


def pyproject() -> dict[str, object]:
    """The table `project` of pyproject.toml."""
    found: dict[str, object] = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return found


def dotted(path: Path) -> str:
    """A module's name below the package: `http.session`; a folder's `__init__` has the folder's."""
    parts = list(path.relative_to(PACKAGE).with_suffix("").parts)
    if parts[-1] == "__init__" and len(parts) > 1:
        parts.pop()
    return ".".join(parts)


def floor(module: str) -> int:
    """The floor that a module is on; KeyError for one in no list."""
    if module in ON_THE_GROUND:
        return 0
    for number, names in enumerate(FLOORS):
        if module.partition(".")[0] in names:
            return number
    raise KeyError(f"{module} is on no floor: put it into FLOORS")


def run_time_imports(tree: ast.AST) -> Iterator[ast.Import | ast.ImportFrom]:
    """All imports of a module, but for those that only type checkers see."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            for other in node.orelse:
                yield from run_time_imports(ast.Module([other], []))
        elif isinstance(node, ast.Import | ast.ImportFrom):
            yield node
        else:
            yield from run_time_imports(node)


def is_module(name: str) -> bool:
    """Whether this dotted name is a module of the package."""
    path = PACKAGE.joinpath(*name.split("."))
    return path.with_suffix(".py").exists() or (path / "__init__.py").exists()


def own_imports(path: Path) -> Iterator[tuple[int, str]]:
    """Line and dotted name of each module of the package that a module of it imports at run time."""
    here = path.relative_to(PACKAGE).parts[:-1]
    for node in run_time_imports(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif node.level:
            base = ".".join(
                ("atila_compat", *here[: len(here) - node.level + 1], *filter(None, [node.module]))
            )
            names = [f"{base}.{alias.name}" for alias in node.names]
        else:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        for name in names:
            if name == "atila_compat.__version__":
                continue
            top, _, rest = name.partition(".")
            if top == "atila_compat":
                while rest and not is_module(rest):
                    rest = rest.rpartition(".")[0]
                yield node.lineno, rest or "__init__"


def test_top_level_holds_the_known_entries_only() -> None:
    """The top level of the repository has the package, the tests, the guides and the files of the project."""
    entries = {path.name for path in ROOT.iterdir() if not path.name.startswith(".")} - {"__pycache__"}
    assert entries <= TOP_LEVEL


def test_changelog_begins_with_this_version() -> None:
    """The newest version of the changelog is the package's."""
    versions = re.findall(r"^## \[?([^\]\s]+)", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert versions[0] == atila_compat.__version__


def test_version_stands_in_one_place() -> None:
    """pyproject.toml takes the version from the package."""
    project = pyproject()
    assert "version" not in project
    assert project["dynamic"] == ["version"]


def test_extra_all_holds_every_extra() -> None:
    """`[all]` installs what the other extras do, but for the tests."""
    extras = pyproject()["optional-dependencies"]
    assert isinstance(extras, dict)
    (everything,) = extras["all"]
    named = set(everything.partition("[")[2].rstrip("]").split(","))
    assert named == set(extras) - {"all", "test"}


def test_readme_names_the_test_command() -> None:
    """The README's code block after <!-- test --> is one line that .ci/run can run."""
    block = re.search(r"^<!-- test -->\n+```\w*\n(.*?)^```", (ROOT / "README.md").read_text(), re.M | re.S)
    assert block
    (line,) = block[1].strip().splitlines()
    assert ".[test]" in line
    assert "pytest" in line


def test_modules_are_short() -> None:
    """A module has at most 500 lines, or its docstring says why it has more than 500."""
    texts = {path: path.read_text() for path in SOURCES}
    long = [path for path, text in texts.items() if len(text.splitlines()) > LONGEST_MODULE]
    reason = f"{LONGEST_MODULE} lines"
    unexplained = [path for path in long if reason not in (ast.get_docstring(ast.parse(texts[path])) or "")]
    assert not unexplained, unexplained


def test_modules_import_from_floors_below() -> None:
    """A module imports only from its own floor and those below it; type checkers may look up."""
    upward = [
        f"{path.relative_to(ROOT)}:{line} imports {name}"
        for path in MODULES
        for line, name in own_imports(path)
        if floor(name) > floor(dotted(path)) and (dotted(path), name) not in UPWARD
    ]
    assert not upward, "\n".join(upward)


@pytest.mark.parametrize(
    "code", ["import atila_compat", "from atila_compat import Atila, skitai", "import atila_compat.cli"]
)
def test_import_loads_no_optional_package(code: str) -> None:
    """Importing the package loads no database, no client and no other framework."""
    program = f"{code}; import json, sys; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert NOT_AT_IMPORT & set(json.loads(done.stdout)) == set()


def test_every_import_is_declared() -> None:
    """What package and tests import is a dependency or in an extra, so that a new machine has it."""
    project = pyproject()
    extras, dependencies = project["optional-dependencies"], project["dependencies"]
    assert isinstance(extras, dict)
    assert isinstance(dependencies, list)
    requirements = [*dependencies, *(entry for entries in extras.values() for entry in entries)]
    declared = {normal(re.split(r"[^\w.-]", requirement)[0]) for requirement in requirements}
    owners = importlib.metadata.packages_distributions()
    missing = set()
    for path in SOURCES:
        for name in sorted(imported_packages(path) - sys.stdlib_module_names - OURS - BROUGHT_ALONG):
            owner_names = owners.get(PART_OF.get(name, name), [name])
            if not declared & {normal(owner) for owner in owner_names}:
                missing.add(f"{path.relative_to(ROOT)}: {name}")
    assert not missing, "\n".join(sorted(missing))


def normal(name: str) -> str:
    """The name of a distribution as the package index compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def imported_packages(path: Path) -> set[str]:
    """The packages that a module imports, at any time, but for relative imports."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            found.add(node.module.partition(".")[0])
    return found
