"""`skitai.mount`: all kinds of targets, and the errors that say what is missing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from atila_compat import skitai
from atila_compat.skitai.mounts import Mounts, normal_point, use_mounts
from atila_compat.skitai.place import place


@pytest.fixture
def mounts(tmp_path: Path) -> Iterator[Mounts]:
    """Mounts of the test's own; the launch script lies in the temporary directory."""
    fresh = Mounts()
    before, place.script_dir = use_mounts(fresh), str(tmp_path)
    yield fresh
    use_mounts(before)
    place.script_dir = None


def module(**members: Any) -> ModuleType:
    """A module called `shop`."""
    made = ModuleType("shop")
    made.__dict__.update(members)
    return made


def wsgi(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    """A WSGI app that is never called."""
    raise NotImplementedError


@pytest.mark.parametrize(
    ("point", "normal"), [("/", "/"), ("", "/"), ("/a", "/a/"), ("a/b/", "/a/b/"), ("//a//", "/a/")]
)
def test_points_have_slashes_at_both_ends(point: str, normal: str) -> None:
    """A mount point is normalised."""
    assert normal_point(point) == normal


def test_a_package(mounts: Mounts) -> None:
    """A module with `__app__` is mounted under its own name; its `__config__` is called at once."""
    seen: list[Any] = []
    shop = module(__app__=lambda: wsgi, __config__=seen.append)
    pref = skitai.preference()
    skitai.mount("/shop", shop, pref, subscribe="stock")
    (mounted,) = mounts.apps
    assert (mounted.point, mounted.target, mounted.name, mounted.subscribe) == (
        "/shop/",
        shop,
        "shop",
        ["stock"],
    )
    assert seen == [pref]


def test_a_package_has_its_own_name(mounts: Mounts) -> None:
    """Another name for a package is refused; its own may be given."""
    shop = module(__app__=lambda: wsgi)
    with pytest.raises(AssertionError, match="remove name or use 'shop'"):
        skitai.mount("/", shop, name="zoo")
    skitai.mount("/", shop, name="shop")
    assert len(mounts.apps) == 1


def test_a_package_without_an_app_exports_one(mounts: Mounts, tmp_path: Path) -> None:
    """Without `__app__` the app is in export/skitai/wsgi.py, in __export__.py, or where `__skitai__` says."""
    shop = module(__file__=str(tmp_path / "shop" / "__init__.py"))
    export = tmp_path / "shop" / "export" / "skitai"
    export.mkdir(parents=True)
    with pytest.raises(AssertionError, match=r"cannot find .*export/skitai/wsgi\.py"):
        skitai.mount("/", shop)
    for path in (tmp_path / "shop" / "__export__.py", export / "wsgi.py"):
        path.touch()
        skitai.mount("/", shop)
    shop.__dict__["__skitai__"] = "other.py:application"
    with pytest.raises(AssertionError, match="app not found"):
        skitai.mount("/", shop)
    (tmp_path / "shop" / "other.py").touch()
    skitai.mount("/", shop)
    assert [(each.target, each.attribute) for each in mounts.apps] == [
        (str(tmp_path / "shop" / "__export__.py"), "app"),
        (str(export / "wsgi.py"), "app"),
        (str(tmp_path / "shop" / "other.py"), "application"),
    ]
    assert {each.name for each in mounts.apps} == {"shop"}


def test_an_app_object(mounts: Mounts) -> None:
    """An app object is called by the first part of its name and its id, or by the given name."""

    class App:
        name = "zoo.lions"

        def __call__(self) -> None:
            raise NotImplementedError

    app = App()
    skitai.mount("/", app)
    skitai.mount("/wsgi", wsgi)
    skitai.mount("/named", app, name="lions", subscribe=("x", "y"))
    assert [each.name for each in mounts.apps] == [
        f"zoo:{str(id(app))[-6:]}",
        f"app:{str(id(wsgi))[-6:]}",
        "lions",
    ]
    assert mounts.apps[2].subscribe == ["x", "y"]


def test_subscribers_need_a_name(mounts: Mounts) -> None:
    """An app object that subscribes has to be named."""
    with pytest.raises(AssertionError, match="name must be specified"):
        skitai.mount("/", wsgi, subscribe="stock")


@pytest.mark.parametrize("target", ["filed.py", "filed", "filed:app", "filed.py:app"])
def test_files(mounts: Mounts, tmp_path: Path, target: str) -> None:
    """A file is named with or without .py and with or without its variable."""
    (tmp_path / "filed.py").touch()
    skitai.mount("/", target)
    (mounted,) = mounts.apps
    assert mounted.target == str(tmp_path / "filed.py")
    assert mounted.attribute == "app"
    assert mounted.name == f"{tmp_path / 'filed'}:app"


def test_the_variable_may_be_an_argument(mounts: Mounts, tmp_path: Path) -> None:
    """The third argument is a variable's name or a preference, in either order."""
    (tmp_path / "filed.py").touch()
    pref = skitai.preference()
    skitai.mount("/", "filed.py", "other", pref)
    skitai.mount("/", "filed.py", pref, "more")
    assert [(each.attribute, each.pref) for each in mounts.apps] == [("other", pref), ("more", pref)]
    with pytest.raises(TypeError, match="3"):
        skitai.mount("/", "filed.py", 3)


@pytest.mark.parametrize("target", ["nowhere.py", "nowhere", "nowhere:app", "deep/nowhere.py"])
def test_missing_files_are_named(mounts: Mounts, tmp_path: Path, target: str) -> None:
    """A file that is not there is an AssertionError with its full path."""
    with pytest.raises(AssertionError, match=rf"app not found: {tmp_path}/.*nowhere\.py"):
        skitai.mount("/", target)
    assert not mounts


def test_targets_that_are_no_app(mounts: Mounts) -> None:
    """A target that cannot be called says what can be mounted."""
    with pytest.raises(AssertionError, match="mount a module"):
        skitai.mount("/", 3)
    with pytest.raises(AssertionError, match="mount point"):
        skitai.mount(wsgi, "/")  # type: ignore[arg-type]


def test_directories(mounts: Mounts, tmp_path: Path) -> None:
    """An existing directory is served as it is; `first` puts it before the others at its point."""
    for name in ("a", "b", "c"):
        (tmp_path / name).mkdir()
    skitai.mount("/files", "a")
    skitai.mount("/files/", str(tmp_path / "b"), first=True)
    skitai.mount("/other", "c", host="example.com")
    assert [(each.point, Path(each.path).name, each.host) for each in mounts.directories] == [
        ("/files/", "b", "default"),
        ("/files/", "a", "default"),
        ("/other/", "c", "example.com"),
    ]
    assert not mounts.apps


def test_aliases(mounts: Mounts) -> None:
    """`@alias/path` mounts a cluster of servers."""
    skitai.mount("/api", "@backend/v1/")
    skitai.mount("/all", "@backend")
    assert [(each.point, each.alias, each.path) for each in mounts.proxies] == [
        ("/api/", "@backend", "/v1"),
        ("/all/", "@backend", ""),
    ]


def test_plain_dicts_are_preferences_too(mounts: Mounts) -> None:
    """A dict in place of a preference is taken as one."""
    skitai.mount("/", wsgi, {"securekey": "x"})
    assert mounts.apps[0].pref.securekey == "x"


def test_later_mounts_are_told(mounts: Mounts, tmp_path: Path) -> None:
    """While a service runs it hears of what is mounted."""
    heard: list[Any] = []
    mounts.on_change = heard.append
    skitai.mount("/", wsgi)
    skitai.mount("/files", str(tmp_path))
    assert heard == [mounts.apps[0], mounts.directories[0]]
