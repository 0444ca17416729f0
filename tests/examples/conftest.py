"""The examples as their readers run them: copied to an empty folder, one command, a free port."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

import pytest

from ..launch import ROOT, RUN, Launched

EXAMPLES = ROOT / "examples"


class Example(Protocol):
    """Runs an example; see `example`."""

    def __call__(
        self, name: str, *args: str, command: Sequence[str] = RUN, env: Mapping[str, str] | None = None
    ) -> Launched: ...


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Example]:
    """Runs examples as real processes: `example("hello").client.get("/")`; they are stopped at the end."""
    with contextlib.ExitStack() as stack:

        def run(
            name: str, *args: str, command: Sequence[str] = RUN, env: Mapping[str, str] | None = None
        ) -> Launched:
            folder = tmp_path_factory.mktemp("examples") / name
            ignored = shutil.ignore_patterns("__pycache__", "*.sqlite3")
            shutil.copytree(EXAMPLES / name, folder, ignore=ignored)
            app = Launched(command, folder, args, env)
            stack.callback(_stop, app)
            return app

        yield run


def _stop(app: Launched) -> None:
    if not app.stopped:
        app.stop()
