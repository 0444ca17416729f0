"""What an app is to be given when it is mounted."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from atila_compat import skitai
from atila_compat.skitai.mounts import Mounts, use_mounts
from atila_compat.skitai.place import place


@pytest.fixture
def mounts(tmp_path: Path) -> Iterator[Mounts]:
    """Mounts of the test's own; the launch script lies in the temporary directory."""
    fresh = Mounts()
    before, place.script_dir = use_mounts(fresh), str(tmp_path)
    yield fresh
    use_mounts(before)
    place.script_dir = None


def package(tmp_path: Path, name: str, *folders: str) -> ModuleType:
    """A package with folders, which has not been imported."""
    (tmp_path / name).mkdir()
    for folder in folders:
        (tmp_path / name / folder).mkdir()
    module = ModuleType(name)
    module.__file__ = str(tmp_path / name / "__init__.py")
    return module


def test_attributes_and_config() -> None:
    """A preference is a dict with attributes, and has a `config` of the same kind."""
    with skitai.preference(OPTION=7) as pref:
        pref.securekey = "secret"
        pref.config.OWN = [1]
    assert pref["securekey"] == "secret"
    assert pref.config == {"OPTION": 7, "OWN": [1]}
    assert set(pref) == {"config", "securekey"}
    with pytest.raises(AttributeError):
        _ = pref.unheard_of


def test_preset() -> None:
    """`preset` sets the upload limit to 256 MiB."""
    assert skitai.preference(True).config.MAX_UPLOAD_SIZE == 256 * 1024 * 1024
    assert "MAX_UPLOAD_SIZE" not in skitai.pref().config


def test_path_is_searched_for_modules(
    mounts: Mounts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`path` puts directories, relative to the script, in front of Python's path; once each."""
    monkeypatch.setattr(sys, "path", ["/elsewhere", str(tmp_path / "lib")])
    skitai.preference(path=["lib", "more"])
    assert sys.path == [str(tmp_path / "lib"), str(tmp_path / "more"), "/elsewhere"]


def test_set_static(mounts: Mounts, tmp_path: Path) -> None:
    """`set_static` sets URL and directory and mounts it; the latest on a URL is the first."""
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    pref = skitai.preference()
    pref.set_static("/assets", "a")
    pref.set_static("/assets", str(tmp_path / "b"))
    assert pref.config.STATIC_URL == "/assets"
    assert str(tmp_path / "b") == pref.config.STATIC_ROOT
    assert [(each.point, Path(each.path).name) for each in mounts.directories] == [
        ("/assets/", "b"),
        ("/assets/", "a"),
    ]


def test_set_media(mounts: Mounts, tmp_path: Path) -> None:
    """`set_media` does the same for media files; without a path only the URL is set."""
    (tmp_path / "m").mkdir()
    pref = skitai.preference()
    pref.set_media("/pictures", "m")
    assert str(tmp_path / "m") == pref.config.MEDIA_ROOT
    pref.set_media("/elsewhere")
    assert pref.config.MEDIA_URL == "/elsewhere"
    assert len(mounts.directories) == 1


def test_missing_directories_are_named(mounts: Mounts, tmp_path: Path) -> None:
    """A directory that is not there is an AssertionError with its full path."""
    with pytest.raises(AssertionError, match=str(tmp_path / "nowhere")):
        skitai.preference().set_static("/static", "nowhere")
    with pytest.raises(AssertionError):
        skitai.preference().add_static("nowhere")


def test_add_static_and_template_dirs(mounts: Mounts, tmp_path: Path) -> None:
    """`front` decides on which end directories are added; the URL is the app's."""
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    pref = skitai.preference()
    pref.add_static("a")
    pref.add_static("b", front=True)
    assert [Path(each.path).name for each in mounts.directories] == ["b", "a"]
    assert {each.point for each in mounts.directories} == {"/static/"}
    pref.add_template_dir("one")
    pref.add_template_dir("two", front=True)
    assert [str(tmp_path / "two"), str(tmp_path / "one")] == pref.config.TEMPLATE_DIRS


def test_extends(mounts: Mounts, tmp_path: Path) -> None:
    """Extending asks the module for its `__config__` and adds its resources behind the app's own."""
    (tmp_path / "own").mkdir()
    base = package(tmp_path, "base", "static", "templates")
    base.__dict__["__config__"] = lambda pref: pref.config.update(KIT="base")
    pref = skitai.preference()
    pref.set_static("/static", "own")
    pref.extends(base)
    assert pref.config.KIT == "base"
    assert [str(tmp_path / "base" / "templates")] == pref.config.TEMPLATE_DIRS
    assert [Path(each.path).parent.name for each in mounts.directories] == [tmp_path.name, "base"]
    assert pref.extensions == [("extends", base)]


def test_overrides(mounts: Mounts, tmp_path: Path) -> None:
    """Overriding adds the module's resources before the others; folders that it lacks are left out."""
    base = package(tmp_path, "base", "static", "templates")
    mine = package(tmp_path, "mine", "static")
    pref = skitai.preference()
    pref.extends(base)
    pref.overrides(mine)
    assert [Path(each.path).parent.name for each in mounts.directories] == ["mine", "base"]
    assert len(pref.config.TEMPLATE_DIRS) == 1
    assert [way for way, _ in pref.extensions] == ["extends", "overrides"]


def test_mount_later() -> None:
    """What is to be mounted later is kept beside the attributes."""
    pref = skitai.preference()
    pref.mount_later("/x", test_mount_later, a=2)
    assert pref.mountables == [("/x", test_mount_later, {"a": 2})]
    assert "mountables" not in pref


def test_copies_are_independent() -> None:
    """A copy has values of its own; what cannot be copied, such as a module, is shared."""
    pref = skitai.preference(LIST=[1])
    pref.module = sys
    pref.mount_later("/x", sys, a=2)
    twin = pref.copy()
    twin.config.LIST.append(2)
    twin.mountables.clear()
    assert pref.config.LIST == [1]
    assert twin.module is sys
    assert len(pref.mountables) == 1
    assert isinstance(twin, skitai.Preference)
