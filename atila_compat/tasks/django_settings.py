"""The database of a Django project as a data source (spec/01 section 8).

skitai.alias("@rdb", skitai.DJANGO, "project/settings.py")
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import quote

from ..errors import AtilaError

VARIABLE = "DJANGO_SETTINGS_MODULE"


def database_of(settings: str) -> tuple[str, str]:
    """Type and member of a project's default database.

    The settings module stays importable under its name, which DJANGO_SETTINGS_MODULE is set to where nothing
    else is there.

    Args:
        settings: path of the settings file.

    Raises AtilaError where there is no such file, no default database in it, or one that is neither SQLite
    nor PostgreSQL.
    """
    path = Path(settings).resolve()
    if not path.is_file():
        raise AtilaError(f"there is no settings file {path}")
    databases = getattr(_load(path), "DATABASES", None) or {}
    if "default" not in databases:
        raise AtilaError(f"{path} has no DATABASES['default']")
    return member_of(databases["default"])


def member_of(database: Mapping[str, Any]) -> tuple[str, str]:
    """Type and member of an entry of DATABASES.

    Raises AtilaError for one that is neither SQLite nor PostgreSQL.
    """
    engine = str(database.get("ENGINE", "")).rpartition(".")[2]
    name = str(database.get("NAME", ""))
    if engine in ("sqlite3", "spatialite"):
        return "*sqlite3", name
    if engine in ("postgresql", "postgresql_psycopg2", "postgis"):
        user, password = (quote(str(database.get(key) or ""), safe="") for key in ("USER", "PASSWORD"))
        login = f"{user}:{password}@" if user else ""
        host, port = database.get("HOST") or "localhost", database.get("PORT") or 5432
        return "*postgresql", f"{login}{host}:{port}/{name}"
    raise AtilaError(
        f"databases of Django's engine {engine or 'none'!r} are not served: use SQLite or PostgreSQL, or "
        "define an alias with an interface of your own (skitai.add_database_interface)"
    )


def _load(path: Path) -> ModuleType:
    """The settings module; where it lies in a package it is the one that Django imports."""
    named = os.environ.get(VARIABLE)
    if named:
        spec = importlib.util.find_spec(named)
        if spec is not None and spec.origin and Path(spec.origin).resolve() == path:
            return importlib.import_module(named)
    parts, folder = [path.stem], path.parent
    while (folder / "__init__.py").exists():
        parts.insert(0, folder.name)
        folder = folder.parent
    if len(parts) > 1:
        if str(folder) not in sys.path:
            sys.path.insert(0, str(folder))
        name = ".".join(parts)
        os.environ.setdefault(VARIABLE, name)
        return importlib.import_module(name)
    spec = importlib.util.spec_from_file_location("atila_compat_django_settings", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
