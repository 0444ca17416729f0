"""Fixtures of the tests of data sources."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from atila_compat.data.engines import PGSQL, SQLITE

from .databases import Database, opened


@pytest.fixture(params=[SQLITE, PGSQL], ids=["sqlite", "postgres"])
async def database(request: pytest.FixtureRequest, postgres_url: str) -> AsyncIterator[Database]:
    """An empty database, of each engine in turn."""
    async with opened(request.param, postgres_url) as found:
        yield found
