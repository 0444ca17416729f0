"""Fixtures for the tests of integrations."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from .. import servers
from .django_project import Project, as_source

SQLITE = "{'ENGINE': 'django.db.backends.sqlite3', 'NAME': BASE / 'db.sqlite3'}"


@contextlib.contextmanager
def database(kind: str, request: pytest.FixtureRequest) -> Iterator[str]:
    """An empty database, as the source text of an entry of DATABASES."""
    if kind == "sqlite":
        yield SQLITE
        return
    url, name = request.getfixturevalue("postgres_url"), f"django_{uuid.uuid4().hex}"
    parts = urlsplit(url)
    servers.execute(url, f"CREATE DATABASE {name}")
    try:
        yield as_source(
            {
                "ENGINE": "django.db.backends.postgresql",
                "NAME": name,
                "USER": parts.username,
                "PASSWORD": parts.password,
                "HOST": parts.hostname,
                "PORT": parts.port,
            }
        )
    finally:
        servers.execute(url, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session", params=["sqlite", "postgres"])
def project(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """A Django project that is served, on SQLite and on PostgreSQL."""
    with database(request.param, request) as source:
        made = Project(tmp_path_factory.mktemp(f"django-{request.param}"), source)
        yield made
        made.stop()
