"""The app of a test module, as a real server: its launch script is the module's SOURCE."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ..launch import Launched, Serve


@pytest.fixture(scope="module")
def app(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Launched]:
    """A server that runs the module's SOURCE, with its ARGS and FILES; shared by the tests of the module."""
    factory = Serve(tmp_path_factory.mktemp("served"))
    module = request.module
    yield factory(module.SOURCE, *getattr(module, "ARGS", ()), files=getattr(module, "FILES", None))
    factory.close()
