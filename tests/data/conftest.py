"""Fixtures of the tests of data sources."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from .databases import ENGINES, Database, opened


@pytest.fixture(params=ENGINES)
async def database(request: pytest.FixtureRequest, postgres_url: str) -> AsyncIterator[Database]:
    """An empty database, of each engine in turn."""
    async with opened(request.param, postgres_url) as found:
        yield found
