"""The database of a Django project as a data source (spec/01 section 8)."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from atila_compat import Atila, skitai
from atila_compat.errors import AtilaError
from atila_compat.tasks import aliases
from atila_compat.tasks.django_settings import VARIABLE, database_of, member_of

SQLITE = "DATABASES = {'default': {'ENGINE': 'django.db.backends.sqlite3', 'NAME': '/data/db.sqlite3'}}"


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No aliases, no settings and no search path of other tests."""
    aliases.reset()
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.setattr(sys, "path", list(sys.path))
    known = set(sys.modules)
    yield
    for name in set(sys.modules) - known:
        if name.partition(".")[0].startswith("site_"):
            del sys.modules[name]
    os.environ.pop(VARIABLE, None)
    aliases.reset()


def package(folder: Path, name: str, text: str = SQLITE) -> Path:
    """A settings file in a package."""
    (folder / name).mkdir()
    (folder / name / "__init__.py").write_text("")
    (folder / name / "settings.py").write_text(text)
    return folder / name / "settings.py"


@pytest.mark.parametrize(
    ("database", "member"),
    [
        ({"ENGINE": "django.db.backends.sqlite3", "NAME": Path("/a/b.db")}, ("*sqlite3", "/a/b.db")),
        (
            {
                "ENGINE": "django.db.backends.postgresql",
                "NAME": "shop",
                "USER": "me",
                "PASSWORD": "p@s/s:w",
                "HOST": "h",
                "PORT": "99",
            },
            ("*postgresql", "me:p%40s%2Fs%3Aw@h:99/shop"),
        ),
        (
            {"ENGINE": "django.contrib.gis.db.backends.postgis", "NAME": "shop"},
            ("*postgresql", "localhost:5432/shop"),
        ),
    ],
)
def test_members(database: dict[str, Any], member: tuple[str, str]) -> None:
    """SQLite is its file, PostgreSQL its server with user and password, quoted."""
    assert member_of(database) == member
    aliases.define("@x", *member)


def test_passwords_arrive_as_they_are() -> None:
    """Whatever is in a password, the alias has it."""
    database = {"ENGINE": "x.postgresql", "NAME": "n", "USER": "u@x", "PASSWORD": "a:b@c/d e%"}
    (found,) = aliases.define("@x", *member_of(database)).members
    assert (found.user, found.password, found.host, found.path) == ("u@x", "a:b@c/d e%", "localhost", "n")


@pytest.mark.parametrize("engine", ["django.db.backends.mysql", ""])
def test_other_engines(engine: str) -> None:
    """A database that is not served is named, with what to do."""
    with pytest.raises(AtilaError, match="use SQLite or PostgreSQL"):
        member_of({"ENGINE": engine, "NAME": "x"})


def test_settings_in_a_package(tmp_path: Path) -> None:
    """Settings in a package are imported under its name, which Django will use too."""
    path = package(tmp_path, "site_one")
    assert database_of(str(path)) == ("*sqlite3", "/data/db.sqlite3")
    assert os.environ[VARIABLE] == "site_one.settings"
    assert str(tmp_path) in sys.path


def test_settings_that_django_uses_already(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The module that DJANGO_SETTINGS_MODULE names is the one, if that is the file."""
    path = package(tmp_path, "site_two")
    monkeypatch.syspath_prepend(str(tmp_path / "site_two"))
    monkeypatch.setenv(VARIABLE, "settings")
    assert database_of(str(path))[0] == "*sqlite3"
    assert "site_two.settings" not in sys.modules
    del sys.modules["settings"]


def test_settings_without_a_package(tmp_path: Path) -> None:
    """Settings that lie in no package are read, and no more."""
    (tmp_path / "conf.py").write_text(SQLITE)
    assert database_of(str(tmp_path / "conf.py")) == ("*sqlite3", "/data/db.sqlite3")
    assert VARIABLE not in os.environ


def test_missing_settings(tmp_path: Path) -> None:
    """A file that is not there, or has no default database, is named."""
    with pytest.raises(AtilaError, match="there is no settings file"):
        database_of(str(tmp_path / "nothing.py"))
    (tmp_path / "empty.py").write_text("")
    with pytest.raises(AtilaError, match="no DATABASES"):
        database_of(str(tmp_path / "empty.py"))


def test_alias(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`skitai.alias` and `app.alias` take `skitai.DJANGO` and the path of the settings."""
    path = package(tmp_path, "site_three")
    name, alias = skitai.alias("@rdb", skitai.DJANGO, str(path))
    assert (name, alias.ctype, alias.members[0].path) == ("rdb", "*sqlite3", "/data/db.sqlite3")
    app = Atila("site")
    app.alias("@own", skitai.DJANGO, str(path))
    assert aliases.find("@own", app).ctype == "*sqlite3"


def test_alias_of_an_app() -> None:
    """`app.alias` takes what `skitai.alias` takes, in the same order; nobody else sees the name."""
    app = Atila("site")
    name, alias = app.alias("@shop", skitai.PROTO_HTTP, "127.0.0.1:5001", "role", "10.0.0.0/8", True, 4)
    assert (name, alias) == ("shop", aliases.find("@shop", app))
    assert (alias.role, alias.source, alias.ssl, alias.max_conns) == ("role", "10.0.0.0/8", True, 4)
    with pytest.raises(KeyError):
        aliases.find("@shop", Atila("other"))
