"""README.md: its commands run, its listings answer as it says, its tables hold, its links lead somewhere."""

from __future__ import annotations

import importlib.metadata
import re
import shlex
import shutil
import sys
import textwrap
import tomllib
from pathlib import Path

import pytest

from .launch import ROOT, Launched, Serve

README = (ROOT / "README.md").read_text()
BLOCK = re.compile(r"^```(?P<language>\w+)(?: (?P<file>\S+))?\n(?P<text>.*?)^```$", re.M | re.S)
PROGRAMS = {
    "python3": [sys.executable],
    "uvicorn": [sys.executable, "-m", "uvicorn"],
    "atila-compat": [sys.executable, "-m", "atila_compat"],
}


def blocks(language: str) -> list[re.Match[str]]:
    """The code blocks in a language."""
    return [block for block in BLOCK.finditer(README) if block["language"] == language]


def program(line: str) -> list[str]:
    """A command line with the programs of this environment, and a place for the port."""
    name, *arguments = shlex.split(line)
    arguments = [re.sub(r"^--port=\d+$", "--port={port}", argument) for argument in arguments]
    return [*PROGRAMS[name.removeprefix(".venv/bin/")], *arguments]


@pytest.mark.parametrize("console", [block["text"] for block in blocks("console")])
def test_listings_answer_as_shown(serve: Serve, console: str) -> None:
    """The files of the README run with the commands below them, and give the output that is shown."""
    files = {block["file"]: block["text"] for block in blocks("python") if block["file"]}
    first, *others = re.split(r"^\$ ", console, flags=re.M)[1:]
    app = serve(files["serve.py"], files=files, command=program(first))
    for other in others:
        command, _, shown = other.partition("\n")
        _, url = shlex.split(command)
        answer = app.client.get(re.sub(r"^http://[^/]+", app.url, url))
        assert answer.text == shown.rstrip("\n")


def test_every_listing_is_run() -> None:
    """A listing without a file name would never be tried."""
    assert all(block["file"] for block in blocks("python"))


def test_first_command_needs_no_extra(tmp_path: Path) -> None:
    """The README's first command starts the example, with nothing but the default dependencies."""
    (tmp_path / "sitecustomize.py").write_text(
        textwrap.dedent(f"""
            import sys

            class Absent:
                names = {sorted(only_in_extras())!r}
                def find_spec(self, name, path=None, target=None):
                    if name.partition(".")[0] in self.names:
                        raise ModuleNotFoundError(name, name=name)

            sys.meta_path.insert(0, Absent())
        """)
    )
    steps = [step.strip() for step in blocks("sh")[0]["text"].split("&&")]
    assert steps[:2] == ["python3 -m venv .venv", ".venv/bin/pip install -q ."]
    ignored = shutil.ignore_patterns("*.sqlite3", "__pycache__")
    shutil.copytree(ROOT / "examples", tmp_path / "examples", ignore=ignored)
    env = {"PYTHONPATH": f"{tmp_path}:{ROOT}"}
    app = Launched(program(steps[2]), tmp_path, env=env)
    try:
        assert app.client.get("/").status_code == 200
        assert app.client.post("/accounts", data={"name": "kim", "password": "secret-of-kim"}).json() == {
            "name": "kim",
            "level": "staff",
        }
        assert app.url in app.log()
    finally:
        app.stop()


def requirement_name(requirement: str) -> str:
    """The name of a package, as the package index compares it."""
    return re.sub(r"[-_.]+", "-", re.split(r"[^\w.-]", requirement)[0]).lower()


def declared() -> set[tuple[str, str]]:
    """All dependencies of pyproject.toml, each with its extra."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    by_extra: dict[str, list[str]] = {"": project["dependencies"], **project["optional-dependencies"]}
    found = {(requirement_name(each), extra) for extra, entries in by_extra.items() for each in entries}
    return {(name, extra) for name, extra in found if name != "atila-compat"}


def only_in_extras() -> set[str]:
    """The modules of packages that only extras ask for."""
    default = installed_with({name for name, extra in declared() if not extra})
    others = {name for name, extra in declared() if extra} - default
    modules = importlib.metadata.packages_distributions()
    return {
        module
        for module, owners in modules.items()
        if {requirement_name(owner) for owner in owners} <= others
    }


def installed_with(names: set[str]) -> set[str]:
    """These packages, and all that they ask for."""
    found: set[str] = set()
    waiting = set(names)
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        found.add(name)
        try:
            requirements = importlib.metadata.requires(name) or []
        except importlib.metadata.PackageNotFoundError:
            continue
        # uvicorn is asked for with its extra `standard`
        needed = (each for each in requirements if "extra" not in each or "standard" in each)
        waiting |= {requirement_name(each) for each in needed}
    return found


def test_table_of_dependencies_is_that_of_pyproject() -> None:
    """Every dependency and every extra stands in the table, and nothing else."""
    section = README.partition("## Dependencies")[2].partition("\n## ")[0]
    rows = [[cell.strip(" `") for cell in line.split("|")[1:-1]] for line in section.splitlines()]
    rows = [row for row in rows if len(row) == 4][2:]
    shown = {(requirement_name(name), extra) for names, extra, _, _ in rows for name in names.split(", ")}
    assert shown == declared()


def test_places_exist() -> None:
    """The modules, functions and files that the README names are there."""
    for link in re.findall(r"\]\((?!http)([^)#]+)\)", README):
        assert (ROOT / link).exists(), link
    architecture = README.partition("## Architecture")[2].partition("\n## ")[0]
    for line in architecture.splitlines():
        paths = re.findall(r"`([\w/]+\.py)`", line)
        for path in paths:
            assert (ROOT / "atila_compat" / path).exists(), path
        text = "".join((ROOT / "atila_compat" / path).read_text() for path in paths)
        names = re.findall(r"`([A-Za-z_.]+)`", line.partition(" | ")[2]) if paths else []
        for name in (name for name in names if not name.endswith(".py") and not name.startswith("skitai.")):
            assert re.search(rf"\b(def|class) {name.rpartition('.')[2]}\b", text), name


def test_examples_are_listed() -> None:
    """Every example is in the table, with a command that names it."""
    folders = {path.name for path in (ROOT / "examples").iterdir() if path.is_dir()}
    listed = re.findall(r"^\| \[([\w-]+)\]\(examples/\1\) \|.*examples/\1.*\|$", README, re.M)
    assert set(listed) == {folder for folder in folders if not folder.startswith(".")}


def test_commands_are_known() -> None:
    """The README names the subcommands that there are."""
    from atila_compat.cli import build_parser

    subcommands = re.findall(r"^    (\w+) ", build_parser().format_help(), re.M)
    assert set(re.findall(r"`atila-compat (\w+)", README)) == set(subcommands)
