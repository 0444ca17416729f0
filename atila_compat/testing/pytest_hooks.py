"""pytest hooks of the original: `from atila.pytest_hooks import *` in conftest.py (spec/08 section 2).

pytest --run-slow      runs tests marked `slow` too
pytest --docs          writes ../docs/api/index.md from what the tests have asked and been answered
pytest account --docs  writes ../docs/api/account.md

as seen from the folder `tests`. From the folder above it, `pytest tests/account --docs` writes the same.
The server has to run on this machine with `--devel`: only then its answers say what has answered.
"""

from __future__ import annotations

import os
import re
from functools import partial

import pytest

from . import recording

__all__ = [
    "os",
    "partial",
    "pytest",
    "pytest_addoption",
    "pytest_collection_modifyitems",
    "pytest_configure",
    "pytest_sessionfinish",
    "pytest_sessionstart",
    "pytest_terminal_summary",
]
"""The README's conftest.py takes `pytest` and `partial` from here, too."""

_NOTES = pytest.StashKey[list[str]]()

FOLDER = os.path.join("docs", "api")
"""Where documents go, beside the folder `tests`."""
TESTS = "tests"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the options."""
    group = parser.getgroup("atila")
    group.addoption("--run-slow", action="store_true", default=False, help="run tests marked slow, too")
    group.addoption(
        "--docs",
        action="store_true",
        default=False,
        help=f"write API documents into {FOLDER} after the tests",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Declare the marker `slow`."""
    config.addinivalue_line("markers", "slow: takes long; run with --run-slow only")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Skip tests marked `slow`, unless they are asked for."""
    if config.getoption("--run-slow"):
        return
    skip = pytest.mark.skip(reason="need --run-slow option to run")
    for item in items:
        if "slow" in item.keywords:
            item.add_marker(skip)


def pytest_sessionstart(session: pytest.Session) -> None:
    """Begin to record, with `--docs`."""
    if session.config.getoption("--docs"):
        recording.start(os.path.join(str(session.config.invocation_params.dir), recording.FOLDER))


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Write the document, with `--docs` and if all tests have passed."""
    recorder = recording.recorder
    if recorder is None or not session.config.getoption("--docs"):
        return
    recording.stop()
    if exitstatus != 0:
        _say(session, "no document is written, for not all tests have passed")
        return
    from .markdown import document

    start = str(session.config.invocation_params.dir)
    path = os.path.join(documents_folder(start), f"{document_name(session.config)}.md")
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(document(recording.exchanges(recorder.folder)))
    _say(session, f"{recorder.count} calls are documented in {path}")
    if not recorder.count and recorder.silent:
        _say(session, "no answer said what had answered: run the server with --devel, on this machine")


def documents_folder(start: str) -> str:
    """Where documents go: beside the folder `tests`, which pytest was started in, or from above it."""
    above = "" if os.path.isdir(os.path.join(start, TESTS)) else os.pardir
    return os.path.normpath(os.path.join(start, above, FOLDER))


def document_name(config: pytest.Config) -> str:
    """`index`, or what the first argument names: `account` for `pytest account --docs`."""
    given = [arg for arg in config.invocation_params.args if isinstance(arg, str)]
    first = next((arg for arg in config.args if arg in given), "")
    name = first.partition("::")[0].removesuffix(".py").strip("./" + os.sep)
    name = re.sub(rf"^{TESTS}(/|$)", "", name)
    return re.sub(r"[^\w.-]+", "-", name) or "index"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say what has become of the document."""
    for note in config.stash.get(_NOTES, []):
        terminalreporter.write_line(f"--docs: {note}")


def _say(session: pytest.Session, note: str) -> None:
    session.config.stash.setdefault(_NOTES, []).append(note)
