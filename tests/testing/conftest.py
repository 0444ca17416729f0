"""Fixtures for the tests of the test client."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from atila_compat.testing.client import Client

from .apps import make_app


@pytest.fixture
def client() -> Iterator[Client]:
    """A client of the app in `apps.py`, in process."""
    with make_app().test_client() as made:
        yield made
