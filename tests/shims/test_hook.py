"""The import hook: the old names give modules of this package."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import atila_compat
from atila_compat.shims import hook

from ..launch import ROOT

MODULES = [
    ("skitai", "atila_compat.skitai"),
    ("skitai.exceptions", "atila_compat.skitai.exceptions"),
    ("skitai.tasks.tasks", "atila_compat.skitai.tasks.tasks"),
    ("skitai.tasks.httpbase", "atila_compat.skitai.tasks.httpbase"),
    ("skitai.wastuff.api", "atila_compat.skitai.wastuff.api"),
    ("atila", "atila_compat.shims.atila"),
    ("atila.was", "atila_compat.shims.atila.was"),
    ("atila.events", "atila_compat.shims.atila.events"),
    ("atila.patches", "atila_compat.shims.atila.patches"),
    ("rs4.attrdict", "atila_compat.shims.rs4.attrdict"),
    ("rs4.evbus", "atila_compat.shims.rs4.evbus"),
    ("rs4.webkit.jwt", "atila_compat.shims.rs4.webkit.jwt"),
    ("rs4.webkit.otp", "atila_compat.shims.rs4.webkit.otp"),
    ("rs4.pathtool", "atila_compat.shims.rs4.pathtool"),
    ("rs4.annotations", "atila_compat.shims.rs4.annotations"),
    ("rs4.argopt", "atila_compat.shims.rs4.argopt"),
    ("rs4.termcolor", "atila_compat.shims.rs4.termcolor"),
    ("rs4.logger", "atila_compat.shims.rs4.logger"),
    ("aquests.dbi", "atila_compat.shims.aquests.dbi"),
    ("aquests.dbapi.asynredis", "atila_compat.shims.aquests.dbapi.asynredis"),
    ("aquests.protocols.http.http_util", "atila_compat.shims.aquests.protocols.http.http_util"),
    ("aquests.protocols.http.http_date", "atila_compat.shims.aquests.protocols.http.http_date"),
    ("sqlphile", "atila_compat.shims.sqlphile"),
]


def printed_by(code: str) -> str:
    """What a fresh Python prints."""
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True
    ).stdout.strip()


@pytest.fixture
def installed() -> Iterator[None]:
    """The hook is on."""
    atila_compat.install()
    yield
    atila_compat.uninstall()


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize(("name", "real"), MODULES)
def test_names_are_aliases(name: str, real: str) -> None:
    """An old name gives the module itself, which does not notice."""
    module = importlib.import_module(real)
    assert importlib.import_module(name) is module
    assert module.__name__ == real
    assert module.__spec__ is not None
    assert module.__spec__.name == real


@pytest.mark.usefixtures("installed")
def test_from_imports() -> None:
    """Names come from packages and from modules in them."""
    from atila import EVT_MOUNTED, Atila
    from skitai import was
    from skitai.exceptions import HTTPError

    assert Atila is atila_compat.Atila
    assert was is atila_compat.skitai.was
    assert EVT_MOUNTED == "mounted"
    assert HTTPError is atila_compat.skitai.exceptions.HTTPError


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize(
    ("name", "version"),
    [
        ("atila", "0.11.0"),
        ("skitai", "0.38.1.2"),
        ("rs4", "0.2.35.8"),
        ("aquests", "0.29.11.4"),
        ("sqlphile", "0.7.2"),
    ],
)
def test_versions_are_those_of_the_originals(name: str, version: str) -> None:
    """What an app shows as the version of a package is what it always was."""
    assert importlib.import_module(name).__version__ == version


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize(
    ("name", "remedy"),
    [
        ("rs4.webkit.apidoc", "use pytest --docs or atila-compat docs instead"),
        ("aquests.client", "use httpx instead"),
        ("atila.Atila", "from atila import Atila"),
        ("rs4.psutil.processutil", "use psutil instead"),
        ("rs4.zoo", r"rs4\.attrdict, .*rs4\.webkit"),
        ("skitai.zoo.lion", "is not served by atila_compat"),
    ],
)
def test_unknown_modules_name_a_remedy(name: str, remedy: str) -> None:
    """A module below the old names that is not there says what to use."""
    with pytest.raises(ModuleNotFoundError, match=remedy):
        importlib.import_module(name)


@pytest.mark.usefixtures("installed")
def test_unknown_names_of_a_module() -> None:
    """A name that a served module lacks is the usual ImportError."""
    with pytest.raises(ImportError, match="cannot import name 'zoo'"):
        exec("from skitai import zoo")


def test_installing_twice_is_installing_once() -> None:
    """The hook is there once, and gone after one `uninstall`."""
    atila_compat.install()
    atila_compat.install()
    assert sys.meta_path.count(hook._finder) == 1
    assert hook.installed()
    atila_compat.uninstall()
    assert not hook.installed()
    assert not any(name.partition(".")[0] in hook.SERVED for name in sys.modules)
    atila_compat.uninstall()


def test_the_hook_wins_over_installed_packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A package of an old name that is installed, or imported already, makes way and comes back."""
    (tmp_path / "skitai.py").write_text("real = True\n")
    monkeypatch.syspath_prepend(tmp_path)
    assert importlib.import_module("skitai").real
    atila_compat.install()
    try:
        assert not hasattr(importlib.import_module("skitai"), "real")
    finally:
        atila_compat.uninstall()
    assert importlib.import_module("skitai").real
    del sys.modules["skitai"]


def test_other_imports_are_untouched() -> None:
    """The finder finds nothing but the old names."""
    for name in ("json", "atila_compat", "rs4x", "skitais.run"):
        assert hook.AliasFinder().find_spec(name) is None


def test_nothing_is_served_without_the_hook() -> None:
    """Importing the package does not put the old names in place."""
    code = "import atila_compat, atila_compat.skitai, importlib.util as u; print(u.find_spec('rs4'))"
    assert printed_by(code) == "None"


def test_importing_the_package_is_light() -> None:
    """`import atila_compat` and its `skitai` load neither server nor framework."""
    code = (
        "import sys, atila_compat, atila_compat.skitai; "
        "print([n for n in ('uvicorn', 'starlette', 'httpx', 'jinja2', 'anyio') if n in sys.modules])"
    )
    assert printed_by(code) == "[]"
