"""What all tests share: servers, launched apps, and the rule that nothing is skipped in CI."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

from . import servers
from .conformance.summary import pytest_terminal_summary
from .launch import Serve
from .skips import IN_CI, pytest_make_collect_report, pytest_runtest_makereport

__all__ = ["pytest_make_collect_report", "pytest_runtest_makereport", "pytest_terminal_summary"]

hypothesis.settings.register_profile("ci", deadline=None, derandomize=True, database=None)
hypothesis.settings.register_profile("dev", deadline=None)
hypothesis.settings.load_profile("ci" if IN_CI else "dev")


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Tests marked `anyio` run on asyncio, the only loop that uvicorn has."""
    return "asyncio"


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """URL of a PostgreSQL, `postgresql://USER:PASSWORD@HOST:PORT/NAME`; shared by all tests."""
    with servers.postgres() as url:
        yield url


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """URL of a Redis, `redis://HOST:PORT/0`; shared by all tests, so use keys of your own."""
    with servers.redis() as url:
        yield url


@pytest.fixture(scope="session")
def mongo_url() -> Iterator[str]:
    """URL of a MongoDB, `mongodb://HOST:PORT/?...`; shared, so use a database of your own."""
    with servers.mongo() as url:
        yield url


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    """Runs launch scripts as real processes: `serve(source).client.get("/")`; see `Serve.__call__`."""
    factory = Serve(tmp_path)
    yield factory
    factory.close()
