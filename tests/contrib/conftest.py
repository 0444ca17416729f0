"""Fixtures for the tests of integrations."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from .. import servers
from .django_project import Project, as_source

SQLITE = "{'ENGINE': 'django.db.backends.sqlite3', 'NAME': BASE / 'db.sqlite3'}"


@pytest.fixture(scope="session", params=["sqlite", "postgres"])
def project(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """A Django project that is served, on SQLite and on PostgreSQL."""
    if request.param == "sqlite":
        database = SQLITE
    else:
        url = request.getfixturevalue("postgres_url")
        servers.execute(url, "DROP DATABASE IF EXISTS django_shop; CREATE DATABASE django_shop")
        parts = urlsplit(url)
        database = as_source(
            {
                "ENGINE": "django.db.backends.postgresql",
                "NAME": "django_shop",
                "USER": parts.username,
                "PASSWORD": parts.password,
                "HOST": parts.hostname,
                "PORT": parts.port,
            }
        )
    made = Project(tmp_path_factory.mktemp(f"django-{request.param}"), database)
    yield made
    made.stop()
